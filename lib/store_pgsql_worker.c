/*
 * PostgreSQL backend: that a worker is there, and what wakes it. Both belong
 * to a connection of their own: its session has the lock, and nothing else is
 * read from it that could swallow a notification.
 */
#include "config.h"

#include "store_pgsql.h"

#include "banned.h"

/* One that all workers share, or one has alone; the numbers are ours. */
#define LOCK "(1400140360, 1)"
#define LOCK_SEEN \
	"EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory'" \
	" AND database = (SELECT oid FROM pg_database" \
	" WHERE datname = current_database())" \
	" AND classid = 1400140360 AND objid = 1 AND objsubid = 2)"

/* One statement over the ear, that yields one value. */
static enum result
ask(struct pgs_store *s, const char *sql, int64_t *value, struct err *e)
{
	struct pgs_query q;
	PGresult *res;
	enum result r;

	pgs_query(&q, sql);
	if ((r = pgs_run(&s->ear, &q, &res, e)) != RES_OK)
		return r == RES_UNCERTAIN ? RES_BUSY : r;
	*value = pgs_col_int(res, 0, 0);
	PQclear(res);
	return RES_OK;
}

static enum result
take_lock(struct pgs_store *s, struct err *e)
{
	int64_t taken = 0;
	enum result r;

	r = ask(s,
	    s->how == STORE_PRESENT_ALONE
		? "SELECT pg_try_advisory_lock" LOCK
		: "SELECT pg_try_advisory_lock_shared" LOCK,
	    &taken, e);
	if (r != RES_OK || taken != 0)
		return r;
	err_set(e, "another worker is at work on this store");
	return RES_BUSY;
}

/* Listens, and takes the lock again where the connection was lost with it. */
static enum result
open_ear(struct pgs_store *s, struct err *e)
{
	bool fresh = s->ear.db == NULL;
	struct pgs_query q;
	PGconn *before = s->ear.db;
	enum result r;

	if ((r = pgs_link_open(s, &s->ear, e)) != RES_OK)
		return r;
	if (!fresh && s->ear.db == before)
		return RES_OK;
	pgs_query_once(&q, "LISTEN stripehook");
	if ((r = pgs_send(&s->ear, &q, e)) == RES_OK &&
	    (r = pgs_sync(&s->ear, e)) == RES_OK)
		r = pgs_end(&s->ear, RES_OK, e);
	if (r == RES_OK && s->entered)
		r = take_lock(s, e);
	if (r != RES_OK)
		pgs_link_close(&s->ear);
	return r;
}

enum result
pgs_worker_enter(struct store *base, enum store_presence how, struct err *e)
{
	struct pgs_store *s = (struct pgs_store *)base;
	enum result r;

	if ((r = pgs_may_change(s, e)) != RES_OK)
		return r;
	pgs_worker_leave(base);
	if ((r = open_ear(s, e)) != RES_OK)
		return r == RES_UNKNOWN || r == RES_INVALID ? RES_FAILED : r;
	s->how = how;
	r = take_lock(s, e);
	s->entered = r == RES_OK;
	return r;
}

void
pgs_worker_leave(struct store *base)
{
	struct pgs_store *s = (struct pgs_store *)base;
	int64_t none;

	/* Said and answered: who asks after this call hears no. */
	if (s->entered && s->ear.db != NULL)
		(void)ask(s,
		    s->how == STORE_PRESENT_ALONE
			? "SELECT pg_advisory_unlock" LOCK
			: "SELECT pg_advisory_unlock_shared" LOCK,
		    &none, NULL);
	s->entered = false;
}

bool
pgs_worker_present(struct store *base)
{
	struct pgs_store *s = (struct pgs_store *)base;
	struct pgs_query q;
	PGresult *res;
	bool present;

	if (s->entered)
		return true;
	pgs_query(&q, "SELECT " LOCK_SEEN);
	if (pgs_read(s, &q, &res, NULL) != RES_OK)
		return true;
	present = pgs_col_int(res, 0, 0) != 0;
	PQclear(res);
	return present;
}

int
pgs_wake_fd(struct store *base)
{
	struct pgs_store *s = (struct pgs_store *)base;

	return open_ear(s, NULL) == RES_OK ? PQsocket(s->ear.db) : -1;
}

void
pgs_wake_clear(struct store *base)
{
	struct pgs_store *s = (struct pgs_store *)base;
	PGnotify *note;

	if (s->ear.db == NULL)
		return;
	if (!PQconsumeInput(s->ear.db)) {
		pgs_link_close(&s->ear);
		return;
	}
	while ((note = PQnotifies(s->ear.db)) != NULL)
		PQfreemem(note);
}
