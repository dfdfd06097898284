/*
 * SQLite backend: when each signing secret last verified an event.
 */
#include "config.h"

#include <string.h>

#include "store_sqlite.h"

#include "banned.h"

/*
 * One look into a table of a few rows, and a write to it once in a while. A
 * clock that was set back must not keep the row from moving on for ever.
 */
static enum result
note(struct sq_store *s, const char *endpoint, const char *fingerprint,
    int64_t now_ms, bool *changed, struct err *e)
{
	static const char sql[] =
	    "INSERT INTO secret (endpoint, fingerprint, last_ms)"
	    " VALUES (?, ?, ?) ON CONFLICT (endpoint, fingerprint) DO UPDATE"
	    " SET last_ms = excluded.last_ms"
	    " WHERE abs(excluded.last_ms - last_ms) >= ?";
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	sq_text(&q, endpoint);
	sq_text(&q, fingerprint);
	sq_int(&q, now_ms);
	sq_int(&q, STORE_SECRET_MS);
	r = sq_run(&q, e);
	if (r == RES_OK && sqlite3_changes(s->db) == 1)
		*changed = true;
	return r;
}

enum result
sq_secrets_note(struct sq_store *s, const struct store_event *ev,
    int64_t now_ms, bool *changed, struct err *e)
{
	enum result r = RES_OK;
	size_t i;

	*changed = false;
	for (i = 0; r == RES_OK && i < ev->nsecrets; i++)
		if (strlen(ev->secrets[i]) < STORE_SECRET_SIZE)
			r = note(s, ev->endpoint, ev->secrets[i], now_ms,
			    changed, e);
	return r;
}

enum result
sq_secrets(struct store *base,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e)
{
	static const char sql[] =
	    "SELECT endpoint, fingerprint, last_ms FROM secret"
	    " ORDER BY endpoint, last_ms DESC, fingerprint";
	struct sq_store *s = (struct sq_store *)base;
	bool more = true, any = false;
	struct store_secret secret;
	struct sq_query q;
	enum result r;

	if ((r = sq_begin_read(s, e)) != RES_OK)
		return r;
	sq_prepare(&q, s, sql);
	while (more && sq_row(&q)) {
		sq_col_text(&q, 0, secret.endpoint, sizeof(secret.endpoint));
		sq_col_text(
		    &q, 1, secret.fingerprint, sizeof(secret.fingerprint));
		secret.last_ms = sq_col_int(&q, 2);
		any = true;
		more = each(&secret, arg);
	}
	r = sq_done(&q, e);
	sq_rollback(s);
	return r == RES_OK && !any ? RES_EMPTY : r;
}
