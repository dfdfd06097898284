/*
 * PostgreSQL backend: a turn, which is what ended and what is newly claimed,
 * in one transaction and one round trip.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

static int64_t
finish_at(const void *arg, size_t i)
{
	return ((const struct store_finish *)arg)[i].delivery;
}

static enum result
send_finish_lanes(
    struct pgs_link *l, const struct store_finish *f, size_t n, struct err *e)
{
	struct pgs_query q;
	enum result r;

	pgs_query(&q, "SELECT stripehook.lock_lanes_of($1)");
	pgs_int8_array(&q, n, finish_at, f);
	r = pgs_send(l, &q, e);
	pgs_query_free(&q);
	return r;
}

static enum result
send_finish(struct pgs_store *s, const struct store_finish *f, struct err *e)
{
	const struct attempt *a = &f->attempt;
	size_t len = a->output_len;
	struct pgs_query q;

	if (f->state == DELIVERY_RUNNING) {
		err_set(e, "a delivery cannot end as running");
		return RES_FAILED;
	}
	pgs_query(&q,
	    "SELECT stripehook.finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
	    " $11)");
	pgs_now(&q, s);
	pgs_int8(&q, f->delivery);
	pgs_int8(&q, f->token);
	pgs_int4(&q, (int)f->state);
	pgs_int8(&q, f->delay_ms);
	pgs_int4(&q, (int)a->outcome);
	pgs_int8(&q, a->ended_ms - a->started_ms);
	pgs_int4(&q, a->exit_code);
	pgs_int4(&q, a->term_signal);
	pgs_text(&q, a->reason);
	pgs_bytea(
	    &q, a->output, len < sizeof(a->output) ? len : sizeof(a->output));
	return pgs_send(&s->link, &q, e);
}

static const char *
name_at(const void *arg, size_t i)
{
	return ((const struct store_handler *)arg)[i].name;
}

static int64_t
lease_at(const void *arg, size_t i)
{
	return ((const struct store_handler *)arg)[i].lease_ms;
}

static int64_t
max_at(const void *arg, size_t i)
{
	return ((const struct store_handler *)arg)[i].max;
}

static int64_t
strict_at(const void *arg, size_t i)
{
	return ((const struct store_handler *)arg)[i].strict;
}

static int64_t
number_at(const void *arg, size_t i)
{
	return ((const int64_t *)arg)[i];
}

/* Proofs of the claims to come; the caller frees them. NULL for failure. */
static int64_t *
new_tokens(size_t n, struct err *e)
{
	int64_t *tokens = mem_alloc(n + 1, sizeof(*tokens));
	size_t i;

	for (i = 0; i < n; i++) {
		if (getentropy(&tokens[i], sizeof(tokens[i])) == -1) {
			err_set(e, "no random numbers");
			free(tokens);
			return NULL;
		}
		tokens[i] &= INT64_MAX;
	}
	return tokens;
}

/* The handlers as the functions take them, and the tokens. */
static void
add_handlers(struct pgs_query *q, const struct store_want *want,
    const int64_t *tokens, size_t max)
{
	size_t n = want->nhandlers;

	pgs_text_array(q, n, name_at, want->handlers);
	pgs_int8_array(q, n, lease_at, want->handlers);
	pgs_int8_array(q, n, max_at, want->handlers);
	pgs_int8_array(q, n, strict_at, want->handlers);
	pgs_int8_array(q, max, number_at, tokens);
}

static enum result
send_claim(struct pgs_store *s, const struct store_want *want, size_t max,
    struct err *e)
{
	int64_t *tokens = new_tokens(max, e);
	struct pgs_query q;
	enum result r;

	if (tokens == NULL)
		return RES_FAILED;
	if (want->event_id == NULL) {
		pgs_query(&q,
		    "SELECT * FROM stripehook.claim($1, $2, $3, $4::int[],"
		    " $5::int[]::boolean[], $6)");
		pgs_now(&q, s);
	} else {
		pgs_query(&q,
		    "SELECT * FROM stripehook.claim_event($1, $2, $3, $4, $5,"
		    " $6::int[], $7::int[]::boolean[], $8)");
		pgs_now(&q, s);
		pgs_text(&q, want->endpoint);
		pgs_text(&q, want->event_id);
	}
	add_handlers(&q, want, tokens, max);
	r = pgs_send(&s->link, &q, e);
	pgs_query_free(&q);
	free(tokens);
	return r;
}

static enum result
read_claim(const PGresult *res, int row, struct store_claim *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->delivery = pgs_col_int(res, row, 0);
	c->token = pgs_col_int(res, row, 1);
	c->number = (int)pgs_col_int(res, row, 2);
	c->received_ms = pgs_col_int(res, row, 3);
	c->now_ms = pgs_col_int(res, row, 4);
	pgs_col_text(res, row, 5, c->endpoint, sizeof(c->endpoint));
	pgs_col_text(res, row, 6, c->event_id, sizeof(c->event_id));
	pgs_col_text(res, row, 7, c->handler, sizeof(c->handler));
	pgs_col_text(res, row, 8, c->lane, sizeof(c->lane));
	if (pgs_col_buf(res, row, 9, &c->body))
		return RES_OK;
	err_set(e, "PostgreSQL: out of memory");
	return RES_BUSY;
}

static enum result
read_claims(struct pgs_store *s, struct store_claim *claims, size_t max,
    size_t *n, struct err *e)
{
	struct pgs_link *l = &s->link;
	PGresult *res;
	enum result r;
	int row;

	if ((r = pgs_result(l, &res, e)) != RES_OK)
		return r;
	for (row = 0; r == RES_OK && row < PQntuples(res) && *n < max; row++)
		r = read_claim(res, row, &claims[(*n)++], e);
	if (*n > 0)
		s->ahead_ms = claims[0].now_ms - pgs_monotonic_ms();
	PQclear(res);
	return r;
}

static enum result
read_finishes(struct pgs_link *l, size_t n, enum result *each, struct err *e)
{
	PGresult *res;
	enum result r;
	size_t i;

	if (n == 0)
		return RES_OK;
	if ((r = pgs_result(l, &res, e)) != RES_OK) /* of the lanes */
		return r;
	PQclear(res);
	for (i = 0; i < n; i++) {
		if ((r = pgs_result(l, &res, e)) != RES_OK)
			return r;
		if (each != NULL)
			each[i] = pgs_col_int(res, 0, 0) ? RES_OK : RES_LOST;
		PQclear(res);
	}
	return RES_OK;
}

static enum result
check_want(const struct store_want *want, struct err *e)
{
	if (want == NULL ||
	    (want->endpoint == NULL) == (want->event_id == NULL))
		return RES_OK;
	err_set(e, "an event is claimed by its endpoint and its id");
	return RES_FAILED;
}

static enum result
send_all(struct pgs_store *s, const struct store_finish *f, size_t nf,
    const struct store_want *want, size_t max, struct err *e)
{
	enum result r = RES_OK;
	size_t i;

	if (nf > 0)
		r = send_finish_lanes(&s->link, f, nf, e);
	for (i = 0; r == RES_OK && i < nf; i++)
		r = send_finish(s, &f[i], e);
	if (r == RES_OK && want != NULL)
		r = send_claim(s, want, max, e);
	return r == RES_OK ? pgs_sync(&s->link, e) : r;
}

enum result
pgs_turn(struct store *base, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_link *l = &s->link;
	enum result r;

	if (want != NULL && (max == 0 || want->nhandlers == 0))
		want = NULL;
	if ((r = pgs_may_change(s, e)) != RES_OK ||
	    (r = check_want(want, e)) != RES_OK)
		return r;
	if (want == NULL && nfinishes == 0)
		return RES_EMPTY;
	if ((r = pgs_link_open(s, l, e)) != RES_OK)
		return r == RES_UNKNOWN || r == RES_INVALID ? RES_FAILED : r;
	if ((r = send_all(s, finishes, nfinishes, want, max, e)) != RES_OK) {
		pgs_link_close(l);
		return r;
	}
	r = read_finishes(l, nfinishes, each, e);
	if (r == RES_OK && want != NULL)
		r = read_claims(s, claims, max, n, e);
	r = pgs_end(l, r, e);
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}
