/*
 * SQLite backend: listing events.
 */
#include "config.h"

#include <string.h>

#include "store_sqlite.h"

#include "banned.h"

int64_t
sq_row_read(struct sq_query *q, struct store_row *row)
{
	memset(row, 0, sizeof(*row));
	sq_col_text(q, 1, row->endpoint, sizeof(row->endpoint));
	sq_col_text(q, 2, row->id, sizeof(row->id));
	sq_col_text(q, 3, row->type, sizeof(row->type));
	row->style =
	    sq_col_int(q, 4) == EVENT_THIN ? EVENT_THIN : EVENT_SNAPSHOT;
	row->created = sq_col_int(q, 5);
	row->received_ms = sq_col_int(q, 6);
	row->livemode = sq_col_int(q, 7) != 0;
	sq_col_text(q, 8, row->object_id, sizeof(row->object_id));
	sq_col_text(q, 9, row->customer, sizeof(row->customer));
	sq_col_text(q, 10, row->account, sizeof(row->account));
	row->size = sq_col_int(q, 11);
	return sq_col_int(q, 0);
}

enum result
sq_row_count(
    struct sq_store *s, int64_t event, struct store_row *row, struct err *e)
{
	static const char sql[] = "SELECT state, count(*) FROM delivery"
				  " WHERE event = ? GROUP BY state";
	struct sq_query q;
	int64_t state;

	sq_prepare(&q, s, sql);
	sq_int(&q, event);
	while (sq_row(&q)) {
		state = sq_col_int(&q, 0);
		if (state >= 0 && state < DELIVERY_STATES)
			row->deliveries[state] = sq_col_int(&q, 1);
	}
	return sq_done(&q, e);
}

enum result
sq_list(struct store *base, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r, counted = RES_OK;
	struct store_row row;
	struct sq_query q;
	bool more = true, any = false;
	int64_t event;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	sq_filter_events(&q, s, SQ_ROW_COLUMNS, f);
	while (more && counted == RES_OK && sq_row(&q)) {
		event = sq_row_read(&q, &row);
		counted = sq_row_count(s, event, &row, e);
		any = true;
		if (counted == RES_OK)
			more = each(&row, arg);
	}
	r = sq_done(&q, e);
	sq_rollback(s);
	if (r == RES_OK)
		r = counted;
	return r == RES_OK && !any ? RES_EMPTY : r;
}
