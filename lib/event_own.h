/*
 * The program's own events: what a person should hear of, in the same form as
 * Stripe's snapshot events, so that handlers map them like any other. They are
 * put into the store as the endpoint EVENT_OWN_ENDPOINT and never come over
 * HTTP.
 */
#ifndef STRIPEHOOK_EVENT_OWN_H
#define STRIPEHOOK_EVENT_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "event.h"

#define EVENT_OWN_ENDPOINT "stripehook" /* no endpoint may be called so */
#define EVENT_OWN_PREFIX "stripehook." /* of their types */

enum event_own_kind {
	EVENT_OWN_DELIVERY_FAILED, /* stripehook.delivery.failed: parked */
	EVENT_OWN_HANDLER_FAILING, /* stripehook.handler.failing: n in a row */
	EVENT_OWN_SILENCE, /* stripehook.silence: nothing has arrived */
	EVENT_OWN_DISK_LOW /* stripehook.disk.low */
};

/* The facts; what a kind has no use for is 0 or NULL. All borrowed. */
struct event_own {
	enum event_own_kind kind;
	int64_t now; /* seconds since 1970 */
	int64_t interval; /* seconds: one such event in each */
	const char *host; /* of this machine */
	const char *handler;
	const char *event_id; /* the event whose delivery was parked */
	const char *event_endpoint;
	const char *reason; /* how its last attempt ended */
	int attempts; /* of that delivery */
	int64_t streak; /* failures in a row */
	int64_t waiting; /* pending deliveries of the handler */
	int64_t parked; /* parked deliveries of the handler */
	int64_t last_received; /* seconds since 1970, 0 for never */
	int64_t bytes_free;
	int64_t bytes_limit;
};

/*
 * Appends the event's JSON to out and fills ev with what event_parse reads
 * from it. Its id is the same for the same kind, handler and interval of time:
 * the store's unique key then is what keeps them from being too many, over all
 * workers. RES_OK or RES_FAILED.
 */
enum result event_own(const struct event_own *own, struct buf *out,
    struct event *ev, struct err *e);

/*
 * Whether the type is one of ours.
 */
bool event_is_own(const char *type);

/*
 * The type of a kind: "stripehook.silence". Never NULL.
 */
const char *event_own_type(enum event_own_kind kind);

#endif
