/*
 * PostgreSQL backend: keeping an event and its deliveries.
 */
#include "config.h"

#include "store_pgsql.h"

#include "banned.h"

static const char *
handler_at(const void *arg, size_t i)
{
	return ((const struct store_new *)arg)[i].handler;
}

static const char *
lane_at(const void *arg, size_t i)
{
	return ((const struct store_new *)arg)[i].lane;
}

static int64_t
delay_at(const void *arg, size_t i)
{
	return ((const struct store_new *)arg)[i].delay_ms;
}

static const char *
secret_at(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

/* The lanes come first: whoever waits for one has nothing others wait for. */
static enum result
send_lanes(struct pgs_link *l, const struct store_event *ev, struct err *e)
{
	struct pgs_query q;
	enum result r;

	pgs_query(&q, "SELECT stripehook.lock_lanes($1, $2)");
	pgs_text_array(&q, ev->ndeliveries, handler_at, ev->deliveries);
	pgs_text_array(&q, ev->ndeliveries, lane_at, ev->deliveries);
	r = pgs_send(l, &q, e);
	pgs_query_free(&q);
	return r;
}

static enum result
send_put(struct pgs_store *s, const struct store_event *ev, struct err *e)
{
	const struct event *event = ev->event;
	struct pgs_query q;
	enum result r;

	pgs_query(&q,
	    "SELECT stripehook.put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
	    " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)");
	pgs_now(&q, s);
	pgs_text(&q, ev->endpoint);
	pgs_text(&q, event->id);
	pgs_text(&q, event->type);
	pgs_int4(&q, (int)event->style);
	pgs_int8(&q, event->created);
	pgs_bool(&q, event->livemode);
	pgs_text(&q, event->object);
	pgs_text(&q, event->object_id);
	pgs_text(&q, event->customer);
	pgs_text(&q, event->account);
	pgs_text(&q, event->context);
	pgs_text(&q, event->api_version);
	pgs_text(&q, event->request_id);
	pgs_text(&q, event->snapshot_event);
	pgs_bytea(&q, ev->body, ev->body_len);
	pgs_text_array(&q, ev->ndeliveries, handler_at, ev->deliveries);
	pgs_text_array(&q, ev->ndeliveries, lane_at, ev->deliveries);
	pgs_int8_array(&q, ev->ndeliveries, delay_at, ev->deliveries);
	pgs_text_array(&q, ev->nsecrets, secret_at, ev->secrets);
	r = pgs_send(&s->link, &q, e);
	pgs_query_free(&q);
	return r;
}

static enum result
read_put(struct pgs_link *l, bool lanes, int64_t *outcome, struct err *e)
{
	PGresult *res;
	enum result r;

	if (lanes) {
		if ((r = pgs_result(l, &res, e)) != RES_OK)
			return r;
		PQclear(res);
	}
	if ((r = pgs_result(l, &res, e)) != RES_OK)
		return r;
	*outcome = pgs_col_int(res, 0, 0);
	PQclear(res);
	return RES_OK;
}

void
pgs_wake(struct pgs_link *l)
{
	struct pgs_query q;
	PGresult *res;

	pgs_query(&q, "SELECT stripehook.wake()");
	if (pgs_run(l, &q, &res, NULL) == RES_OK)
		PQclear(res);
}

enum result
pgs_put(struct store *base, const struct store_event *ev, bool *differs,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	bool lanes = ev->ndeliveries > 0;
	int64_t outcome = 0;
	enum result r;

	if ((r = pgs_may_change(s, e)) != RES_OK ||
	    (r = pgs_link_open(s, &s->link, e)) != RES_OK)
		return r == RES_UNKNOWN || r == RES_INVALID ? RES_FAILED : r;
	if (lanes)
		r = send_lanes(&s->link, ev, e);
	if (r == RES_OK)
		r = send_put(s, ev, e);
	if (r != RES_OK || (r = pgs_sync(&s->link, e)) != RES_OK) {
		pgs_link_close(&s->link);
		return r;
	}
	r = pgs_end(&s->link, read_put(&s->link, lanes, &outcome, e), e);
	if (r != RES_OK)
		return r;
	*differs = outcome == 2;
	if (outcome != 0)
		return RES_DUPLICATE;
	if (lanes)
		pgs_wake(&s->link);
	return RES_OK;
}
