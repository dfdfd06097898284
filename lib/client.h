/*
 * An HTTP client, for sending test events to an endpoint. libcurl lives here.
 */
#ifndef STRIPEHOOK_CLIENT_H
#define STRIPEHOOK_CLIENT_H

#include <stddef.h>

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

#endif
