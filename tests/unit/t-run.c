/*
 * run: how a program behaves and ends.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_fixture.h"

#include "banned.h"

static void
endings(void **state)
{
	static const struct {
		const char *handler;
		const char *arg;
		enum run_end end;
		int exit_code;
		int term_signal;
		const char *reason;
	} cases[] = {
		{ "exit.sh", "0", RUN_EXITED, 0, 0, "" },
		{ "exit.sh", "3", RUN_EXITED, 3, 0, "exit 3" },
		{ "exit.sh", "100", RUN_EXITED, 100, 0, "exit 100" },
		{ "exit.sh", "255", RUN_EXITED, 255, 0, "exit 255" },
		{ "killed.sh", "KILL", RUN_SIGNALED, -1, SIGKILL,
		    "killed by signal 9 (Killed)" },
		{ "killed.sh", "TERM", RUN_SIGNALED, -1, SIGTERM,
		    "killed by signal 15 (Terminated)" },
		{ "closes.sh", NULL, RUN_EXITED, 7, 0, "exit 7" },
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&r, cases[i].handler, cases[i].arg);
		run_wait(&r, 1);
		assert_true(r.ended);
		assert_int_equal(r.pid, 0);
		assert_int_equal(r.end, cases[i].end);
		assert_int_equal(r.exit_code, cases[i].exit_code);
		assert_int_equal(r.term_signal, cases[i].term_signal);
		assert_string_equal(r.reason, cases[i].reason);
		run_free(&r);
	}
}

static void
deadline_stubborn(void **state)
{
	struct run r;
	int64_t t;
	pid_t pid;

	(void)state;
	start(&r, "stubborn.sh", NULL);
	pid = r.pid;
	t = r.started_ms;
	step_until(&r, t, "ready");
	assert_false(run_step(&r, t + 29999));
	assert_int_equal(r.stopping, 0);
	assert_false(run_step(&r, t + 30000));
	assert_int_equal(r.stopping, 1);
	assert_false(run_step(&r, t + 34999));
	assert_int_equal(r.stopping, 1);
	assert_int_equal(kill(pid, 0), 0);
	run_step(&r, t + 35000);
	step_until(&r, t + 35001, NULL);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_int_equal(r.exit_code, -1);
	assert_int_equal(r.term_signal, SIGKILL);
	assert_string_equal(
	    r.reason, "over its 30 s, and did not end at SIGTERM");
	assert_true(r.duration_ms >= 35000);
	assert_gone_soon(pid);
	run_free(&r);
}

/* Exit 0 does not count once its time is over. */
static void
deadline_polite(void **state)
{
	struct run r;
	int64_t t;

	(void)state;
	start(&r, "polite.sh", NULL);
	t = r.started_ms;
	step_until(&r, t, "ready");
	run_step(&r, t + 30000);
	step_until(&r, t + 30001, NULL);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_int_equal(r.exit_code, -1);
	assert_int_equal(r.term_signal, 0);
	assert_string_equal(r.reason, "over its 30 s");
	assert_non_null(
	    memmem(r.output, r.output_len, "stopping", strlen("stopping")));
	run_free(&r);
}

static void
deadline_stopped(void **state)
{
	struct run r;
	int64_t t;

	(void)state;
	start(&r, "stopped.sh", NULL);
	t = r.started_ms;
	step_until(&r, t, "ready");
	run_step(&r, t + 30000);
	step_until(&r, t + 30001, NULL);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_int_equal(r.term_signal, SIGTERM);
	run_free(&r);
}

/* The real clock, and one that never stops writing. */
static void
deadline_flood(void **state)
{
	const char *argv[] = { handler("flood-endless.sh"), NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(test_env),
		.input = "",
		.timeout_ms = 150,
		.grace_ms = 50 };
	struct run r;
	pid_t pid;

	(void)state;
	run_start(&r, &spec, run_now_ms());
	pid = r.pid;
	run_wait(&r, 1);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_true(strncmp(r.reason, "over its 150 ms", 15) == 0);
	assert_true(r.duration_ms >= 150);
	assert_true(r.duration_ms < PATIENCE_MS);
	assert_gone_soon(pid);
	run_free(&r);
}

static void
stop(void **state)
{
	static const char *const names[] = { "polite.sh", "stubborn.sh" };
	struct run r;
	size_t i;
	int64_t t;

	(void)state;
	for (i = 0; i < 2; i++) {
		start(&r, names[i], NULL);
		t = r.started_ms;
		step_until(&r, t, "ready");
		run_stop(&r, t + 100);
		run_stop(&r, t + 4000); /* changes nothing */
		assert_int_equal(r.deadline_ms, t + 5100);
		run_step(&r, t + 5100);
		step_until(&r, t + 5100, NULL);
		assert_int_equal(r.end, RUN_SIGNALED);
		assert_int_equal(r.exit_code, -1);
		assert_string_equal(r.reason, "stopped ahead of its end");
		run_free(&r);
	}
}

/* Ends with the program, whoever holds its output, and takes them along. */
static void
descendants(void **state)
{
	static const char *const names[] = { "background.sh",
		"double-fork.sh" };
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		start(&r, names[i], NULL);
		run_wait(&r, 1);
		assert_int_equal(r.end, RUN_EXITED);
		assert_int_equal(r.exit_code, 0);
		assert_true(r.duration_ms < PATIENCE_MS);
		assert_gone_soon(said_pid(&r));
		run_free(&r);
	}
}

/* Without run_adopt who leaves the group stays. Nobody waits. */
static void
escaped(void **state)
{
	struct run r;
	pid_t pid;

	(void)state;
	start(&r, "escape.sh", NULL);
	run_wait(&r, 1);
	assert_int_equal(r.end, RUN_EXITED);
	assert_int_equal(r.exit_code, 0);
	assert_true(r.duration_ms < PATIENCE_MS);
	pid = said_pid(&r);
	assert_false(is_gone(pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_gone_soon(pid);
	run_free(&r);
}

/* The last bytes of what flood.sh writes. */
static void
flood_tail(long n, char tail[DELIVERY_OUTPUT_MAX + 1])
{
	char all[DELIVERY_OUTPUT_MAX * 3];
	size_t len = 0;
	long i;

	for (i = n > 1200 ? n - 1200 : 1; i <= n; i++)
		len +=
		    (size_t)snprintf(all + len, sizeof(all) - len, "%ld\n", i);
	len += (size_t)snprintf(all + len, sizeof(all) - len, "the end\n");
	assert_true(len < sizeof(all));
	if (len <= DELIVERY_OUTPUT_MAX)
		memcpy(tail, all, len + 1);
	else
		memcpy(tail, all + len - DELIVERY_OUTPUT_MAX,
		    DELIVERY_OUTPUT_MAX + 1);
}

static void
output_tail(void **state)
{
	static const char *const counts[] = { "1", "500", "1000", "1042",
		"1043", "2500", "5000", "750000" };
	char tail[DELIVERY_OUTPUT_MAX + 1];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		start(&r, "flood.sh", counts[i]);
		run_wait(&r, 1);
		assert_int_equal(r.exit_code, 0);
		flood_tail(strtol(counts[i], NULL, 10), tail);
		assert_output(&r, tail);
		run_free(&r);
	}
}

/* What the program left in a large pipe is read after its end. */
static void
output_left(void **state)
{
	char tail[DELIVERY_OUTPUT_MAX + 1];
	struct run r;
	siginfo_t si;

	(void)state;
	start(&r, "flood.sh", "60000");
	assert_true(fcntl(r.output_fd, F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
	assert_int_equal(waitid(P_PID, (id_t)r.pid, &si, WEXITED | WNOWAIT), 0);
	assert_true(run_step(&r, run_now_ms()));
	flood_tail(60000, tail);
	assert_output(&r, tail);
	run_free(&r);
}

/* One byte more than is kept, in two parts. */
static void
output_one_more(void **state)
{
	const char *argv[] = { "/bin/sh", "-c",
		"printf %04095d 7; sleep 0.2; printf ab", NULL };
	struct run r;

	(void)state;
	run_program(&r, argv, "", 0);
	assert_int_equal(r.output_len, DELIVERY_OUTPUT_MAX);
	assert_memory_equal(r.output + DELIVERY_OUTPUT_MAX - 4, "07ab", 4);
	run_free(&r);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* A signal every millisecond changes nothing. */
static void
interrupted(void **state)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval off = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa;
	struct run r;
	int i;

	(void)state;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_alarm; /* and no SA_RESTART */
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 30; i++) {
		start(&r, "exit.sh", "3");
		run_wait(&r, 1);
		if (r.end != RUN_EXITED || r.exit_code != 3)
			break;
		run_free(&r);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	signal(SIGALRM, SIG_IGN); /* one may be under way still */
	assert_int_equal(i, 30);
}

/* The system keeps no status then; it must not pass for a success. */
static void
sigchld_ignored(void **state)
{
	struct run r;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	start(&r, "exit.sh", "0");
	run_wait(&r, 1);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(r.end, RUN_EXITED);
	assert_int_equal(r.exit_code, -1);
	assert_non_null(strstr(r.reason, "SIGCHLD"));
	run_free(&r);
}

static void
without_pidfd(void **state)
{
	struct pollfd fds[2];
	struct run r;
	int ms = -1;

	(void)state;
	start(&r, "closes.sh", NULL);
	if (r.pidfd != -1)
		close(r.pidfd);
	r.pidfd = -1;
	assert_int_equal(run_poll(&r, fds, r.started_ms, &ms), 1);
	assert_in_range(ms, 1, 50);
	run_wait(&r, 1);
	assert_int_equal(r.exit_code, 7);
	run_free(&r);
}

static void
poll_times(void **state)
{
	struct pollfd fds[2];
	struct run r;
	int ms = -1;

	(void)state;
	start(&r, "polite.sh", NULL);
	if (r.pidfd != -1) {
		assert_int_equal(run_poll(&r, fds, r.started_ms, &ms), 2);
		assert_int_equal(ms, 30000);
		ms = 70;
		run_poll(&r, fds, r.started_ms, &ms);
		assert_int_equal(ms, 70);
	}
	ms = -1;
	run_poll(&r, fds, r.started_ms + 40000, &ms);
	assert_int_equal(ms, 0);
	run_free(&r);
	ms = -1;
	/* ended: run_step says so at once */
	assert_int_equal(run_poll(&r, fds, 0, &ms), 0);
	assert_int_equal(ms, 0);
}

static void
free_running(void **state)
{
	struct run r;
	pid_t pid;

	(void)state;
	start(&r, "stubborn.sh", NULL);
	pid = r.pid;
	step_until(&r, r.started_ms, "ready");
	run_free(&r);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_gone_soon(pid);
	run_free(&r);
}

static void
several(void **state)
{
	struct run r[3];
	size_t i;

	(void)state;
	start(&r[0], "closes.sh", NULL);
	start(&r[1], "exit.sh", "3");
	start(&r[2], "flood.sh", "100000");
	run_wait(r, 3);
	assert_int_equal(r[0].exit_code, 7);
	assert_int_equal(r[1].exit_code, 3);
	assert_int_equal(r[2].exit_code, 0);
	for (i = 0; i < 3; i++)
		run_free(&r[i]);
}

static void
refuse(void **state)
{
	struct run r;

	(void)state;
	run_refuse(&r, 17, "no %s", "body");
	assert_true(run_step(&r, 17));
	assert_int_equal(r.end, RUN_NOT_STARTED);
	assert_string_equal(r.reason, "no body");
	run_wait(&r, 1);
	run_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(endings),
		TEST(deadline_stubborn),
		TEST(deadline_polite),
		TEST(deadline_stopped),
		TEST(deadline_flood),
		TEST(stop),
		TEST(descendants),
		TEST(escaped),
		TEST(output_tail),
		TEST(output_left),
		TEST(output_one_more),
		TEST(interrupted),
		TEST(sigchld_ignored),
		TEST(without_pidfd),
		TEST(poll_times),
		TEST(free_running),
		TEST(several),
		TEST(refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
