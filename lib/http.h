/*
 * A request and a response as the use cases see them, the same for CGI and
 * FastCGI. Sources: RFC 3875 (CGI/1.1) for the variables and the form of the
 * response, RFC 9110 for statuses.
 */
#ifndef STRIPEHOOK_HTTP_H
#define STRIPEHOOK_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* A variable above this is treated as malformed by those who look at it. */
#define HTTP_HEADER_MAX 8192

/* Every text is borrowed until serve returns; NULL where it was not sent. */
struct http_request {
	const char *method; /* REQUEST_METHOD */
	const char *content_length; /* CONTENT_LENGTH, not yet checked */
	const char *content_encoding; /* HTTP_CONTENT_ENCODING */
	const char *signature; /* HTTP_STRIPE_SIGNATURE; repeated ones joined
	    with a comma */
	const char *remote_addr; /* REMOTE_ADDR */
	const char *uri; /* REQUEST_URI, for the log only */
	/*
	 * Reads up to n bytes of the body into p and returns how many; less
	 * than n only at its end or on an error.
	 */
	size_t (*read)(void *arg, void *p, size_t n);
	void *read_arg;
};

struct http_response {
	int status;
	int retry_after; /* seconds; 0 for no such header */
	const char *allow; /* for 405; NULL for no such header; static */
	const char *content_type; /* static */
	struct buf body;
};

/*
 * A response of status 500 with an empty body: who forgets to answer has not
 * accepted. http_response_free releases it.
 */
void http_response_init(struct http_response *r);
void http_response_free(struct http_response *r);

/*
 * Makes r ready for the next request, keeping its memory.
 */
void http_response_reset(struct http_response *r);

/*
 * Sets status and a JSON body (NULL: none; static or copied by r).
 */
void http_response_set(struct http_response *r, int status, const char *json);

/*
 * Writes the whole response as CGI demands (RFC 3875 section 6), with Status,
 * Content-Type, Content-Length, Cache-Control and the optional headers, into
 * out, which is emptied first.
 */
void http_response_format(const struct http_response *r, struct buf *out);

/*
 * The reason phrase of RFC 9110 for a status that we use. Never NULL.
 */
const char *http_reason(int status);

enum http_length {
	HTTP_LENGTH_OK,
	HTTP_LENGTH_MISSING, /* absent or empty: 411 */
	HTTP_LENGTH_MALFORMED, /* not just digits: 400 */
	HTTP_LENGTH_TOO_LARGE /* above max, or beyond any number: 413 */
};

/*
 * Reads CONTENT_LENGTH strictly (RFC 9110 section 8.6: one or more digits)
 * into *n. text may be NULL. max is in bytes.
 */
enum http_length http_content_length(const char *text, size_t max, size_t *n);

/*
 * Whether a Content-Encoding value means that the bytes are as they are:
 * NULL, "" or "identity" in any case (RFC 9110 section 8.4).
 */
int http_encoding_is_identity(const char *value);

#endif
