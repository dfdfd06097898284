/*
 * SQLite backend: handing deliveries out. Each one handed out, or sent behind
 * in its lane, leaves the part of the index that is due, so the first there is
 * always the next to look at, and the rest of the queue costs nothing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite_claim.h"
#include "store_sqlite_follow.h"

#include "mem.h"

#include "banned.h"

#define BEHIND_MAX 1000 /* sent behind in one turn, for others wait for it */

/* The next delivery of one handler. */
struct candidate {
	int64_t id; /* 0 for none */
	int64_t ready_ms;
	int state;
	int room; /* claims that the handler has left; negative: any */
	char lane[DELIVERY_LANE_SIZE];
};

static enum result
new_token(int64_t *token, struct err *e)
{
	uint64_t bits;

	if (getentropy(&bits, sizeof(bits)) == -1) {
		err_set(e, "no random numbers");
		return RES_FAILED;
	}
	*token = (int64_t)(bits >> 1);
	return RES_OK;
}

/* Ends the attempt of an owner who has not been heard of again. */
static enum result
lose_attempt(struct sq_store *s, int64_t id, int64_t now_ms, struct err *e)
{
	static const char sql[] =
	    "UPDATE attempt SET outcome = 4, seq = " SQ_NEXT_SEQ ","
	    " ended_ms = max(?, started_ms),"
	    " reason = 'its lease ended without a word from its owner'"
	    " WHERE delivery = ? AND outcome = 0";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, now_ms);
	sq_int(&q, id);
	return sq_run(&q, e);
}

static enum result
begin_attempt(struct sq_store *s, int64_t id, int64_t now_ms, struct err *e)
{
	static const char sql[] =
	    "INSERT INTO attempt"
	    " (delivery, number, started_ms)"
	    " SELECT id, attempts, ? FROM delivery WHERE id = ?";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, now_ms);
	sq_int(&q, id);
	return sq_run(&q, e);
}

static enum result
mark_running(struct sq_store *s, int64_t id, int64_t until_ms, int64_t token,
    struct err *e)
{
	static const char sql[] =
	    "UPDATE delivery SET state = 1,"
	    " attempts = attempts + 1, tries = tries + 1,"
	    " due_ms = ?2, ready_ms = ?2, token = ?3 WHERE id = ?1";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, id);
	sq_int(&q, until_ms);
	sq_int(&q, token);
	return sq_run(&q, e);
}

static enum result
read_claim(struct sq_store *s, int64_t id, struct store_claim *c, struct err *e)
{
	static const char sql[] =
	    "SELECT delivery.token, delivery.tries,"
	    " event.received_ms, event.endpoint, delivery.handler,"
	    " delivery.lane, event.event_id, event.body FROM delivery"
	    " JOIN event ON event.id = delivery.event WHERE delivery.id = ?";
	struct sq_query q;

	c->delivery = id;
	sq_prepare(&q, s, sql);
	sq_int(&q, id);
	if (sq_row(&q)) {
		c->token = sq_col_int(&q, 0);
		c->number = (int)sq_col_int(&q, 1);
		c->received_ms = sq_col_int(&q, 2);
		sq_col_text(&q, 3, c->endpoint, sizeof(c->endpoint));
		sq_col_text(&q, 4, c->handler, sizeof(c->handler));
		sq_col_text(&q, 5, c->lane, sizeof(c->lane));
		sq_col_text(&q, 6, c->event_id, sizeof(c->event_id));
		sq_col_blob(&q, 7, &c->body);
	}
	return sq_done(&q, e);
}

/* Hands a delivery out that may be. */
static enum result
hand_out(struct sq_store *s, const struct candidate *d, int64_t lease_ms,
    struct store_claim *c, struct err *e)
{
	int64_t token, now_ms = sq_now(s);
	enum result r;

	memset(c, 0, sizeof(*c));
	c->now_ms = now_ms;
	/* At least 1, or it would be due again at once. */
	lease_ms = lease_ms > 0 ? lease_ms : 1;
	if ((r = new_token(&token, e)) != RES_OK)
		return r;
	if (d->state == DELIVERY_RUNNING &&
	    (r = lose_attempt(s, d->id, now_ms, e)) != RES_OK)
		return r;
	if ((r = mark_running(s, d->id, now_ms + lease_ms, token, e)) !=
		RES_OK ||
	    (r = begin_attempt(s, d->id, now_ms, e)) != RES_OK)
		return r;
	return read_claim(s, d->id, c, e);
}

/*
 * Whether the lane lets the delivery go now. *first becomes the earliest of a
 * strict lane where it is another, else 0.
 */
static enum result
lane_free(struct sq_store *s, const struct store_handler *h,
    const struct candidate *d, bool *is_free, int64_t *first, struct err *e)
{
	struct sq_lane lane = { h->name, d->lane };
	enum result r;
	bool running;

	*first = 0;
	*is_free = true;
	/* Whose lease is over has the lane itself. */
	if (d->lane[0] == '\0' || d->state == DELIVERY_RUNNING)
		return RES_OK;
	if ((r = sq_lane_running(s, &lane, d->id, &running, e)) != RES_OK)
		return r;
	*is_free = !running;
	if (running || !h->strict)
		return RES_OK;
	if ((r = sq_lane_first(s, &lane, first, e)) != RES_OK)
		return r;
	if (*first == d->id)
		*first = 0;
	*is_free = *first == 0;
	return RES_OK;
}

static enum result
find_due(struct sq_store *s, const char *handler, int64_t now_ms,
    struct candidate *d, struct err *e)
{
	static const char sql[] =
	    "SELECT id, ready_ms, state, lane"
	    " FROM delivery WHERE handler = ? AND ready_ms IS NOT NULL"
	    " AND ready_ms <= ? ORDER BY ready_ms, id LIMIT 1";
	struct sq_query q;

	d->id = 0;
	if (d->room == 0)
		return RES_OK;
	sq_prepare(&q, s, sql);
	sq_text(&q, handler);
	sq_int(&q, now_ms);
	if (sq_row(&q)) {
		d->id = sq_col_int(&q, 0);
		d->ready_ms = sq_col_int(&q, 1);
		d->state = (int)sq_col_int(&q, 2);
		sq_col_text(&q, 3, d->lane, sizeof(d->lane));
	}
	return sq_done(&q, e);
}

static enum result
first_ready(
    struct sq_store *s, const char *handler, int64_t *ready_ms, struct err *e)
{
	static const char sql[] = "SELECT ready_ms FROM delivery"
				  " WHERE handler = ? AND ready_ms IS NOT NULL"
				  " ORDER BY ready_ms LIMIT 1";
	struct sq_query q;

	*ready_ms = INT64_MAX;
	sq_prepare(&q, s, sql);
	sq_text(&q, handler);
	if (sq_row(&q))
		*ready_ms = sq_col_int(&q, 0);
	return sq_done(&q, e);
}

enum result
sq_next_due(struct store *base, const struct store_handler *list, size_t n,
    int64_t *ms, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	int64_t one, first = INT64_MAX, now_ms;
	enum result r;
	size_t i;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	for (i = 0; r == RES_OK && i < n; i++) {
		r = first_ready(s, list[i].name, &one, e);
		first = one < first ? one : first;
	}
	sq_rollback(s);
	now_ms = sq_now(s);
	if (first != INT64_MAX)
		*ms = first > now_ms ? first - now_ms : 0;
	return r;
}

/* The one that has been due for the longest, or n. */
static size_t
longest_due(const struct candidate *d, size_t n)
{
	size_t i, best = n;

	for (i = 0; i < n; i++) {
		if (d[i].id == 0)
			continue;
		if (best == n || d[i].ready_ms < d[best].ready_ms ||
		    (d[i].ready_ms == d[best].ready_ms && d[i].id < d[best].id))
			best = i;
	}
	return best;
}

/* Sends d behind in its lane, with what is due there: *n grows. */
static enum result
send_behind(struct sq_store *s, const struct store_handler *h,
    const struct candidate *d, int64_t first, int64_t *n, struct err *e)
{
	struct sq_lane lane = { h->name, d->lane };
	enum result r;

	r = sq_lane_wait(s, &lane, sq_now(s), n, e);
	if (r == RES_OK && first != 0)
		r = sq_lane_ready(s, first, e);
	return r;
}

/* Hands d out, or sends it behind in its lane. */
static enum result
take(struct sq_store *s, const struct store_handler *h, struct candidate *d,
    struct sq_claims *out, int64_t *behind, struct err *e)
{
	struct store_claim *c = &out->list[out->n];
	int64_t first;
	enum result r;
	bool is_free;

	if ((r = lane_free(s, h, d, &is_free, &first, e)) != RES_OK)
		return r;
	if (!is_free)
		return send_behind(s, h, d, first, behind, e);
	out->n++; /* from here on the caller frees it */
	if (d->room > 0)
		d->room--;
	return hand_out(s, d, h->lease_ms, c, e);
}

enum result
sq_claim_due(struct sq_store *s, const struct store_want *want,
    struct sq_claims *out, struct err *e)
{
	const struct store_handler *h = want->handlers;
	int64_t now_ms = sq_now(s), behind = 0;
	struct candidate *d;
	enum result r = RES_OK;
	size_t i;

	if (out->max == 0 || want->nhandlers == 0)
		return RES_OK;
	d = mem_alloc(want->nhandlers, sizeof(*d));
	for (i = 0; r == RES_OK && i < want->nhandlers; i++) {
		d[i].room = h[i].max;
		r = find_due(s, h[i].name, now_ms, &d[i], e);
	}
	while (r == RES_OK && out->n < out->max && behind < BEHIND_MAX &&
	    (i = longest_due(d, want->nhandlers)) < want->nhandlers) {
		r = take(s, &h[i], &d[i], out, &behind, e);
		if (r == RES_OK)
			r = find_due(s, h[i].name, now_ms, &d[i], e);
	}
	out->more = behind >= BEHIND_MAX;
	free(d);
	return r;
}

/* The delivery of one event for one handler, if it can be claimed at all. */
static enum result
find_of_event(struct sq_store *s, const struct store_want *want,
    const char *handler, struct candidate *d, struct err *e)
{
	static const char sql[] =
	    "SELECT id, state, lane FROM delivery"
	    " WHERE event = (SELECT id FROM event WHERE endpoint = ?"
	    " AND event_id = ?) AND handler = ?"
	    " AND (state = 0 OR (state = 1 AND due_ms <= ?))";
	struct sq_query q;

	d->id = 0;
	sq_prepare(&q, s, sql);
	sq_text(&q, want->endpoint);
	sq_text(&q, want->event_id);
	sq_text(&q, handler);
	sq_int(&q, sq_now(s));
	if (sq_row(&q)) {
		d->id = sq_col_int(&q, 0);
		d->state = (int)sq_col_int(&q, 1);
		sq_col_text(&q, 2, d->lane, sizeof(d->lane));
	}
	return sq_done(&q, e);
}

enum result
sq_claim_event(struct sq_store *s, const struct store_want *want,
    struct sq_claims *out, struct err *e)
{
	const struct store_handler *h;
	struct candidate d;
	enum result r = RES_OK;
	int64_t first;
	bool is_free;
	size_t i;

	for (i = 0; r == RES_OK && i < want->nhandlers && out->n < out->max;
	     i++) {
		h = &want->handlers[i];
		if (h->max == 0)
			continue;
		r = find_of_event(s, want, h->name, &d, e);
		if (r != RES_OK || d.id == 0)
			continue;
		r = lane_free(s, h, &d, &is_free, &first, e);
		if (r == RES_OK && is_free)
			r = hand_out(
			    s, &d, h->lease_ms, &out->list[out->n++], e);
	}
	return r;
}
