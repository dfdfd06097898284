/*
 * detach: what goes on by itself, and what it does not keep of us.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detach.h"
#include "run_fixture.h"

#include "banned.h"

#define THREADS 8
#define TEXT_MAX 16384

/* Waits for the file that detached.sh writes, and reads it. */
static pid_t
hear(const char *path, char text[TEXT_MAX])
{
	int64_t patience = run_now_ms() + PATIENCE_MS;
	FILE *f;
	size_t n;
	long pid;

	while ((f = fopen(path, "re")) == NULL) {
		assert_true(run_now_ms() < patience);
		poll(NULL, 0, 5);
	}
	n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
	pid = strtol(text, NULL, 10);
	assert_true(pid > 1);
	return (pid_t)pid;
}

static void
assert_childless(void)
{
	siginfo_t si;

	assert_int_equal(
	    waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT), -1);
	assert_int_equal(errno, ECHILD);
}

/* A field of /proc/PID/stat, counted from the name, which has none of ')'. */
static long
stat_field(const char *text, int field)
{
	const char *at;

	at = strchr(text, ')');
	assert_non_null(at);
	for (; field > 2; field--) {
		at = strchr(at + 1, ' ');
		assert_non_null(at);
	}
	return strtol(at, NULL, 10);
}

/* The signals of the C library's own cannot be reset. */
static void
assert_no_signals(const char *text, const char *name)
{
	const char *line;

	line = strstr(text, name);
	assert_non_null(line);
	assert_true((strtoull(line + strlen(name), NULL, 16) &
			~UINT64_C(0x180000000)) == 0);
}

static void
goes_on(void **state)
{
	struct run_fixture *f = *state;
	char path[128], text[TEXT_MAX];
	const char *argv[] = { handler("detached.sh"), path, NULL };
	const char *env[] = { "PATH=/usr/bin:/bin", "ONLY=this", NULL };
	struct err e;
	pid_t pid;
	int leak;

	snprintf(path, sizeof(path), "%s/said", f->dir);
	leak = dup2(STDERR_FILENO, 77);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(detach(argv[0], words(argv), words(env), &e), RES_OK);
	signal(SIGPIPE, SIG_DFL);
	close(leak);
	assert_childless();
	pid = hear(path, text);
	assert_false(is_gone(pid));
	assert_int_not_equal(stat_field(text, 4), getpid());
	assert_int_not_equal(stat_field(text, 6), getsid(0));
	assert_int_equal(stat_field(text, 7), 0); /* no terminal */
	assert_no_signals(text, "SigBlk:");
	assert_no_signals(text, "SigIgn:");
	assert_non_null(strstr(text, " 0 -> /dev/null"));
	/* 1 and 2 are the file's, for the time of writing it */
	assert_null(strstr(text, " 77 -> "));
	assert_null(strstr(text, "pipe:"));
	assert_non_null(strstr(text, "\n/\n"));
	assert_non_null(strstr(text, "\nONLY=this\n"));
	assert_null(strstr(text, "\nHOME="));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_gone_soon(pid);
}

/* A web server waits for whoever holds its pipe. */
static void
holds_nothing(void **state)
{
	struct run_fixture *f = *state;
	char path[128], text[TEXT_MAX], byte;
	const char *argv[] = { handler("detached.sh"), path, NULL };
	int fds[2], saved;
	ssize_t n;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/said", f->dir);
	assert_int_equal(pipe(fds), 0);
	saved = dup(STDOUT_FILENO);
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	assert_int_equal(
	    detach(argv[0], words(argv), words(test_env), NULL), RES_OK);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	n = read(fds[0], &byte, 1); /* waits for ever if it is held */
	assert_int_equal(n, 0);
	close(fds[0]);
	pid = hear(path, text);
	assert_false(is_gone(pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_gone_soon(pid);
}

static void
not_executable(void **state)
{
	const char *argv[] = { "/nowhere/worker", NULL };
	struct err e;

	(void)state;
	assert_int_equal(
	    detach(argv[0], words(argv), words(test_env), &e), RES_FAILED);
	assert_string_equal(
	    e.text, "cannot start /nowhere/worker: No such file or directory");
	argv[0] = "/tmp";
	assert_int_equal(
	    detach(argv[0], words(argv), words(test_env), &e), RES_FAILED);
	assert_string_equal(e.text, "cannot start /tmp: Permission denied");
	assert_int_equal(
	    detach(argv[0], words(argv), words(test_env), NULL), RES_FAILED);
	assert_childless();
}

/* Descriptors 0 to 3 may be free, and then one of them is the report. */
static void
closed_standard(void **state)
{
	const char *argv[] = { "/nowhere/worker", NULL };
	const char *fine[] = { "/bin/true", NULL };
	enum result bad, good;
	int saved[3], i;

	(void)state;
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		close(i);
	}
	bad = detach(argv[0], words(argv), words(test_env), NULL);
	good = detach(fine[0], words(fine), words(test_env), NULL);
	for (i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(bad, RES_FAILED);
	assert_int_equal(good, RES_OK);
}

/* The kernel reaps by itself then. */
static void
sigchld_ignored(void **state)
{
	const char *argv[] = { "/nowhere/worker", NULL };
	const char *fine[] = { "/bin/true", NULL };
	enum result bad, good;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	bad = detach(argv[0], words(argv), words(test_env), NULL);
	good = detach(fine[0], words(fine), words(test_env), NULL);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(bad, RES_FAILED);
	assert_int_equal(good, RES_OK);
}

static void *
thread_main(void *arg)
{
	const char *argv[] = { "/bin/true", NULL };
	const char *missing[] = { "/nowhere/x", NULL };
	size_t *wrong = arg;
	int i;

	for (i = 0; i < 10; i++) {
		if (detach(argv[0], words(argv), words(test_env), NULL) !=
			RES_OK ||
		    detach(missing[0], words(missing), words(test_env), NULL) !=
			RES_FAILED)
			(*wrong)++;
	}
	return NULL;
}

static void
threads(void **state)
{
	pthread_t t[THREADS];
	size_t wrong[THREADS] = { 0 };
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, thread_main, &wrong[i]), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(wrong[i], 0);
	assert_childless();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_on),
		TEST(holds_nothing),
		TEST(not_executable),
		TEST(closed_standard),
		TEST(sigchld_ignored),
		TEST(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
