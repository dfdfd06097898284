/*
 * Several requests at a time, on libcurl's multi interface.
 */
#include "config.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "client_impl.h"
#include "mem.h"

#include "banned.h"

#define REPLY_MAX 4096 /* bytes looked at; the rest goes by */

/* A request, or room for one. */
struct slot {
	CURL *curl; /* owned; kept from one request to the next */
	struct curl_slist *headers; /* owned; NULL where it is free */
	struct buf reply;
	void *tag;
	char words[CURL_ERROR_SIZE];
};

struct client_crowd {
	char *url; /* owned */
	int timeout;
	size_t max;
	struct slot *slots; /* owned: max of them */
	CURLM *multi; /* owned */
};

struct client_crowd *
client_crowd_open(const char *url, int timeout, size_t max)
{
	struct client_crowd *c = mem_alloc(1, sizeof(*c));
	size_t i;

	c->url = mem_strdup(url);
	c->timeout = timeout;
	c->max = max;
	c->slots = mem_alloc(max, sizeof(*c->slots));
	for (i = 0; i < max; i++)
		buf_init(&c->slots[i].reply, REPLY_MAX);
	c->multi = curl_multi_init();
	if (c->multi != NULL &&
	    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)max) ==
		CURLM_OK)
		return c;
	client_crowd_close(c);
	return NULL;
}

static void
release(struct client_crowd *c, struct slot *s)
{
	curl_multi_remove_handle(c->multi, s->curl);
	curl_slist_free_all(s->headers);
	s->headers = NULL;
}

void
client_crowd_close(struct client_crowd *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->max; i++) {
		if (c->slots[i].headers != NULL)
			release(c, &c->slots[i]);
		curl_easy_cleanup(c->slots[i].curl);
		buf_free(&c->slots[i].reply);
	}
	curl_multi_cleanup(c->multi);
	free(c->slots);
	free(c->url);
	free(c);
}

static struct slot *
find_free(struct client_crowd *c)
{
	size_t i;

	for (i = 0; i < c->max; i++)
		if (c->slots[i].headers == NULL)
			return &c->slots[i];
	return NULL;
}

/*
 * Makes the slot's handle ready, and hands it to the crowd.
 */
static bool
start(struct client_crowd *c, struct slot *s, const void *body, size_t len)
{
	if (s->curl == NULL && (s->curl = curl_easy_init()) == NULL)
		return false;
	curl_easy_reset(s->curl);
	s->words[0] = '\0';
	buf_reset(&s->reply, REPLY_MAX);
	return client_prepare(s->curl, c->url, c->timeout, &s->reply,
		   s->headers, body, len) &&
	    curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->words) ==
	    CURLE_OK &&
	    curl_easy_setopt(s->curl, CURLOPT_PRIVATE, s) == CURLE_OK &&
	    curl_multi_add_handle(c->multi, s->curl) == CURLM_OK;
}

enum result
client_crowd_post(struct client_crowd *c, const char *const *headers,
    const void *body, size_t len, void *tag, struct err *e)
{
	struct slot *s = find_free(c);

	if (!client_is_url(c->url)) {
		err_set(e, "no http or https URL");
		return RES_INVALID;
	}
	if (s == NULL) {
		err_set(e, "too many requests at once");
		return RES_BUSY;
	}
	s->headers = client_headers(headers);
	s->tag = tag;
	if (start(c, s, body, len))
		return RES_OK;
	curl_slist_free_all(s->headers);
	s->headers = NULL;
	err_set(e, "no memory for a request");
	return RES_FAILED;
}

/*
 * Takes the one that m tells of out of the crowd.
 */
static void
finish(
    struct client_crowd *c, CURL *curl, CURLcode code, struct client_end *end)
{
	struct slot *s = NULL;
	curl_off_t us = 0;

	memset(end, 0, sizeof(*end));
	curl_easy_getinfo(curl, CURLINFO_PRIVATE, &s);
	curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
	end->tag = s->tag;
	end->result = client_judge(code);
	end->took_us = us;
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &end->status);
	else
		err_set(&end->why, "%s",
		    s->words[0] != '\0' ? s->words : curl_easy_strerror(code));
	release(c, s);
}

bool
client_crowd_next(struct client_crowd *c, int wait_ms, struct client_end *end)
{
	int running = 0, left = 0, tries;
	CURLMsg *m;

	/* the first time for what has ended, the second after waiting */
	for (tries = 0; tries < 2; tries++) {
		curl_multi_perform(c->multi, &running);
		while ((m = curl_multi_info_read(c->multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE) {
				finish(c, m->easy_handle, m->data.result, end);
				return true;
			}
		if (tries == 0 && wait_ms > 0)
			curl_multi_poll(c->multi, NULL, 0, wait_ms, NULL);
	}
	return false;
}
