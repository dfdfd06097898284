/*
 * SQLite backend: counting.
 */
#include "config.h"

#include <sys/statvfs.h>

#include <string.h>

#include "store_sqlite.h"

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
	    "SELECT sum(pending), sum(running), sum(succeeded), sum(failed)"
	    " FROM handler";
	struct sq_query q;
	int i;

	sq_prepare(&q, s, sql);
	if (sq_row(&q)) {
		for (i = 0; i < DELIVERY_STATES; i++)
			out->deliveries[i] = sq_col_int(&q, i);
	}
	return sq_done(&q, e);
}

/* Those that are ready and those behind in their lanes, by an index each. */
static enum result
count_due(struct sq_store *s, struct store_stats *out, struct err *e)
{
	static const char sql[] =
	    "SELECT count(*), min(due_ms) FROM ("
	    "SELECT due_ms FROM delivery INDEXED BY delivery_ready"
	    " WHERE ready_ms IS NOT NULL AND ready_ms <= ?1 AND state = 0"
	    " UNION ALL"
	    " SELECT due_ms FROM delivery INDEXED BY delivery_lane"
	    " WHERE state = 0 AND lane <> ''"
	    " AND ready_ms IS NULL AND due_ms <= ?1)";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, sq_now(s));
	if (sq_row(&q)) {
		out->due = sq_col_int(&q, 0);
		out->oldest_due_ms = sq_col_int(&q, 1);
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
	if (r == RES_OK)
		r = count_due(s, out, e);
	sq_rollback(s);
	out->bytes = file_size(s->path, "") + file_size(s->path, "-wal");
	return r;
}

int64_t
sq_free_bytes(struct store *base)
{
	struct sq_store *s = (struct sq_store *)base;
	struct statvfs v;

	if (statvfs(s->path, &v) == -1)
		return -1;
	return (int64_t)(v.f_bavail * v.f_frsize);
}
