/*
 * SQLite backend: the tables, their versions, and setting them up.
 *
 * A delivery has two times. due_ms, until it is finished: when it may be
 * handed out next, or while it runs the end of its lease. ready_ms is when a
 * claim looks at it: the same, or NULL while it waits behind others of its
 * lane. So a claim reads the beginning of one index, however many wait.
 *
 * Pages that prune frees are used again, so under a steady load the file stays
 * as large as it once was. Giving them back to the system (auto_vacuum) would
 * make every put write one page more, 6 to 8 percent of what it writes; VACUUM
 * does it when a person wants it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite.h"

#include "counter.h"

#include "banned.h"

#define APPLICATION_ID 0x53747248 /* "StrH" */

/* The n-th makes version n + 1 of version n. Never change one: add. */
static const char *const migrations[] = {
	"CREATE TABLE event ("
	" id INTEGER PRIMARY KEY,"
	" endpoint TEXT NOT NULL,"
	" event_id TEXT NOT NULL,"
	" type TEXT NOT NULL,"
	" style INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" received_ms INTEGER NOT NULL,"
	" livemode INTEGER NOT NULL,"
	" object TEXT NOT NULL,"
	" object_id TEXT NOT NULL,"
	" customer TEXT NOT NULL,"
	" account TEXT NOT NULL,"
	" context TEXT NOT NULL,"
	" api_version TEXT NOT NULL,"
	" request_id TEXT NOT NULL,"
	" snapshot_event TEXT NOT NULL,"
	" size INTEGER NOT NULL,"
	" body BLOB,"
	" UNIQUE (event_id, endpoint));"
	"CREATE INDEX event_received ON event (received_ms);"
	"CREATE INDEX event_object ON event (object_id) WHERE object_id <> '';"
	"CREATE INDEX event_customer ON event (customer) WHERE customer <> '';"
	"CREATE TABLE delivery ("
	" id INTEGER PRIMARY KEY,"
	" event INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,"
	" handler TEXT NOT NULL,"
	" lane TEXT NOT NULL,"
	" state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),"
	" attempts INTEGER NOT NULL DEFAULT 0," /* in all */
	" tries INTEGER NOT NULL DEFAULT 0," /* since a retry by hand */
	" due_ms INTEGER,"
	" ready_ms INTEGER,"
	" token INTEGER,"
	" finished_ms INTEGER,"
	" UNIQUE (event, handler));"
	"CREATE INDEX delivery_ready ON delivery (handler, ready_ms)"
	" WHERE ready_ms IS NOT NULL;"
	"CREATE INDEX delivery_lane ON delivery (handler, lane, ready_ms)"
	" WHERE due_ms IS NOT NULL AND lane <> '';"
	/* The promise itself: one at a time. */
	"CREATE UNIQUE INDEX delivery_running ON delivery (handler, lane)"
	" WHERE state = 1 AND lane <> '';"
	"CREATE INDEX delivery_failed ON delivery (event) WHERE state = 3;"
	"CREATE TABLE attempt ("
	" delivery INTEGER NOT NULL REFERENCES delivery ON DELETE CASCADE,"
	" number INTEGER NOT NULL,"
	" started_ms INTEGER NOT NULL,"
	" ended_ms INTEGER NOT NULL DEFAULT 0,"
	" outcome INTEGER NOT NULL DEFAULT 0,"
	" exit_code INTEGER NOT NULL DEFAULT -1,"
	" term_signal INTEGER NOT NULL DEFAULT 0,"
	" reason TEXT NOT NULL DEFAULT '',"
	" output BLOB NOT NULL DEFAULT x'',"
	" PRIMARY KEY (delivery, number)) WITHOUT ROWID;",

	/* The first four count deliveries by state, the others are for ever. */
	"CREATE TABLE handler ("
	" name TEXT PRIMARY KEY,"
	" pending INTEGER NOT NULL DEFAULT 0,"
	" running INTEGER NOT NULL DEFAULT 0,"
	" succeeded INTEGER NOT NULL DEFAULT 0,"
	" failed INTEGER NOT NULL DEFAULT 0,"
	" attempts_succeeded INTEGER NOT NULL DEFAULT 0,"
	" attempts_failed INTEGER NOT NULL DEFAULT 0,"
	" parked INTEGER NOT NULL DEFAULT 0,"
	" streak INTEGER NOT NULL DEFAULT 0,"
	" last_success_ms INTEGER NOT NULL DEFAULT 0,"
	" last_failure_ms INTEGER NOT NULL DEFAULT 0,"
	" duration_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"INSERT INTO handler (name, pending, running, succeeded, failed, parked)"
	" SELECT handler, sum(state = 0), sum(state = 1), sum(state = 2),"
	" sum(state = 3), sum(state = 3) FROM delivery GROUP BY handler;"
	"UPDATE handler SET attempts_succeeded = good, attempts_failed = bad,"
	" last_success_ms = last_good, last_failure_ms = last_bad,"
	" duration_ms = duration FROM (SELECT delivery.handler AS whose,"
	" sum(outcome = 1) AS good, sum(outcome > 1) AS bad,"
	" max(CASE WHEN outcome = 1 THEN ended_ms ELSE 0 END) AS last_good,"
	" max(CASE WHEN outcome > 1 THEN ended_ms ELSE 0 END) AS last_bad,"
	" sum(CASE WHEN outcome < 4 THEN ended_ms - started_ms ELSE 0 END)"
	" AS duration FROM attempt JOIN delivery ON delivery.id = delivery"
	" WHERE outcome <> 0 GROUP BY delivery.handler) WHERE name = whose;"
	"UPDATE handler SET streak = n FROM (SELECT name AS whose,"
	" count(*) AS n FROM attempt JOIN delivery ON delivery.id = delivery"
	" JOIN handler ON name = delivery.handler"
	" WHERE outcome > 1 AND ended_ms > last_success_ms GROUP BY name)"
	" WHERE name = whose;"
	/*
	 * Kept by triggers, in the transaction of whatever changes them: no
	 * verb can forget, not even one of a program of before.
	 */
	"CREATE TRIGGER delivery_added AFTER INSERT ON delivery BEGIN"
	" INSERT INTO handler (name, pending) VALUES (new.handler, 1)"
	" ON CONFLICT (name) DO UPDATE SET pending = pending + 1; END;"
	"CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery"
	" WHEN old.state <> new.state BEGIN UPDATE handler SET"
	" pending = pending + (new.state = 0) - (old.state = 0),"
	" running = running + (new.state = 1) - (old.state = 1),"
	" succeeded = succeeded + (new.state = 2) - (old.state = 2),"
	" failed = failed + (new.state = 3) - (old.state = 3),"
	" parked = parked + (new.state = 3)"
	" WHERE name = new.handler; END;"
	"CREATE TRIGGER delivery_gone AFTER DELETE ON delivery BEGIN"
	" UPDATE handler SET"
	" pending = pending - (old.state = 0),"
	" running = running - (old.state = 1),"
	" succeeded = succeeded - (old.state = 2),"
	" failed = failed - (old.state = 3)"
	" WHERE name = old.handler; END;"
	"CREATE TRIGGER attempt_ended AFTER UPDATE OF outcome ON attempt"
	" WHEN old.outcome = 0 AND new.outcome <> 0 BEGIN UPDATE handler SET"
	" attempts_succeeded = attempts_succeeded + (new.outcome = 1),"
	" attempts_failed = attempts_failed + (new.outcome > 1),"
	" streak = CASE new.outcome WHEN 1 THEN 0 ELSE streak + 1 END,"
	" last_success_ms = CASE new.outcome WHEN 1 THEN new.ended_ms"
	" ELSE last_success_ms END,"
	" last_failure_ms = CASE new.outcome WHEN 1 THEN last_failure_ms"
	" ELSE new.ended_ms END,"
	/* Nobody knows how long a lost one took. */
	" duration_ms = duration_ms + CASE new.outcome WHEN 4 THEN 0"
	" ELSE new.ended_ms - new.started_ms END"
	" WHERE name = (SELECT handler FROM delivery WHERE id = new.delivery);"
	" END;",

	/*
	 * Without those that run: in a deep queue each delivery has a page of
	 * this index to itself, which is now written when it is claimed and
	 * not again when it ends.
	 */
	"DROP INDEX delivery_lane;"
	"CREATE INDEX delivery_lane ON delivery (handler, lane, ready_ms)"
	" WHERE state = 0 AND lane <> '';",

	/* One row for each secret that ever verified an event. */
	"CREATE TABLE secret ("
	" endpoint TEXT NOT NULL,"
	" fingerprint TEXT NOT NULL,"
	" last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (endpoint, fingerprint)) WITHOUT ROWID;",

	/*
	 * The order in which attempts ended, for who follows them: in the order
	 * of commits, which no clock is. One entry at the end of one index.
	 */
	"ALTER TABLE attempt ADD COLUMN seq INTEGER;"
	"CREATE INDEX attempt_seq ON attempt (seq) WHERE seq IS NOT NULL;"
	/*
	 * How long ended attempts took: how many, all together, and how many
	 * took no longer than so many milliseconds. From here on, in the row
	 * that the end of an attempt changes anyway.
	 */
	"ALTER TABLE handler ADD COLUMN timed INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN timed_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_50 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_100 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_250 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_500 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_1000 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_2500 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_5000 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_10000 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_30000 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_60000 INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE handler ADD COLUMN le_300000 INTEGER NOT NULL DEFAULT 0;"
	"CREATE TRIGGER attempt_timed AFTER UPDATE OF outcome ON attempt"
	" WHEN old.outcome = 0 AND new.outcome NOT IN (0, 4) BEGIN"
	" UPDATE handler SET timed = timed + 1,"
	" timed_ms = timed_ms + new.ended_ms - new.started_ms,"
	" le_50 = le_50 + (new.ended_ms - new.started_ms <= 50),"
	" le_100 = le_100 + (new.ended_ms - new.started_ms <= 100),"
	" le_250 = le_250 + (new.ended_ms - new.started_ms <= 250),"
	" le_500 = le_500 + (new.ended_ms - new.started_ms <= 500),"
	" le_1000 = le_1000 + (new.ended_ms - new.started_ms <= 1000),"
	" le_2500 = le_2500 + (new.ended_ms - new.started_ms <= 2500),"
	" le_5000 = le_5000 + (new.ended_ms - new.started_ms <= 5000),"
	" le_10000 = le_10000 + (new.ended_ms - new.started_ms <= 10000),"
	" le_30000 = le_30000 + (new.ended_ms - new.started_ms <= 30000),"
	" le_60000 = le_60000 + (new.ended_ms - new.started_ms <= 60000),"
	" le_300000 = le_300000 + (new.ended_ms - new.started_ms <= 300000)"
	" WHERE name = (SELECT handler FROM delivery WHERE id = new.delivery);"
	" END;",
};

#define SCHEMA_VERSION ((int64_t)(sizeof(migrations) / sizeof(migrations[0])))

/*
 * The version of the open database. RES_OK; RES_UNKNOWN where it is empty;
 * RES_INVALID where it is not ours, or newer.
 */
static enum result
inspect(struct sq_store *s, int64_t *version, struct err *e)
{
	int64_t application, tables = 0;
	enum result r;

	r = sq_number(s, "PRAGMA application_id", &application, e);
	if (r == RES_OK)
		r = sq_number(s, "PRAGMA user_version", version, e);
	if (r == RES_OK && application == 0 && *version == 0)
		r = sq_number(
		    s, "SELECT count(*) FROM sqlite_master", &tables, e);
	if (r != RES_OK)
		return sqlite3_errcode(s->db) == SQLITE_NOTADB ? RES_INVALID
							       : r;
	if (application == 0 && *version == 0 && tables == 0)
		return RES_UNKNOWN;
	if (application != APPLICATION_ID) {
		err_set(e, "%s is a database of another program", s->path);
		return RES_INVALID;
	}
	if (*version > SCHEMA_VERSION) {
		err_set(e,
		    "%s has version %lld of the schema, this program "
		    "knows up to %lld: use a newer stripehook",
		    s->path, (long long)*version, (long long)SCHEMA_VERSION);
		return RES_INVALID;
	}
	return RES_OK;
}

/* The same, as seen at one moment: another may be setting it up. */
static enum result
inspect_at_once(struct sq_store *s, int64_t *version, struct err *e)
{
	enum result r;

	if ((r = sq_exec(s, "BEGIN", e)) != RES_OK)
		return r;
	r = inspect(s, version, e);
	sq_exec(s, "ROLLBACK", NULL);
	return r;
}

enum result
sq_schema_check(struct sq_store *s, struct err *e)
{
	int64_t version;
	enum result r;

	r = inspect_at_once(s, &version, e);
	if (r == RES_UNKNOWN)
		err_set(e, "%s is empty: run \"stripehook init\"", s->path);
	if (r != RES_OK || version == SCHEMA_VERSION)
		return r;
	err_set(e,
	    "%s has version %lld of the schema, this program needs "
	    "%lld: run \"stripehook init\" to bring it up to date",
	    s->path, (long long)version, (long long)SCHEMA_VERSION);
	return RES_INVALID;
}

/* Runs what is missing, in one transaction. */
static enum result
migrate(struct sq_store *s, struct err *e)
{
	int64_t version;
	enum result r;
	struct buf b;

	/* Another setup may have been here before we had the turn. */
	r = inspect(s, &version, e);
	if ((r != RES_OK && r != RES_UNKNOWN) || version == SCHEMA_VERSION)
		return r;
	for (r = RES_OK; r == RES_OK && version < SCHEMA_VERSION; version++)
		r = sq_exec(s, migrations[version], e);
	if (r != RES_OK)
		return r;
	buf_init(&b, 128);
	buf_printf(&b, "PRAGMA application_id=%d; PRAGMA user_version=%lld",
	    APPLICATION_ID, (long long)SCHEMA_VERSION);
	r = sq_exec(s, buf_text(&b), e);
	buf_free(&b);
	return r;
}

/*
 * Asks for a write-ahead log. Where that is refused, as on a network file
 * system, a rollback journal does: slower, and readers and writers wait for
 * each other.
 */
static enum result
choose_journal(struct sq_store *s, bool *wal, struct err *e)
{
	char mode[16] = "";
	struct sq_query q;
	enum result r;

	sq_prepare_once(&q, s, "PRAGMA journal_mode=WAL");
	if (sq_row(&q))
		sq_col_text(&q, 0, mode, sizeof(mode));
	r = sq_done(&q, e);
	*wal = strcmp(mode, "wal") == 0;
	if (r == RES_BUSY)
		return r;
	return *wal ? RES_OK : sq_exec(s, "PRAGMA synchronous=EXTRA", e);
}

static enum result
setup_with_turn(struct sq_store *s, bool *wal, struct err *e)
{
	enum result r;

	if ((r = choose_journal(s, wal, e)) != RES_OK)
		return r;
	if ((r = sq_exec(s, "BEGIN IMMEDIATE", e)) != RES_OK)
		return r;
	if ((r = migrate(s, e)) == RES_OK)
		r = sq_exec(s, "COMMIT", e);
	return r;
}

/* One that holds counts, or anything, is left alone. */
static enum result
setup_counters(struct sq_store *s, const struct stat *like, struct err *e)
{
	enum result r;
	struct buf path;
	size_t n;
	const void *content = counter_empty(&n);

	buf_init(&path, strlen(s->path) + 16);
	buf_printf(&path, "%s.counters", s->path);
	r = sq_file_fill(buf_text(&path), like, content, n, e);
	buf_free(&path);
	return r;
}

static enum result
setup_open(struct sq_store *s, struct err *e)
{
	int64_t version;
	struct stat st;
	enum result r;
	bool wal;

	/* Nothing is put beside a file that is not ours. */
	r = inspect_at_once(s, &version, e);
	if (r != RES_OK && r != RES_UNKNOWN)
		return r;
	if (stat(s->path, &st) == -1) {
		err_set(e, "%s: %s", s->path, strerror(errno));
		return RES_FAILED;
	}
	r = sq_file_open(s->turn_path, &st, &s->turn_fd, e);
	if (r != RES_OK)
		return r;
	if ((r = sq_turn_take(s->turn_fd, SQ_TURN_MS, e)) != RES_OK)
		return r;
	r = setup_with_turn(s, &wal, e);
	sq_rollback(s); /* gives the turn back in any case */
	if (r == RES_OK)
		r = sq_fifo_create(s->wake_path, &st, e);
	if (r == RES_OK)
		r = sq_file_create(s->worker_path, &st, e);
	if (r == RES_OK)
		r = setup_counters(s, &st, e);
	if (r == RES_OK)
		r = sq_file_sync_folder(s->path, e);
	if (r == RES_OK && !wal)
		err_set(e,
		    "the file system of %s has no room for a "
		    "write-ahead log: a slower rollback journal is used",
		    s->path);
	return r;
}

enum result
sq_setup(const char *uri, struct err *e)
{
	struct sq_store *s = sq_new(uri, STORE_TOOL);
	enum result r;

	err_set(e, "%s", "");
	if ((r = sq_file_create(s->path, NULL, e)) == RES_OK &&
	    (r = sq_connect(s, e)) == RES_OK)
		r = setup_open(s, e);
	sq_free(s);
	return r;
}
