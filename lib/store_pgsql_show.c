/*
 * PostgreSQL backend: one event with all that happened to it.
 */
#include "config.h"

#include <string.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

#define NAMES_MAX 400 /* of the endpoints in a message */

/* The one event that is meant, of the endpoints that have it. */
static enum result
choose(const PGresult *res, const char *event_id, struct store_row *row,
    struct err *e)
{
	struct buf names;
	int i, n = PQntuples(res);

	if (n == 0) {
		err_set(e, "there is no event %s", event_id);
		return RES_UNKNOWN;
	}
	if (n == 1) {
		pgs_row_read(res, 0, row);
		return RES_OK;
	}
	buf_init(&names, NAMES_MAX);
	for (i = 0; i < n; i++)
		buf_printf(
		    &names, "%s%s", i == 0 ? "" : ", ", PQgetvalue(res, i, 0));
	err_set(e, "several endpoints have the event %s, name one: %s",
	    event_id, buf_text(&names));
	buf_free(&names);
	return RES_INVALID;
}

static enum result
find_event(struct pgs_store *s, const char *endpoint, const char *event_id,
    struct store_row *row, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q, "SELECT * FROM stripehook.show_event($1, $2)");
	pgs_text(&q, endpoint);
	pgs_text(&q, event_id);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	r = choose(res, event_id, row, e);
	PQclear(res);
	return r;
}

static enum result
read_body(struct pgs_store *s, const struct store_row *row, struct buf *body,
    struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q, "SELECT stripehook.show_body($1, $2)");
	pgs_text(&q, row->endpoint);
	pgs_text(&q, row->id);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	if (PQntuples(res) == 1 && !pgs_col_buf(res, 0, 0, body)) {
		err_set(e, "PostgreSQL: out of memory");
		r = RES_BUSY;
	}
	PQclear(res);
	return r;
}

static enum result
read_deliveries(struct pgs_store *s, struct store_shown *out, struct err *e)
{
	struct pgs_query q;
	struct delivery *d;
	PGresult *res;
	enum result r;
	size_t i;

	pgs_query(&q, "SELECT * FROM stripehook.show_deliveries($1, $2)");
	pgs_text(&q, out->row.endpoint);
	pgs_text(&q, out->row.id);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	out->ndeliveries = (size_t)PQntuples(res);
	out->deliveries = mem_alloc(out->ndeliveries + 1, sizeof(*d));
	out->nattempts = mem_alloc(out->ndeliveries + 1, sizeof(size_t));
	for (i = 0; i < out->ndeliveries; i++) {
		d = &out->deliveries[i];
		d->id = pgs_col_int(res, (int)i, 0);
		pgs_col_text(res, (int)i, 1, d->handler, sizeof(d->handler));
		pgs_col_text(res, (int)i, 2, d->lane, sizeof(d->lane));
		d->state = (enum delivery_state)pgs_col_int(res, (int)i, 3);
		d->attempts = (int)pgs_col_int(res, (int)i, 4);
		d->due_ms = pgs_col_int(res, (int)i, 5);
		d->finished_ms = pgs_col_int(res, (int)i, 6);
	}
	PQclear(res);
	return RES_OK;
}

static void
read_attempt(const PGresult *res, int row, struct attempt *a)
{
	size_t len = (size_t)PQgetlength(res, row, 8);

	a->number = (int)pgs_col_int(res, row, 1);
	a->outcome = (enum attempt_outcome)pgs_col_int(res, row, 2);
	a->started_ms = pgs_col_int(res, row, 3);
	a->ended_ms = pgs_col_int(res, row, 4);
	a->exit_code = (int)pgs_col_int(res, row, 5);
	a->term_signal = (int)pgs_col_int(res, row, 6);
	pgs_col_text(res, row, 7, a->reason, sizeof(a->reason));
	a->output_len = len < sizeof(a->output) ? len : sizeof(a->output);
	memcpy(a->output, PQgetvalue(res, row, 8), a->output_len);
}

/* In the order of their deliveries, of which none can have come since. */
static enum result
read_attempts(struct pgs_store *s, struct store_shown *out, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;
	size_t d = 0;
	int i, n;

	pgs_query(&q, "SELECT * FROM stripehook.show_attempts($1, $2)");
	pgs_text(&q, out->row.endpoint);
	pgs_text(&q, out->row.id);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	n = PQntuples(res);
	out->attempts = mem_alloc((size_t)n + 1, sizeof(*out->attempts));
	for (i = 0; i < n; i++) {
		while (d < out->ndeliveries &&
		    out->deliveries[d].id != pgs_col_int(res, i, 0))
			d++;
		if (d == out->ndeliveries)
			break;
		read_attempt(res, i, &out->attempts[i]);
		out->nattempts[d]++;
	}
	PQclear(res);
	return RES_OK;
}

enum result
pgs_show(struct store *base, const char *endpoint, const char *event_id,
    struct store_shown *out, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	enum result r;

	if ((r = find_event(s, endpoint, event_id, &out->row, e)) != RES_OK ||
	    (r = read_body(s, &out->row, &out->body, e)) != RES_OK ||
	    (r = read_deliveries(s, out, e)) != RES_OK)
		return r;
	return read_attempts(s, out, e);
}
