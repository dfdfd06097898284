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

enum fixture_kind {
	FIXTURE_OVERRIDE, /* sets the field, whatever it was */
	FIXTURE_ADD, /* sets it where it is missing or null */
	FIXTURE_REMOVE /* takes it away; nothing where there is none */
};

/*
 * A change to the event that the type gives. The path is that of a field in
 * the object ("amount", "customer_details.email", "items.data[0].quantity"), or
 * with the object's name or "event" and a colon before it: "charge:amount",
 * "event:request.id". A value is JSON, or a text where it is none; a field that
 * is a text stays one.
 */
struct fixture_change {
	enum fixture_kind kind;
	const char *text; /* borrowed: "path=value"; to remove "path" */
};

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
	const struct fixture_change *changes; /* borrowed; made in this order */
	size_t nchanges;
};

/*
 * Appends the event's JSON, indented by two blanks like Stripe's, to out. The
 * object has the right shape and the state that the type tells of for common
 * types, and the bare minimum for all others. RES_OK; RES_INVALID for a type
 * that no event can have, or a change that cannot be made.
 */
enum result fixture_event(
    const struct fixture *f, struct buf *out, struct err *e);

/*
 * The event type that a name of the official tool's trigger command makes,
 * where that is no type itself: "subscription.payment_failed" makes an
 * invoice.payment_failed. Any other name is returned as it is. Static or name.
 */
const char *fixture_type_of(const char *name);

#endif
