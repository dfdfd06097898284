/*
 * deliver: all inline deliveries of one event, on a store that does as it is
 * told.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver.h"
#include "fake_store.h"
#include "mem.h"

#include "banned.h"

#define BODY \
	"{\"id\":\"evt_1\",\"object\":\"event\",\"created\":1700000000," \
	"\"type\":\"invoice.paid\",\"data\":{\"object\":{\"id\":\"in_1\"}}}"

#define TOLD_MAX 16

/* What the callback was told. */
struct told {
	size_t n;
	struct {
		char handler[DELIVERY_NAME_SIZE];
		enum delivery_state state;
		enum result finished;
	} each[TOLD_MAX];
};

/* Up to FAKE_MAX handlers, each a line of shell, and the store. */
struct scene {
	struct store store;
	struct conf_handler handlers[FAKE_MAX];
	const struct conf_handler *wanted[FAKE_MAX];
	const char *commands[FAKE_MAX][4];
	size_t n;
	struct told told;
	struct deliver_tally tally;
	struct err e;
};

static int
setup(void **state)
{
	struct scene *s;

	s = mem_alloc(1, sizeof(*s));
	fake_store_init(&s->store);
	s->store.body = BODY;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	siginfo_t si;

	assert_int_equal(
	    waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT), -1);
	assert_int_equal(errno, ECHILD);
	free(*state);
	return 0;
}

/* A handler that wants the event; the store knows nothing of it yet. */
static void
add_handler(struct scene *s, const char *name, const char *script)
{
	struct conf_handler *h = &s->handlers[s->n];

	mem_copy(h->name, sizeof(h->name), name);
	s->commands[s->n][0] = "/bin/sh";
	s->commands[s->n][1] = "-c";
	s->commands[s->n][2] = script;
	h->command = (char **)(uintptr_t)s->commands[s->n];
	h->run = CONF_RUN_INLINE;
	h->timeout = 30;
	h->grace = 5;
	h->attempts = 3;
	h->backoff = 10;
	h->backoff_max = 60;
	h->umask = 022;
	s->wanted[s->n++] = h;
}

static struct fake_delivery *
add(struct scene *s, const char *name, const char *script,
    enum delivery_state is)
{
	add_handler(s, name, script);
	return fake_store_add(&s->store, name, is);
}

static void
note(const struct deliver_job *job, const struct store_finish *f,
    enum result finished, void *arg)
{
	struct told *told = arg;

	assert_true(told->n < TOLD_MAX);
	assert_true(job->run.ended);
	mem_copy(told->each[told->n].handler,
	    sizeof(told->each[told->n].handler), job->handler->name);
	told->each[told->n].state = f->state;
	told->each[told->n].finished = finished;
	told->n++;
}

static enum result
deliver(struct scene *s)
{
	s->told.n = 0;
	return deliver_inline(&s->store, s->wanted, s->n, "shop", "evt_1",
	    &s->tally, note, &s->told, &s->e);
}

static void
assert_tally(
    const struct scene *s, size_t succeeded, size_t failed, size_t busy)
{
	assert_int_equal(s->tally.succeeded, succeeded);
	assert_int_equal(s->tally.failed, failed);
	assert_int_equal(s->tally.busy, busy);
}

static void
all_succeed(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "one", "cat >/dev/null", DELIVERY_PENDING);
	add(s, "two", "exit 0", DELIVERY_PENDING);
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 2, 0, 0);
	assert_int_equal(s->told.n, 2);
	assert_int_equal(d->finishes, 1);
	assert_int_equal(d->state, DELIVERY_SUCCEEDED);
	assert_int_equal(d->lease_ms, deliver_lease_ms(&s->handlers[0]));
	assert_int_equal(s->store.shows, 0);

	/* the event once more: nothing is executed again */
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 2, 0, 0);
	assert_int_equal(s->told.n, 0);
	assert_int_equal(d->attempts, 1);
}

static void
nobody_listens(void **state)
{
	struct scene *s = *state;

	add(s, "one", "exit 1", DELIVERY_PENDING);
	assert_int_equal(deliver_inline(&s->store, s->wanted, 1, "shop",
			     "evt_1", &s->tally, NULL, NULL, NULL),
	    RES_OK);
	assert_tally(s, 0, 1, 0);
}

static void
some_fail(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *later, *never;

	add(s, "good", "exit 0", DELIVERY_PENDING);
	later = add(s, "later", "echo oops; exit 3", DELIVERY_PENDING);
	never = add(s, "never", "exit 100", DELIVERY_PENDING);
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 2, 0);
	assert_int_equal(s->told.n, 3);
	assert_int_equal(later->state, DELIVERY_PENDING);
	assert_in_range(later->last.delay_ms, 5000, 10000);
	assert_string_equal(later->last.attempt.reason, "exit 3");
	assert_int_equal(later->last.attempt.output_len, 5);
	assert_int_equal(never->state, DELIVERY_FAILED);

	/* the repeat runs what may run again, and only that */
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 2, 0);
	assert_int_equal(s->told.n, 1);
	assert_string_equal(s->told.each[0].handler, "later");
	assert_int_equal(later->attempts, 2);

	/* the third attempt is the last */
	assert_int_equal(deliver(s), RES_OK);
	assert_int_equal(later->state, DELIVERY_FAILED);
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 2, 0);
	assert_int_equal(s->told.n, 0);
}

static void
looked_up(void **state)
{
	struct scene *s = *state;

	add(s, "done", "exit 1", DELIVERY_SUCCEEDED);
	add(s, "parked", "exit 1", DELIVERY_FAILED);
	add(s, "elsewhere", "exit 1", DELIVERY_RUNNING);
	add(s, "waits", "exit 1", DELIVERY_PENDING)->lane_busy = true;
	add(s, "runs", "exit 0", DELIVERY_PENDING);
	/* configured after the event came; and one that is not inline */
	add_handler(s, "newer", "exit 1");
	fake_store_add(&s->store, "queued", DELIVERY_FAILED);
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 2, 1, 2);
	assert_int_equal(s->told.n, 1);
	assert_true(s->store.shows > 1);
}

/* A lane that comes free in time is waited for; a failure is not repeated. */
static void
lane_is_awaited(void **state)
{
	struct scene *s = *state;

	add(s, "fails", "exit 1", DELIVERY_PENDING);
	add(s, "waits", "exit 0", DELIVERY_PENDING)->lane_busy_for = 3;
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 1, 0);
	assert_int_equal(s->told.n, 2);
	assert_string_equal(s->told.each[0].handler, "fails");
	assert_string_equal(s->told.each[1].handler, "waits");
}

/* Each waits for the other, so they must run at the same time. */
static void
at_the_same_time(void **state)
{
	struct scene *s = *state;
	char dir[] = "/tmp/t-deliver-XXXXXX", a[200], b[200];

	assert_non_null(mkdtemp(dir));
	snprintf(a, sizeof(a),
	    "mkdir %s/a; until [ -d %s/b ]; do sleep 0.01; done", dir, dir);
	snprintf(b, sizeof(b),
	    "mkdir %s/b; until [ -d %s/a ]; do sleep 0.01; done", dir, dir);
	add(s, "a", a, DELIVERY_PENDING);
	add(s, "b", b, DELIVERY_PENDING);
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 2, 0, 0);
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	assert_int_equal(rmdir(a), 0);
	assert_int_equal(rmdir(b), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* The quick one is recorded while the slow one still runs. */
static void
recorded_as_they_end(void **state)
{
	struct scene *s = *state;

	add(s, "slow", "sleep 0.3", DELIVERY_PENDING);
	add(s, "quick", "exit 0", DELIVERY_PENDING);
	assert_int_equal(deliver(s), RES_OK);
	assert_int_equal(s->told.n, 2);
	assert_string_equal(s->told.each[0].handler, "quick");
	assert_string_equal(s->told.each[1].handler, "slow");
}

static void
over_time(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "slow", "exec sleep 300", DELIVERY_PENDING);
	s->handlers[0].timeout = 1;
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 0, 1, 0);
	assert_string_equal(d->last.attempt.reason, "over its 1 s");
	assert_int_equal(d->last.attempt.outcome, ATTEMPT_LATER);
}

static void
not_startable(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "gone", "", DELIVERY_PENDING);
	s->commands[0][0] = "/nowhere/gone";
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 0, 1, 0);
	assert_int_equal(d->state, DELIVERY_PENDING);
	assert_non_null(strstr(d->last.attempt.reason, "/nowhere/gone"));
}

static void
body_dropped(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "one", "exit 0", DELIVERY_PENDING);
	s->store.body = NULL;
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 0, 1, 0);
	assert_int_equal(d->state, DELIVERY_FAILED);
}

static void
claim_refused(void **state)
{
	static const enum result results[] = { RES_BUSY, RES_UNCERTAIN,
		RES_FAILED };
	struct scene *s = *state;
	size_t i;

	add(s, "one", "exit 0", DELIVERY_PENDING);
	for (i = 0; i < 3; i++) {
		s->store.claim = results[i];
		assert_int_equal(deliver(s), results[i]);
		assert_string_equal(s->e.text, "claim");
		assert_int_equal(s->told.n, 0);
	}
}

static void
unknown_event(void **state)
{
	struct scene *s = *state;

	add(s, "one", "exit 0", DELIVERY_PENDING);
	s->store.event_id = "evt_2";
	assert_int_equal(deliver(s), RES_UNKNOWN);
	assert_tally(s, 0, 0, 0);
}

static void
show_refused(void **state)
{
	struct scene *s = *state;

	add(s, "one", "exit 0", DELIVERY_SUCCEEDED);
	s->store.show = RES_BUSY;
	assert_int_equal(deliver(s), RES_BUSY);
	assert_string_equal(s->e.text, "show");
}

static void
finish_busy_for_a_moment(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "one", "exit 0", DELIVERY_PENDING);
	s->store.finish = RES_BUSY;
	s->store.finish_times = 2;
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 0, 0);
	assert_int_equal(d->finishes, 1);
	assert_int_equal(s->told.each[0].finished, RES_OK);
}

/* No success is reported for what is not recorded; the others end all. */
static void
finish_refused(void **state)
{
	static const enum result results[] = { RES_BUSY, RES_FAILED,
		RES_UNCERTAIN };
	struct scene *s = *state;
	struct fake_delivery *one, *two;
	size_t i;

	one = add(s, "one", "exit 0", DELIVERY_PENDING);
	two = add(s, "two", "sleep 0.1", DELIVERY_PENDING);
	for (i = 0; i < 3; i++) {
		one->state = two->state = DELIVERY_PENDING;
		s->store.finish = results[i];
		s->store.finish_times = -1;
		assert_int_equal(deliver(s), results[i]);
		assert_string_equal(s->e.text, "finish");
		assert_int_equal(s->told.n, 2);
		assert_int_equal(s->told.each[0].finished, results[i]);
		assert_int_equal(s->told.each[1].finished, results[i]);
		assert_tally(s, 0, 0, 0);
		/* their leases end, and they are claimed again */
		assert_int_equal(one->state, DELIVERY_RUNNING);
		assert_int_equal(two->state, DELIVERY_RUNNING);
	}
	assert_int_equal(one->finishes, 0);
}

/* It did happen, as the second call finds out. */
static void
finish_uncertain(void **state)
{
	struct scene *s = *state;
	struct fake_delivery *d;

	d = add(s, "one", "exit 0", DELIVERY_PENDING);
	s->store.finish = RES_UNCERTAIN;
	s->store.finish_times = 1;
	s->store.finish_secretly = true;
	assert_int_equal(deliver(s), RES_OK);
	assert_tally(s, 1, 0, 0);
	assert_int_equal(d->finishes, 1);
}

/* Another has it: what it says counts. */
static void
finish_lost(void **state)
{
	static const struct {
		enum delivery_state stolen;
		size_t succeeded, failed, busy;
	} cases[] = {
		{ DELIVERY_SUCCEEDED, 1, 0, 0 },
		{ DELIVERY_FAILED, 0, 1, 0 },
		{ DELIVERY_PENDING, 0, 0, 1 },
	};
	struct scene *s = *state;
	struct fake_delivery *d;
	size_t i;

	d = add(s, "one", "exit 0", DELIVERY_PENDING);
	for (i = 0; i < 3; i++) {
		d->state = DELIVERY_PENDING;
		s->store.lose = true;
		s->store.stolen = cases[i].stolen;
		assert_int_equal(deliver(s), RES_OK);
		assert_tally(
		    s, cases[i].succeeded, cases[i].failed, cases[i].busy);
		assert_int_equal(s->told.each[0].finished, RES_LOST);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_succeed),
		TEST(nobody_listens),
		TEST(some_fail),
		TEST(looked_up),
		TEST(lane_is_awaited),
		TEST(at_the_same_time),
		TEST(recorded_as_they_end),
		TEST(over_time),
		TEST(not_startable),
		TEST(body_dropped),
		TEST(claim_refused),
		TEST(unknown_event),
		TEST(show_refused),
		TEST(finish_busy_for_a_moment),
		TEST(finish_refused),
		TEST(finish_uncertain),
		TEST(finish_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
