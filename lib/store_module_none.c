/*
 * In place of modules, in the portable build: a static program loads none.
 */
#include "config.h"

#include "store_module.h"

#include "banned.h"

const struct store_ops *
store_module(const char *name, struct err *e)
{
	err_set(e,
	    "this portable build has no store of the kind \"%s\": use "
	    "sqlite:/PATH, or the ordinary build",
	    name);
	return NULL;
}
