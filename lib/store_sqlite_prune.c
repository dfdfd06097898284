/*
 * SQLite backend: deleting what is old and done.
 */
#include "config.h"

#include "store_sqlite.h"

#include "banned.h"

#define OLD_AND_DONE \
	" WHERE received_ms < ? AND NOT EXISTS (SELECT 1 FROM delivery" \
	" WHERE delivery.event = event.id AND delivery.due_ms IS NOT NULL)"

/* Runs sql for what arrived before then, at most limit; adds to *n. */
static enum result
change(struct sq_store *s, const char *sql, int64_t before_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_int(&q, before_ms);
	sq_int(&q, limit);
	if ((r = sq_run(&q, e)) == RES_OK)
		*n += sqlite3_changes(s->db);
	return r;
}

static enum result
prune(struct sq_store *s, int64_t age_ms, int64_t body_age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	static const char delete_events[] =
	    "DELETE FROM event WHERE id IN"
	    " (SELECT id FROM event" OLD_AND_DONE
	    " ORDER BY received_ms LIMIT ?)";
	static const char drop_bodies[] =
	    "UPDATE event SET body = NULL"
	    " WHERE id IN (SELECT id FROM event" OLD_AND_DONE
	    " AND body IS NOT NULL ORDER BY received_ms LIMIT ?)";
	int64_t now_ms = sq_now(s);
	enum result r = RES_OK;

	if (age_ms >= 0)
		r = change(s, delete_events, now_ms - age_ms, limit, n, e);
	if (r == RES_OK && body_age_ms >= 0 && *n < limit)
		r = change(
		    s, drop_bodies, now_ms - body_age_ms, limit - *n, n, e);
	return r;
}

enum result
sq_prune(struct store *base, int64_t age_ms, int64_t body_age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if (limit <= 0)
		return RES_EMPTY;
	if ((r = sq_begin(s, e)) != RES_OK)
		return r;
	r = sq_end(s, prune(s, age_ms, body_age_ms, limit, n, e), e);
	if (r != RES_OK)
		*n = 0;
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}
