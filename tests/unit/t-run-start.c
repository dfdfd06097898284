/*
 * run: how a program begins, what it gets, and why it may not begin.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run_fixture.h"

#include "banned.h"

#define LARGE_INPUT ((size_t)4 << 20)
#define THREADS 8
#define THREAD_RUNS 50

static void
write_file(char *path, size_t size, const struct run_fixture *f,
    const char *name, const char *text)
{
	FILE *file;

	snprintf(path, size, "%s/%s", f->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* It has its own idea of exec: what the kernel refuses it gives to a shell. */
static bool
under_valgrind(void)
{
	const char *preload;

	preload = getenv("LD_PRELOAD");
	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static void
not_started(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		mode_t mode;
		const char *words;
	} cases[] = {
		{ "plain.sh", "#!/bin/sh\n", 0644, "Permission denied" },
		{ "interp.sh", "#!/nowhere/sh\n", 0755,
		    "the interpreter named in its first line is missing" },
		{ "crlf.sh", "#!/bin/sh\r\n", 0755, "carriage return" },
		{ "bare.sh", "echo hello\n", 0755, "no shell is tried" },
		{ "empty", "", 0755, "no shell is tried" },
	};
	struct run_fixture *f = *state;
	char path[128];
	const char *argv[] = { path, NULL };
	size_t i, n = sizeof(cases) / sizeof(cases[0]);
	struct run r;

	for (i = 0; i < (under_valgrind() ? 1 : n); i++) {
		write_file(path, sizeof(path), f, cases[i].name, cases[i].text);
		assert_int_equal(chmod(path, cases[i].mode), 0);
		run_program(&r, argv, "", 0);
		assert_int_equal(r.end, RUN_NOT_STARTED);
		assert_int_equal(r.exit_code, -1);
		assert_non_null(strstr(r.reason, "cannot execute /tmp/t-run"));
		assert_non_null(strstr(r.reason, cases[i].words));
		run_free(&r);
	}
}

static void
not_started_missing(void **state)
{
	const char *missing[] = { "/nowhere/handler", NULL };
	const char *folder[] = { "/tmp", NULL };
	struct run r;

	(void)state;
	run_program(&r, missing, "", 0);
	assert_int_equal(r.end, RUN_NOT_STARTED);
	assert_string_equal(r.reason,
	    "cannot execute /nowhere/handler: No such file or directory");
	run_free(&r);
	run_program(&r, folder, "", 0);
	assert_int_equal(r.end, RUN_NOT_STARTED);
	assert_string_equal(r.reason, "cannot execute /tmp: Permission denied");
	run_free(&r);
}

static void
directory(void **state)
{
	struct run_fixture *f = *state;
	const char *argv[] = { "/bin/pwd", NULL };
	char gone[128], expected[256];
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.directory = f->dir,
		.input = "",
		.timeout_ms = 30000 };
	struct run r;

	run_start(&r, &spec, run_now_ms());
	run_wait(&r, 1);
	snprintf(expected, sizeof(expected), "%s\n", f->dir);
	assert_output(&r, expected);
	run_free(&r);

	snprintf(gone, sizeof(gone), "%s/gone", f->dir);
	assert_int_equal(mkdir(gone, 0755), 0);
	assert_int_equal(rmdir(gone), 0);
	spec.directory = gone;
	run_start(&r, &spec, run_now_ms());
	assert_true(r.ended);
	assert_int_equal(r.end, RUN_NOT_STARTED);
	snprintf(expected, sizeof(expected),
	    "cannot enter the directory %s: No such file or directory", gone);
	assert_string_equal(r.reason, expected);
	run_free(&r);
}

/* Where descriptors run out at any point, it is said, and none is lost. */
static void
no_descriptors(void **state)
{
	const char *argv[] = { "/bin/true", NULL };
	struct rlimit old, low;
	size_t refused = 0;
	struct run r;
	rlim_t n;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	for (n = 5; n < 24; n++) {
		low.rlim_cur = n;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		run_program(&r, argv, "event", 5);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		if (r.end == RUN_NOT_STARTED) {
			assert_non_null(strstr(r.reason, "cannot make"));
			refused++;
		}
		run_free(&r);
	}
	assert_true(refused > 0 && refused < 19);
}

/* Runs in a process of its own, for it may not get its rights back. */
static int
no_process_child(void)
{
	struct rlimit none = { 0, 0 };
	struct run r;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return 2;
	if (setrlimit(RLIMIT_NPROC, &none) == -1)
		return 3;
	start(&r, "exit.sh", "0");
	if (!r.ended || r.end != RUN_NOT_STARTED)
		return 4;
	return strstr(r.reason, "cannot start a process") == NULL ||
	    strstr(r.reason, strerror(EAGAIN)) == NULL;
}

static void
no_process(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(no_process_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
input_reread(void **state)
{
	struct run r;

	(void)state;
	start(&r, "reread.sh", NULL);
	run_wait(&r, 1);
	assert_int_equal(r.exit_code, 0);
	assert_output(&r, "eventeventevent");
	run_free(&r);
}

static void
input_read_only(void **state)
{
	struct run r;

	(void)state;
	start(&r, "overwrite.sh", NULL);
	run_wait(&r, 1);
	assert_null(memmem(r.output, r.output_len, "to 0", strlen("to 0")));
#ifdef HAVE_MEMFD_CREATE
	assert_output(&r, "event");
#endif
	run_free(&r);
}

static void
input_large(void **state)
{
	const char *count[] = { "/usr/bin/wc", "-c", NULL };
	const char *unread[] = { handler("unread.sh"), NULL };
	struct run r;
	char *input;

	(void)state;
	input = mem_alloc(LARGE_INPUT, 1);
	memset(input, 'x', LARGE_INPUT);
	run_program(&r, count, input, LARGE_INPUT);
	assert_output(&r, "4194304\n");
	run_free(&r);
	run_program(&r, unread, input, LARGE_INPUT);
	assert_int_equal(r.exit_code, 0);
	assert_true(r.duration_ms < PATIENCE_MS);
	run_free(&r);
	unread[0] = handler("partly.sh");
	run_program(&r, unread, input, LARGE_INPUT);
	assert_int_equal(r.exit_code, 0);
	assert_output(&r, "xxxxxxxxxx");
	run_free(&r);
	free(input);
}

static void
input_empty(void **state)
{
	const char *count[] = { "/usr/bin/wc", "-c", NULL };
	struct run r;

	(void)state;
	run_program(&r, count, NULL, 0);
	assert_output(&r, "0\n");
	run_free(&r);
}

/*
 * The set in a line of /proc/self/status, without the signals that the C
 * library keeps for itself (32 and 33), which nobody can reset.
 */
static uint64_t
signal_bits(const char *status, const char *name)
{
	const char *line;

	line = strstr(status, name);
	assert_non_null(line);
	return strtoull(line + strlen(name), NULL, 16) & ~UINT64_C(0x180000000);
}

static void
clean_state(void **state)
{
	struct sigaction ignore, old;
	sigset_t block, old_mask, now_mask;
	/* not from a shell, which may have cleaned up before us */
	const char *argv[] = { "/bin/grep", "^Sig[BI]", "/proc/self/status",
		NULL };
	struct run r, signals;

	(void)state;
	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &ignore, &old);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &block, &old_mask);
	start(&r, "state.sh", NULL);
	run_program(&signals, argv, "", 0);
	pthread_sigmask(SIG_SETMASK, &old_mask, &now_mask);
	sigaction(SIGPIPE, &old, NULL);
	run_wait(&r, 1);
	assert_output(&r,
	    "umask 0022\ndirectory /\nown group\nown session\nno terminal\n");
	assert_true(signals.output_len < sizeof(signals.output));
	signals.output[signals.output_len] = '\0';
	assert_int_equal(signal_bits(signals.output, "SigBlk:"), 0);
	assert_int_equal(signal_bits(signals.output, "SigIgn:"), 0);
	run_free(&signals);
	assert_true(sigismember(&now_mask, SIGTERM));
	assert_false(sigismember(&now_mask, SIGINT));
	run_free(&r);
}

static void
clean_umask(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "umask", NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.umask = 077,
		.input = "",
		.timeout_ms = 30000 };
	struct run r;
	mode_t mask;

	(void)state;
	run_start(&r, &spec, run_now_ms());
	run_wait(&r, 1);
	assert_output(&r, "0077\n");
	mask = umask(022);
	umask(mask);
	assert_int_not_equal(mask, 077);
	run_free(&r);
}

static void
clean_environment(void **state)
{
	const char *argv[] = { "/usr/bin/env", NULL };
	const char *env[] = { "B=two words", "A=1", "EMPTY=", NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(env),
		.input = "",
		.timeout_ms = 30000 };
	struct run r;

	(void)state;
	run_start(&r, &spec, run_now_ms());
	run_wait(&r, 1);
	assert_output(&r, "B=two words\nA=1\nEMPTY=\n");
	run_free(&r);
}

/* ls itself holds the fourth. */
static void
clean_descriptors(void **state)
{
	static const int leaks[] = { 20, 63, 200 };
	const char *argv[] = { "/bin/ls", "/proc/self/fd", NULL };
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(dup2(STDERR_FILENO, leaks[i]), leaks[i]);
	run_program(&r, argv, "event", 5);
	for (i = 0; i < 3; i++)
		close(leaks[i]);
	assert_output(&r, "0\n1\n2\n3\n");
	run_free(&r);
}

/* A process without standard descriptors gets them for its pipes. */
static void
closed_standard(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "cat; echo; echo err >&2",
		NULL };
	int saved[3], i;
	struct run r;

	(void)state;
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		close(i);
	}
	run_program(&r, argv, "event", 5);
	for (i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(r.exit_code, 0);
	assert_output(&r, "event\nerr\n");
	run_free(&r);
}

/* Returns how many of its runs went wrong. */
static void *
thread_main(void *arg)
{
	const char *argv[] = { "/bin/ls", "/proc/self/fd", NULL };
	static const char expected[] = "0\n1\n2\n3\n";
	size_t *wrong = arg;
	struct run r;
	int i;

	for (i = 0; i < THREAD_RUNS; i++) {
		run_program(&r, argv, "event", 5);
		if (r.end != RUN_EXITED || r.exit_code != 0 ||
		    r.output_len != sizeof(expected) - 1 ||
		    memcmp(r.output, expected, r.output_len) != 0)
			(*wrong)++;
		run_free(&r);
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
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(not_started),
		TEST(not_started_missing),
		TEST(directory),
		TEST(no_descriptors),
		TEST(no_process),
		TEST(input_reread),
		TEST(input_read_only),
		TEST(input_large),
		TEST(input_empty),
		TEST(clean_state),
		TEST(clean_umask),
		TEST(clean_environment),
		TEST(clean_descriptors),
		TEST(closed_standard),
		TEST(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
