/*
 * SQLite backend: deleting what is old and done, in small steps. Each looks for
 * some without holding the turn, and then changes them, so writers wait for
 * one step at most. Where it left off is kept with the handle: what has to
 * stay, or has no body any more, is not looked at again for every step.
 */
#include "config.h"

#include <time.h>

#include "store_sqlite.h"

#include "banned.h"

/* Of one step: looked at; changed, with all that goes with them; bytes. */
#define LOOK_ROWS 1000
#define STEP_ROWS 200
#define STEP_CHANGES 2000
#define STEP_BYTES 1048576
#define PAUSE_NS 2000000 /* between two steps: for those who wait */
#define WORKER_LOOKS 20 /* steps of one call that find nothing to change */

#define UNFINISHED \
	"EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id" \
	" AND delivery.due_ms IS NOT NULL)"

/* Deleting events, or dropping bodies. */
struct sweep {
	struct sq_cursor *at; /* borrowed: the last one looked at */
	const char *change; /* static: SQL */
	bool bodies;
	int64_t before_ms;
};

/* What a step will change. */
struct found {
	struct sq_cursor rows[STEP_ROWS];
	size_t n;
	size_t max;
	int64_t bytes;
	bool end; /* there are no more to look at */
};

static void
find_one(const struct sweep *w, struct sq_query *q, struct found *found)
{
	bool unfinished = sq_col_int(q, 2) != 0, body = sq_col_int(q, 3) != 0;

	w->at->id = sq_col_int(q, 0);
	w->at->received_ms = sq_col_int(q, 1);
	if (unfinished || (w->bodies && !body))
		return;
	found->rows[found->n++] = *w->at;
	if (body)
		found->bytes += sq_col_int(q, 4);
}

static enum result
find(struct sq_store *s, const struct sweep *w, struct found *found,
    struct err *e)
{
	static const char sql[] =
	    "SELECT id, received_ms, " UNFINISHED ", body IS NOT NULL, size"
	    " FROM event WHERE (received_ms, id) > (?, ?) AND received_ms < ?"
	    " ORDER BY received_ms, id LIMIT ?";
	struct sq_query q;
	int looked = 0;
	enum result r;

	found->n = 0;
	found->bytes = 0;
	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	sq_prepare(&q, s, sql);
	sq_int(&q, w->at->received_ms);
	sq_int(&q, w->at->id);
	sq_int(&q, w->before_ms);
	sq_int(&q, LOOK_ROWS);
	while (
	    found->n < found->max && found->bytes < STEP_BYTES && sq_row(&q)) {
		find_one(w, &q, found);
		looked++;
	}
	found->end = q.rc == SQLITE_DONE && looked < LOOK_ROWS;
	r = sq_done(&q, e);
	sq_rollback(s);
	return r;
}

static enum result
change_one(struct sq_store *s, const struct sweep *w, int64_t id, int64_t *n,
    struct err *e)
{
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, w->change);
	sq_int(&q, id);
	if ((r = sq_run(&q, e)) == RES_OK)
		*n += sqlite3_changes(s->db);
	return r;
}

/* Changes what was found, and is still so. */
static enum result
change(struct sq_store *s, const struct sweep *w, struct found *found,
    int64_t *n, struct err *e)
{
	enum result r;
	int before;
	size_t i;

	if (found->n == 0)
		return RES_OK;
	if ((r = sq_begin(s, e)) != RES_OK)
		return r;
	before = sqlite3_total_changes(s->db);
	for (i = 0; r == RES_OK && i < found->n; i++) {
		if (sqlite3_total_changes(s->db) - before >= STEP_CHANGES) {
			/* The rest is for the next step. */
			found->end = false;
			*w->at = found->rows[i - 1];
			break;
		}
		r = change_one(s, w, found->rows[i].id, n, e);
	}
	return sq_end(s, r, e);
}

/* One step; *n grows. Where it fails the next begins at the same place. */
static enum result
step(struct sq_store *s, const struct sweep *w, int64_t limit, bool *end,
    int64_t *n, struct err *e)
{
	struct sq_cursor from = *w->at;
	struct found found;
	int64_t changed = 0;
	enum result r;

	found.max = limit < STEP_ROWS ? (size_t)limit : STEP_ROWS;
	if ((r = find(s, w, &found, e)) == RES_OK)
		r = change(s, w, &found, &changed, e);
	if (r != RES_OK) {
		*w->at = from;
		return r;
	}
	*end = found.end;
	*n += changed;
	return RES_OK;
}

static enum result
sweep(struct sq_store *s, const struct sweep *w, int64_t limit, int64_t *n,
    struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	bool whole = w->at->id == 0, end;
	int64_t before;
	int looks = 0;
	enum result r;

	while (*n < limit) {
		before = *n;
		if ((r = step(s, w, limit - *n, &end, n, e)) != RES_OK)
			return r;
		if (end) {
			*w->at = (struct sq_cursor){ 0, 0 };
			if (whole || *n > 0)
				return RES_OK;
			whole = true; /* now from the very beginning */
		} else if (*n > before && *n < limit)
			nanosleep(&pause, NULL);
		else if (s->role == STORE_WORKER && ++looks == WORKER_LOOKS)
			return RES_OK; /* its handlers must not wait */
	}
	return RES_OK;
}

static enum result
prune(struct sq_store *s, int64_t age_ms, int64_t body_age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	static const char delete_event[] =
	    "DELETE FROM event WHERE id = ? AND NOT " UNFINISHED;
	static const char drop_body[] =
	    "UPDATE event SET body = NULL"
	    " WHERE id = ? AND body IS NOT NULL AND NOT " UNFINISHED;
	int64_t now_ms = sq_now(s);
	struct sweep events = { &s->events, delete_event, false,
		now_ms - age_ms };
	struct sweep bodies = { &s->bodies, drop_body, true,
		now_ms - body_age_ms };
	enum result r = RES_OK;

	if (age_ms >= 0)
		r = sweep(s, &events, limit, n, e);
	if (r == RES_OK && body_age_ms >= 0)
		r = sweep(s, &bodies, limit, n, e);
	return r;
}

enum result
sq_prune(struct store *base, int64_t age_ms, int64_t body_age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if ((r = sq_may_change(s, e)) != RES_OK)
		return r;
	r = prune(s, age_ms, body_age_ms, limit, n, e);
	/* What is done stays done: the next call tells what is wrong. */
	if (*n > 0)
		return RES_OK;
	return r == RES_OK ? RES_EMPTY : r;
}
