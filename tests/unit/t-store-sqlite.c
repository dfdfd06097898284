/*
 * The SQLite backend: the contract, and what only SQLite has: files, schema,
 * locks.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store_contract.h"
#include "store_sqlite_case.h"

#include "banned.h"

#define OTHER_USER 65534 /* nobody, where the tests run as root */

static int64_t
monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
file_of(const char *uri, const char *suffix, char path[CONTRACT_URI_SIZE])
{
	(void)snprintf(path, CONTRACT_URI_SIZE, "%s%s", case_path(uri), suffix);
}

static void
raw_exec(const char *uri, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(case_path(uri), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
assert_modes(const char *uri)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".turn",
		".wake", ".worker" };
	char path[CONTRACT_URI_SIZE];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		file_of(uri, suffixes[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(
		    S_ISFIFO(st.st_mode), strcmp(suffixes[i], ".wake") == 0);
	}
}

static void
t_modes(void **state)
{
	static const mode_t masks[] = { 0, 077, 0137 };
	char uri[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	mode_t old;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		case_make(uri);
		old = umask(masks[i]);
		assert_int_equal(store_setup(uri, &e), RES_OK);
		assert_int_equal(
		    store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
		assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
		umask(old);
		assert_modes(uri);
		store_close(s);
		case_drop(uri);
	}
}

static void
t_no_folder(void **state)
{
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(
	    store_setup("sqlite:/tmp/t-store-none/a/b.db", &e), RES_FAILED);
	assert_non_null(strstr(e.text, "/tmp/t-store-none/a "));
	assert_int_equal(store_open(&s, "sqlite:/tmp/t-store-none/a/b.db",
			     STORE_ENDPOINT, &e),
	    RES_UNKNOWN);
	assert_int_equal(store_setup("sqlite:/tmp", &e), RES_INVALID);
}

static void
t_newer_schema(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	raw_exec(uri, "PRAGMA user_version=4711");
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_INVALID);
	assert_non_null(strstr(e.text, "4711"));
	assert_non_null(strstr(e.text, "up to 5"));
	assert_int_equal(store_setup(uri, &e), RES_INVALID);
	assert_int_equal(case_count(uri, "PRAGMA user_version"), 4711);
	/* An older one is asked to be brought up to date. */
	raw_exec(uri, "PRAGMA user_version=0");
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_INVALID);
	assert_non_null(strstr(e.text, "stripehook init"));
	case_drop(uri);
}

static void
t_foreign(void **state)
{
	char uri[CONTRACT_URI_SIZE], path[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	FILE *f;

	(void)state;
	case_make(uri);
	raw_exec(uri, "CREATE TABLE other (a)");
	assert_int_equal(store_setup(uri, &e), RES_INVALID);
	assert_int_equal(store_open(&s, uri, STORE_READER, &e), RES_INVALID);
	file_of(uri, ".turn", path);
	assert_int_equal(access(path, F_OK), -1);
	assert_non_null(f = fopen(case_path(uri), "w"));
	fprintf(f, "%01000d", 0);
	fclose(f);
	assert_int_equal(store_setup(uri, &e), RES_INVALID);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_INVALID);
	assert_non_null(strstr(e.text, "not a database"));
	/* What a setup that was killed leaves. */
	assert_int_equal(truncate(case_path(uri), 0), 0);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_UNKNOWN);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	store_close(s);
	case_drop(uri);
}

static void
t_wake_is_no_fifo(void **state)
{
	char uri[CONTRACT_URI_SIZE], path[CONTRACT_URI_SIZE];
	struct stat st;
	struct store *s;
	struct err e;
	FILE *f;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	file_of(uri, ".wake", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(store_wake_fd(s), -1);
	assert_int_equal(case_put(s, 1, "", 1, &e), RES_OK);
	store_wake_clear(s);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	assert_int_equal(store_wake_fd(s), -1);
	assert_int_equal(case_put(s, 2, "", 1, &e), RES_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(store_setup(uri, &e), RES_INVALID);
	store_close(s);
	case_drop(uri);
}

static void
t_foreign_lock(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	sqlite3 *db;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(sqlite3_open(case_path(uri), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_BUSY);
	assert_non_null(strstr(e.text, "locked"));
	assert_int_equal(
	    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
	sqlite3_close(db);
	store_close(s);
	case_drop(uri);
}

/* A process that takes the turn, says so, and keeps it until it is killed. */
static pid_t
hold_turn(const char *uri)
{
	char path[CONTRACT_URI_SIZE], c;
	int fds[2], fd;
	pid_t pid;

	file_of(uri, ".turn", path);
	assert_int_equal(pipe(fds), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		fd = open(path, O_RDWR);
		if (fd == -1 || flock(fd, LOCK_EX) == -1 ||
		    write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

/* Also with all signals blocked, as the threads of the gateway have them. */
static void
t_turn_held(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	sigset_t all, old, now;
	struct store *s;
	int64_t begun;
	struct err e;
	pid_t pid;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	pid = hold_turn(uri);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	begun = monotonic_ms();
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_BUSY);
	assert_in_range(monotonic_ms() - begun, 4900, 8000);
	assert_non_null(strstr(e.text, ".turn"));
	pthread_sigmask(SIG_SETMASK, &old, &now);
	assert_int_equal(sigismember(&now, SIGURG), 1);
	/* The death of its holder frees it. */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
	store_close(s);
	case_drop(uri);
}

static void
t_setups_at_once(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	pid_t pids[4];
	enum result r;
	struct err e;
	int i, round;

	(void)state;
	for (round = 0; round < 10; round++) {
		case_make(uri);
		for (i = 0; i < 4; i++) {
			assert_true((pids[i] = fork()) >= 0);
			if (pids[i] == 0) {
				r = store_setup(uri, &e);
				if (r != RES_OK)
					fprintf(stderr, "%s\n", e.text);
				_exit(r != RES_OK);
			}
		}
		for (i = 0; i < 4; i++)
			case_wait(pids[i]);
		case_assert_sound(uri);
		assert_int_equal(case_count(uri, "PRAGMA user_version"), 5);
		case_drop(uri);
	}
}

/* After "rm" and "init" under a running program nothing goes to the old. */
static void
t_replaced(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".turn",
		".wake", ".worker" };
	char uri[CONTRACT_URI_SIZE], path[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	size_t i;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		file_of(uri, suffixes[i], path);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(case_put(s, 2, "", 3000, &e), RES_FAILED);
	assert_non_null(strstr(e.text, "stripehook init"));
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(case_put(s, 3, "", 3000, &e), RES_OK);
	assert_int_equal(case_count(uri, "SELECT count(*) FROM event"), 1);
	store_close(s);
	case_drop(uri);
}

/* Reads, and tries to write, as a user who may only read. */
static int
only_read(const char *uri)
{
	struct store_stats stats;
	struct store *s;
	struct err e;

	if (geteuid() == 0 &&
	    (setgid(OTHER_USER) == -1 || setuid(OTHER_USER) == -1))
		return 2;
	if (store_open(&s, uri, STORE_ENDPOINT, &e) != RES_FAILED)
		return 3;
	if (strstr(e.text, "cannot be written") == NULL)
		return 4;
	if (store_open(&s, uri, STORE_READER, &e) != RES_OK) {
		fprintf(stderr, "%s\n", e.text);
		return 5;
	}
	if (store_stats(s, &stats, &e) != RES_OK || stats.events != 1)
		return 6;
	store_close(s);
	return 0;
}

static void
t_reader_without_rights(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char uri[CONTRACT_URI_SIZE], path[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
	pid_t pid;
	size_t i;
	int open_too;

	(void)state;
	case_make(uri);
	assert_int_equal(store_setup(uri, &e), RES_OK);
	assert_int_equal(store_open(&s, uri, STORE_ENDPOINT, &e), RES_OK);
	assert_int_equal(case_put(s, 1, "", 3000, &e), RES_OK);
	for (i = 0; i < 3; i++) {
		file_of(uri, suffixes[i], path);
		assert_int_equal(chmod(path, 0444), 0);
	}
	file_of(uri, "", path);
	*strrchr(path, '/') = '\0';
	assert_int_equal(chmod(path, 0555), 0);
	/* With a writer beside it, and after the last one has gone. */
	for (open_too = 1; open_too >= 0; open_too--) {
		assert_true((pid = fork()) >= 0);
		if (pid == 0)
			_exit(only_read(uri));
		case_wait(pid);
		if (open_too)
			store_close(s);
	}
	assert_int_equal(chmod(path, 0755), 0);
	case_drop(uri);
}

int
main(void)
{
	static const struct contract_backend sqlite = { "sqlite", case_make,
		case_drop };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_modes),
		cmocka_unit_test(t_no_folder),
		cmocka_unit_test(t_newer_schema),
		cmocka_unit_test(t_foreign),
		cmocka_unit_test(t_wake_is_no_fifo),
		cmocka_unit_test(t_foreign_lock),
		cmocka_unit_test(t_turn_held),
		cmocka_unit_test(t_setups_at_once),
		cmocka_unit_test(t_replaced),
		cmocka_unit_test(t_reader_without_rights),
	};

	return contract_run(&sqlite) +
	    cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
