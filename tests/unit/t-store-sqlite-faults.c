/*
 * The SQLite backend when the ground gives way: full disks, failing syncs,
 * file systems without shared memory, killed writers. A layer over SQLite's
 * own file access injects what no test could otherwise arrange.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_contract.h"
#include "store_sqlite_case.h"

#include "banned.h"

/* The layer: what is to fail, and what it stands on. */
static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *below;
	/* The database itself has others than the files beside it. */
	const sqlite3_io_methods *real[2];
	sqlite3_io_methods methods[2];
	int write_error; /* 0 for none */
	int sync_error;
	bool no_shared_memory;
} layer;

static const sqlite3_io_methods *
below(const sqlite3_file *f)
{
	return layer.real[f->pMethods - layer.methods];
}

static int
layer_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 offset)
{
	if (layer.write_error != 0)
		return layer.write_error;
	return below(f)->xWrite(f, p, n, offset);
}

static int
layer_sync(sqlite3_file *f, int flags)
{
	if (layer.sync_error != 0)
		return layer.sync_error;
	return below(f)->xSync(f, flags);
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
	layer.methods[i].xWrite = layer_write;
	layer.methods[i].xSync = layer_sync;
	if (layer.no_shared_memory)
		layer.methods[i].iVersion = 1;
	f->pMethods = &layer.methods[i];
	return rc;
}

static int
layer_begin(void **state)
{
	(void)state;
	layer.below = sqlite3_vfs_find(NULL);
	layer.vfs = *layer.below;
	layer.vfs.zName = "layer";
	layer.vfs.pNext = NULL;
	layer.vfs.xOpen = layer_open;
	return sqlite3_vfs_register(&layer.vfs, 1);
}

static int
layer_end(void **state)
{
	(void)state;
	layer.write_error = layer.sync_error = 0;
	layer.no_shared_memory = false;
	return sqlite3_vfs_unregister(&layer.vfs);
}

static struct store *
open_new(char uri[CONTRACT_URI_SIZE])
{
	struct store *s;
	struct err e;

	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
	return s;
}

static void
t_write_fails(void **state)
{
	static const struct {
		int code;
		const char *words;
	} cases[] = {
		{ SQLITE_FULL, "disk is full" },
		{ SQLITE_IOERR_WRITE, "cannot be written" },
	};
	char uri[CONTRACT_URI_SIZE];
	struct store *s = open_new(uri);
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		layer.write_error = cases[i].code;
		assert_int_equal(
		    case_put(s, 2 + (int)i, "", 3000, &e), RES_BUSY);
		assert_non_null(strstr(e.text, cases[i].words));
		assert_int_equal(
		    case_put(s, 2 + (int)i, "", 3000, &e), RES_BUSY);
		layer.write_error = 0;
		/* Nothing was changed, and the handle goes on. */
		assert_int_equal(case_put(s, 2 + (int)i, "", 3000, &e), RES_OK);
	}
	store_close(s);
	case_assert_sound(uri);
	assert_int_equal(case_count(uri, "SELECT count(*) FROM event"), 3);
	case_drop(uri);
}

static void
t_sync_fails(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s = open_new(uri);
	enum result r;
	struct err e;

	(void)state;
	layer.sync_error = SQLITE_IOERR_FSYNC;
	assert_int_equal(case_put(s, 2, "", 3000, &e), RES_UNCERTAIN);
	assert_non_null(strstr(e.text, "not known"));
	layer.sync_error = 0;
	/* Sending it again settles it, whichever it was. */
	r = case_put(s, 2, "", 3000, &e);
	assert_true(r == RES_OK || r == RES_DUPLICATE);
	store_close(s);
	case_assert_sound(uri);
	assert_int_equal(case_count(uri, "SELECT count(*) FROM event"), 2);
	case_drop(uri);
}

static void
t_no_log_is_told(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct err e;

	(void)state;
	case_make(uri);
	layer.no_shared_memory = true;
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_non_null(strstr(e.text, "rollback journal"));
	layer.no_shared_memory = false;
	case_drop(uri);
}

/* Damage is told as such, and does not end the program. */
static void
t_damaged(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s = open_new(uri);
	struct store_shown shown;
	char wal[CONTRACT_URI_SIZE];
	struct err e;
	FILE *f;
	int i, page;

	(void)state;
	for (i = 2; i < 40; i++)
		assert_int_equal(case_put(s, i, "", 3000, &e), RES_OK);
	store_close(s);
	(void)snprintf(wal, sizeof(wal), "%s-wal", case_path(uri));
	(void)unlink(wal);
	page = case_count(
	    uri, "SELECT rootpage FROM sqlite_master WHERE name = 'event'");
	assert_non_null(f = fopen(case_path(uri), "r+"));
	assert_int_equal(fseek(f, (page - 1) * 4096L, SEEK_SET), 0);
	for (i = 0; i < 4096; i++)
		fputc(0xa5, f);
	fclose(f);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(case_put(s, 99, "", 3000, &e), RES_FAILED);
	assert_non_null(strstr(e.text, "damaged"));
	assert_int_equal(store_show(s, NULL, "evt_1", &shown, &e), RES_FAILED);
	store_close(s);
	case_drop(uri);
}

/* A real limit of the system, as near to a full disk as one gets unasked. */
static int
put_within_limit(const char *uri)
{
	const struct rlimit small = { 400000, 400000 };
	struct store *s;
	struct err e;
	int i;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &small) == -1)
		return 1;
	if (store_open(&s, uri, STORE_ENDPOINT, &e) != RES_OK)
		return 2;
	for (i = 2; i < 500; i++) {
		if (case_put(s, i, "", 60000, &e) == RES_OK)
			continue;
		store_close(s);
		return strstr(e.text, "cannot be written") != NULL ? 0 : 3;
	}
	return 4;
}

static void
t_size_limit(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s = open_new(uri);
	struct err e;
	pid_t pid;

	(void)state;
	store_close(s);
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		_exit(put_within_limit(uri));
	case_wait(pid);
	case_assert_sound(uri);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(case_put(s, 900, "", 60000, &e), RES_OK);
	store_close(s);
	case_drop(uri);
}

/* Puts without end, and tells the number of each one kept. */
static void
put_for_ever(const char *uri, int first, int fd)
{
	struct store *s;
	struct err e;
	int i;

	if (store_open(&s, uri, STORE_ENDPOINT, &e) != RES_OK)
		_exit(1);
	for (i = first;; i++) {
		if (case_put(s, i, "in_1", 5000, &e) != RES_OK ||
		    write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

/* Kills a writer after it has told of some, and returns the last told. */
static int
kill_writer(const char *uri, int first, int some)
{
	int fds[2], i, last = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		put_for_ever(uri, first, fds[1]);
	close(fds[1]);
	for (i = 0; i < some; i++)
		assert_int_equal(
		    read(fds[0], &last, sizeof(last)), sizeof(last));
	kill(pid, SIGKILL);
	while (read(fds[0], &last, sizeof(last)) == (ssize_t)sizeof(last))
		;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &i, 0), pid);
	assert_true(WIFSIGNALED(i));
	return last;
}

static void
t_killed_writers(void **state)
{
	char uri[CONTRACT_URI_SIZE], sql[128];
	struct store *s = open_new(uri);
	int round, last, first = 2;
	struct err e;

	(void)state;
	for (round = 0; round < 25; round++) {
		last = kill_writer(uri, first, 1 + round * 7 % 23);
		(void)snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM event WHERE "
		    "CAST(substr(event_id, 5) AS INTEGER) BETWEEN %d AND %d",
		    first, last);
		assert_int_equal(case_count(uri, sql), last - first + 1);
		case_assert_sound(uri);
		/* One more may have been kept without being told. */
		first = last + 2;
		assert_int_equal(
		    case_put(s, 100000 + round, "", 3000, &e), RES_OK);
	}
	assert_int_equal(case_count(uri,
			     "SELECT count(*) FROM event WHERE"
			     " id NOT IN (SELECT event FROM delivery)"),
	    0);
	store_close(s);
	case_drop(uri);
}

int
main(void)
{
	static const struct contract_backend journal = {
		"sqlite with a rollback journal", case_make, case_drop
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    t_write_fails, layer_begin, layer_end),
		cmocka_unit_test_setup_teardown(
		    t_sync_fails, layer_begin, layer_end),
		cmocka_unit_test_setup_teardown(
		    t_no_log_is_told, layer_begin, layer_end),
		cmocka_unit_test(t_damaged),
		cmocka_unit_test(t_size_limit),
		cmocka_unit_test(t_killed_writers),
	};
	int failed;

	failed = cmocka_run_group_tests_name("faults", tests, NULL, NULL);
	layer_begin(NULL);
	layer.no_shared_memory = true;
	failed += contract_run_claims(&journal) + contract_run_admin(&journal) +
	    contract_run_queue(&journal);
	layer_end(NULL);
	return failed;
}
