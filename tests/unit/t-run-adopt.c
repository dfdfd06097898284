/*
 * run: descendants that leave their group, and what a killed process leaves.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_fixture.h"
#include "run_proc.h"

#include "banned.h"

/* Of this execution alone: another may have left something behind. */
static const char *
place(void)
{
	static _Thread_local char text[32];

	snprintf(text, sizeof(text), "t-run-adopt-%ld", (long)getpid());
	return text;
}

static int
setup_adopt(void **state)
{
	run_adopt();
	return setup(state);
}

/* With init, or whoever does it here, adopting again. */
static int
setup_orphan(void **state)
{
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	return setup(state);
}

static void
start_marked(struct run *r, const char *name, const char *arg, uint64_t number)
{
	char mark[RUN_MARK_SIZE];
	const char *env[] = { test_env[0], mark, NULL };

	run_mark(mark, place(), number);
	start_env(r, name, arg, env);
	r->mark = number;
}

/* The stray of a handler that goes on. */
static pid_t
start_stray(struct run *r, const char *how, uint64_t number)
{
	char *end;
	long pid;

	start_marked(r, "stray.sh", how, number);
	step_until(r, r->started_ms, "ready");
	r->output[r->output_len - 1] = '\0';
	pid = strtol(r->output, &end, 10);
	assert_true(pid > 1 && *end == '\n');
	assert_false(is_gone((pid_t)pid));
	return (pid_t)pid;
}

/* Until none is left. */
static size_t
sweep_all(const struct run *const *live, size_t n)
{
	int64_t patience = run_now_ms() + PATIENCE_MS;
	size_t killed, all = 0;

	while ((killed = run_sweep(live, n)) > 0) {
		all += killed;
		assert_true(run_now_ms() < patience);
	}
	return all;
}

/* Spared as long as its run goes on, gone when it has ended. */
static void
session_of_its_own(void **state)
{
	struct run r, other;
	const struct run *live[] = { &other, &r };
	pid_t pid;

	(void)state;
	start_marked(&other, "polite.sh", NULL, 2);
	pid = start_stray(&r, "setsid", 1);
	assert_int_equal(run_sweep(live, 2), 0);
	assert_false(is_gone(pid));
	run_stop(&r, run_now_ms());
	run_wait(&r, 1);
	assert_false(is_gone(pid));
	assert_int_equal(run_sweep(live, 1), 1);
	assert_true(is_gone(pid));
	assert_int_equal(other.ended, false);
	assert_int_equal(kill(other.pid, 0), 0);
	run_free(&r);
	run_free(&other);
	sweep_all(NULL, 0);
}

/* No mark, and another session: it belongs to nobody. */
static void
environment_cleared(void **state)
{
	struct run r;
	const struct run *live[] = { &r };
	pid_t pid;

	(void)state;
	pid = start_stray(&r, "setsid env -i", 1);
	assert_int_equal(run_sweep(live, 1), 1);
	assert_true(is_gone(pid));
	assert_false(run_step(&r, r.started_ms));
	run_free(&r);
}

/* No mark, but still in its session; gone with its group. */
static void
environment_cleared_session(void **state)
{
	struct run r;
	const struct run *live[] = { &r };
	pid_t pid;

	(void)state;
	pid = start_stray(&r, "env -i", 1);
	assert_int_equal(run_sweep(live, 1), 0);
	assert_false(is_gone(pid));
	run_stop(&r, run_now_ms());
	run_wait(&r, 1);
	sweep_all(NULL, 0);
	assert_true(is_gone(pid));
	run_free(&r);
}

/* A mark of another place or process, or made up, is none. */
static void
mark_forged(void **state)
{
	static const char *const forms[] = { "setsid env STRIPEHOOK_RUN=x",
		"setsid env STRIPEHOOK_RUN=x:1:1:1:1" };
	struct run r;
	const struct run *live[] = { &r };
	pid_t pid;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pid = start_stray(&r, forms[i], 1);
		assert_int_equal(run_sweep(live, 1), 1);
		assert_true(is_gone(pid));
		run_free(&r);
	}
}

/* A run without a mark spares nobody. */
static void
mark_none(void **state)
{
	struct run r;
	const struct run *live[] = { &r };
	pid_t pid;

	(void)state;
	start(&r, "stray.sh", "setsid");
	step_until(&r, r.started_ms, "ready");
	pid = (pid_t)strtol(r.output, NULL, 10);
	assert_int_equal(run_sweep(live, 1), 1);
	assert_true(is_gone(pid));
	run_free(&r);
}

/* 200 of one session, and 200 that each have their own. */
static void
bombs(void **state)
{
	static const char *const forms[] = { "", "setsid" };
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		start_marked(&r, "bomb.sh", forms[i], 1);
		run_wait(&r, 1);
		assert_int_equal(r.exit_code, 0);
		assert_true(sweep_all(NULL, 0) > 0);
		assert_true(is_gone(said_pid(&r)));
		run_free(&r);
	}
}

/* It is somebody else each time that one looks. */
static void
hopping(void **state)
{
	struct run r;

	(void)state;
	start_marked(&r, "hop.sh", "200", 1);
	run_wait(&r, 1);
	assert_int_equal(r.exit_code, 0);
	assert_true(sweep_all(NULL, 0) > 0);
	run_free(&r);
}

/* The program of a run is run_step's, however dead it is. */
static void
program_dead(void **state)
{
	struct run r;
	const struct run *live[] = { &r };
	siginfo_t si;

	(void)state;
	start_marked(&r, "exit.sh", "3", 1);
	assert_int_equal(waitid(P_PID, (id_t)r.pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(run_sweep(live, 1), 0);
	run_wait(&r, 1);
	assert_int_equal(r.exit_code, 3);
	run_free(&r);
}

/* Many that are executed all the time: none of a live run may be hit. */
static void
busy_executing(void **state)
{
	struct run r;
	const struct run *live[] = { &r };
	int64_t until;

	(void)state;
	start_marked(&r, "hop.sh", "200", 1);
	/* its program ends, but we do not look */
	until = run_now_ms() + 700;
	while (run_now_ms() < until)
		assert_int_equal(run_sweep(live, 1), 0);
	run_wait(&r, 1);
	assert_true(sweep_all(NULL, 0) > 0);
	run_free(&r);
}

/* Plays a process that is to be killed: says two pids, and waits. */
static _Noreturn void
play_worker(int fd, const char *where, bool bound)
{
	char mark[RUN_MARK_SIZE];
	const char *env[] = { test_env[0], mark, NULL };
	const char *argv[] = { handler("stray.sh"), "setsid", NULL };
	struct run_spec spec = { .argv = words(argv),
		.envp = words(env),
		.input = "",
		.timeout_ms = 300000,
		.bound = bound };
	struct run r;
	pid_t pids[2];

	/* whatever becomes of the test */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	alarm(PATIENCE_MS / 1000 * 2);
	run_mark(mark, where, 7);
	run_start(&r, &spec, run_now_ms());
	step_until(&r, r.started_ms, "ready");
	pids[0] = r.pid;
	pids[1] = (pid_t)strtol(r.output, NULL, 10);
	if (write(fd, pids, sizeof(pids)) == -1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t
start_worker(pid_t pids[2], bool bound)
{
	const char *where = place();
	pid_t worker;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	worker = fork();
	if (worker == 0) {
		close(fds[0]);
		play_worker(fds[1], where, bound);
	}
	close(fds[1]);
	assert_int_equal(
	    read(fds[0], pids, 2 * sizeof(*pids)), 2 * sizeof(*pids));
	close(fds[0]);
	return worker;
}

static void
leftovers(void **state)
{
	pid_t worker, pids[2];

	(void)state;
	worker = start_worker(pids, false);
	/* it is alive: they are its own matter */
	assert_int_equal(run_leftovers(place(), 5000), 0);
	assert_false(is_gone(pids[0]) || is_gone(pids[1]));
	assert_int_equal(kill(worker, SIGKILL), 0);
	while (!is_gone(worker))
		poll(NULL, 0, 1);
	/* dead, though not reaped; but not ours */
	assert_int_equal(run_leftovers("t-run-adopt", 5000), 0);
	assert_int_equal(run_leftovers("", 5000), 0);
	assert_false(is_gone(pids[0]) || is_gone(pids[1]));
	assert_true(run_leftovers(place(), PATIENCE_MS) >= 2);
	assert_true(is_gone(pids[0]) && is_gone(pids[1]));
	assert_int_equal(waitpid(worker, NULL, 0), worker);
	assert_int_equal(run_leftovers(place(), 5000), 0);
}

/* What is bound dies with it; what descends from that does not. */
static void
bound(void **state)
{
	pid_t worker, pids[2];

	(void)state;
	worker = start_worker(pids, true);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_int_equal(waitpid(worker, NULL, 0), worker);
	assert_gone_soon(pids[0]);
	assert_false(is_gone(pids[1]));
	assert_int_equal(run_leftovers(place(), PATIENCE_MS), 1);
	assert_true(is_gone(pids[1]));
}

/* The pid that a mark names has passed to another: start says so. */
static void
leftovers_recycled(void **state)
{
	char mark[RUN_MARK_SIZE];
	const char *env[] = { test_env[0], mark, NULL };
	struct run_tag own;
	struct run r, other;

	(void)state;
	run_tag_own(&own);
	assert_true(own.start > 0 && own.space > 0);
	snprintf(mark, sizeof(mark),
	    "STRIPEHOOK_RUN=%s:%" PRIu64 ":%ld:%" PRIu64 ":1", place(),
	    own.space, (long)own.pid, own.start - 1);
	start_env(&r, "polite.sh", NULL, env);
	/* of another name space: it may well be alive there */
	snprintf(mark, sizeof(mark),
	    "STRIPEHOOK_RUN=%s:%" PRIu64 ":%ld:%" PRIu64 ":1", place(),
	    own.space + 1, (long)own.pid, own.start - 1);
	start_env(&other, "polite.sh", NULL, env);
	step_until(&r, r.started_ms, "ready");
	step_until(&other, other.started_ms, "ready");
	assert_true(run_leftovers(place(), PATIENCE_MS) >= 1);
	run_wait(&r, 1);
	assert_int_equal(r.term_signal, SIGKILL);
	assert_false(run_step(&other, other.started_ms));
	run_free(&other);
	run_free(&r);
}

static void
mark_form(void **state)
{
	char mark[RUN_MARK_SIZE], wide[300];
	struct run_tag tag, own;

	(void)state;
	run_mark(mark, "place", UINT64_MAX);
	assert_int_equal(strncmp(mark, "STRIPEHOOK_RUN=", 15), 0);
	assert_true(run_tag_parse(&tag, mark + 15));
	run_tag_own(&own);
	assert_string_equal(tag.place, "place");
	assert_int_equal(tag.pid, getpid());
	assert_true(tag.start == own.start && tag.space == own.space);
	assert_true(tag.number == UINT64_MAX);
	memset(wide, 'p', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	run_mark(mark, wide, UINT64_MAX);
	assert_true(run_tag_parse(&tag, mark + 15));
	assert_int_equal(strlen(tag.place), RUN_PLACE_MAX);
}

static void
mark_parse(void **state)
{
	static const char *const bad[] = { "", "p", "p:", "p:1", "p:1:2:3",
		"p:1:2:3:", "p:1:2:3:4:", "p:1:2:3:4:5", "p:1:2:3:4 ",
		"p:1:0:3:4", "p:1:-2:3:4", "p: 1:2:3:4", "p:1:2147483648:3:4",
		"p:1:2:3:18446744073709551616", "p:x:2:3:4" };
	struct run_tag tag;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(run_tag_parse(&tag, bad[i]));
	assert_true(run_tag_parse(&tag, "p:1:2:3:4"));
	assert_true(tag.space == 1 && tag.pid == 2 && tag.start == 3 &&
	    tag.number == 4);
}

static bool
holds(const struct run_pids *pids, pid_t pid)
{
	size_t i;

	for (i = 0; i < pids->n; i++)
		if (pids->list[i] == pid)
			return true;
	return false;
}

/* Both ways to find them: from the kernel's list, and without one. */
static void
children(void **state)
{
	struct run_fixture *f = *state;
	char folder[80], file[100];
	struct run_pids pids;
	struct run r;
	FILE *list;

	start(&r, "polite.sh", NULL);
	run_pids_children(&pids, "/proc/self/task");
	assert_true(holds(&pids, r.pid));
	run_pids_free(&pids);
	run_pids_children(&pids, f->dir);
	assert_true(holds(&pids, r.pid));
	run_pids_free(&pids);
	snprintf(folder, sizeof(folder), "%s/17", f->dir);
	snprintf(file, sizeof(file), "%s/children", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	list = fopen(file, "we");
	assert_non_null(list);
	fputs("12 3456 7 ", list);
	fclose(list);
	run_pids_children(&pids, f->dir);
	assert_int_equal(pids.n, 3);
	assert_true(holds(&pids, 12) && holds(&pids, 3456) && holds(&pids, 7));
	run_pids_free(&pids);
	unlink(file);
	rmdir(folder);
	run_pids_all(&pids);
	assert_true(holds(&pids, getpid()) && holds(&pids, r.pid));
	run_pids_free(&pids);
	run_free(&r);
	sweep_all(NULL, 0); /* what its sleep was adopted as */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_adopt, teardown)
#define TEST_ORPHAN(f) \
	cmocka_unit_test_setup_teardown(f, setup_orphan, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(session_of_its_own),
		TEST(environment_cleared),
		TEST(environment_cleared_session),
		TEST(mark_forged),
		TEST(mark_none),
		TEST(bombs),
		TEST(hopping),
		TEST(program_dead),
		TEST(busy_executing),
		TEST_ORPHAN(leftovers),
		TEST_ORPHAN(bound),
		TEST_ORPHAN(leftovers_recycled),
		TEST(mark_form),
		TEST(mark_parse),
		TEST(children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
