/*
 * Loading the configuration in a program, and noticing that it has changed. A
 * changed one is tried before anything is given up for it: what works is not
 * exchanged for what does not.
 */
#ifndef STRIPEHOOK_RELOAD_H
#define STRIPEHOOK_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"

enum reload_flag {
	RELOAD_WARNINGS = 1, /* tell the log of them too */
	RELOAD_SECRETLESS = 2 /* as in conf_load_secretless */
};

struct reload {
	const struct conf *conf; /* borrowed: the one in use */
	int flags;
	uint64_t fingerprint; /* of it */
	uint64_t refused; /* of the last one found bad, to say so once */
};

/*
 * Loads the configuration at path (NULL: the default one) into c and tells the
 * log what was found, also by exposed_check. flags are of enum reload_flag. Results of conf_load.
 */
enum result reload_load(struct conf *c, const char *path, int flags);

/*
 * Begins to watch the configuration in use, which was loaded with these flags
 * and is borrowed.
 */
void reload_init(struct reload *r, const struct conf *c, int flags);

/*
 * Whether there is another configuration by now, and a good one. A bad one is
 * told to the log once. forced: even if nothing has changed.
 */
bool reload_stale(struct reload *r, bool forced);

/*
 * Executes the program again, which is at path, with the same arguments,
 * environment and descriptors. Returns only when that failed, with the reason
 * in the log.
 */
void reload_execute(const char *path, char *const *argv);

/*
 * Where the running program's file is, so that reload_execute finds a newer
 * version under its name; fallback where the system does not tell. The caller
 * frees it. Never NULL.
 */
char *reload_self(const char *fallback);

#endif
