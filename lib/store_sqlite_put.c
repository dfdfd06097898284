/*
 * SQLite backend: keeping an event and its deliveries.
 */
#include "config.h"

#include "store_sqlite.h"

#include "banned.h"

/* Adds the event; *added is false where the endpoint has the id already. */
static enum result
add_event(struct sq_store *s, const struct store_event *ev, int64_t now_ms,
    bool *added, struct err *e)
{
	static const char sql[] =
	    "INSERT INTO event (endpoint, event_id, type,"
	    " style, created, received_ms, livemode, object, object_id,"
	    " customer, account, context, api_version, request_id,"
	    " snapshot_event, size, body)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT (event_id, endpoint) DO NOTHING";
	const struct event *event = ev->event;
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_text(&q, ev->endpoint);
	sq_text(&q, event->id);
	sq_text(&q, event->type);
	sq_int(&q, event->style);
	sq_int(&q, event->created);
	sq_int(&q, now_ms);
	sq_int(&q, event->livemode);
	sq_text(&q, event->object);
	sq_text(&q, event->object_id);
	sq_text(&q, event->customer);
	sq_text(&q, event->account);
	sq_text(&q, event->context);
	sq_text(&q, event->api_version);
	sq_text(&q, event->request_id);
	sq_text(&q, event->snapshot_event);
	sq_int(&q, (int64_t)ev->body_len);
	sq_blob(&q, ev->body, ev->body_len);
	r = sq_run(&q, e);
	*added = r == RES_OK && sqlite3_changes(s->db) == 1;
	return r;
}

static enum result
add_delivery(struct sq_store *s, int64_t event, const struct store_new *d,
    int64_t now_ms, struct err *e)
{
	static const char sql[] =
	    "INSERT INTO delivery"
	    " (event, handler, lane, state, due_ms, ready_ms)"
	    " VALUES (?, ?, ?, 0, ?, ?)";
	struct sq_lane lane = { d->handler, d->lane };
	int64_t due_ms = now_ms + d->delay_ms;
	struct sq_query q;
	enum result r;
	bool behind;

	if ((r = sq_lane_behind(s, &lane, due_ms, &behind, e)) != RES_OK)
		return r;
	sq_prepare(&q, s, sql);
	sq_int(&q, event);
	sq_text(&q, d->handler);
	sq_text(&q, d->lane);
	sq_int(&q, due_ms);
	if (behind)
		sq_null(&q);
	else
		sq_int(&q, due_ms);
	return sq_run(&q, e);
}

/* Compares with the bytes that were kept; dropped ones differ from nothing. */
static enum result
compare(struct sq_store *s, const struct store_event *ev, bool *differs,
    struct err *e)
{
	static const char sql[] =
	    "SELECT body IS NOT NULL AND body <> ?"
	    " FROM event WHERE endpoint = ? AND event_id = ?";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_blob(&q, ev->body, ev->body_len);
	sq_text(&q, ev->endpoint);
	sq_text(&q, ev->event->id);
	if (sq_row(&q))
		*differs = sq_col_int(&q, 0) != 0;
	return sq_done(&q, e);
}

/*
 * *noted becomes whether a duplicate has changed what is known of its secrets.
 */
static enum result
put(struct sq_store *s, const struct store_event *ev, bool *differs,
    bool *noted, struct err *e)
{
	int64_t event, now_ms = sq_now(s);
	enum result r;
	bool added;
	size_t i;

	*noted = false;
	if ((r = add_event(s, ev, now_ms, &added, e)) != RES_OK)
		return r;
	if (!added) {
		if ((r = compare(s, ev, differs, e)) != RES_OK)
			return r;
		/* A full disk is no reason to deny that it is there. */
		if (sq_secrets_note(s, ev, now_ms, noted, NULL) != RES_OK)
			*noted = false;
		return RES_DUPLICATE;
	}
	event = sqlite3_last_insert_rowid(s->db);
	r = sq_secrets_note(s, ev, now_ms, noted, e);
	for (i = 0; r == RES_OK && i < ev->ndeliveries; i++)
		r = add_delivery(s, event, &ev->deliveries[i], now_ms, e);
	return r;
}

enum result
sq_put(struct store *base, const struct store_event *ev, bool *differs,
    struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	bool noted;
	enum result r;

	if ((r = sq_begin(s, e)) != RES_OK)
		return r;
	r = put(s, ev, differs, &noted, e);
	if (r == RES_DUPLICATE && noted) {
		(void)sq_commit(s, NULL);
		return r;
	}
	r = sq_end(s, r, e);
	if (r == RES_OK)
		sq_wake(s);
	return r;
}
