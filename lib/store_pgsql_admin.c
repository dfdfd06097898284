/*
 * PostgreSQL backend: making deliveries due again by hand, giving them up, and
 * deleting what is old and done.
 */
#include "config.h"

#include <time.h>

#include "store_pgsql.h"

#include "banned.h"

#define LOOK_ROWS 1000 /* of one step of pruning: looked at; changed */
#define STEP_ROWS 200
#define PAUSE_NS 2000000 /* between two steps: for those who wait */
#define WORKER_LOOKS 20 /* steps of one call that find nothing to change */

/* One statement that yields a number, by someone who may change things. */
static enum result
change(struct pgs_store *s, struct pgs_query *q, int64_t *n, struct err *e)
{
	PGresult *res;
	enum result r;

	if ((r = pgs_may_change(s, e)) != RES_OK ||
	    (r = pgs_link_open(s, &s->link, e)) != RES_OK) {
		pgs_query_free(q);
		return r == RES_UNKNOWN || r == RES_INVALID ? RES_FAILED : r;
	}
	if ((r = pgs_run(&s->link, q, &res, e)) != RES_OK)
		return r;
	*n = pgs_col_int(res, 0, 0);
	PQclear(res);
	return *n == 0 ? RES_EMPTY : RES_OK;
}

static enum result
count(struct pgs_store *s, struct pgs_query *q, int64_t *n, struct err *e)
{
	PGresult *res;
	enum result r;

	if ((r = pgs_read(s, q, &res, e)) != RES_OK)
		return r;
	*n = pgs_col_int(res, 0, 0);
	PQclear(res);
	return *n == 0 ? RES_EMPTY : RES_OK;
}

enum result
pgs_retry(struct store *base, const struct store_filter *f, bool dry,
    int64_t *n, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_query q;
	struct buf sql;
	enum result r;

	pgs_query_once(&q, "");
	if (dry) {
		pgs_filter_deliveries(
		    &q, &sql, "SELECT count(*) FROM (", ") AS d", f);
		r = count(s, &q, n, e);
	} else {
		pgs_now(&q, s);
		pgs_filter_deliveries(
		    &q, &sql, "SELECT stripehook.retry($1, ARRAY(", "))", f);
		r = change(s, &q, n, e);
	}
	buf_free(&sql);
	if (r == RES_OK && !dry)
		pgs_wake(&s->link);
	return r;
}

enum result
pgs_give_up(struct store *base, const char *handler, bool dry, int64_t *n,
    struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_query q;

	if (dry) {
		pgs_query(&q,
		    "SELECT count(*) FROM stripehook.delivery"
		    " WHERE handler = $1 AND state = 0");
		pgs_text(&q, handler);
		return count(s, &q, n, e);
	}
	pgs_query(&q, "SELECT stripehook.give_up($1, $2)");
	pgs_now(&q, s);
	pgs_text(&q, handler);
	return change(s, &q, n, e);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* One step; *more becomes whether there is more to look at. */
static enum result
prune_step(struct pgs_store *s, bool bodies, int64_t age_ms, int64_t max,
    int64_t *n, bool *more, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q,
	    "SELECT o_n, o_ms, o_id, o_more FROM"
	    " stripehook.prune($1, $2, $3, $4, $5, $6, $7)");
	pgs_int8(&q, s->after_ms[bodies]);
	pgs_int8(&q, s->after_id[bodies]);
	pgs_now(&q, s);
	pgs_int8(&q, age_ms);
	pgs_bool(&q, bodies);
	pgs_int4(&q, LOOK_ROWS);
	pgs_int4(&q, (int)least(max, STEP_ROWS));
	if ((r = pgs_link_open(s, &s->link, e)) == RES_OK)
		r = pgs_run(&s->link, &q, &res, e);
	else
		pgs_query_free(&q);
	if (r != RES_OK)
		return r == RES_UNKNOWN || r == RES_INVALID ? RES_FAILED : r;
	*n += pgs_col_int(res, 0, 0);
	s->after_ms[bodies] = pgs_col_int(res, 0, 1);
	s->after_id[bodies] = pgs_col_int(res, 0, 2);
	*more = pgs_col_int(res, 0, 3) != 0;
	PQclear(res);
	return RES_OK;
}

/*
 * Step by step, until limit rows were changed or all was looked at: on from
 * where it left off, and once more from the beginning if that found nothing.
 */
static enum result
sweep(struct pgs_store *s, bool bodies, int64_t age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	bool whole = s->after_id[bodies] == 0, more;
	int64_t before;
	int looks = 0;
	enum result r;

	while (*n < limit) {
		before = *n;
		r = prune_step(s, bodies, age_ms, limit - *n, n, &more, e);
		if (r != RES_OK)
			return r;
		if (!more) {
			s->after_ms[bodies] = s->after_id[bodies] = 0;
			if (whole || *n > 0)
				return RES_OK;
			whole = true;
		} else if (*n > before && *n < limit)
			nanosleep(&pause, NULL);
		else if (s->role == STORE_WORKER && ++looks == WORKER_LOOKS)
			return RES_OK; /* its handlers must not wait */
	}
	return RES_OK;
}

/* The sums of the handlers are brought up to date beside it. */
static void
fold(struct pgs_store *s)
{
	struct pgs_query q;
	PGresult *res;

	pgs_query(&q, "SELECT stripehook.fold()");
	if (pgs_link_open(s, &s->link, NULL) != RES_OK)
		pgs_query_free(&q);
	else if (pgs_run(&s->link, &q, &res, NULL) == RES_OK)
		PQclear(res);
}

enum result
pgs_prune(struct store *base, int64_t age_ms, int64_t body_age_ms,
    int64_t limit, int64_t *n, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	enum result r;

	if ((r = pgs_may_change(s, e)) != RES_OK)
		return r;
	fold(s);
	if (age_ms >= 0)
		r = sweep(s, false, age_ms, limit, n, e);
	if (r == RES_OK && body_age_ms >= 0)
		r = sweep(s, true, body_age_ms, limit, n, e);
	/* What is done stays done: the next call tells what is wrong. */
	if (*n > 0)
		return RES_OK;
	return r == RES_OK ? RES_EMPTY : r;
}
