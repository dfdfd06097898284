/*
 * One event as Stripe sends it: the facts that the store and the handlers
 * need, taken out of the JSON. The bytes themselves stay the truth and are
 * kept unchanged by the caller.
 *
 * Both styles are understood: the snapshot event ("object": "event", with a
 * copy of the resource) and the thin event ("object": "v2.core.event", with a
 * reference to it). Source: Stripe's API reference, "The Event object" and
 * "Event notifications (thin events)".
 */
#ifndef STRIPEHOOK_EVENT_H
#define STRIPEHOOK_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Stripe: ids may have up to 255 characters and are opaque. */
#define EVENT_ID_SIZE 256
#define EVENT_TYPE_SIZE 256
#define EVENT_TEXT_SIZE 1024

enum event_style { EVENT_SNAPSHOT, EVENT_THIN };

/*
 * Every text is "" where the event has null, nothing, something of another
 * type, or more than fits; only id, type and created are demanded.
 */
struct event {
	enum event_style style;
	char id[EVENT_ID_SIZE];
	char type[EVENT_TYPE_SIZE];
	int64_t created; /* seconds since 1970 */
	char created_text[40]; /* as sent: digits, or RFC 3339 if thin */
	bool livemode;
	int64_t pending_webhooks; /* -1 where absent */
	char api_version[64]; /* snapshot only */
	char account[EVENT_ID_SIZE]; /* Connect, snapshot only */
	char context[EVENT_TEXT_SIZE]; /* for the Stripe-Context header */
	char object[EVENT_TYPE_SIZE]; /* data.object.object, or
	    related_object.type */
	char object_id[EVENT_ID_SIZE]; /* "" for singletons */
	char object_url[EVENT_TEXT_SIZE]; /* related_object.url: a path that
	    begins with /v1/ or /v2/; anything else is dropped */
	char customer[EVENT_ID_SIZE]; /* data.object.customer (an id or an
	    expanded object), or the object itself where it is a customer */
	char request_id[EVENT_ID_SIZE];
	char idempotency_key[EVENT_ID_SIZE]; /* of the call that caused it */
	char snapshot_event[EVENT_ID_SIZE]; /* thin: id of its snapshot twin */
};

/* Sent when a destination is pinged; needs an answer, not a handler. */
#define EVENT_PING "v2.core.event_destination.ping"

/*
 * Reads one event from len bytes of JSON (no NUL needed). Only call it with
 * bytes whose signature was verified.
 *
 * RES_OK; or RES_INVALID with the reason in e: not JSON, not UTF-8, nested too
 * deeply, not an object, object, id, type or created missing or of the wrong
 * type, id or type with blanks or control characters or above 255 bytes, or
 * one of id, type, object given twice at the top. What Stripe's own libraries
 * parse is not refused for a limit of ours: \u0000 and lone surrogates in
 * strings and keys, numbers of any size, other repeated keys (the last one
 * counts). Such a string is no fact, such a number none either. RES_FAILED
 * where memory ran out.
 */
enum result event_parse(
    const void *body, size_t len, struct event *ev, struct err *e);

/*
 * Whether two bodies say the same but for what Stripe varies between two
 * deliveries of one event (pending_webhooks, white space, order of keys).
 * False where either is not JSON.
 */
bool event_same(const void *a, size_t alen, const void *b, size_t blen);

/*
 * "snapshot" or "thin".
 */
const char *event_style_name(enum event_style style);

/*
 * The release train of an API version: what stands behind its first dot
 * ("endive" of "2026-10-28.endive"); the whole text where there is none.
 * Versions of one train are compatible (Stripe's versioning policy), so only
 * trains are compared. Borrowed from version.
 */
const char *event_train(const char *version);

#endif
