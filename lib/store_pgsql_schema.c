/*
 * PostgreSQL backend: the schema, its versions, and setting it up.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

/* The n-th makes version n + 1 of version n. */
static const char *const migrations[] = {
#include "store_pgsql_1.inc"
	,
};

#define SCHEMA_VERSION ((int64_t)(sizeof(migrations) / sizeof(migrations[0])))

enum result
pgs_schema_check(struct pgs_store *s, struct pgs_link *l, struct err *e)
{
	int64_t version = 0;
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query_once(&q,
	    "SELECT version, place, floor(extract(epoch FROM clock_timestamp())"
	    " * 1000)::bigint FROM stripehook.meta");
	r = pgs_run(l, &q, &res, e);
	if (r == RES_UNKNOWN)
		err_set(e,
		    "there is no store in this database: run \"stripehook "
		    "init\"");
	if (r != RES_OK)
		return r;
	if (PQntuples(res) == 1) {
		version = pgs_col_int(res, 0, 0);
		pgs_col_text(res, 0, 1, s->place, sizeof(s->place));
		s->ahead_ms = pgs_col_int(res, 0, 2) - pgs_monotonic_ms();
	}
	PQclear(res);
	if (version == SCHEMA_VERSION)
		return RES_OK;
	err_set(e,
	    "the database has version %lld of the schema, this program needs "
	    "%lld: %s",
	    (long long)version, (long long)SCHEMA_VERSION,
	    version < SCHEMA_VERSION
		? "run \"stripehook init\" to bring it up to date"
		: "use a newer stripehook");
	return RES_INVALID;
}

/* Several statements, outside of pipeline mode. */
static enum result
execute(PGconn *db, const char *sql, struct err *e)
{
	PGresult *res = PQexec(db, sql);
	ExecStatusType status = PQresultStatus(res);
	const char *words = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		err_set(e, "PostgreSQL: %.300s",
		    words == NULL ? "the connection was lost" : words);
		PQclear(res);
		return RES_FAILED;
	}
	PQclear(res);
	return RES_OK;
}

/* The version that is there; 0 for none. */
static enum result
find_version(PGconn *db, int64_t *version, struct err *e)
{
	enum result r;
	PGresult *res;

	*version = 0;
	res = PQexec(db,
	    "SELECT CASE WHEN to_regclass('stripehook.meta') IS NULL THEN 0"
	    " ELSE 1 END");
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		PQclear(res);
		return execute(db, "SELECT 1", e) == RES_OK ? RES_FAILED
							    : RES_FAILED;
	}
	r = strcmp(PQgetvalue(res, 0, 0), "0") == 0 ? RES_UNKNOWN : RES_OK;
	PQclear(res);
	if (r != RES_OK)
		return RES_OK;
	res = PQexec(db, "SELECT version FROM stripehook.meta");
	r = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1
	    ? RES_OK
	    : RES_INVALID;
	if (r == RES_OK)
		*version = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	else
		err_set(e,
		    "PostgreSQL: the schema \"stripehook\" of this database "
		    "is of another program, or not readable");
	PQclear(res);
	return r;
}

static enum result
set_version(PGconn *db, int64_t from, struct err *e)
{
	struct buf b;
	enum result r;

	buf_init(&b, 256);
	if (from == 0)
		buf_printf(&b,
		    "INSERT INTO stripehook.meta VALUES (%lld,"
		    " replace(gen_random_uuid()::text, '-', ''))",
		    (long long)SCHEMA_VERSION);
	else
		buf_printf(&b, "UPDATE stripehook.meta SET version = %lld",
		    (long long)SCHEMA_VERSION);
	r = execute(db, buf_text(&b), e);
	buf_free(&b);
	return r;
}

/* What is missing, in one transaction that only one makes at a time. */
static enum result
migrate(PGconn *db, struct err *e)
{
	int64_t version, from;
	enum result r;

	r = execute(db,
	    "BEGIN; SET LOCAL client_min_messages = warning;"
	    " SELECT pg_advisory_xact_lock(1400140360, 2)",
	    e);
	if (r != RES_OK || (r = find_version(db, &from, e)) != RES_OK)
		return r;
	if (from == SCHEMA_VERSION)
		return execute(db, "COMMIT", e);
	if (from > SCHEMA_VERSION) {
		err_set(e,
		    "the database has version %lld of the schema, this "
		    "program knows up to %lld: use a newer stripehook",
		    (long long)from, (long long)SCHEMA_VERSION);
		return RES_INVALID;
	}
	for (version = from; r == RES_OK && version < SCHEMA_VERSION; version++)
		r = execute(db, migrations[version], e);
	if (r == RES_OK)
		r = set_version(db, from, e);
	return r == RES_OK ? execute(db, "COMMIT", e) : r;
}

enum result
pgs_setup(const char *uri, struct err *e)
{
	struct pgs_store *s = pgs_new(uri, STORE_TOOL);
	enum result r;

	err_set(e, "%s", "");
	r = pgs_link_connect(s, &s->link, e);
	if (r == RES_OK && !PQexitPipelineMode(s->link.db)) {
		err_set(e, "PostgreSQL: %s", PQerrorMessage(s->link.db));
		r = RES_FAILED;
	}
	if (r == RES_OK)
		r = migrate(s->link.db, e);
	pgs_free(s);
	return r;
}
