/*
 * PostgreSQL backend: what people and the worker ask.
 */
#include "config.h"

#include <string.h>

#include "store_pgsql.h"

#include "banned.h"

#define COUNT_OF \
	", (SELECT count(*) FROM stripehook.delivery" \
	" WHERE delivery.event = event.id AND delivery.state = "

static const char columns[] =
    "event.endpoint, event.event_id, event.type, event.style,"
    " event.created, event.received_ms, event.livemode, event.object_id,"
    " event.customer, event.account, event.size" COUNT_OF "0)" COUNT_OF
    "1)" COUNT_OF "2)" COUNT_OF "3)";

void
pgs_row_read(const PGresult *res, int row, struct store_row *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	pgs_col_text(res, row, 0, out->endpoint, sizeof(out->endpoint));
	pgs_col_text(res, row, 1, out->id, sizeof(out->id));
	pgs_col_text(res, row, 2, out->type, sizeof(out->type));
	out->style = pgs_col_int(res, row, 3) == EVENT_THIN ? EVENT_THIN
							    : EVENT_SNAPSHOT;
	out->created = pgs_col_int(res, row, 4);
	out->received_ms = pgs_col_int(res, row, 5);
	out->livemode = pgs_col_int(res, row, 6) != 0;
	pgs_col_text(res, row, 7, out->object_id, sizeof(out->object_id));
	pgs_col_text(res, row, 8, out->customer, sizeof(out->customer));
	pgs_col_text(res, row, 9, out->account, sizeof(out->account));
	out->size = pgs_col_int(res, row, 10);
	for (i = 0; i < DELIVERY_STATES; i++)
		out->deliveries[i] = pgs_col_int(res, row, 11 + i);
}

enum result
pgs_read(
    struct pgs_store *s, struct pgs_query *q, PGresult **res, struct err *e)
{
	enum result r = pgs_link_open(s, &s->link, e);

	*res = NULL;
	if (r == RES_OK)
		r = pgs_run(&s->link, q, res, e);
	else
		pgs_query_free(q);
	switch (r) {
	case RES_UNCERTAIN: /* nothing was to be changed */
		return RES_BUSY;
	case RES_UNKNOWN:
	case RES_INVALID:
		return RES_FAILED;
	default:
		return r;
	}
}

enum result
pgs_list(struct store *base, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct store_row row;
	struct pgs_query q;
	struct buf sql;
	PGresult *res;
	enum result r;
	int i, n;

	pgs_filter_events(&q, &sql, columns, f);
	r = pgs_read(s, &q, &res, e);
	buf_free(&sql);
	if (r != RES_OK)
		return r;
	n = PQntuples(res);
	for (i = 0; i < n; i++) {
		pgs_row_read(res, i, &row);
		if (!each(&row, arg))
			break;
	}
	PQclear(res);
	return n == 0 ? RES_EMPTY : RES_OK;
}

static void
read_handler(const PGresult *res, int row, struct store_handler_stats *h)
{
	int i;

	memset(h, 0, sizeof(*h));
	pgs_col_text(res, row, 0, h->name, sizeof(h->name));
	for (i = 0; i < DELIVERY_STATES; i++)
		h->deliveries[i] = pgs_col_int(res, row, 1 + i);
	h->attempts_succeeded = pgs_col_int(res, row, 5);
	h->attempts_failed = pgs_col_int(res, row, 6);
	h->parked = pgs_col_int(res, row, 7);
	h->streak = pgs_col_int(res, row, 8);
	h->last_success_ms = pgs_col_int(res, row, 9);
	h->last_failure_ms = pgs_col_int(res, row, 10);
	h->timed = pgs_col_int(res, row, 11);
	h->timed_ms = h->duration_ms = pgs_col_int(res, row, 12);
	for (i = 0; i < STORE_TIMED; i++)
		h->timed_le[i] = pgs_col_int(res, row, 13 + i);
}

enum result
pgs_handlers(struct store *base,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct store_handler_stats h;
	struct pgs_query q;
	PGresult *res;
	enum result r;
	int i, n;

	pgs_query(&q,
	    "SELECT name, pending, running, succeeded, failed,"
	    " attempts_succeeded, attempts_failed, parked, streak,"
	    " last_success_ms, last_failure_ms, timed, timed_ms,"
	    " timed_le[1], timed_le[2], timed_le[3], timed_le[4],"
	    " timed_le[5], timed_le[6], timed_le[7], timed_le[8],"
	    " timed_le[9], timed_le[10], timed_le[11]"
	    " FROM stripehook.handler_now ORDER BY name");
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	n = PQntuples(res);
	for (i = 0; i < n; i++) {
		read_handler(res, i, &h);
		if (!each(&h, arg))
			break;
	}
	PQclear(res);
	return n == 0 ? RES_EMPTY : RES_OK;
}

static const char *
name_at(const void *arg, size_t i)
{
	return ((const struct store_handler *)arg)[i].name;
}

enum result
pgs_next_due(struct store *base, const struct store_handler *list, size_t n,
    int64_t *ms, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q, "SELECT stripehook.next_due($1, $2)");
	pgs_now(&q, s);
	pgs_text_array(&q, n, name_at, list);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	if (!PQgetisnull(res, 0, 0))
		*ms = pgs_col_int(res, 0, 0);
	PQclear(res);
	return RES_OK;
}

enum result
pgs_stats(struct store *base, struct store_stats *out, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_query q;
	PGresult *res;
	enum result r;
	int i;

	pgs_query(&q,
	    "SELECT (SELECT count(*) FROM stripehook.event),"
	    " pending, running, succeeded, failed, due, oldest,"
	    " coalesce((SELECT max(received_ms) FROM stripehook.event), 0),"
	    " (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
	    " WHERE relnamespace = 'stripehook'::regnamespace"
	    " AND relkind = 'r')"
	    " FROM (SELECT coalesce(sum(pending), 0)::bigint AS pending,"
	    " coalesce(sum(running), 0)::bigint AS running,"
	    " coalesce(sum(succeeded), 0)::bigint AS succeeded,"
	    " coalesce(sum(failed), 0)::bigint AS failed"
	    " FROM stripehook.handler_now) AS counts,"
	    " (SELECT count(*) AS due, coalesce(min(due_ms), 0) AS oldest"
	    " FROM (SELECT due_ms FROM stripehook.delivery WHERE state = 0"
	    " AND ready_ms IS NOT NULL AND ready_ms <= stripehook.now_ms($1)"
	    " UNION ALL SELECT due_ms FROM stripehook.delivery"
	    " WHERE state = 0 AND lane <> '' AND ready_ms IS NULL"
	    " AND due_ms <= stripehook.now_ms($1)) AS waiting) AS w");
	pgs_now(&q, s);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	out->events = pgs_col_int(res, 0, 0);
	for (i = 0; i < DELIVERY_STATES; i++)
		out->deliveries[i] = pgs_col_int(res, 0, 1 + i);
	out->due = pgs_col_int(res, 0, 5);
	out->oldest_due_ms = pgs_col_int(res, 0, 6);
	out->last_received_ms = pgs_col_int(res, 0, 7);
	out->bytes = pgs_col_int(res, 0, 8);
	PQclear(res);
	return RES_OK;
}
