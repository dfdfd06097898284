/*
 * Threads and processes on one SQLite store: eight threads and two processes
 * put and claim at the same time. Usable under ThreadSanitizer.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store_contract.h"
#include "store_sqlite_case.h"

#include "banned.h"

#define THREADS 8
#define PROCESSES 2
#define ACTORS (THREADS + PROCESSES)
#define PUTS 60 /* by each */
#define LANES 5
#define TOTAL (ACTORS * PUTS)

/* Shared by all, processes too. */
struct shared {
	char uri[CONTRACT_URI_SIZE];
	atomic_int running[LANES]; /* now, of each lane */
	atomic_int done;
	atomic_int overlaps;
	atomic_int errors;
};

struct actor {
	struct shared *shared;
	int number;
};

static void
failed(struct shared *x, const char *what, enum result r, const struct err *e)
{
	fprintf(stderr, "%s: %s: %s\n", what, result_name(r), e->text);
	atomic_fetch_add(&x->errors, 1);
}

/* One turn: ends what is held, claims what there is. Returns how many. */
static size_t
work(struct shared *x, struct store *s, struct store_claim *held, size_t n)
{
	struct store_handler h = { "h", 600000, 3, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	static _Thread_local struct store_finish f[3];
	enum result r, each[3];
	struct err e;
	size_t i, m;

	for (i = 0; i < n; i++) {
		memset(&f[i], 0, sizeof(f[i]));
		f[i].delivery = held[i].delivery;
		f[i].token = held[i].token;
		f[i].state = DELIVERY_SUCCEEDED;
		atomic_fetch_sub(&x->running[held[i].lane[0] - '0'], 1);
		store_claim_free(&held[i]);
	}
	r = store_turn(s, f, n, each, &want, held, 3, &m, &e);
	if (r != RES_OK && r != RES_EMPTY)
		failed(x, "turn", r, &e);
	for (i = 0; i < n; i++) {
		if (each[i] != RES_OK)
			failed(x, "finish", each[i], &e);
	}
	atomic_fetch_add(&x->done, (int)n);
	for (i = 0; i < m; i++) {
		if (atomic_fetch_add(&x->running[held[i].lane[0] - '0'], 1) !=
		    0)
			atomic_fetch_add(&x->overlaps, 1);
	}
	return m;
}

/* Puts its share and works beside, then works until all is done. */
static void *
act(void *arg)
{
	struct actor *a = arg;
	struct shared *x = a->shared;
	struct store_claim held[3];
	char lane[2] = "0";
	struct store *s;
	size_t n = 0;
	struct err e;
	enum result r;
	int i;

	r = store_open(
	    &s, x->uri, a->number % 2 ? STORE_ENDPOINT : STORE_WORKER, &e);
	if (r != RES_OK) {
		failed(x, "open", r, &e);
		return NULL;
	}
	for (i = 0; i < PUTS; i++) {
		lane[0] = (char)('0' + (i + a->number) % LANES);
		r = case_put(s, a->number * PUTS + i, lane, 3000, &e);
		if (r != RES_OK)
			failed(x, "put", r, &e);
		n = work(x, s, held, n);
	}
	while (atomic_load(&x->errors) == 0 &&
	    (n > 0 || atomic_load(&x->done) < TOTAL))
		n = work(x, s, held, n);
	store_close(s);
	return NULL;
}

static void
t_all_at_once(void **state)
{
	struct actor actors[ACTORS];
	pthread_t threads[THREADS];
	pid_t pids[PROCESSES];
	struct shared *x;
	struct err e;
	int i;

	(void)state;
	x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(x, MAP_FAILED);
	case_make(x->uri);
	assert_int_equal(store_setup(x->uri, &e), RES_OK);
	for (i = 0; i < ACTORS; i++)
		actors[i] = (struct actor){ x, i };
	for (i = 0; i < PROCESSES; i++) {
		assert_true((pids[i] = fork()) >= 0);
		if (pids[i] == 0) {
			act(&actors[THREADS + i]);
			_exit(0);
		}
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, act, &actors[i]), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (i = 0; i < PROCESSES; i++)
		case_wait(pids[i]);
	assert_int_equal(x->errors, 0);
	assert_int_equal(x->overlaps, 0);
	assert_int_equal(x->done, TOTAL);
	case_assert_sound(x->uri);
	assert_int_equal(
	    case_count(x->uri, "SELECT count(*) FROM event"), TOTAL);
	/* Each was handed out exactly once. */
	assert_int_equal(case_count(x->uri,
			     "SELECT count(*) FROM delivery"
			     " WHERE state = 2 AND attempts = 1"),
	    TOTAL);
	case_drop(x->uri);
	munmap(x, sizeof(*x));
}

#define CROWD_MAX 8
#define CROWD_PUTS 400
#define CROWD_LANES 17 /* every second one is in the first */

/* Claims from one queue, several at once. */
struct crowd {
	char uri[CONTRACT_URI_SIZE];
	pthread_barrier_t start;
	atomic_int running[CROWD_LANES];
	atomic_int last[CROWD_LANES]; /* the number of the last in the lane */
	atomic_int handed[CROWD_PUTS];
	atomic_int done;
	atomic_int share[CROWD_MAX]; /* done by each */
	atomic_int overlaps;
	atomic_int disorders;
	atomic_int errors;
};

struct member {
	struct crowd *crowd;
	int number;
};

static int
crowd_lane(int i)
{
	return i % 2 ? 0 : 1 + i / 2 % (CROWD_LANES - 1);
}

/* Notes one that was handed out. */
static void
crowd_begin(struct crowd *x, const struct store_claim *claim)
{
	int lane = claim->lane[0] - '0', i = (int)claim->delivery - 1;

	atomic_fetch_add(&x->handed[i], 1);
	if (atomic_fetch_add(&x->running[lane], 1) != 0)
		atomic_fetch_add(&x->overlaps, 1);
	/* Without failures a lane is in the order of its events. */
	if (atomic_exchange(&x->last[lane], i) > i)
		atomic_fetch_add(&x->disorders, 1);
}

/* Claims and finishes one at a time until all is done. */
static void *
crowd_work(void *arg)
{
	struct member *m = arg;
	struct crowd *x = m->crowd;
	struct store_handler h = { "h", 600000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	/* Handlers take their time, or one would have all the turns. */
	const struct timespec pause = { .tv_nsec = 1000000 };
	static _Thread_local struct store_finish f;
	struct store_claim claim;
	struct store *s;
	enum result r, each;
	size_t held = 0, n;
	struct err e;

	r = store_open(&s, x->uri, STORE_WORKER, &e);
	pthread_barrier_wait(&x->start);
	while (
	    r == RES_OK && (held > 0 || atomic_load(&x->done) < CROWD_PUTS)) {
		r = store_turn(s, &f, held, &each, &want, &claim, 1, &n, &e);
		if (held > 0 && each != RES_OK)
			atomic_fetch_add(&x->errors, 1);
		atomic_fetch_add(&x->done, (int)held);
		atomic_fetch_add(&x->share[m->number], (int)held);
		held = n;
		r = r == RES_EMPTY ? RES_OK : r;
		if (n == 0)
			continue;
		crowd_begin(x, &claim);
		nanosleep(&pause, NULL);
		f.delivery = claim.delivery;
		f.token = claim.token;
		f.state = DELIVERY_SUCCEEDED;
		f.attempt.outcome = ATTEMPT_SUCCEEDED;
		store_claim_free(&claim);
		atomic_fetch_sub(&x->running[claim.lane[0] - '0'], 1);
	}
	if (r != RES_OK) {
		fprintf(stderr, "%s: %s\n", result_name(r), e.text);
		atomic_fetch_add(&x->errors, 1);
	}
	store_close(s);
	return NULL;
}

static void
crowd_fill(struct crowd *x)
{
	char lane[2] = "0";
	struct store *s;
	struct err e;
	int i;

	case_make(x->uri);
	assert_int_equal(store_setup(x->uri, &e), RES_OK);
	assert_int_equal(store_open(&s, x->uri, STORE_WORKER, &e), RES_OK);
	for (i = 0; i < CROWD_PUTS; i++) {
		lane[0] = (char)('0' + crowd_lane(i));
		assert_int_equal(case_put(s, i, lane, 1000, &e), RES_OK);
	}
	store_close(s);
}

static void
crowd_of(int n)
{
	struct crowd *x = test_calloc(1, sizeof(*x));
	struct member members[CROWD_MAX];
	pthread_t threads[CROWD_MAX];
	int i;

	crowd_fill(x);
	assert_int_equal(
	    pthread_barrier_init(&x->start, NULL, (unsigned int)n), 0);
	for (i = 0; i < n; i++) {
		members[i] = (struct member){ x, i };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, crowd_work, &members[i]),
		    0);
	}
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&x->start);
	assert_int_equal(x->errors, 0);
	assert_int_equal(x->overlaps, 0);
	assert_int_equal(x->disorders, 0);
	assert_int_equal(x->done, CROWD_PUTS);
	for (i = 0; i < CROWD_PUTS; i++)
		assert_int_equal(x->handed[i], 1);
	for (i = 0; i < n; i++) {
		print_message("# %d of %d: %d\n", i + 1, n, x->share[i]);
		assert_in_range(x->share[i], 1, CROWD_PUTS);
	}
	case_assert_sound(x->uri);
	assert_int_equal(case_count(x->uri,
			     "SELECT count(*) FROM handler WHERE pending = 0"
			     " AND running = 0 AND succeeded = 400"
			     " AND attempts_succeeded = 400"),
	    1);
	case_drop(x->uri);
	test_free(x);
}

static void
t_crowds(void **state)
{
	(void)state;
	crowd_of(2);
	crowd_of(4);
	crowd_of(8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_all_at_once),
		cmocka_unit_test(t_crowds),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
