/*
 * Where things are unless the configuration says otherwise: where configure
 * was told. conf_portable.c takes the place of this file in the portable
 * build.
 */
#include "config.h"

#include <stdlib.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

const char *
conf_default_path(void)
{
	const char *path = getenv("STRIPEHOOK_CONFIG");

	return path != NULL && path[0] != '\0' ? path : STRIPEHOOK_CONFIG_PATH;
}

char *
conf_default_store(const struct conf_place *at)
{
	(void)at;
	return mem_strdup(STRIPEHOOK_STORE_URI);
}

char *
conf_default_worker(void)
{
	return mem_strdup(STRIPEHOOK_WORKER_PATH);
}
