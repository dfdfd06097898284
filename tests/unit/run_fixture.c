/*
 * What the tests of run share.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run_fixture.h"

#include "banned.h"

const char *const test_env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };

static int
count_fds(void)
{
	DIR *d;
	int n = 0;

	d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

int
setup(void **state)
{
	struct run_fixture *f;

	f = mem_alloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/t-run-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	f->fds = count_fds();
	*state = f;
	return 0;
}

int
teardown(void **state)
{
	struct run_fixture *f = *state;
	siginfo_t si;
	struct dirent *d;
	DIR *dir;

	assert_int_equal(count_fds(), f->fds);
	assert_int_equal(
	    waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT), -1);
	assert_int_equal(errno, ECHILD);
	dir = opendir(f->dir);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

const char *
handler(const char *name)
{
	static _Thread_local char path[PATH_MAX];
	const char *srcdir;
	char *full;

	srcdir = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/tests/handlers/%s",
	    srcdir == NULL ? "." : srcdir, name);
	full = realpath(path, NULL);
	assert_non_null(full);
	snprintf(path, sizeof(path), "%s", full);
	free(full);
	return path;
}

char *const *
words(const char *const *w)
{
	return (char *const *)(uintptr_t)w;
}

void
start(struct run *r, const char *name, const char *arg)
{
	start_env(r, name, arg, test_env);
}

void
start_env(
    struct run *r, const char *name, const char *arg, const char *const *env)
{
	const char *argv[] = { handler(name), arg, NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(env),
		.umask = 022,
		.input = "event",
		.input_len = 5,
		.timeout_ms = 30000,
		.grace_ms = 5000 };

	run_start(r, &spec, run_now_ms());
}

void
run_program(
    struct run *r, const char *const *argv, const void *input, size_t len)
{
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.umask = 022,
		.input = input,
		.input_len = len,
		.timeout_ms = 30000,
		.grace_ms = 5000 };

	run_start(r, &spec, run_now_ms());
	run_wait(r, 1);
}

void
assert_output(const struct run *r, const char *expected)
{
	char got[DELIVERY_OUTPUT_MAX + 1];

	memcpy(got, r->output, r->output_len);
	got[r->output_len] = '\0';
	assert_string_equal(got, expected);
}

void
step_until(struct run *r, int64_t now_ms, const char *said)
{
	int64_t patience = run_now_ms() + PATIENCE_MS;
	struct pollfd fds[2];
	size_t n;
	int ms;

	while (!run_step(r, now_ms)) {
		if (said != NULL &&
		    memmem(r->output, r->output_len, said, strlen(said)) !=
			NULL)
			return;
		assert_true(run_now_ms() < patience);
		ms = 100;
		n = run_poll(r, fds, now_ms, &ms);
		poll(fds, (nfds_t)n, ms > 0 ? ms : 1);
	}
	assert_null(said);
}

bool
is_gone(pid_t pid)
{
	char path[64], line[256];
	const char *state = NULL;
	FILE *f;

	if (kill(pid, 0) == -1 && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return true;
	if (fgets(line, sizeof(line), f) != NULL)
		state = strrchr(line, ')');
	fclose(f);
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

void
assert_gone_soon(pid_t pid)
{
	int64_t patience = run_now_ms() + PATIENCE_MS;

	assert_true(pid > 1);
	while (!is_gone(pid)) {
		assert_true(run_now_ms() < patience);
		poll(NULL, 0, 5);
	}
}

pid_t
said_pid(struct run *r)
{
	long pid;

	assert_true(r->output_len > 0);
	r->output[r->output_len - 1] = '\0';
	pid = strtol(r->output, NULL, 10);
	assert_true(pid > 1);
	return (pid_t)pid;
}
