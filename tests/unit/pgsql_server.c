#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pgsql_server.h"

#include "banned.h"

#define SERVER "STRIPEHOOK_TEST_PGSQL" /* a connection string, no database */

void
pgsql_with_server(char *self)
{
	const char *srcdir = getenv("srcdir");
	char script[4096];

	if (getenv(SERVER) != NULL)
		return;
	(void)snprintf(script, sizeof(script), "%s/tests/pgsql.sh",
	    srcdir == NULL ? "." : srcdir);
	execl("/bin/sh", "sh", script, self, (char *)NULL);
	perror("/bin/sh");
	exit(99);
}

PGconn *
pgsql_connect(const char *database)
{
	char conninfo[CONTRACT_URI_SIZE];
	PGconn *db;

	(void)snprintf(conninfo, sizeof(conninfo), "%s dbname=%s",
	    getenv(SERVER), database);
	db = PQconnectdb(conninfo);
	if (PQstatus(db) != CONNECTION_OK)
		print_message("# %s", PQerrorMessage(db));
	assert_int_equal(PQstatus(db), CONNECTION_OK);
	return db;
}

static PGresult *
result_of(PGconn *db, const char *sql)
{
	PGresult *res = PQexec(db, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(db));
	return res;
}

void
pgsql_on(PGconn *db, const char *sql)
{
	PQclear(result_of(db, sql));
}

void
pgsql_execute(const char *database, const char *sql)
{
	PGconn *db = pgsql_connect(database);

	pgsql_on(db, sql);
	PQfinish(db);
}

int
pgsql_number(const char *database, const char *sql)
{
	PGconn *db = pgsql_connect(database);
	PGresult *res = result_of(db, sql);
	int n;

	assert_int_equal(PQntuples(res), 1);
	n = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	PQfinish(db);
	return n;
}

void
pgsql_make(char uri[CONTRACT_URI_SIZE])
{
	static int serial;
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE t%ld_%d",
	    (long)getpid(), ++serial);
	pgsql_execute("postgres", sql);
	(void)snprintf(uri, CONTRACT_URI_SIZE, "postgresql:%s dbname=t%ld_%d",
	    getenv(SERVER), (long)getpid(), serial);
}

const char *
pgsql_database(const char *uri)
{
	return strstr(uri, "dbname=") + strlen("dbname=");
}

void
pgsql_drop(const char *uri)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)",
	    pgsql_database(uri));
	pgsql_execute("postgres", sql);
}
