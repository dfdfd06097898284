/*
 * SQLite backend: what is known of each handler. The table of that name is
 * kept by triggers (store_sqlite_schema.c), so reading it costs the same
 * however many deliveries there are.
 */
#include "config.h"

#include <string.h>

#include "store_sqlite.h"

#include "banned.h"

static void
read_handler(struct sq_query *q, struct store_handler_stats *h)
{
	int i;

	memset(h, 0, sizeof(*h));
	sq_col_text(q, 0, h->name, sizeof(h->name));
	h->deliveries[DELIVERY_PENDING] = sq_col_int(q, 1);
	h->deliveries[DELIVERY_RUNNING] = sq_col_int(q, 2);
	h->deliveries[DELIVERY_SUCCEEDED] = sq_col_int(q, 3);
	h->deliveries[DELIVERY_FAILED] = sq_col_int(q, 4);
	h->attempts_succeeded = sq_col_int(q, 5);
	h->attempts_failed = sq_col_int(q, 6);
	h->parked = sq_col_int(q, 7);
	h->streak = sq_col_int(q, 8);
	h->last_success_ms = sq_col_int(q, 9);
	h->last_failure_ms = sq_col_int(q, 10);
	h->duration_ms = sq_col_int(q, 11);
	h->timed = sq_col_int(q, 12);
	h->timed_ms = sq_col_int(q, 13);
	for (i = 0; i < STORE_TIMED; i++)
		h->timed_le[i] = sq_col_int(q, 14 + i);
}

enum result
sq_handlers(struct store *base,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e)
{
	static const char sql[] =
	    "SELECT name, pending, running, succeeded, failed,"
	    " attempts_succeeded, attempts_failed, parked, streak,"
	    " last_success_ms, last_failure_ms, duration_ms, timed, timed_ms,"
	    " le_50, le_100, le_250, le_500, le_1000, le_2500, le_5000,"
	    " le_10000, le_30000, le_60000, le_300000"
	    " FROM handler ORDER BY name";
	struct sq_store *s = (struct sq_store *)base;
	struct store_handler_stats h;
	bool more = true, any = false;
	struct sq_query q;
	enum result r;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	sq_prepare(&q, s, sql);
	while (more && sq_row(&q)) {
		read_handler(&q, &h);
		any = true;
		more = each(&h, arg);
	}
	r = sq_done(&q, e);
	sq_rollback(s);
	return r == RES_OK && !any ? RES_EMPTY : r;
}
