/*
 * PostgreSQL backend: the handle, and the table of the module.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

/*
 * What libpq understands: a URI as a whole; else what stands behind the
 * scheme, such as "host=... dbname=..." or "service=...".
 */
static const char *
conninfo_of(const char *uri)
{
	const char *rest = strchr(uri, ':') + 1;

	return strncmp(rest, "//", 2) == 0 ? uri : rest;
}

/* Nothing of the URI is repeated: there may be a password in it. */
static enum result
check_uri(const char *uri, struct err *e)
{
	PQconninfoOption *options;
	char *why = NULL;

	options = PQconninfoParse(conninfo_of(uri), &why);
	if (options != NULL) {
		PQconninfoFree(options);
		return RES_OK;
	}
	PQfreemem(why);
	err_set(e,
	    "libpq does not understand what stands behind \"postgresql:\": "
	    "write //USER@HOST/DATABASE or NAME=VALUE ...");
	return RES_INVALID;
}

struct pgs_store *
pgs_new(const char *uri, enum store_role role)
{
	struct pgs_store *s = mem_alloc(1, sizeof(*s));

	s->role = role;
	s->conninfo = mem_strdup(conninfo_of(uri));
	return s;
}

void
pgs_free(struct pgs_store *s)
{
	pgs_link_close(&s->link);
	pgs_link_close(&s->ear);
	mem_cleanse(s->conninfo, strlen(s->conninfo));
	free(s->conninfo);
	free(s);
}

static enum result
open_store(
    struct store **base, const char *uri, enum store_role role, struct err *e)
{
	struct pgs_store *s = pgs_new(uri, role);
	enum result r;

	r = pgs_link_open(s, &s->link, e);
	/* An endpoint goes on asking, with pauses that the handle keeps. */
	if (r != RES_OK && (r != RES_BUSY || role != STORE_ENDPOINT)) {
		pgs_free(s);
		return r;
	}
	*base = &s->base;
	return RES_OK;
}

static void
close_store(struct store *base)
{
	pgs_worker_leave(base);
	pgs_free((struct pgs_store *)base);
}

enum result
pgs_may_change(const struct pgs_store *s, struct err *e)
{
	if (s->role != STORE_READER)
		return RES_OK;
	err_set(e, "the store was opened for reading only");
	return RES_FAILED;
}

/* A machine's counts are its own, and there is no file of ours on it. */
static char *
counters(const char *uri)
{
	(void)uri;
	return NULL;
}

/*
 * The server's clock, by what it said last and the time since: the clock of
 * this machine may be wrong, or be set at any moment.
 */
static int64_t
now_ms(struct store *base)
{
	struct pgs_store *s = (struct pgs_store *)base;

	return s->base.now_ms != NULL ? s->base.now_ms(s->base.now_arg)
				      : pgs_monotonic_ms() + s->ahead_ms;
}

static const char *
place(struct store *base)
{
	return ((struct pgs_store *)base)->place;
}

/* The disk is the server's. */
static int64_t
free_bytes(struct store *base)
{
	(void)base;
	return -1;
}

static const struct store_ops ops = {
	.scheme = "postgresql",
	.check_uri = check_uri,
	.setup = pgs_setup,
	.open = open_store,
	.close = close_store,
	.now_ms = now_ms,
	.put = pgs_put,
	.turn = pgs_turn,
	.list = pgs_list,
	.counters = counters,
	.follow = pgs_follow,
	.secrets = pgs_secrets,
	.show = pgs_show,
	.retry = pgs_retry,
	.give_up = pgs_give_up,
	.stats = pgs_stats,
	.prune = pgs_prune,
	.handlers = pgs_handlers,
	.next_due = pgs_next_due,
	.worker_enter = pgs_worker_enter,
	.worker_leave = pgs_worker_leave,
	.worker_present = pgs_worker_present,
	.place = place,
	.free_bytes = free_bytes,
	.wake_fd = pgs_wake_fd,
	.wake_clear = pgs_wake_clear,
};

/* Its address is looked up by name: see store_module.c. */
extern const struct store_module stripehook_store_module
    __attribute__((visibility("default")));
const struct store_module stripehook_store_module = { PACKAGE_VERSION, &ops };
