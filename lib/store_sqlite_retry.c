/*
 * SQLite backend: making deliveries due again by hand, or giving them up.
 */
#include "config.h"

#include <stdlib.h>

#include "store_sqlite.h"

#include "mem.h"

#include "banned.h"

struct chosen {
	int64_t *ids; /* owned */
	size_t n;
	size_t cap;
};

static enum result
choose(struct sq_store *s, const struct store_filter *f, struct chosen *all,
    struct err *e)
{
	struct sq_query q;

	sq_filter_deliveries(&q, s, "delivery.id", f);
	while (sq_row(&q)) {
		if (all->n == all->cap) {
			all->cap = all->cap * 2 + 64;
			all->ids =
			    mem_resize(all->ids, all->cap, sizeof(*all->ids));
		}
		all->ids[all->n++] = sq_col_int(&q, 0);
	}
	return sq_done(&q, e);
}

/*
 * Whether it has to wait behind others of its lane: as it does already, or as
 * one that comes new into the lane. One that is ready stays so.
 */
static enum result
stands_behind(
    struct sq_store *s, int64_t id, int64_t now_ms, bool *behind, struct err *e)
{
	static const char sql[] =
	    "SELECT handler, lane, due_ms IS NULL,"
	    " ready_ms IS NULL FROM delivery WHERE id = ?";
	char handler[DELIVERY_NAME_SIZE], name[DELIVERY_LANE_SIZE];
	struct sq_lane lane = { handler, name };
	bool finished = false;
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_int(&q, id);
	*behind = false;
	if (sq_row(&q)) {
		sq_col_text(&q, 0, handler, sizeof(handler));
		sq_col_text(&q, 1, name, sizeof(name));
		finished = sq_col_int(&q, 2) != 0;
		*behind = sq_col_int(&q, 3) != 0;
	}
	if ((r = sq_done(&q, e)) != RES_OK || !finished)
		return r;
	return sq_lane_behind(s, &lane, now_ms, behind, e);
}

/* What is due already keeps its place. */
static enum result
make_due(
    struct sq_store *s, int64_t id, int64_t now_ms, bool behind, struct err *e)
{
	static const char sql[] =
	    "UPDATE delivery SET"
	    " due_ms = min(ifnull(due_ms, ?2), ?2), ready_ms ="
	    " CASE WHEN ?3 THEN NULL ELSE min(ifnull(due_ms, ?2), ?2) END,"
	    " tries = CASE state WHEN 0 THEN tries ELSE 0 END,"
	    " state = 0, finished_ms = NULL WHERE id = ?1";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, id);
	sq_int(&q, now_ms);
	sq_int(&q, behind);
	return sq_run(&q, e);
}

static enum result
retry(
    struct sq_store *s, const struct store_filter *f, int64_t *n, struct err *e)
{
	struct chosen all = { NULL, 0, 0 };
	int64_t now_ms = sq_now(s);
	enum result r;
	bool behind;
	size_t i;

	r = choose(s, f, &all, e);
	for (i = 0; r == RES_OK && i < all.n; i++) {
		r = stands_behind(s, all.ids[i], now_ms, &behind, e);
		if (r == RES_OK)
			r = make_due(s, all.ids[i], now_ms, behind, e);
	}
	*n = (int64_t)all.n;
	free(all.ids);
	return r;
}

static enum result
count(
    struct sq_store *s, const struct store_filter *f, int64_t *n, struct err *e)
{
	struct chosen all = { NULL, 0, 0 };
	enum result r;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	r = choose(s, f, &all, e);
	sq_rollback(s);
	*n = (int64_t)all.n;
	free(all.ids);
	return r;
}

enum result
sq_retry(struct store *base, const struct store_filter *f, bool dry, int64_t *n,
    struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if (dry)
		r = count(s, f, n, e);
	else if ((r = sq_begin(s, e)) == RES_OK)
		r = sq_end(s, retry(s, f, n, e), e);
	if (r != RES_OK)
		*n = 0;
	if (r == RES_OK && !dry && *n > 0)
		sq_wake(s);
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}

/*
 * All at once: were only some of a lane given up, those that wait behind them
 * would not be called back.
 */
static enum result
give_up(struct sq_store *s, const char *handler, int64_t *n, struct err *e)
{
	static const char sql[] =
	    "UPDATE delivery SET state = 3, due_ms = NULL, ready_ms = NULL,"
	    " finished_ms = ? WHERE handler = ? AND state = 0";
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_int(&q, sq_now(s));
	sq_text(&q, handler);
	if ((r = sq_run(&q, e)) == RES_OK)
		*n = sqlite3_changes(s->db);
	return r;
}

enum result
sq_give_up(struct store *base, const char *handler, bool dry, int64_t *n,
    struct err *e)
{
	const struct store_filter f = { .handler = handler,
		.state = DELIVERY_PENDING };
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if (dry)
		r = count(s, &f, n, e);
	else if ((r = sq_begin(s, e)) == RES_OK)
		r = sq_end(s, give_up(s, handler, n, e), e);
	if (r != RES_OK)
		*n = 0;
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}
