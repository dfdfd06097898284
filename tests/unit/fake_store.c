/*
 * A store in memory, for tests.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fake_store.h"
#include "mem.h"

#include "banned.h"

#define FAKE_RECEIVED_MS 1700000000000
#define FAKE_NOW_MS 1700000005000

void
fake_store_init(struct store *s)
{
	memset(s, 0, sizeof(*s));
	s->endpoint = "shop";
	s->event_id = "evt_1";
}

struct fake_delivery *
fake_store_add(struct store *s, const char *handler, enum delivery_state state)
{
	struct fake_delivery *d = &s->deliveries[s->n++];

	mem_copy(d->handler, sizeof(d->handler), handler);
	d->state = state;
	return d;
}

static const struct store_handler *
wanted(const struct store_want *want, const struct fake_delivery *d)
{
	size_t i;

	for (i = 0; i < want->nhandlers; i++)
		if (strcmp(want->handlers[i].name, d->handler) == 0)
			return &want->handlers[i];
	return NULL;
}

static void
hand_out(const struct store *s, struct fake_delivery *d, size_t i,
    struct store_claim *c)
{
	memset(c, 0, sizeof(*c));
	d->state = DELIVERY_RUNNING;
	c->delivery = (int64_t)i + 1;
	c->token = 1000 + c->delivery;
	c->number = ++d->attempts;
	c->received_ms = FAKE_RECEIVED_MS;
	c->now_ms = FAKE_NOW_MS;
	mem_copy(c->endpoint, sizeof(c->endpoint), s->endpoint);
	mem_copy(c->event_id, sizeof(c->event_id), s->event_id);
	mem_copy(c->handler, sizeof(c->handler), d->handler);
	buf_init(&c->body, 1 << 20);
	if (s->body != NULL)
		buf_puts(&c->body, s->body);
}

enum result
store_claim(struct store *s, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	const struct store_handler *h;
	size_t i;

	*n = 0;
	if (s->claim != RES_OK) {
		err_set(e, "claim");
		return s->claim;
	}
	if (strcmp(want->endpoint, s->endpoint) != 0 ||
	    strcmp(want->event_id, s->event_id) != 0)
		return RES_EMPTY;
	for (i = 0; i < s->n && *n < max; i++) {
		struct fake_delivery *d = &s->deliveries[i];

		h = wanted(want, d);
		if (h == NULL || d->state != DELIVERY_PENDING || d->lane_busy)
			continue;
		if (d->lane_busy_for > 0) {
			d->lane_busy_for--;
			continue;
		}
		d->lease_ms = h->lease_ms;
		hand_out(s, d, i, &claims[(*n)++]);
	}
	return *n > 0 ? RES_OK : RES_EMPTY;
}

static enum result
record(struct store *s, const struct store_finish *f)
{
	struct fake_delivery *d = &s->deliveries[f->delivery - 1];

	if (s->lose) {
		s->lose = false;
		d->state = s->stolen;
	}
	if (f->token != 1000 + f->delivery || d->state != DELIVERY_RUNNING)
		return RES_LOST;
	d->state = f->state;
	d->last = *f;
	d->finishes++;
	return RES_OK;
}

enum result
store_finish(struct store *s, const struct store_finish *finishes, size_t n,
    enum result *each, struct err *e)
{
	enum result r;
	size_t i;

	if (s->finish_times != 0) {
		if (s->finish_times > 0)
			s->finish_times--;
		if (s->finish_secretly)
			record(s, finishes);
		err_set(e, "finish");
		return s->finish;
	}
	for (i = 0; i < n; i++) {
		r = record(s, &finishes[i]);
		if (each != NULL)
			each[i] = r;
	}
	return RES_OK;
}

enum result
store_show(struct store *s, const char *endpoint, const char *event_id,
    struct store_shown *out, struct err *e)
{
	size_t i;

	s->shows++;
	if (s->show != RES_OK) {
		err_set(e, "show");
		return s->show;
	}
	if (strcmp(endpoint, s->endpoint) != 0 ||
	    strcmp(event_id, s->event_id) != 0)
		return RES_UNKNOWN;
	memset(out, 0, sizeof(*out));
	buf_init(&out->body, 0);
	out->ndeliveries = s->n;
	out->deliveries = mem_alloc(s->n, sizeof(*out->deliveries));
	for (i = 0; i < s->n; i++) {
		struct delivery *d = &out->deliveries[i];

		mem_copy(
		    d->handler, sizeof(d->handler), s->deliveries[i].handler);
		d->state = s->deliveries[i].state;
	}
	return RES_OK;
}

void
store_claim_free(struct store_claim *c)
{
	buf_free(&c->body);
}

void
store_shown_free(struct store_shown *out)
{
	buf_free(&out->body);
	free(out->deliveries);
	out->deliveries = NULL;
}
