/*
 * SQLite backend: recording how a claimed delivery ended.
 */
#include "config.h"

#include "store_sqlite.h"

#include "store_sqlite_claim.h"
#include "store_sqlite_follow.h"

#include "banned.h"

/* The claimed delivery, as far as its end concerns it. */
struct held {
	char handler[DELIVERY_NAME_SIZE];
	char lane[DELIVERY_LANE_SIZE];
	int64_t attempts;
};

static enum result
find_held(struct sq_store *s, const struct store_finish *f, struct held *h,
    bool *found, struct err *e)
{
	static const char sql[] = "SELECT handler, lane, attempts FROM delivery"
				  " WHERE id = ? AND state = 1 AND token = ?";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, f->delivery);
	sq_int(&q, f->token);
	if ((*found = sq_row(&q))) {
		sq_col_text(&q, 0, h->handler, sizeof(h->handler));
		sq_col_text(&q, 1, h->lane, sizeof(h->lane));
		h->attempts = sq_col_int(&q, 2);
	}
	return sq_done(&q, e);
}

static enum result
end_delivery(struct sq_store *s, const struct store_finish *f, int64_t now_ms,
    struct err *e)
{
	static const char sql[] =
	    "UPDATE delivery SET state = ?2,"
	    " due_ms = ?3, ready_ms = ?3, finished_ms = ?4, token = NULL"
	    " WHERE id = ?1";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, f->delivery);
	sq_int(&q, f->state);
	if (f->state == DELIVERY_PENDING) {
		sq_int(&q, now_ms + f->delay_ms);
		sq_null(&q);
	} else {
		sq_null(&q);
		sq_int(&q, now_ms);
	}
	return sq_run(&q, e);
}

static enum result
end_attempt(struct sq_store *s, const struct store_finish *f, int64_t number,
    struct err *e)
{
	static const char sql[] =
	    "UPDATE attempt SET outcome = ?, seq = " SQ_NEXT_SEQ ","
	    " ended_ms = started_ms + ?, exit_code = ?, term_signal = ?,"
	    " reason = ?, output = ? WHERE delivery = ? AND number = ?";
	const struct attempt *a = &f->attempt;
	int64_t duration = a->ended_ms - a->started_ms;
	size_t len = a->output_len;
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, a->outcome);
	sq_int(&q, duration > 0 ? duration : 0);
	sq_int(&q, a->exit_code);
	sq_int(&q, a->term_signal);
	sq_text(&q, a->reason);
	sq_blob(
	    &q, a->output, len < sizeof(a->output) ? len : sizeof(a->output));
	sq_int(&q, f->delivery);
	sq_int(&q, number);
	return sq_run(&q, e);
}

enum result
sq_finish(struct sq_store *s, const struct store_finish *f, enum result *each,
    struct err *e)
{
	int64_t now_ms = sq_now(s);
	struct sq_lane lane;
	struct held h;
	enum result r;
	bool found;

	if (f->state == DELIVERY_RUNNING) {
		err_set(e, "a delivery cannot end as running");
		return RES_FAILED;
	}
	if ((r = find_held(s, f, &h, &found, e)) != RES_OK)
		return r;
	*each = found ? RES_OK : RES_LOST;
	if (!found)
		return RES_OK;
	lane = (struct sq_lane){ h.handler, h.lane };
	if ((r = end_delivery(s, f, now_ms, e)) != RES_OK ||
	    (r = end_attempt(s, f, h.attempts, e)) != RES_OK)
		return r;
	return sq_lane_next(s, &lane, now_ms, e);
}
