/*
 * SQLite backend: counting.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#include "mem.h"

#include "banned.h"

static enum result
count_events(struct sq_store *s, struct store_stats *out, struct err *e)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM event),"
				  " (SELECT max(received_ms) FROM event)";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	if (sq_row(&q)) {
		out->events = sq_col_int(&q, 0);
		out->last_received_ms = sq_col_int(&q, 1);
	}
	return sq_done(&q, e);
}

static enum result
count_deliveries(struct sq_store *s, struct store_stats *out, struct err *e)
{
	static const char sql[] =
	    "SELECT state, count(*),"
	    " sum(state = 0 AND due_ms <= ?1),"
	    " min(CASE WHEN state = 0 AND due_ms <= ?1 THEN due_ms END)"
	    " FROM delivery GROUP BY state";
	struct sq_query q;
	int64_t state;

	sq_prepare(&q, s, sql);
	sq_int(&q, sq_now(s));
	while (sq_row(&q)) {
		state = sq_col_int(&q, 0);
		if (state < 0 || state >= DELIVERY_STATES)
			continue;
		out->deliveries[state] = sq_col_int(&q, 1);
		if (state == DELIVERY_PENDING) {
			out->due = sq_col_int(&q, 2);
			out->oldest_due_ms = sq_col_int(&q, 3);
		}
	}
	return sq_done(&q, e);
}

static int64_t
file_size(const char *path, const char *suffix)
{
	struct stat st;
	struct buf b;
	int64_t size = 0;

	buf_init(&b, strlen(path) + strlen(suffix));
	buf_puts(&b, path);
	buf_puts(&b, suffix);
	if (!b.failed && stat(buf_text(&b), &st) == 0)
		size = st.st_size;
	buf_free(&b);
	return size;
}

enum result
sq_stats(struct store *base, struct store_stats *out, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	if ((r = count_events(s, out, e)) == RES_OK)
		r = count_deliveries(s, out, e);
	sq_rollback(s);
	out->bytes = file_size(s->path, "") + file_size(s->path, "-wal");
	return r;
}
