/*
 * The SQLite backend brings files of older versions of the schema up to date.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "store_contract.h"
#include "store_sqlite_case.h"

#include "banned.h"

/* As version 1 made it: never to be changed. */
static const char version_1[] =
    "PRAGMA journal_mode=WAL;"
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
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " tries INTEGER NOT NULL DEFAULT 0,"
    " due_ms INTEGER,"
    " ready_ms INTEGER,"
    " token INTEGER,"
    " finished_ms INTEGER,"
    " UNIQUE (event, handler));"
    "CREATE INDEX delivery_ready ON delivery (handler, ready_ms)"
    " WHERE ready_ms IS NOT NULL;"
    "CREATE INDEX delivery_lane ON delivery (handler, lane, ready_ms)"
    " WHERE due_ms IS NOT NULL AND lane <> '';"
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
    " PRIMARY KEY (delivery, number)) WITHOUT ROWID;"
    "PRAGMA application_id=1400140360; PRAGMA user_version=1;";

/*
 * Two handlers; of "h" one each that is done after two failures, waits, runs
 * and has lost an attempt, and is parked.
 */
static const char content_1[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 4) INSERT INTO event SELECT i, 'shop', 'evt_' || i,"
    " 'invoice.paid', 0, 1700000000, 1700000000000 + i, 0, 'invoice',"
    " 'in_1', '', '', '', '', '', '', 5, 'evt_' || i FROM n;"
    "INSERT INTO delivery (id, event, handler, lane, state, attempts,"
    " tries, due_ms, ready_ms, token, finished_ms) VALUES"
    " (1, 1, 'h', 'a', 2, 3, 3, NULL, NULL, NULL, 5400),"
    " (2, 2, 'h', 'a', 0, 0, 0, 6000, 6000, NULL, NULL),"
    " (3, 3, 'h', 'b', 1, 2, 2, 9000, 9000, 42, NULL),"
    " (4, 4, 'h', '', 3, 1, 1, NULL, NULL, NULL, 8000),"
    " (5, 1, 'gone', '', 0, 0, 0, 5000, 5000, NULL, NULL);"
    "INSERT INTO attempt (delivery, number, started_ms, ended_ms, outcome)"
    " VALUES (1, 1, 5000, 5100, 2), (1, 2, 5200, 5250, 2),"
    " (1, 3, 5300, 5400, 1), (3, 1, 6000, 7000, 4), (3, 2, 7000, 0, 0),"
    " (4, 1, 7900, 8000, 3);";

static int64_t
clock_1(void *arg)
{
	(void)arg;
	return 8500;
}

static void
make_version_1(char uri[CONTRACT_URI_SIZE])
{
	sqlite3 *db;

	case_make(uri);
	assert_int_equal(sqlite3_open(case_path(uri), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, version_1, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, content_1, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static bool
check_handler(const struct store_handler_stats *h, void *arg)
{
	int *rows = arg;

	if ((*rows)++ == 0) {
		assert_string_equal(h->name, "gone");
		assert_int_equal(h->deliveries[DELIVERY_PENDING], 1);
		assert_int_equal(h->attempts_failed, 0);
		return true;
	}
	assert_string_equal(h->name, "h");
	assert_int_equal(h->deliveries[DELIVERY_PENDING], 1);
	assert_int_equal(h->deliveries[DELIVERY_RUNNING], 1);
	assert_int_equal(h->deliveries[DELIVERY_SUCCEEDED], 1);
	assert_int_equal(h->deliveries[DELIVERY_FAILED], 1);
	assert_int_equal(h->attempts_succeeded, 1);
	assert_int_equal(h->attempts_failed, 4);
	assert_int_equal(h->parked, 1);
	assert_int_equal(h->streak, 2);
	assert_int_equal(h->last_success_ms, 5400);
	assert_int_equal(h->last_failure_ms, 8000);
	assert_int_equal(h->duration_ms, 350);
	return true;
}

/* The attempt that began under version 1 ends under this one. */
static void
go_on(struct store *s)
{
	struct store_handler h = { "h", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	static struct store_finish f;
	struct store_claim claim;
	enum result each;
	struct err e;
	size_t n;

	f.delivery = 3;
	f.token = 42;
	f.state = DELIVERY_SUCCEEDED;
	f.attempt.outcome = ATTEMPT_SUCCEEDED;
	assert_int_equal(store_finish(s, &f, 1, &each, &e), RES_OK);
	assert_int_equal(each, RES_OK);
	assert_int_equal(store_claim(s, &want, &claim, 1, &n, &e), RES_OK);
	assert_int_equal(claim.delivery, 2);
	assert_string_equal(buf_text(&claim.body), "evt_2");
	store_claim_free(&claim);
}

static void
t_version_1(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	int rows, i;

	(void)state;
	make_version_1(uri);
	assert_int_equal(store_open(&s, uri, STORE_WORKER, &e), RES_INVALID);
	assert_non_null(strstr(e.text, "stripehook init"));
	/* Doing it again changes nothing. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(store_setup(uri, &e), RES_OK);
		assert_int_equal(case_count(uri, "PRAGMA user_version"), 5);
		case_assert_sound(uri);
		assert_int_equal(store_open(&s, uri, STORE_WORKER, &e), RES_OK);
		rows = 0;
		assert_int_equal(
		    store_handlers(s, check_handler, &rows, &e), RES_OK);
		assert_int_equal(rows, 2);
		store_close(s);
	}
	assert_int_equal(store_open(&s, uri, STORE_WORKER, &e), RES_OK);
	store_set_clock(s, clock_1, NULL);
	go_on(s);
	store_close(s);
	assert_int_equal(case_count(uri,
			     "SELECT attempts_succeeded FROM handler"
			     " WHERE name = 'h' AND streak = 0"),
	    2);
	case_drop(uri);
}

/* One that cannot be finished leaves the file as it was. */
static void
t_all_or_nothing(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	sqlite3 *db;
	struct err e;

	(void)state;
	make_version_1(uri);
	assert_int_equal(sqlite3_open(case_path(uri), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,

			     "CREATE TRIGGER attempt_ended AFTER DELETE ON"
			     " event BEGIN SELECT 1; END",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(store_setup(uri, &e), RES_FAILED);
	assert_int_equal(case_count(uri, "PRAGMA user_version"), 1);
	assert_int_equal(case_count(uri,
			     "SELECT count(*) FROM sqlite_master"
			     " WHERE name IN ('handler', 'delivery_added')"),
	    0);
	assert_int_equal(
	    sqlite3_exec(db, "DROP TRIGGER attempt_ended", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	case_drop(uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_version_1),
		cmocka_unit_test(t_all_or_nothing),
	};

	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
