/*
 * What the parts of client share. Included by client*.c only.
 */
#ifndef STRIPEHOOK_CLIENT_IMPL_H
#define STRIPEHOOK_CLIENT_IMPL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

/*
 * The headers of a request as libcurl wants them; NULL where memory runs out.
 * The caller frees them with curl_slist_free_all.
 */
struct curl_slist *client_headers(const char *const *headers);

/*
 * Sets all that makes curl a request of ours. headers (may be NULL: then it
 * fails), body and reply are borrowed until it has ended. False where an option
 * is refused, which only happens when memory runs out or libcurl lacks a
 * protocol.
 */
bool client_prepare(CURL *curl, const char *url, int timeout, struct buf *reply,
    struct curl_slist *headers, const void *body, size_t len);

/*
 * Whether it names its scheme: libcurl would guess a missing one.
 */
bool client_is_url(const char *url);

/*
 * What the caller can do about it.
 */
enum result client_judge(CURLcode code);

#endif
