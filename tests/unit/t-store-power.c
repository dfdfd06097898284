/*
 * Power cuts under the SQLite backend. A layer over SQLite's file access keeps
 * a copy of what each file held when it was last synced, which is all that a
 * power cut is sure to leave; of what was written since, any part may be there
 * too. A worker does not sync its commits: what it did last may be undone, but
 * no event and no delivery may be missing.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_contract.h"
#include "store_sqlite.h"
#include "store_sqlite_case.h"

#include "banned.h"

#define EVENTS 24
#define CUTS 4 /* states of the log that are tried after each event */

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *below;
	const sqlite3_io_methods *real[2]; /* the database, and its log */
	sqlite3_io_methods methods[2];
	char path[2][CONTRACT_URI_SIZE];
	char synced[2][CONTRACT_URI_SIZE]; /* copies as of the last sync */
	int syncs[2];
	bool watching;
} layer;

/* Overwrites to with the first max bytes of from. */
static int
overwrite(const char *from, const char *to, off_t max)
{
	static char chunk[65536];
	size_t want;
	ssize_t n = 1;
	int in, out;

	in = open(from, O_RDONLY);
	out = open(to, O_WRONLY | O_CREAT, 0640);
	if (in == -1 || out == -1)
		return 1;
	while (max > 0 && n > 0) {
		want = max < (off_t)sizeof(chunk) ? (size_t)max : sizeof(chunk);
		n = read(in, chunk, want);
		if (n < 0 || write(out, chunk, (size_t)n) != n)
			return 1;
		max -= n;
	}
	return 0;
}

/* In a child: closing a descriptor here would cost SQLite its locks. */
static void
copy(const char *from, const char *to, off_t max)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(overwrite(from, to, max));
	case_wait(pid);
}

static int
layer_sync(sqlite3_file *f, int flags)
{
	long i = f->pMethods - layer.methods;

	if (layer.watching) {
		(void)unlink(layer.synced[i]);
		copy(layer.path[i], layer.synced[i], INT32_MAX);
		layer.syncs[i]++;
	}
	return layer.real[i]->xSync(f, flags);
}

static int
layer_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int i, rc = layer.below->xOpen(layer.below, name, f, flags, out);

	(void)vfs;
	if (rc != SQLITE_OK || f->pMethods == NULL)
		return rc;
	i = (flags & SQLITE_OPEN_MAIN_DB) ? 0 : 1;
	layer.real[i] = f->pMethods;
	layer.methods[i] = *f->pMethods;
	layer.methods[i].xSync = layer_sync;
	f->pMethods = &layer.methods[i];
	return rc;
}

static int
layer_begin(void **state)
{
	(void)state;
	layer.below = sqlite3_vfs_find(NULL);
	layer.vfs = *layer.below;
	layer.vfs.zName = "power";
	layer.vfs.pNext = NULL;
	layer.vfs.xOpen = layer_open;
	return sqlite3_vfs_register(&layer.vfs, 1);
}

static int
layer_end(void **state)
{
	(void)state;
	return sqlite3_vfs_unregister(&layer.vfs);
}

/* The uri of a store whose files are watched from here on. */
static void
watch(char uri[CONTRACT_URI_SIZE])
{
	static const char *const suffixes[] = { "", "-wal" };
	struct err e;
	int i;

	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	for (i = 0; i < 2; i++) {
		(void)snprintf(layer.path[i], CONTRACT_URI_SIZE, "%s%s",
		    case_path(uri), suffixes[i]);
		(void)snprintf(layer.synced[i], CONTRACT_URI_SIZE,
		    "%s.synced%s", case_path(uri), suffixes[i]);
		copy(layer.path[i], layer.synced[i], INT32_MAX);
		layer.syncs[i] = 0;
	}
	layer.watching = true;
}

/* Cuts the power: this part of the log had reached the disk, in sixteenths. */
static void
cut(const char *uri, char after[CONTRACT_URI_SIZE], int part)
{
	char wal[2 * CONTRACT_URI_SIZE];
	struct stat st;

	(void)snprintf(after, CONTRACT_URI_SIZE, "%.500s.cut", uri);
	(void)snprintf(wal, sizeof(wal), "%s-wal", case_path(after));
	(void)unlink(wal);
	(void)unlink(case_path(after));
	copy(layer.synced[0], case_path(after), INT32_MAX);
	copy(layer.synced[1], wal, INT32_MAX);
	/* While the log is copied into it, some of that is there as well. */
	if (part % 2)
		copy(layer.path[0], case_path(after), INT32_MAX);
	assert_int_equal(stat(layer.path[1], &st), 0);
	copy(layer.path[1], wal, st.st_size * part / 16);
}

static void
assert_nothing_lost(const char *uri, int events)
{
	static const char *const none[] = {
		/* An event without its delivery. */
		"SELECT count(*) FROM event WHERE id NOT IN"
		" (SELECT event FROM delivery)",
		/* One that nobody would ever claim. */
		"SELECT count(*) FROM delivery WHERE state < 2"
		" AND (due_ms IS NULL OR ready_ms IS NULL)",
		/* One that runs without an attempt. */
		"SELECT count(*) FROM delivery WHERE state = 1 AND NOT EXISTS"
		" (SELECT 1 FROM attempt WHERE delivery = id AND outcome = 0)",
		/* Handlers of whom something else is told. */
		"SELECT count(*) FROM handler WHERE"
		" pending <> (SELECT count(*) FROM delivery WHERE state = 0) OR"
		" running <> (SELECT count(*) FROM delivery WHERE state = 1) OR"
		" succeeded <> (SELECT count(*) FROM delivery WHERE state = 2)"
		" OR attempts_failed <>"
		" (SELECT count(*) FROM attempt WHERE outcome = 2)",
	};
	size_t i;

	layer.watching = false;
	case_assert_sound(uri);
	assert_int_equal(case_count(uri, "SELECT count(*) FROM event"), events);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(case_count(uri, none[i]), 0);
	layer.watching = true;
}

/* A turn of the worker, which ends every third as one to be repeated. */
static void
work(struct store *s, struct store_finish *f, size_t *held)
{
	struct store_handler h = { "h", 600000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	struct store_claim claim;
	enum result r;
	struct err e;

	r = store_turn(s, f, *held, NULL, &want, &claim, 1, held, &e);
	assert_true(r == RES_OK || r == RES_EMPTY);
	if (*held == 0)
		return;
	f->delivery = claim.delivery;
	f->token = claim.token;
	f->state = claim.delivery % 3 ? DELIVERY_SUCCEEDED : DELIVERY_PENDING;
	f->attempt.outcome =
	    claim.delivery % 3 ? ATTEMPT_SUCCEEDED : ATTEMPT_LATER;
	store_claim_free(&claim);
}

static void
t_power_cuts(void **state)
{
	char uri[CONTRACT_URI_SIZE], after[CONTRACT_URI_SIZE];
	static struct store_finish f;
	struct store *endpoint, *worker;
	struct err e;
	size_t held = 0;
	int i, k;

	(void)state;
	watch(uri);
	assert_int_equal(
	    store_open(&endpoint, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(store_open(&worker, uri, STORE_WORKER, &e), RES_OK);
	/* So that the log is copied and begun anew on the way. */
	sqlite3_wal_autocheckpoint(((struct sq_store *)worker)->db, 60);
	for (i = 1; i <= EVENTS; i++) {
		assert_int_equal(case_put(endpoint, i, "", 3000, &e), RES_OK);
		for (k = 0; k <= i % 3; k++)
			work(worker, &f, &held);
		for (k = 0; k < CUTS; k++) {
			cut(uri, after, k == 0 ? 0 : (i * 5 + k * 4) % 17);
			assert_nothing_lost(after, i);
		}
	}
	assert_in_range(layer.syncs[0], 3, EVENTS);
	layer.watching = false;
	store_close(endpoint);
	store_close(worker);
	case_drop(uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    t_power_cuts, layer_begin, layer_end),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
