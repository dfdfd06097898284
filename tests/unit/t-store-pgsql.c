/*
 * The PostgreSQL backend: the contract of the store.
 */
#include "config.h"

#include "pgsql_server.h"

#include "banned.h"

int
main(int argc, char **argv)
{
	static const struct contract_backend pgsql = { "pgsql", pgsql_make,
		pgsql_drop };

	(void)argc;
	pgsql_with_server(argv[0]);
	return contract_run(&pgsql);
}
