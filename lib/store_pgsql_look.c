/*
 * PostgreSQL backend: what has happened since, and when secrets were used.
 *
 * Numbers are given out before their transaction commits, so what has the
 * higher one may be seen first. Whoever follows is told of a transaction when
 * no older one can come any more: its number is below all that are under way.
 * A mark is the number of a transaction and a number within it.
 */
#include "config.h"

#include <string.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

#define NEWS_MAX 500 /* of a kind, in one call */
#define SETTLED "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
#define COLUMNS \
	"event.endpoint, event.event_id, event.type, event.style," \
	" event.created, event.received_ms, event.livemode, event.object_id," \
	" event.customer, event.account, event.size, 0, 0, 0, 0"
#define NCOLUMNS 15

/* Who is to be told, and whether they are. */
struct teller {
	struct store_mark *mark; /* borrowed */
	bool (*each)(const struct store_news *news, void *arg);
	void *arg;
	bool more;
	bool any;
};

static enum result
begin(struct pgs_store *s, struct store_mark *mark, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q, "SELECT " SETTLED " - 1");
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	mark->event = mark->attempt = pgs_col_int(res, 0, 0);
	mark->event_ms = mark->attempt_ms = INT64_MAX;
	(void)mem_copy(mark->place, sizeof(mark->place), s->place);
	mark->begun = true;
	PQclear(res);
	return RES_OK;
}

static void
tell_event(struct teller *t, const PGresult *res, int row)
{
	struct store_news news = { .handler = NULL };
	struct store_row shown;

	pgs_row_read(res, row, &shown);
	news.row = &shown;
	t->mark->event = pgs_col_int(res, row, NCOLUMNS);
	t->mark->event_ms = pgs_col_int(res, row, NCOLUMNS + 1);
	t->any = true;
	t->more = t->each(&news, t->arg);
}

static enum result
tell_events(struct pgs_store *s, struct teller *t, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;
	int i;

	pgs_query(&q,
	    "SELECT " COLUMNS ", xid, id FROM stripehook.event"
	    " WHERE (xid, id) > ($1, $2) AND xid < " SETTLED
	    " ORDER BY xid, id LIMIT $3");
	pgs_int8(&q, t->mark->event);
	pgs_int8(&q, t->mark->event_ms);
	pgs_int4(&q, NEWS_MAX);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	for (i = 0; t->more && i < PQntuples(res); i++)
		tell_event(t, res, i);
	PQclear(res);
	return RES_OK;
}

static void
tell_attempt(struct teller *t, const PGresult *res, int row)
{
	const int c = NCOLUMNS + 2;
	char handler[DELIVERY_NAME_SIZE];
	struct store_news news;
	struct attempt attempt;
	struct store_row shown;

	memset(&attempt, 0, sizeof(attempt));
	pgs_row_read(res, row, &shown);
	t->mark->attempt = pgs_col_int(res, row, NCOLUMNS);
	t->mark->attempt_ms = pgs_col_int(res, row, NCOLUMNS + 1);
	attempt.number = (int)pgs_col_int(res, row, c);
	attempt.outcome = (enum attempt_outcome)pgs_col_int(res, row, c + 1);
	attempt.started_ms = pgs_col_int(res, row, c + 2);
	attempt.ended_ms = pgs_col_int(res, row, c + 3);
	attempt.exit_code = (int)pgs_col_int(res, row, c + 4);
	attempt.term_signal = (int)pgs_col_int(res, row, c + 5);
	pgs_col_text(res, row, c + 6, attempt.reason, sizeof(attempt.reason));
	pgs_col_text(res, row, c + 7, handler, sizeof(handler));
	news = (struct store_news){ &shown, handler, &attempt,
		(enum delivery_state)pgs_col_int(res, row, c + 8),
		pgs_col_int(res, row, c + 9) };
	t->any = true;
	t->more = t->each(&news, t->arg);
}

static enum result
tell_attempts(struct pgs_store *s, struct teller *t, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;
	int i;

	pgs_query(&q,
	    "SELECT " COLUMNS ", a.xid, a.delivery, a.number, a.outcome,"
	    " a.started_ms, a.ended_ms, a.exit_code, a.term_signal, a.reason,"
	    " d.handler, d.state, d.due_ms FROM stripehook.attempt AS a"
	    " JOIN stripehook.delivery AS d ON d.id = a.delivery"
	    " JOIN stripehook.event ON event.id = d.event"
	    " WHERE a.xid IS NOT NULL AND (a.xid, a.delivery) > ($1, $2)"
	    " AND a.xid < " SETTLED " ORDER BY a.xid, a.delivery LIMIT $3");
	pgs_int8(&q, t->mark->attempt);
	pgs_int8(&q, t->mark->attempt_ms);
	pgs_int4(&q, NEWS_MAX);
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	for (i = 0; t->more && i < PQntuples(res); i++)
		tell_attempt(t, res, i);
	PQclear(res);
	return RES_OK;
}

enum result
pgs_follow(struct store *base, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct teller t = { mark, each, arg, true, false };
	enum result r;

	if (!mark->begun) {
		r = begin(s, mark, e);
		return r == RES_OK ? RES_EMPTY : r;
	}
	if (strcmp(mark->place, s->place) != 0) { /* another: all is new */
		mark->event = mark->attempt = 0;
		(void)mem_copy(mark->place, sizeof(mark->place), s->place);
	}
	if ((r = tell_events(s, &t, e)) == RES_OK && t.more)
		r = tell_attempts(s, &t, e);
	return r == RES_OK && !t.any ? RES_EMPTY : r;
}

enum result
pgs_secrets(struct store *base,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct store_secret secret;
	struct pgs_query q;
	PGresult *res;
	enum result r;
	int i, n;

	pgs_query(&q,
	    "SELECT endpoint, fingerprint, last_ms FROM stripehook.secret"
	    " ORDER BY endpoint, last_ms DESC, fingerprint");
	if ((r = pgs_read(s, &q, &res, e)) != RES_OK)
		return r;
	n = PQntuples(res);
	for (i = 0; i < n; i++) {
		pgs_col_text(
		    res, i, 0, secret.endpoint, sizeof(secret.endpoint));
		pgs_col_text(
		    res, i, 1, secret.fingerprint, sizeof(secret.fingerprint));
		secret.last_ms = pgs_col_int(res, i, 2);
		if (!each(&secret, arg))
			break;
	}
	PQclear(res);
	return n == 0 ? RES_EMPTY : RES_OK;
}
