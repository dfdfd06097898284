/*
 * In place of the HTTP client, in the portable build: libcurl does not go
 * without a dozen other libraries.
 */
#include "config.h"

#include "client.h"

#include "banned.h"

enum result
client_post(const char *url, const char *const *headers, const void *body,
    size_t len, int timeout, long *status, struct buf *reply, struct err *e)
{
	(void)headers;
	(void)body;
	(void)len;
	(void)timeout;
	(void)reply;
	*status = 0;
	err_set(e,
	    "%.200s: this portable build has no HTTP client: execute the "
	    "endpoint with --cgi, or send it with curl, see "
	    "stripehook-hosting(7)",
	    url);
	return RES_INVALID;
}
