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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_all_at_once),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
