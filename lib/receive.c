/*
 * Receiving: from a request to an answer.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "receive_impl.h"

#include "banned.h"

void
receive_answer(struct passage *p, int status)
{
	static const struct {
		int status;
		const char *json;
	} bodies[] = {
		{ 200, "{\"received\":true}\n" },
		{ 405, "{\"error\":\"method not allowed\"}\n" },
		{ 500, "{\"error\":\"not done, send it again\"}\n" },
		{ 503, "{\"error\":\"unavailable, send it again\"}\n" },
	};
	const char *json = "{\"error\":\"refused\"}\n";
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (bodies[i].status == status)
			json = bodies[i].json;
	}
	http_response_set(p->resp, status, json);
	if (status == 405)
		p->resp->allow = "POST";
	if (status == 503)
		p->resp->retry_after = RECEIVE_RETRY_AFTER;
}

void
receive_refuse(
    struct passage *p, int status, const char *fault, const char *why)
{
	const char *addr = p->req->remote_addr;

	receive_answer(p, status);
	p->tally.add[counter_of(fault)]++;
	if (status >= 500)
		log_error("answered %d: %s: %s", status, fault, why);
	else
		log_warning("refused with %d, from %s: %s: %s", status,
		    addr != NULL ? addr : "?", fault, why);
}

void
receive_refuse_store(struct passage *p, enum result res, const struct err *why)
{
	receive_refuse(p, res == RES_UNCERTAIN ? 500 : 503, "store", why->text);
	if (res == RES_BUSY)
		return;
	store_close(p->r->store);
	p->r->store = NULL;
}

static void
open_set(struct receiver *r)
{
	struct signature_secret *list;
	const struct conf_endpoint *ep;
	struct err e;
	size_t i, j, n = 0;

	for (i = 0; i < r->conf->nendpoints; i++)
		n += r->conf->endpoints[i].nsecrets;
	list = mem_alloc(n, sizeof(*list));
	r->owner = mem_alloc(n, sizeof(*r->owner));
	r->marks = mem_alloc(n, sizeof(*r->marks));
	for (i = 0; i < r->conf->nendpoints; i++) {
		ep = &r->conf->endpoints[i];
		for (j = 0; j < ep->nsecrets; j++) {
			r->owner[r->nsecrets] = i;
			list[r->nsecrets].value = ep->secrets[j].value;
			list[r->nsecrets].len = ep->secrets[j].len;
			list[r->nsecrets++].tolerance = ep->tolerance;
		}
	}
	if (signature_open(&r->set, list, n, &e) != RES_OK) {
		log_error("cannot verify anything: %s", e.text);
		r->set = NULL;
	}
	free(list);
}

struct receiver *
receiver_open(const struct conf *c)
{
	struct receiver *r;

	r = mem_alloc(1, sizeof(*r));
	r->conf = c;
	buf_init(&r->body, c->max_body);
	r->wanting = mem_alloc(c->nhandlers, sizeof(*r->wanting));
	r->news = mem_alloc(c->nhandlers, sizeof(*r->news));
	r->lanes = mem_alloc(c->nhandlers, sizeof(*r->lanes));
	open_set(r);
	return r;
}

void
receiver_close(struct receiver *r)
{
	if (r == NULL)
		return;
	signature_close(r->set);
	store_close(r->store);
	counter_close(r->counters);
	buf_free(&r->body);
	free(r->owner);
	free(r->marks);
	free(r->wanting);
	free(r->news);
	free(r->lanes);
	free(r);
}

/*
 * After the answer was made, whatever it was. Without a file nothing is
 * counted; one that "init" makes later is found by the next process.
 */
static void
count(struct passage *p)
{
	struct receiver *r = p->r;
	char *path;

	if (!r->looked) {
		r->looked = true;
		path = store_counters(r->conf->store);
		if (path != NULL)
			r->counters = counter_open(path);
		free(path);
	}
	p->tally.add[COUNTER_REQUESTS]++;
	counter_add(r->counters, &p->tally);
}

void
receive_serve(struct receiver *r, const struct http_request *req,
    struct http_response *resp)
{
	struct passage p = { .r = r, .req = req, .resp = resp };

	r->left_work = false;
	if (receive_admit(&p) && receive_keep(&p))
		receive_inline(&p);
	count(&p);
	buf_reset(&r->body, RECEIVE_BODY_KEEP);
}

bool
receive_wants_worker(struct receiver *r)
{
	return r->left_work && r->store != NULL &&
	    r->conf->worker == CONF_WORKER_ON_DEMAND &&
	    !store_worker_present(r->store);
}

void
receive_unavailable(struct http_response *resp)
{
	http_response_set(resp, 503, "{\"error\":\"unavailable\"}\n");
	resp->retry_after = RECEIVE_RETRY_AFTER;
}
