/*
 * The PostgreSQL backend: the contract, over a server of the test's own whose
 * address is in STRIPEHOOK_TEST_PGSQL (a connection string without a database;
 * tests/pgsql.sh starts one).
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_contract.h"

#include "banned.h"

#define SERVER "STRIPEHOOK_TEST_PGSQL"

static void
execute(const char *sql)
{
	char conninfo[CONTRACT_URI_SIZE];
	PGresult *res;
	PGconn *db;

	(void)snprintf(
	    conninfo, sizeof(conninfo), "%s dbname=postgres", getenv(SERVER));
	db = PQconnectdb(conninfo);
	res = PQexec(db, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		print_message("# %s: %s", sql, PQerrorMessage(db));
	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	PQfinish(db);
}

/* A database for each store. */
static void
make(char uri[CONTRACT_URI_SIZE])
{
	static int serial;
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE t%ld_%d",
	    (long)getpid(), ++serial);
	execute(sql);
	(void)snprintf(uri, CONTRACT_URI_SIZE, "postgresql:%s dbname=t%ld_%d",
	    getenv(SERVER), (long)getpid(), serial);
}

static void
drop(const char *uri)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)",
	    strstr(uri, "dbname=") + strlen("dbname="));
	execute(sql);
}

/* Runs this program again, beside a server. */
static void
with_server(char *self)
{
	const char *srcdir = getenv("srcdir");
	char script[4096];

	(void)snprintf(script, sizeof(script), "%s/tests/pgsql.sh",
	    srcdir == NULL ? "." : srcdir);
	execl("/bin/sh", "sh", script, self, (char *)NULL);
	perror("/bin/sh");
	exit(99);
}

int
main(int argc, char **argv)
{
	static const struct contract_backend pgsql = { "pgsql", make, drop };

	(void)argc;
	if (getenv(SERVER) == NULL)
		with_server(argv[0]);
	return contract_run(&pgsql);
}
