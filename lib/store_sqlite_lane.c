/*
 * SQLite backend: lanes. Of the pending deliveries of a lane, those that would
 * only be in the way wait behind: their ready_ms is NULL, and no claim looks
 * at them. Whoever ends a delivery of the lane calls the earliest of them
 * back. So there is always one that is ready or running while others wait,
 * and each waits and comes back once for each time that it is due.
 *
 * A delivery that waits for its retry is not in front of anybody: it is ready
 * in the future, and is sent behind only if it finds its lane taken then.
 */
#include "config.h"

#include "store_sqlite.h"

#include "banned.h"

/* Needed word for word by the planner, to choose the index delivery_lane. */
#define IN_LANE \
	" FROM delivery WHERE handler = ?1 AND lane = ?2" \
	" AND state = 0 AND lane <> ''"

enum result
sq_lane_behind(struct sq_store *s, const struct sq_lane *lane, int64_t due_ms,
    bool *behind, struct err *e)
{
	static const char sql[] =
	    "SELECT ready_ms IS NULL OR ready_ms <= ?3" IN_LANE
	    " ORDER BY ready_ms LIMIT 1";
	struct sq_query q;

	*behind = false;
	if (lane->name[0] == '\0')
		return RES_OK;
	sq_prepare(&q, s, sql);
	sq_text(&q, lane->handler);
	sq_text(&q, lane->name);
	sq_int(&q, due_ms);
	if (sq_row(&q))
		*behind = sq_col_int(&q, 0) != 0;
	return sq_done(&q, e);
}

enum result
sq_lane_running(struct sq_store *s, const struct sq_lane *lane, int64_t id,
    bool *running, struct err *e)
{
	static const char sql[] = "SELECT id FROM delivery WHERE handler = ?"
				  " AND lane = ? AND state = 1 AND lane <> ''";
	struct sq_query q;

	*running = false;
	if (lane->name[0] == '\0')
		return RES_OK;
	sq_prepare(&q, s, sql);
	sq_text(&q, lane->handler);
	sq_text(&q, lane->name);
	if (sq_row(&q))
		*running = sq_col_int(&q, 0) != id;
	return sq_done(&q, e);
}

enum result
sq_lane_first(
    struct sq_store *s, const struct sq_lane *lane, int64_t *id, struct err *e)
{
	/* In two parts, so that those behind are not all looked at. */
	static const char sql[] =
	    "SELECT min(id) FROM (SELECT * FROM"
	    " (SELECT id" IN_LANE " AND ready_ms IS NULL ORDER BY id LIMIT 1)"
	    " UNION ALL SELECT min(id)" IN_LANE " AND ready_ms IS NOT NULL)";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_text(&q, lane->handler);
	sq_text(&q, lane->name);
	*id = sq_row(&q) ? sq_col_int(&q, 0) : 0;
	return sq_done(&q, e);
}

enum result
sq_lane_wait(struct sq_store *s, const struct sq_lane *lane, int64_t now_ms,
    int64_t *n, struct err *e)
{
	static const char sql[] =
	    "UPDATE delivery SET ready_ms = NULL WHERE id IN (SELECT id" IN_LANE
	    " AND ready_ms <= ?3 ORDER BY ready_ms, id"
	    " LIMIT 100)";
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_text(&q, lane->handler);
	sq_text(&q, lane->name);
	sq_int(&q, now_ms);
	if ((r = sq_run(&q, e)) == RES_OK)
		*n += sqlite3_changes(s->db);
	return r;
}

enum result
sq_lane_ready(struct sq_store *s, int64_t id, struct err *e)
{
	static const char sql[] = "UPDATE delivery SET ready_ms = due_ms"
				  " WHERE id = ? AND ready_ms IS NULL";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, id);
	return sq_run(&q, e);
}

/* The earliest that waits behind, or 0. */
static enum result
first_behind(struct sq_store *s, const struct sq_lane *lane, int64_t *id,
    int64_t *due_ms, struct err *e)
{
	static const char sql[] = "SELECT id, due_ms" IN_LANE
				  " AND ready_ms IS NULL ORDER BY id LIMIT 1";
	struct sq_query q;

	*id = 0;
	sq_prepare(&q, s, sql);
	sq_text(&q, lane->handler);
	sq_text(&q, lane->name);
	if (sq_row(&q)) {
		*id = sq_col_int(&q, 0);
		*due_ms = sq_col_int(&q, 1);
	}
	return sq_done(&q, e);
}

enum result
sq_lane_next(struct sq_store *s, const struct sq_lane *lane, int64_t now_ms,
    struct err *e)
{
	int64_t id, due_ms = 0;
	enum result r;

	if (lane->name[0] == '\0')
		return RES_OK;
	/* One that is not due yet must not keep those behind it waiting. */
	do {
		r = first_behind(s, lane, &id, &due_ms, e);
		if (r != RES_OK || id == 0)
			return r;
		if ((r = sq_lane_ready(s, id, e)) != RES_OK)
			return r;
	} while (due_ms > now_ms);
	return RES_OK;
}
