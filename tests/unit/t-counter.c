/*
 * Counts beside the store: added, read, and never in the way.
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

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counter.h"

#include "banned.h"

static char folder[] = "/tmp/stripehook-counter.XXXXXX";
static char path[64];

static void
write_file(const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static int
make(void **state)
{
	size_t n;
	const void *p = counter_empty(&n);

	(void)state;
	write_file(p, n);
	return 0;
}

static void
test_adds(void **state)
{
	struct counter_tally t = { .add = { 0 } };
	struct counter_file *f = counter_open(path);
	int64_t v[COUNTERS];

	(void)state;
	assert_non_null(f);
	assert_true(counter_read(path, v));
	assert_int_equal(v[COUNTER_REQUESTS], 0);
	t.add[COUNTER_REQUESTS] = 1;
	t.add[counter_of("handler")] = 2;
	t.add[counter_of("never heard of")] = 3;
	counter_add(f, &t);
	t.has_age = true;
	t.age = -7;
	counter_add(f, &t);
	t.has_age = false;
	counter_add(f, &t);
	assert_true(counter_read(path, v));
	assert_int_equal(v[COUNTER_REQUESTS], 3);
	assert_int_equal(v[counter_of("handler")], 6);
	assert_int_equal(v[COUNTER_OTHER], 9);
	assert_int_equal(v[COUNTER_AGE], -7);
	assert_int_equal(v[COUNTER_STORED], 0);
	counter_close(f);
	counter_add(NULL, &t);
	counter_close(NULL);
}

static void
test_reasons(void **state)
{
	const char *reason;
	size_t i, j;

	(void)state;
	for (i = 0; (reason = counter_reason(i)) != NULL; i++) {
		assert_int_equal(counter_of(reason), COUNTER_REASONS + i);
		for (j = 0; j < i; j++)
			assert_string_not_equal(reason, counter_reason(j));
	}
	assert_true(i > 10);
	assert_null(counter_reason(COUNTERS));
}

static void
test_no_file(void **state)
{
	static const char zeros[2000];
	int64_t v[COUNTERS];

	(void)state;
	write_file("StrHcnt1", 8);
	assert_null(counter_open(path));
	assert_false(counter_read(path, v));
	write_file(zeros, sizeof(zeros));
	assert_null(counter_open(path));
	assert_false(counter_read(path, v));
	assert_int_equal(unlink(path), 0);
	assert_null(counter_open(path));
	assert_false(counter_read(path, v));
	/* somebody without care for links, and one who waits for a reader */
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_null(counter_open(path));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(counter_open(path));
	assert_false(counter_read(path, v));
	assert_int_equal(unlink(path), 0);
}

/*
 * Cut while it is open: no signal, no growth.
 */
static void
test_cut(void **state)
{
	struct counter_tally t = { .add = { 1 } };
	struct counter_file *f = counter_open(path);
	struct stat st;

	(void)state;
	assert_non_null(f);
	assert_int_equal(truncate(path, 0), 0);
	counter_add(f, &t);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	counter_close(f);
}

/*
 * Who was stopped with the lock holds nobody up.
 */
static void
test_held(void **state)
{
	struct counter_tally t = { .add = { 1 } };
	struct counter_file *f = counter_open(path);
	int fd = open(path, O_RDONLY);
	int64_t v[COUNTERS];

	(void)state;
	assert_non_null(f);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	counter_add(f, &t);
	assert_true(counter_read(path, v));
	assert_int_equal(v[COUNTER_REQUESTS], 0);
	close(fd);
	counter_add(f, &t);
	assert_true(counter_read(path, v));
	assert_int_equal(v[COUNTER_REQUESTS], 1);
	counter_close(f);
}

/*
 * Several processes: nothing is torn, and more than a few are never lost.
 */
static void
test_at_once(void **state)
{
	enum { PROCESSES = 4, ROUNDS = 500 };
	struct counter_tally t = { .add = { 1 } };
	struct counter_file *f;
	int64_t v[COUNTERS];
	pid_t pids[PROCESSES];
	int i, j;

	(void)state;
	for (i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == 0) {
			f = counter_open(path);
			for (j = 0; j < ROUNDS; j++)
				counter_add(f, &t);
			_exit(0);
		}
		assert_true(pids[i] > 0);
	}
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	assert_true(counter_read(path, v));
	assert_true(v[COUNTER_REQUESTS] <= PROCESSES * ROUNDS);
	assert_true(v[COUNTER_REQUESTS] >= PROCESSES * ROUNDS * 9 / 10);
}

static int
group_open(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	return 0;
}

static int
group_close(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_adds, make),
		cmocka_unit_test_setup(test_reasons, make),
		cmocka_unit_test_setup(test_no_file, make),
		cmocka_unit_test_setup(test_cut, make),
		cmocka_unit_test_setup(test_held, make),
		cmocka_unit_test_setup(test_at_once, make),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
