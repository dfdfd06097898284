/*
 * A PostgreSQL server of the tests' own, and databases in it.
 */
#ifndef STRIPEHOOK_PGSQL_SERVER_H
#define STRIPEHOOK_PGSQL_SERVER_H

#include <libpq-fe.h>
#include <stddef.h>

#include "store_contract.h"

/*
 * Runs the program self again beside a server (tests/pgsql.sh), unless it runs
 * so already.
 */
void pgsql_with_server(char *self);

/*
 * A connection to a database; the caller ends it with PQfinish. Statements on
 * it, or each on one of its own, that have to succeed; one that yields a
 * number.
 */
PGconn *pgsql_connect(const char *database);
void pgsql_on(PGconn *db, const char *sql);
void pgsql_execute(const char *database, const char *sql);
int pgsql_number(const char *database, const char *sql);

/*
 * The URI of a store in a new database, and the database's name in it; and its
 * end.
 */
void pgsql_make(char uri[CONTRACT_URI_SIZE]);
const char *pgsql_database(const char *uri);
void pgsql_drop(const char *uri);

#endif
