/*
 * run: limits, and other users.
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
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run_fixture.h"

#include "banned.h"

#define MIB ((int64_t)1 << 20)

static void
start_limited(struct run *r, const char *name, const struct run_limits *limits)
{
	const char *argv[] = { handler(name), NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.umask = 022,
		.input = "event",
		.input_len = 5,
		.timeout_ms = 30000,
		.grace_ms = 5000,
		.limits = *limits };

	run_start(r, &spec, run_now_ms());
	run_wait(r, 1);
}

static void
assert_refused(const struct run *r, const char *words)
{
	assert_true(r->ended);
	assert_int_equal(r->end, RUN_NOT_STARTED);
	assert_non_null(strstr(r->reason, words));
}

/* Each limit where it belongs, soft and hard. */
static void
limits_set(void **state)
{
	struct run_limits limits = {
		.nice = 3, .memory = 200 * MIB, .open_files = 40, .core = 0
	};
	char expected[256];
	struct run r;
	int own;

	(void)state;
	own = getpriority(PRIO_PROCESS, 0);
	start_limited(&r, "limits.sh", &limits);
	assert_int_equal(r.exit_code, 0);
	/* the shell counts in KiB */
	snprintf(expected, sizeof(expected),
	    "nice %d\nmemory 204800 204800\nfiles 40 40\ncore 0 0\n",
	    own + 3 > 19 ? 19 : own + 3);
	assert_output(&r, expected);
	run_free(&r);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), own);
}

/* Without any all stays, but for the core. */
static void
limits_none(void **state)
{
	struct run_limits none = { 0 };
	struct rlimit core, old, files;
	char expected[256];
	struct run r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CORE, &old), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	core = old;
	core.rlim_cur = core.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_CORE, &core), 0);
	start_limited(&r, "limits.sh", &none);
	assert_int_equal(setrlimit(RLIMIT_CORE, &old), 0);
	snprintf(expected, sizeof(expected), "files %llu %llu\ncore 0 0\n",
	    (unsigned long long)files.rlim_cur,
	    (unsigned long long)files.rlim_max);
	assert_true(r.output_len < sizeof(r.output));
	r.output[r.output_len] = '\0';
	assert_non_null(strstr(r.output, expected));
	run_free(&r);
}

/* Not killed: it sees that there is no more, and can say so. */
static void
limits_memory(void **state)
{
	struct run_limits limits = { .memory = 60 * MIB };
	struct run r;

	(void)state;
	start_limited(&r, "hungry.sh", &limits);
	assert_int_equal(r.end, RUN_EXITED);
	assert_int_not_equal(r.exit_code, 0);
	assert_non_null(memmem(r.output, r.output_len, "hungry", 6));
	run_free(&r);
}

/* Too little to be executed at all: never a success. */
static void
limits_memory_tiny(void **state)
{
	struct run_limits limits = { .memory = 4096 };
	struct run r;

	(void)state;
	start_limited(&r, "exit.sh", &limits);
	assert_true(r.end == RUN_NOT_STARTED || r.end == RUN_SIGNALED ||
	    r.exit_code != 0);
	assert_string_not_equal(r.reason, "");
	run_free(&r);
}

/* More than anybody may have: a reason, and nothing was executed. */
static void
limits_refused(void **state)
{
	struct run_limits limits = { .open_files = INT64_MAX };
	struct run r;

	(void)state;
	start_limited(&r, "exit.sh", &limits);
	assert_refused(&r, "cannot limit the open files");
	assert_non_null(strstr(r.reason, "Operation not permitted"));
	run_free(&r);
}

static void
user_unknown(void **state)
{
	struct run_limits limits = { .user = "no-such-user" };
	struct run r;

	(void)state;
	if (geteuid() != 0)
		skip();
	start_limited(&r, "exit.sh", &limits);
	assert_refused(&r, "exit.sh: there is no user no-such-user");
	run_free(&r);
}

/* Runs in a process of its own, for it does not get its rights back. */
static int
not_root_child(void)
{
	struct run_limits limits = { .user = "nobody" };
	struct run r;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return 2;
	start_limited(&r, "exit.sh", &limits);
	if (!r.ended || r.end != RUN_NOT_STARTED)
		return 3;
	return strstr(r.reason,
		   "only root may execute it as the user nobody") == NULL;
}

static void
user_not_root(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(not_root_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Nothing of root is left, nor of root's groups. */
static void
user_changed(void **state)
{
	static const gid_t more[] = { 0, 4, 27 };
	struct run_limits limits = { .user = "nobody", .nice = 1 };
	gid_t old[256];
	char expected[256];
	struct passwd *pw;
	struct run r;
	int n;

	(void)state;
	pw = getpwnam("nobody");
	if (geteuid() != 0 || pw == NULL)
		skip();
	n = getgroups(256, old);
	assert_true(n >= 0);
	assert_int_equal(setgroups(3, more), 0);
	start_limited(&r, "user.sh", &limits);
	assert_int_equal(setgroups((size_t)n, old), 0);
	snprintf(expected, sizeof(expected),
	    "user %u %u\ngroup %u %u\ngroups %u\nevent\nerr\n", pw->pw_uid,
	    pw->pw_uid, pw->pw_gid, pw->pw_gid, pw->pw_gid);
	assert_output(&r, expected);
	assert_int_equal(r.exit_code, 0);
	run_free(&r);
	assert_int_equal(geteuid(), 0);
}

/* It can be stopped, and is bound, all the same. */
static void
user_stopped(void **state)
{
	const char *argv[] = { handler("stubborn.sh"), NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.input = "",
		.timeout_ms = 30000,
		.grace_ms = 10,
		.limits = { .user = "nobody" },
		.bound = true };
	struct run r;
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || getpwnam("nobody") == NULL)
		skip();
	run_start(&r, &spec, run_now_ms());
	pid = r.pid;
	step_until(&r, r.started_ms, "ready");
	run_stop(&r, run_now_ms());
	run_wait(&r, 1);
	assert_int_equal(r.end, RUN_SIGNALED);
	assert_int_equal(r.term_signal, SIGKILL);
	assert_gone_soon(pid);
	run_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(limits_set),
		TEST(limits_none),
		TEST(limits_memory),
		TEST(limits_memory_tiny),
		TEST(limits_refused),
		TEST(user_unknown),
		TEST(user_not_root),
		TEST(user_changed),
		TEST(user_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
