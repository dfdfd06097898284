/*
 * What the parts of trigger share: options (cmd_trigger.c), making events
 * (cmd_trigger_make.c), sending them (cmd_trigger_send.c).
 */
#ifndef STRIPEHOOK_CMD_TRIGGER_H
#define STRIPEHOOK_CMD_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cmd_signer.h"
#include "cmd_term.h"
#include "event.h"
#include "fixture.h"

struct trigger {
	const char *url;
	const char *cgi; /* NULL: POST to url */
	const char *conf; /* to be passed to the CGI program; NULL: none */
	const char *endpoint;
	const char *source;
	const char *save; /* a file or a folder; NULL: events are not saved */
	bool print, thin, forged, repeat, raw, quiet, times;
	int timeout; /* seconds */
	int64_t count; /* of each type */
	int64_t concurrency;
	double rate; /* events a second; 0: no limit */
	struct fixture fixture; /* what all events have in common */
	struct fixture_change *changes; /* owned: what fixture borrows */
	char *const *types; /* borrowed */
	size_t ntypes;
	struct buf body; /* owned: with raw, what all events are */
	struct cmd_signer signer; /* owned; empty if forged or print */
	struct catalogue builtin; /* owned */
	const struct catalogue *catalogue; /* borrowed */
};

/* One event made ready. */
struct trigger_event {
	char type[EVENT_TYPE_SIZE]; /* "?" where it is none */
	char id[EVENT_ID_SIZE];
	struct buf body; /* owned */
	int64_t started_ms; /* monotonic */
	int left; /* how often it is still to be sent */
};

/*
 * How many events there are to be.
 */
int64_t trigger_total(const struct trigger *t);

/*
 * Makes the n-th event ready, saves it where that is wanted. An enum cmd_exit;
 * what went wrong was printed. The caller frees the body in any case.
 */
int trigger_make(const struct trigger *t, int64_t n, struct trigger_event *ev);

/*
 * Looks at the types: a warning for each unknown one.
 */
void trigger_check_types(const struct trigger *t);

/*
 * Makes and sends all of them. An enum cmd_exit: CMD_OK where each was
 * accepted.
 */
int trigger_send(const struct trigger *t);

#endif
