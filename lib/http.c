/*
 * A request and a response, the same for CGI and FastCGI.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http.h"

#include "banned.h"

#define RESPONSE_MAX 65536 /* bytes of a body that we answer with */

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 405, "Method Not Allowed" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

void
http_response_init(struct http_response *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->body, RESPONSE_MAX);
	http_response_reset(r);
}

void
http_response_free(struct http_response *r)
{
	buf_free(&r->body);
}

void
http_response_reset(struct http_response *r)
{
	r->status = 500;
	r->retry_after = 0;
	r->allow = NULL;
	r->content_type = "application/json";
	buf_reset(&r->body, RESPONSE_MAX);
}

void
http_response_set(struct http_response *r, int status, const char *json)
{
	r->status = status;
	buf_reset(&r->body, RESPONSE_MAX);
	if (json != NULL)
		buf_puts(&r->body, json);
}

const char *
http_reason(int status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

void
http_response_format(const struct http_response *r, struct buf *out)
{
	buf_reset(out, RESPONSE_MAX);
	buf_printf(out, "Status: %d %s\r\n", r->status, http_reason(r->status));
	buf_printf(out, "Content-Type: %s\r\n", r->content_type);
	buf_printf(out, "Content-Length: %zu\r\n", r->body.len);
	buf_puts(out, "Cache-Control: no-store\r\n");
	if (r->allow != NULL)
		buf_printf(out, "Allow: %s\r\n", r->allow);
	if (r->retry_after > 0)
		buf_printf(out, "Retry-After: %d\r\n", r->retry_after);
	buf_puts(out, "\r\n");
	buf_add(out, r->body.data, r->body.len);
}

enum http_length
http_content_length(const char *text, size_t max, size_t *n)
{
	const char *p;
	size_t value = 0, digit;
	bool large = false;

	*n = 0;
	if (text == NULL || *text == '\0')
		return HTTP_LENGTH_MISSING;
	for (p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return HTTP_LENGTH_MALFORMED;
		digit = (size_t)(*p - '0');
		if (value > max || value > (SIZE_MAX - digit) / 10)
			large = true; /* keep looking for what is no digit */
		else
			value = value * 10 + digit;
	}
	if (large || value > max)
		return HTTP_LENGTH_TOO_LARGE;
	*n = value;
	return HTTP_LENGTH_OK;
}

int
http_encoding_is_identity(const char *value)
{
	return value == NULL || *value == '\0' ||
	    strcasecmp(value, "identity") == 0;
}
