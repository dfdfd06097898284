/*
 * Receiving: from a request to an answer. Verifies, reads and keeps an event,
 * runs its inline handlers. The whole HTTP contract of stripehook.cgi(8)
 * lives here, and so does the only call of store_put for what comes over HTTP:
 * a 2xx means that the event is on disk, was already, or is one that the
 * configuration says to ignore.
 */
#ifndef STRIPEHOOK_RECEIVE_H
#define STRIPEHOOK_RECEIVE_H

#include <stdbool.h>

#include "conf.h"
#include "http.h"

/* What one thread needs to receive. */
struct receiver;

/*
 * A receiver for this configuration, which is borrowed until receiver_close.
 * Opens the store only when the first verified event needs it. Never NULL.
 */
struct receiver *receiver_open(const struct conf *c);
void receiver_close(struct receiver *r); /* r may be NULL */

/*
 * Answers one request. resp was made ready by http_response_init or _reset.
 * Logs why whatever was refused was refused; the answer never says.
 */
void receive_serve(struct receiver *r, const struct http_request *req,
    struct http_response *resp);

/*
 * Whether the last request left queued deliveries, and the configuration wants
 * the endpoint to see to a worker, and none is there. Asks the store's lock.
 */
bool receive_wants_worker(struct receiver *r);

/*
 * Answers for a program that has no usable configuration: 503, so that Stripe
 * keeps the event.
 */
void receive_unavailable(struct http_response *resp);

#endif
