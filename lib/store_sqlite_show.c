/*
 * SQLite backend: one event with all that happened to it.
 */
#include "config.h"

#include "store_sqlite.h"

#include "mem.h"

#include "banned.h"

#define NAMES_MAX 400 /* of the endpoints in a message */

/* The one event that is meant. */
static enum result
find_event(struct sq_store *s, const char *endpoint, const char *event_id,
    int64_t *event, struct err *e)
{
	static const char sql[] =
	    "SELECT id, endpoint FROM event"
	    " WHERE event_id = ? AND ifnull(endpoint = ?, 1) ORDER BY endpoint";
	char name[DELIVERY_NAME_SIZE];
	struct buf names;
	struct sq_query q;
	enum result r;
	size_t n = 0;

	buf_init(&names, NAMES_MAX);
	sq_prepare(&q, s, sql);
	sq_text(&q, event_id);
	if (endpoint != NULL)
		sq_text(&q, endpoint);
	else
		sq_null(&q);
	while (sq_row(&q)) {
		*event = sq_col_int(&q, 0);
		sq_col_text(&q, 1, name, sizeof(name));
		buf_printf(&names, "%s%s", n++ == 0 ? "" : ", ", name);
	}
	r = sq_done(&q, e);
	if (r == RES_OK && n == 0) {
		err_set(e, "there is no event %s", event_id);
		r = RES_UNKNOWN;
	} else if (r == RES_OK && n > 1) {
		err_set(e, "several endpoints have the event %s, name one: %s",
		    event_id, buf_text(&names));
		r = RES_INVALID;
	}
	buf_free(&names);
	return r;
}

static enum result
read_event(
    struct sq_store *s, int64_t event, struct store_shown *out, struct err *e)
{
	static const char sql[] = "SELECT " SQ_ROW_COLUMNS ", event.body"
				  " FROM event WHERE id = ?";
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_int(&q, event);
	if (sq_row(&q)) {
		sq_row_read(&q, &out->row);
		sq_col_blob(&q, SQ_ROW_NCOLUMNS, &out->body);
	}
	r = sq_done(&q, e);
	return r == RES_OK ? sq_row_count(s, event, &out->row, e) : r;
}

static enum result
read_deliveries(
    struct sq_store *s, int64_t event, struct store_shown *out, struct err *e)
{
	static const char sql[] =
	    "SELECT id, handler, lane, state, attempts,"
	    " due_ms, finished_ms FROM delivery WHERE event = ? ORDER BY id";
	struct delivery *d;
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, event);
	while (sq_row(&q)) {
		out->deliveries = mem_resize(
		    out->deliveries, out->ndeliveries + 1, sizeof(*d));
		d = &out->deliveries[out->ndeliveries++];
		d->id = sq_col_int(&q, 0);
		sq_col_text(&q, 1, d->handler, sizeof(d->handler));
		sq_col_text(&q, 2, d->lane, sizeof(d->lane));
		d->state = (enum delivery_state)sq_col_int(&q, 3);
		d->attempts = (int)sq_col_int(&q, 4);
		d->due_ms = sq_col_int(&q, 5);
		d->finished_ms = sq_col_int(&q, 6);
	}
	return sq_done(&q, e);
}

static void
read_attempt(struct sq_query *q, struct attempt *a)
{
	struct buf output;

	a->number = (int)sq_col_int(q, 0);
	a->outcome = (enum attempt_outcome)sq_col_int(q, 1);
	a->started_ms = sq_col_int(q, 2);
	a->ended_ms = sq_col_int(q, 3);
	a->exit_code = (int)sq_col_int(q, 4);
	a->term_signal = (int)sq_col_int(q, 5);
	sq_col_text(q, 6, a->reason, sizeof(a->reason));
	sq_col_blob(q, 7, &output);
	for (; a->output_len < output.len && a->output_len < sizeof(a->output);
	     a->output_len++)
		a->output[a->output_len] = output.data[a->output_len];
	buf_free(&output);
}

/* Adds the attempts of the delivery; *total is how many there are so far. */
static enum result
read_attempts(struct sq_store *s, size_t delivery, struct store_shown *out,
    size_t *total, struct err *e)
{
	static const char sql[] =
	    "SELECT number, outcome, started_ms,"
	    " ended_ms, exit_code, term_signal, reason, output FROM attempt"
	    " WHERE delivery = ? ORDER BY number";
	struct sq_query q;

	sq_prepare(&q, s, sql);
	sq_int(&q, out->deliveries[delivery].id);
	while (sq_row(&q)) {
		out->attempts = mem_resize(
		    out->attempts, *total + 1, sizeof(*out->attempts));
		out->attempts[*total].output_len = 0;
		read_attempt(&q, &out->attempts[(*total)++]);
		out->nattempts[delivery]++;
	}
	return sq_done(&q, e);
}

static enum result
show(struct sq_store *s, const char *endpoint, const char *event_id,
    struct store_shown *out, struct err *e)
{
	size_t i, total = 0;
	int64_t event = 0;
	enum result r;

	if ((r = find_event(s, endpoint, event_id, &event, e)) != RES_OK ||
	    (r = read_event(s, event, out, e)) != RES_OK ||
	    (r = read_deliveries(s, event, out, e)) != RES_OK)
		return r;
	out->nattempts = mem_alloc(out->ndeliveries + 1, sizeof(size_t));
	for (i = 0; r == RES_OK && i < out->ndeliveries; i++)
		r = read_attempts(s, i, out, &total, e);
	return r;
}

enum result
sq_show(struct store *base, const char *endpoint, const char *event_id,
    struct store_shown *out, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	r = show(s, endpoint, event_id, out, e);
	sq_rollback(s);
	return r;
}
