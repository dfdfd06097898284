/*
 * An HTTP client, for sending test events to an endpoint. libcurl lives here.
 */
#ifndef STRIPEHOOK_CLIENT_H
#define STRIPEHOOK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/*
 * POSTs len bytes as application/json with the given headers (NULL-terminated
 * array of "Name: value") to an http or https URL and reads the answer, up to
 * the maximum of reply, which the caller made ready. Redirects are not
 * followed, as Stripe does not. timeout in seconds. RES_OK with *status set,
 * whatever it is; RES_INVALID for a URL that is none; RES_BUSY where nobody
 * answered.
 */
enum result client_post(const char *url, const char *const *headers,
    const void *body, size_t len, int timeout, long *status, struct buf *reply,
    struct err *e);

/* Several requests at a time, over connections that are kept. */
struct client_crowd;

/*
 * For up to max requests at once to that URL, which is copied. timeout in
 * seconds, of each. NULL where memory runs out.
 */
struct client_crowd *client_crowd_open(
    const char *url, int timeout, size_t max);
void client_crowd_close(struct client_crowd *c); /* c may be NULL */

/*
 * Starts a request. body is borrowed until client_crowd_next gives tag back.
 * RES_OK; RES_BUSY where max are on their way; RES_INVALID for a URL that is
 * none; RES_FAILED where memory runs out.
 */
enum result client_crowd_post(struct client_crowd *c,
    const char *const *headers, const void *body, size_t len, void *tag,
    struct err *e);

/* A request that has ended. */
struct client_end {
	void *tag;
	enum result result; /* as of client_post */
	long status;
	int64_t took_us; /* from its start to the end of the answer */
	struct err why; /* where it is not RES_OK */
};

/*
 * Takes the next one that has ended, waiting for it up to wait_ms. False where
 * none has.
 */
bool client_crowd_next(
    struct client_crowd *c, int wait_ms, struct client_end *end);

#endif
