/*
 * In place of the HTTP client, in the portable build: libcurl does not go
 * without a dozen other libraries.
 */
#include "config.h"

#include <stdlib.h>

#include "client.h"
#include "mem.h"

#include "banned.h"

struct client_crowd {
	char *url; /* owned */
};

struct client_crowd *
client_crowd_open(const char *url, int timeout, size_t max)
{
	struct client_crowd *c = mem_alloc(1, sizeof(*c));

	(void)timeout;
	(void)max;
	c->url = mem_strdup(url);
	return c;
}

void
client_crowd_close(struct client_crowd *c)
{
	if (c == NULL)
		return;
	free(c->url);
	free(c);
}

enum result
client_crowd_post(struct client_crowd *c, const char *const *headers,
    const void *body, size_t len, void *tag, struct err *e)
{
	(void)headers;
	(void)body;
	(void)len;
	(void)tag;
	err_set(e,
	    "%.200s: this portable build has no HTTP client: execute the "
	    "endpoint with --cgi, or send it with curl, see "
	    "stripehook-hosting(7)",
	    c->url);
	return RES_INVALID;
}

bool
client_crowd_next(struct client_crowd *c, int wait_ms, struct client_end *end)
{
	(void)c;
	(void)wait_ms;
	(void)end;
	return false;
}
