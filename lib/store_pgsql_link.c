/*
 * PostgreSQL backend: the connection, what is sent over it, and what its
 * errors mean.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_pgsql.h"

#include "banned.h"

#define PAUSE_LEAST_MS 250
#define PAUSE_MOST_MS 5000
#define MESSAGE_MAX 300

int64_t
pgs_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A message of libpq as one line: words, without its line breaks. */
static void
one_line(char *dst, size_t size, const char *message)
{
	size_t n = 0;

	for (; *message != '\0' && n + 1 < size; message++) {
		if (*message != '\n' && *message != '\t')
			dst[n++] = *message;
		else if (n > 0 && dst[n - 1] != ' ' && message[1] != '\0')
			dst[n++] = ' ';
	}
	dst[n] = '\0';
}

static void
explain(struct err *e, const char *what, const char *message)
{
	char line[MESSAGE_MAX];

	one_line(line, sizeof(line), message);
	err_set(e, "PostgreSQL: %s%s", what, line);
}

/*
 * A commit that was not confirmed by the standby, as when the wait for it is
 * cancelled, is a success with a warning.
 */
static void
notice(void *arg, const PGresult *res)
{
	const char *severity =
	    PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	struct pgs_link *l = arg;

	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		l->warned = true;
}

void
pgs_link_close(struct pgs_link *l)
{
	PQfinish(l->db);
	l->db = NULL;
	l->nprepared = l->nsure = 0;
}

static enum result
fail_to_connect(struct pgs_link *l, const char *message, struct err *e)
{
	explain(&l->why, "", message);
	pgs_link_close(l);
	l->pause_ms = l->pause_ms == 0 ? PAUSE_LEAST_MS : l->pause_ms * 2;
	if (l->pause_ms > PAUSE_MOST_MS)
		l->pause_ms = PAUSE_MOST_MS;
	l->again_ms = pgs_monotonic_ms() + l->pause_ms;
	err_set(e, "%s", l->why.text);
	return RES_BUSY;
}

enum result
pgs_link_connect(struct pgs_store *s, struct pgs_link *l, struct err *e)
{
	/*
	 * Those before dbname are what counts unless the user says otherwise.
	 * Texts go through as the bytes they are, whatever the encoding of
	 * the database.
	 */
	const char *const keywords[] = { "application_name", "connect_timeout",
		"keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "target_session_attrs", "dbname",
		"client_encoding", NULL };
	const char *const values[] = { "stripehook", "5", "20", "5", "3",
		"15000", s->role == STORE_READER ? "any" : "read-write",
		s->conninfo, "SQL_ASCII", NULL };

	pgs_link_close(l);
	l->db = PQconnectdbParams(keywords, values, 1);
	if (l->db == NULL)
		return fail_to_connect(l, "out of memory", e);
	if (PQstatus(l->db) != CONNECTION_OK)
		return fail_to_connect(l, PQerrorMessage(l->db), e);
	PQsetNoticeReceiver(l->db, notice, l);
	if (PQsetnonblocking(l->db, 1) == -1 || !PQenterPipelineMode(l->db))
		return fail_to_connect(l, PQerrorMessage(l->db), e);
	l->pause_ms = 0;
	return RES_OK;
}

/* Bounds for the server: an answer is owed within seconds. */
static enum result
set_bounds(struct pgs_link *l, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query_once(&q,
	    "SELECT set_config('statement_timeout', '10s', false),"
	    " set_config('lock_timeout', '5s', false),"
	    " set_config('idle_in_transaction_session_timeout', '30s', false)");
	if ((r = pgs_run(l, &q, &res, e)) == RES_OK)
		PQclear(res);
	return r;
}

/* Whether it was closed meanwhile, as by a restart of the server. */
static bool
is_alive(struct pgs_link *l)
{
	struct pollfd p = { .events = POLLIN };
	int i;

	if (l->db == NULL || PQstatus(l->db) != CONNECTION_OK)
		return false;
	p.fd = PQsocket(l->db);
	/* The server's last words come before the end. */
	for (i = 0; i < 8 && poll(&p, 1, 0) == 1; i++)
		if (!PQconsumeInput(l->db))
			return false;
	return i < 8 && PQstatus(l->db) == CONNECTION_OK;
}

enum result
pgs_link_open(struct pgs_store *s, struct pgs_link *l, struct err *e)
{
	enum result r;

	if (is_alive(l))
		return RES_OK;
	if (l->pause_ms != 0 && pgs_monotonic_ms() < l->again_ms) {
		err_set(e, "%s", l->why.text);
		return RES_BUSY;
	}
	if ((r = pgs_link_connect(s, l, e)) != RES_OK)
		return r;
	if ((r = set_bounds(l, e)) == RES_OK)
		r = pgs_schema_check(s, l, e);
	if (r != RES_OK)
		pgs_link_close(l);
	return r == RES_UNCERTAIN ? RES_BUSY : r;
}

/* The number that names a statement, prepared or to be prepared. */
static size_t
find_prepared(const struct pgs_link *l, const char *sql)
{
	size_t i;

	for (i = 0; i < l->nprepared && l->prepared[i] != sql; i++)
		;
	return i;
}

/* Prepares where that was not done yet. True where it can be used by name. */
static bool
prepare(struct pgs_link *l, const struct pgs_query *q, char name[16], int *ok)
{
	size_t i = find_prepared(l, q->sql);

	*ok = 1;
	if (q->once || i == PGS_CACHE)
		return false;
	(void)snprintf(name, 16, "s%zu", i);
	if (i < l->nprepared)
		return true;
	*ok = PQsendPrepare(l->db, name, q->sql, q->n, q->types);
	l->prepared[l->nprepared++] = q->sql;
	return true;
}

enum result
pgs_send(struct pgs_link *l, const struct pgs_query *q, struct err *e)
{
	char name[16];
	int ok;

	if (q->failed) {
		err_set(e, "PostgreSQL: more than a statement can hold");
		return RES_FAILED;
	}
	if (prepare(l, q, name, &ok) && ok)
		ok = PQsendQueryPrepared(
		    l->db, name, q->n, q->values, q->lengths, q->formats, 1);
	else if (ok)
		ok = PQsendQueryParams(l->db, q->sql, q->n, q->types, q->values,
		    q->lengths, q->formats, 1);
	if (ok)
		return RES_OK;
	explain(e, "", PQerrorMessage(l->db));
	pgs_link_close(l);
	return RES_BUSY;
}

enum result
pgs_sync(struct pgs_link *l, struct err *e)
{
	l->warned = false;
	if (PQpipelineSync(l->db))
		return RES_OK;
	explain(e, "", PQerrorMessage(l->db));
	pgs_link_close(l);
	return RES_UNCERTAIN;
}

/* Nobody knows what became of what was sent. */
static enum result
lost(struct pgs_link *l, const char *message, struct err *e)
{
	explain(e, "the connection was lost: ", message);
	pgs_link_close(l);
	return RES_UNCERTAIN;
}

/* Waits until a result can be had without waiting. */
static enum result
await(struct pgs_link *l, struct err *e)
{
	struct pollfd p = { .fd = PQsocket(l->db) };
	int64_t until = pgs_monotonic_ms() + PGS_WAIT_MS, left;
	int flush;

	while (
	    (flush = PQflush(l->db)) != -1 && (flush == 1 || PQisBusy(l->db))) {
		if ((left = until - pgs_monotonic_ms()) <= 0)
			return lost(l, "no answer in time", e);
		p.events = (short)(flush == 1 ? POLLIN | POLLOUT : POLLIN);
		if (poll(&p, 1, (int)left) > 0 && !PQconsumeInput(l->db))
			return lost(l, PQerrorMessage(l->db), e);
	}
	return flush == -1 ? lost(l, PQerrorMessage(l->db), e) : RES_OK;
}

/*
 * What an error of the server means. Source: PostgreSQL's manual, appendix A.
 * The severity ERROR means that the transaction was rolled back.
 */
static enum result
meaning(const PGresult *res)
{
	static const char *const busy[] = { "08", "25006", "40", "53", "55P03",
		"57" };
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	size_t i;

	if (state == NULL)
		return RES_FAILED;
	if (strcmp(state, "40003") == 0 || strcmp(state, "08007") == 0)
		return RES_UNCERTAIN;
	/* No such table, no such schema. */
	if (strcmp(state, "42P01") == 0 || strcmp(state, "3F000") == 0)
		return RES_UNKNOWN;
	for (i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		if (strncmp(state, busy[i], strlen(busy[i])) == 0)
			return RES_BUSY;
	}
	return RES_FAILED;
}

static enum result
server_error(struct pgs_link *l, const PGresult *res, struct err *e)
{
	const char *severity =
	    PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *words = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	char line[MESSAGE_MAX];

	if (words == NULL)
		words = PQresultErrorMessage(res);
	if (severity == NULL || strcmp(severity, "ERROR") != 0)
		return lost(l, words, e);
	one_line(line, sizeof(line), words);
	err_set(e, "PostgreSQL: %s (%s)", line, state == NULL ? "?" : state);
	/* Read-only: it is a standby by now, so look for the primary. */
	if (state != NULL && strcmp(state, "25006") == 0)
		pgs_link_close(l);
	return meaning(res);
}

enum result
pgs_result(struct pgs_link *l, PGresult **res, struct err *e)
{
	enum result r;

	for (;;) {
		if ((r = await(l, e)) != RES_OK)
			return r;
		if ((*res = PQgetResult(l->db)) == NULL) {
			if (PQstatus(l->db) != CONNECTION_OK)
				return lost(l, PQerrorMessage(l->db), e);
			continue;
		}
		switch (PQresultStatus(*res)) {
		case PGRES_TUPLES_OK:
			return RES_OK;
		case PGRES_COMMAND_OK:
			PQclear(*res);
			continue;
		default:
			r = server_error(l, *res, e);
			PQclear(*res);
			*res = NULL;
			return r;
		}
	}
}

enum result
pgs_end(struct pgs_link *l, enum result r, struct err *e)
{
	ExecStatusType status;
	enum result waited;
	PGresult *res;

	while (l->db != NULL) {
		if ((waited = await(l, r == RES_OK ? e : NULL)) != RES_OK)
			return r == RES_OK ? waited : r;
		if ((res = PQgetResult(l->db)) == NULL) {
			if (PQstatus(l->db) == CONNECTION_OK)
				continue;
			waited = lost(
			    l, PQerrorMessage(l->db), r == RES_OK ? e : NULL);
			return r == RES_OK ? waited : r;
		}
		status = PQresultStatus(res);
		if (r == RES_OK && status == PGRES_FATAL_ERROR)
			r = server_error(l, res, e);
		PQclear(res);
		if (status == PGRES_PIPELINE_SYNC)
			break;
	}
	if (r == RES_OK)
		l->nsure = l->nprepared;
	else if (l->nsure != l->nprepared) /* nobody knows which of them are */
		pgs_link_close(l);
	if (r == RES_OK && l->warned) {
		err_set(e,
		    "PostgreSQL: committed with a warning, maybe not on its "
		    "standby");
		r = RES_UNCERTAIN;
	}
	return r;
}

enum result
pgs_run(struct pgs_link *l, struct pgs_query *q, PGresult **res, struct err *e)
{
	enum result r;

	*res = NULL;
	if ((r = pgs_send(l, q, e)) == RES_OK &&
	    (r = pgs_sync(l, e)) == RES_OK) {
		r = pgs_result(l, res, e);
		r = pgs_end(l, r, e);
	}
	pgs_query_free(q);
	if (r != RES_OK) {
		PQclear(*res);
		*res = NULL;
	}
	return r;
}
