/*
 * Test events built by the program, in the shape that Stripe gives them, for
 * trigger, quickstart and tests.
 */
#ifndef STRIPEHOOK_FIXTURE_H
#define STRIPEHOOK_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "catalogue.h"
#include "err.h"

#define FIXTURE_API_VERSION "2026-10-28.endive"

struct fixture {
	const char *type; /* borrowed; any event type, known or not */
	enum event_style style;
	const char *object; /* borrowed: object tag; NULL or "-": none known */
	const char *id; /* borrowed; NULL: a random one */
	const char *account; /* borrowed; NULL: none */
	const char *api_version; /* borrowed; NULL: FIXTURE_API_VERSION */
	bool livemode;
	int64_t now; /* seconds since 1970: created */
	uint64_t seed; /* for the random ids; the same one gives the same */
};

/*
 * Appends the event's JSON, indented by two blanks like Stripe's, to out. The
 * object has the right shape and the state that the type tells of for common
 * types, and the bare minimum for all others. RES_OK; RES_INVALID for a type
 * that no event can have.
 */
enum result fixture_event(
    const struct fixture *f, struct buf *out, struct err *e);

#endif
