/*
 * SQLite backend: what has happened since. Events are in the order of their
 * row ids, ended attempts in that of their column seq: both grow with each
 * commit, so the end of an index is all that is read.
 */
#include "config.h"

#include <string.h>

#include "store_sqlite.h"
#include "store_sqlite_follow.h"

#include "mem.h"

#include "banned.h"

#define NEWS_MAX 500 /* of a kind, in one call */

/* Who is to be told, and whether they are. */
struct teller {
	struct sq_store *s; /* borrowed */
	struct store_mark *mark; /* borrowed */
	bool (*each)(const struct store_news *news, void *arg);
	void *arg;
	bool more;
	bool any;
};

/* The last event or attempt into *id and *ms; 0 where there is none. */
static enum result
find_last(struct sq_store *s, const char *sql, int64_t *id, int64_t *ms,
    struct err *e)
{
	struct sq_query q;

	*id = *ms = 0;
	sq_prepare(&q, s, sql);
	if (sq_row(&q)) {
		*id = sq_col_int(&q, 0);
		*ms = sq_col_int(&q, 1);
	}
	return sq_done(&q, e);
}

/*
 * Where the last one that was told of is no longer there, or another has its
 * number: back to those that are not younger. is_there asks for the time of a
 * number, not_younger for the last number of a time.
 */
static enum result
step_back(struct sq_store *s, const char *is_there, const char *not_younger,
    int64_t *id, int64_t ms, struct err *e)
{
	bool same = *id == 0;
	struct sq_query q;
	enum result r;

	if (same)
		return RES_OK;
	sq_prepare(&q, s, is_there);
	sq_int(&q, *id);
	if (sq_row(&q))
		same = sq_col_int(&q, 0) == ms;
	if ((r = sq_done(&q, e)) != RES_OK || same)
		return r;
	sq_prepare(&q, s, not_younger);
	sq_int(&q, ms);
	if (sq_row(&q))
		*id = sq_col_int(&q, 0);
	return sq_done(&q, e);
}

static enum result
tell_events(struct teller *t, struct err *e)
{
	static const char sql[] = "SELECT " SQ_ROW_COLUMNS " FROM event"
				  " WHERE id > ? ORDER BY id LIMIT ?";
	struct store_news news = { .handler = NULL };
	struct store_row row;
	struct sq_query q;

	news.row = &row;
	sq_prepare(&q, t->s, sql);
	sq_int(&q, t->mark->event);
	sq_int(&q, NEWS_MAX);
	while (t->more && sq_row(&q)) {
		t->mark->event = sq_row_read(&q, &row);
		t->mark->event_ms = row.received_ms;
		t->any = true;
		t->more = t->each(&news, t->arg);
	}
	return sq_done(&q, e);
}

static void
read_attempt(struct sq_query *q, struct attempt *a)
{
	const int c = SQ_ROW_NCOLUMNS;

	memset(a, 0, sizeof(*a));
	a->number = (int)sq_col_int(q, c + 1);
	a->outcome = (enum attempt_outcome)sq_col_int(q, c + 2);
	a->started_ms = sq_col_int(q, c + 3);
	a->ended_ms = sq_col_int(q, c + 4);
	a->exit_code = (int)sq_col_int(q, c + 5);
	a->term_signal = (int)sq_col_int(q, c + 6);
	sq_col_text(q, c + 7, a->reason, sizeof(a->reason));
}

static enum result
tell_attempts(struct teller *t, struct err *e)
{
	static const char sql[] =
	    "SELECT " SQ_ROW_COLUMNS ", attempt.seq, attempt.number,"
	    " attempt.outcome, attempt.started_ms, attempt.ended_ms,"
	    " attempt.exit_code, attempt.term_signal, attempt.reason,"
	    " delivery.handler, delivery.state, delivery.due_ms"
	    " FROM attempt INDEXED BY attempt_seq"
	    " JOIN delivery ON delivery.id = attempt.delivery"
	    " JOIN event ON event.id = delivery.event"
	    " WHERE attempt.seq IS NOT NULL AND attempt.seq > ?"
	    " ORDER BY attempt.seq LIMIT ?";
	const int c = SQ_ROW_NCOLUMNS;
	char handler[DELIVERY_NAME_SIZE];
	struct store_news news;
	struct attempt attempt;
	struct store_row row;
	struct sq_query q;

	news.row = &row;
	news.handler = handler;
	news.attempt = &attempt;
	sq_prepare(&q, t->s, sql);
	sq_int(&q, t->mark->attempt);
	sq_int(&q, NEWS_MAX);
	while (t->more && sq_row(&q)) {
		(void)sq_row_read(&q, &row);
		t->mark->attempt = sq_col_int(&q, c);
		read_attempt(&q, &attempt);
		t->mark->attempt_ms = attempt.ended_ms;
		sq_col_text(&q, c + 8, handler, sizeof(handler));
		news.state = (enum delivery_state)sq_col_int(&q, c + 9);
		news.due_ms = sq_col_int(&q, c + 10);
		t->any = true;
		t->more = t->each(&news, t->arg);
	}
	return sq_done(&q, e);
}

/* At the end, for a new mark. */
static enum result
begin_mark(struct sq_store *s, struct store_mark *mark, struct err *e)
{
	enum result r;

	r = find_last(s,
	    "SELECT id, received_ms FROM event ORDER BY id DESC LIMIT 1",
	    &mark->event, &mark->event_ms, e);
	if (r == RES_OK)
		r = find_last(s,
		    "SELECT seq, ended_ms FROM attempt WHERE seq IS NOT NULL"
		    " ORDER BY seq DESC LIMIT 1",
		    &mark->attempt, &mark->attempt_ms, e);
	return r;
}

/* Not beyond what deleting has left. */
static enum result
check_mark(struct sq_store *s, struct store_mark *mark, struct err *e)
{
	enum result r;

	r = step_back(s, "SELECT received_ms FROM event WHERE id = ?",
	    "SELECT ifnull(max(id), 0) FROM event WHERE received_ms <= ?",
	    &mark->event, mark->event_ms, e);
	if (r == RES_OK)
		r = step_back(s, "SELECT ended_ms FROM attempt WHERE seq = ?",
		    "SELECT ifnull(max(seq), 0) FROM attempt"
		    " WHERE seq IS NOT NULL AND ended_ms <= ?",
		    &mark->attempt, mark->attempt_ms, e);
	return r;
}

static enum result
place_mark(struct sq_store *s, struct store_mark *mark, struct err *e)
{
	enum result r = RES_OK;

	if (!mark->begun)
		r = begin_mark(s, mark, e);
	else if (strcmp(mark->place, s->place) != 0)
		mark->event = mark->attempt = 0; /* another store: all is new */
	else
		r = check_mark(s, mark, e);
	if (r != RES_OK)
		return r;
	mark->begun = true;
	mem_copy(mark->place, sizeof(mark->place), s->place);
	return RES_OK;
}

static enum result
tell(struct teller *t, struct err *e)
{
	enum result r;

	if ((r = place_mark(t->s, t->mark, e)) == RES_OK &&
	    (r = tell_events(t, e)) == RES_OK)
		r = tell_attempts(t, e);
	return r;
}

enum result
sq_follow(struct store *base, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	struct teller t = { s, mark, each, arg, true, false };
	int64_t version;
	enum result r;

	if ((r = sq_fresh(s, e)) != RES_OK ||
	    (r = sq_number(s, "PRAGMA data_version", &version, e)) != RES_OK)
		return r;
	if (mark->begun && version == mark->version &&
	    strcmp(mark->place, s->place) == 0)
		return RES_EMPTY;
	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	r = tell(&t, e);
	sq_rollback(s);
	if (r == RES_OK && t.any)
		return RES_OK; /* the same version may hold more */
	if (r == RES_OK)
		mark->version = version;
	return r == RES_OK ? RES_EMPTY : r;
}
