/*
 * Backends that are modules of their own, loaded when a URI asks for one: what
 * they are linked with nobody pays for who does not use them.
 */
#ifndef STRIPEHOOK_STORE_MODULE_H
#define STRIPEHOOK_STORE_MODULE_H

#include "err.h"
#include "store_impl.h"

/*
 * The table of the module "pgsql", from stripehook-pgsql.so in the folder that
 * was given when the program was built, or in $STRIPEHOOK_MODULES. It stays
 * loaded. NULL with the words in e (may be NULL) where it is missing, or is of
 * another version than this program.
 */
const struct store_ops *store_module(const char *name, struct err *e);

#endif
