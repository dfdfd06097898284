/*
 * A deep queue in SQLite: what a turn of the worker costs must not depend on
 * how many deliveries wait, or for what. Counted in steps of SQLite's virtual
 * machine and in pages written, which are the same on every machine; times are
 * printed only.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store_contract.h"
#include "store_sqlite.h"
#include "store_sqlite_case.h"

#include "banned.h"

#define DEEP 100000
#define SHALLOW 1000
#define TURNS 100
#define AT_ONCE 4
#define START_MS 1700000000000
#define DAY_MS 86400000

/* How the n-th delivery waits: SQL over i. */
struct queue {
	const char *name;
	int n;
	const char *handler;
	const char *lane;
	const char *due;
	const char *ready;
	bool strict;
};

#define NOW "1700000000000"
#define HOT "CASE WHEN i % 2 THEN 'hot' ELSE 'in_' || i END"
#define BEHIND "CASE WHEN i % 2 AND i > 1 THEN NULL ELSE " NOW " END"
#define LATER NOW " + CASE WHEN i % 10 THEN 3600000 ELSE 0 END"

static const struct queue shallow = { "1,000", SHALLOW, "'h'", "'in_' || i",
	NOW, NOW, false };
static const struct queue queues[] = {
	{ "100,000", DEEP, "'h'", "'in_' || i", NOW, NOW, false },
	{ "100,000, of them 90,000 for a retry", DEEP, "'h'", "'in_' || i",
	    LATER, LATER, false },
	{ "100,000, of them 50,000 in a lane", DEEP, "'h'", HOT, NOW, BEHIND,
	    false },
	{ "100,000, of them 50,000 in a strict lane", DEEP, "'h'", HOT, NOW,
	    BEHIND, true },
	{ "100,000, of them 50,000 of a handler at its maximum", DEEP,
	    "CASE WHEN i % 2 THEN 'g' ELSE 'h' END", "'in_' || i", NOW, NOW,
	    false },
};

static int64_t
clock_of(void *arg)
{
	return *(int64_t *)arg;
}

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static sqlite3 *
database(struct store *s)
{
	return ((struct sq_store *)s)->db;
}

/* The steps of all statements of s since it was last asked. */
static int
steps(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int n = 0;

	while ((st = sqlite3_next_stmt(database(s), st)) != NULL)
		n += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

/* The pages that s has written since it was last asked. */
static int
pages(struct store *s)
{
	int n = 0, high;

	assert_int_equal(sqlite3_db_status(database(s),
			     SQLITE_DBSTATUS_CACHE_WRITE, &n, &high, 1),
	    SQLITE_OK);
	return n;
}

static struct store *
open_new(char uri[CONTRACT_URI_SIZE], int64_t *clock_ms)
{
	struct store *s;
	struct err e;

	*clock_ms = START_MS;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_WORKER, &e), RES_OK);
	store_set_clock(s, clock_of, clock_ms);
	return s;
}

static void
fill(struct store *s, const struct queue *q)
{
	char *sql;

	sql = sqlite3_mprintf(
	    "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < %d) INSERT INTO event SELECT i, 'shop',"
	    " 'evt_' || i, 'invoice.paid', 0, 0, " NOW
	    " + i, 0, '', '', '', '',"
	    " '', '', '', '', 2, '{}' FROM n; WITH RECURSIVE n (i) AS (SELECT"
	    " 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO"
	    " delivery (event, handler, lane, state, due_ms, ready_ms)"
	    " SELECT i, %s, %s, 0, %s, %s FROM n; COMMIT",
	    q->n, q->n, q->handler, q->lane, q->due, q->ready);
	assert_int_equal(
	    sqlite3_exec(database(s), sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(sql);
}

/* What a number of turns costs. */
struct cost {
	int steps;
	int pages;
};

/* By the processor's time a page takes as long as so many steps. */
#define PAGE_STEPS 350

/* Turns that each end what the one before has claimed. */
static struct cost
work(struct store *s, const struct queue *q, int turns)
{
	struct store_handler h[] = { { "g", 60000, 0, false },
		{ "h", 60000, -1, q->strict } };
	struct store_want want = { .handlers = h, .nhandlers = 2 };
	static struct store_finish f[AT_ONCE];
	struct store_claim claims[AT_ONCE];
	size_t n = 0, m, i;
	struct err e;
	int turn;

	steps(s);
	pages(s);
	for (turn = 0; turn < turns; turn++) {
		assert_int_equal(
		    store_turn(s, f, n, NULL, &want, claims, AT_ONCE, &m, &e),
		    RES_OK);
		assert_int_equal(m, AT_ONCE);
		for (i = 0; i < m; i++) {
			assert_string_equal(claims[i].handler, "h");
			f[i].delivery = claims[i].delivery;
			f[i].token = claims[i].token;
			f[i].state = DELIVERY_SUCCEEDED;
			f[i].attempt.outcome = ATTEMPT_SUCCEEDED;
			store_claim_free(&claims[i]);
		}
		n = m;
	}
	assert_int_equal(store_finish(s, f, n, NULL, &e), RES_OK);
	return (struct cost){ steps(s), pages(s) };
}

static struct cost
measure(const struct queue *q)
{
	char uri[CONTRACT_URI_SIZE];
	int64_t clock_ms;
	struct store *s;
	struct cost c;
	double begun;

	s = open_new(uri, &clock_ms);
	fill(s, q);
	begun = now_ms();
	c = work(s, q, TURNS);
	print_message("# %s waiting: %d steps, %.2f pages, %.3f ms a delivery"
		      "\n",
	    q->name, c.steps / TURNS / AT_ONCE,
	    (double)c.pages / TURNS / AT_ONCE,
	    (now_ms() - begun) / TURNS / AT_ONCE);
	store_close(s);
	case_assert_sound(uri);
	case_drop(uri);
	return c;
}

static int
in_steps(struct cost c)
{
	return c.steps + c.pages * PAGE_STEPS;
}

static void
t_depth(void **state)
{
	struct cost base = measure(&shallow), deep;
	size_t i;

	(void)state;
	/* A rate that falls by a third is a cost that grows by a half. */
	for (i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		deep = measure(&queues[i]);
		assert_in_range(deep.steps, 1, base.steps / 3 * 4);
		assert_in_range(in_steps(deep), 1, in_steps(base) / 2 * 3);
	}
}

/* A new one among a hundred thousand that wait for their retry. */
static void
t_pick_up(void **state)
{
	struct queue later = { "", DEEP, "'h'", "'in_' || i", NOW " + 3600000",
		NOW " + 3600000", false };
	struct store_handler h = { "h", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	char uri[CONTRACT_URI_SIZE];
	struct store_claim claim;
	int64_t clock_ms, ms;
	struct store *s;
	double begun;
	struct err e;
	size_t n;

	(void)state;
	s = open_new(uri, &clock_ms);
	fill(s, &later);
	assert_int_equal(store_next_due(s, &h, 1, &ms, &e), RES_OK);
	assert_int_equal(ms, 3600000);
	/* In a lane of its own, and in one where an older one waits. */
	assert_int_equal(case_put(s, DEEP + 1, "new", 2, &e), RES_OK);
	assert_int_equal(case_put(s, DEEP + 2, "in_7", 2, &e), RES_OK);
	steps(s);
	begun = now_ms();
	assert_int_equal(store_claim(s, &want, &claim, 1, &n, &e), RES_OK);
	assert_string_equal(claim.lane, "new");
	store_claim_free(&claim);
	assert_int_equal(store_claim(s, &want, &claim, 1, &n, &e), RES_OK);
	assert_string_equal(claim.lane, "in_7");
	store_claim_free(&claim);
	print_message("# two new ones: %.3f ms\n", now_ms() - begun);
	assert_in_range(steps(s), 1, 2000);
	assert_int_equal(store_next_due(s, &h, 1, &ms, &e), RES_OK);
	assert_in_range(steps(s), 1, 50);
	store_close(s);
	case_drop(uri);
}

static int longest; /* of one transaction, in rows changed */

static int
note_commit(void *db)
{
	static int before;
	int n = sqlite3_total_changes(db);

	longest = n - before > longest ? n - before : longest;
	before = n;
	return 0;
}

/* A lane that is taken, with thousands due in it, and one due after those. */
static void
t_taken_lane(void **state)
{
	struct queue due = { "", 5000, "'h'", "'hot'", NOW " - i", NOW " - i",
		false };
	struct store_handler h = { "h", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	char uri[CONTRACT_URI_SIZE];
	struct store_claim hot, claim;
	int64_t clock_ms;
	struct store *s;
	struct err e;
	size_t n;

	(void)state;
	s = open_new(uri, &clock_ms);
	fill(s, &due);
	assert_int_equal(store_claim(s, &want, &hot, 1, &n, &e), RES_OK);
	clock_ms++;
	assert_int_equal(case_put(s, 5001, "other", 2, &e), RES_OK);
	sqlite3_commit_hook(database(s), note_commit, database(s));
	note_commit(database(s));
	longest = 0;
	assert_int_equal(store_claim(s, &want, &claim, 1, &n, &e), RES_OK);
	assert_string_equal(claim.lane, "other");
	/* It let others have the turn. */
	assert_in_range(longest, 1, 1200);
	store_claim_free(&claim);
	assert_int_equal(store_claim(s, &want, &claim, 1, &n, &e), RES_EMPTY);
	clock_ms += 1000;
	store_claim_free(&hot);
	store_close(s);
	case_drop(uri);
}

/* Puts, handles and prunes one day's events. */
static void
live_a_day(struct store *s, int day, int64_t *clock_ms)
{
	struct store_handler h = { "h", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	static struct store_finish f[50];
	struct store_claim claims[50];
	struct err e;
	size_t n, i;
	int64_t gone;
	int k;

	for (k = 0; k < 200; k++)
		assert_int_equal(case_put(s, day * 200 + k, "",
				     (size_t)(1000 + k * 97 % 9000), &e),
		    RES_OK);
	while (store_claim(s, &want, claims, 50, &n, &e) == RES_OK) {
		for (i = 0; i < n; i++) {
			f[i].delivery = claims[i].delivery;
			f[i].token = claims[i].token;
			f[i].state = DELIVERY_SUCCEEDED;
			f[i].attempt.outcome = ATTEMPT_SUCCEEDED;
			f[i].attempt.output_len = 500;
			store_claim_free(&claims[i]);
		}
		assert_int_equal(store_finish(s, f, n, NULL, &e), RES_OK);
	}
	*clock_ms += DAY_MS;
	do
		(void)store_prune(s, 5 * DAY_MS, 2 * DAY_MS, 60, &gone, &e);
	while (gone == 60);
}

/* Free pages are used again. */
static void
t_steady(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	int64_t clock_ms;
	struct store *s;
	int day, pages = 0;

	(void)state;
	s = open_new(uri, &clock_ms);
	for (day = 0; day < 20; day++) {
		live_a_day(s, day, &clock_ms);
		if (day == 7)
			pages = case_count(uri, "PRAGMA page_count");
	}
	print_message("# %d pages after 8 days, %d after 20\n", pages,
	    case_count(uri, "PRAGMA page_count"));
	assert_int_equal(
	    case_count(uri, "SELECT count(*) FROM event"), 5 * 200);
	assert_int_equal(case_count(uri,
			     "SELECT count(*) FROM event"
			     " WHERE body IS NOT NULL"),
	    2 * 200);
	assert_in_range(
	    case_count(uri, "PRAGMA page_count"), 1, pages + pages / 20);
	store_close(s);
	case_assert_sound(uri);
	case_drop(uri);
}

/* What nobody handles any more stays, and does not hold the rest up. */
static void
t_prune_past_orphans(void **state)
{
	struct queue orphans = { "", 5000,
		"CASE WHEN i > 4900 THEN 'h' ELSE 'gone' END", "''", NOW, NOW,
		false };
	char uri[CONTRACT_URI_SIZE];
	int64_t clock_ms, n;
	struct store *s;
	struct err e;

	(void)state;
	s = open_new(uri, &clock_ms);
	fill(s, &orphans);
	(void)work(s, &orphans, 100 / AT_ONCE);
	clock_ms += DAY_MS;
	assert_int_equal(store_prune(s, 0, -1, 60, &n, &e), RES_OK);
	assert_int_equal(n, 60);
	steps(s);
	assert_int_equal(store_prune(s, 0, -1, 60, &n, &e), RES_OK);
	assert_int_equal(n, 40);
	/* Not from the beginning again: 5,000 rows would be 50,000 steps. */
	assert_in_range(steps(s), 1, 15000);
	assert_int_equal(store_prune(s, 0, -1, 60, &n, &e), RES_EMPTY);
	assert_int_equal(
	    case_count(uri, "SELECT pending FROM handler WHERE name = 'gone'"),
	    4900);
	store_close(s);
	case_drop(uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_depth),
		cmocka_unit_test(t_pick_up),
		cmocka_unit_test(t_taken_lane),
		cmocka_unit_test(t_steady),
		cmocka_unit_test(t_prune_past_orphans),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
