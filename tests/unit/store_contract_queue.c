/*
 * The contract of the store: what a worker asks besides the queue.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "store_contract.h"

#include "mem.h"

#include "banned.h"

struct found {
	const char *name;
	struct store_handler_stats h;
	int rows;
};

static bool
find(const struct store_handler_stats *h, void *arg)
{
	struct found *f = arg;

	f->rows++;
	if (strcmp(h->name, f->name) != 0)
		return true;
	f->h = *h;
	return false;
}

static struct store_handler_stats
handler(struct contract *c, const char *name)
{
	struct found f = { .name = name };

	assert_int_equal(store_handlers(c->s, find, &f, &c->e), RES_OK);
	assert_string_equal(f.h.name, name);
	return f.h;
}

static void
expect_counts(struct contract *c, const char *name, int64_t pending,
    int64_t succeeded, int64_t failed)
{
	struct store_handler_stats h = handler(c, name);

	assert_int_equal(h.deliveries[DELIVERY_PENDING], pending);
	assert_int_equal(h.deliveries[DELIVERY_RUNNING], 0);
	assert_int_equal(h.deliveries[DELIVERY_SUCCEEDED], succeeded);
	assert_int_equal(h.deliveries[DELIVERY_FAILED], failed);
}

/* Claims one of "h" and ends it after 40 ms of work. */
static void
attempt(struct contract *c, enum attempt_outcome outcome,
    enum delivery_state state, int64_t delay_ms)
{
	struct store_finish *f = mem_alloc(1, sizeof(*f));
	struct store_claim claim;

	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	f->delivery = claim.delivery;
	f->token = claim.token;
	f->state = state;
	f->delay_ms = delay_ms;
	f->attempt.outcome = outcome;
	f->attempt.ended_ms = 40;
	assert_int_equal(store_finish(c->s, f, 1, NULL, &c->e), RES_OK);
	store_claim_free(&claim);
	free(f);
}

static void
t_handlers(void **state)
{
	struct contract *c = *state;
	struct found f = { .name = "none" };
	struct store_handler_stats h;
	int64_t start = c->now_ms;

	assert_int_equal(store_handlers(c->s, find, &f, &c->e), RES_EMPTY);
	contract_put(c, "evt_1", "h,gone", "in_1");
	contract_put(c, "evt_2", "h", "in_2");
	/* Also what nobody asks for any more. */
	expect_counts(c, "gone", 1, 0, 0);
	expect_counts(c, "h", 2, 0, 0);
	attempt(c, ATTEMPT_LATER, DELIVERY_PENDING, 0);
	c->now_ms++;
	attempt(c, ATTEMPT_NEVER, DELIVERY_FAILED, 0);
	h = handler(c, "h");
	assert_int_equal(h.attempts_failed, 2);
	assert_int_equal(h.streak, 2);
	assert_int_equal(h.parked, 1);
	assert_int_equal(h.last_failure_ms, start + 41);
	assert_int_equal(h.last_success_ms, 0);
	attempt(c, ATTEMPT_SUCCEEDED, DELIVERY_SUCCEEDED, 0);
	h = handler(c, "h");
	assert_int_equal(h.attempts_succeeded, 1);
	assert_int_equal(h.attempts_failed, 2);
	assert_int_equal(h.streak, 0);
	assert_int_equal(h.parked, 1);
	assert_int_equal(h.last_success_ms, start + 41);
	assert_int_equal(h.duration_ms, 120);
	expect_counts(c, "h", 0, 1, 1);
	store_handlers(c->s, find, &f, &c->e);
	assert_int_equal(f.rows, 2);
}

/* A lost attempt is a failed one, and what lost its token counts nothing. */
static void
t_handlers_lost(void **state)
{
	struct contract *c = *state;
	struct store_claim dead, next;
	struct store_handler_stats h;

	contract_put(c, "evt_1", "h", "");
	assert_int_equal(contract_claim(c, "h", false, &dead, 1), 1);
	assert_int_equal(handler(c, "h").deliveries[DELIVERY_RUNNING], 1);
	c->now_ms += 1000;
	assert_int_equal(contract_claim(c, "h", false, &next, 1), 1);
	assert_int_equal(
	    contract_finish(c, &dead, DELIVERY_FAILED, 0), RES_LOST);
	h = handler(c, "h");
	assert_int_equal(h.deliveries[DELIVERY_RUNNING], 1);
	assert_int_equal(h.attempts_failed, 1);
	assert_int_equal(h.streak, 1);
	assert_int_equal(h.parked, 0);
	assert_int_equal(h.last_failure_ms, c->now_ms);
	assert_int_equal(h.duration_ms, 0);
	store_claim_free(&dead);
	store_claim_free(&next);
}

static void
t_handlers_admin(void **state)
{
	struct store_filter any = STORE_FILTER_ANY;
	struct contract *c = *state;
	struct store_stats st;
	int64_t n;

	contract_put(c, "evt_1", "h", "");
	contract_put(c, "evt_2", "h,i", "");
	attempt(c, ATTEMPT_NEVER, DELIVERY_FAILED, 0);
	attempt(c, ATTEMPT_SUCCEEDED, DELIVERY_SUCCEEDED, 0);
	assert_int_equal(store_retry(c->s, &any, false, &n, &c->e), RES_OK);
	expect_counts(c, "h", 2, 0, 0);
	attempt(c, ATTEMPT_NEVER, DELIVERY_FAILED, 0);
	expect_counts(c, "h", 1, 0, 1);
	assert_int_equal(handler(c, "h").parked, 2);
	c->now_ms += 1000;
	assert_int_equal(store_prune(c->s, 0, -1, 9, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	expect_counts(c, "h", 1, 0, 0);
	expect_counts(c, "i", 1, 0, 0);
	assert_int_equal(handler(c, "h").parked, 2);
	assert_int_equal(store_stats(c->s, &st, &c->e), RES_OK);
	assert_int_equal(st.deliveries[DELIVERY_PENDING], 2);
	assert_int_equal(st.deliveries[DELIVERY_FAILED], 0);
}

static int64_t
next_due(struct contract *c, const char *a, const char *b)
{
	struct store_handler list[] = { { a, 1000, -1, false },
		{ b, 1000, -1, false } };
	int64_t ms = 77;

	assert_int_equal(
	    store_next_due(c->s, list, b == NULL ? 1 : 2, &ms, &c->e), RES_OK);
	return ms;
}

static void
t_next_due(void **state)
{
	struct contract *c = *state;
	struct store_claim claim;
	int64_t ms = 77;

	assert_int_equal(store_next_due(c->s, NULL, 0, &ms, &c->e), RES_OK);
	assert_int_equal(ms, -1);
	contract_put(c, "evt_1", "other", "");
	assert_int_equal(next_due(c, "h", NULL), -1);
	contract_put(c, "evt_2", "h", "in_1");
	contract_put(c, "evt_3", "h", "in_1");
	assert_int_equal(next_due(c, "h", NULL), 0);
	assert_int_equal(next_due(c, "none", "h"), 0);
	/* The end of its lease; who waits behind is not due. */
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	c->now_ms += 400;
	assert_int_equal(next_due(c, "h", NULL), 600);
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_PENDING, 300), RES_OK);
	store_claim_free(&claim);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	assert_int_equal(next_due(c, "h", NULL), 300);
	assert_int_equal(next_due(c, "h", "other"), 0);
	c->now_ms += 301;
	assert_int_equal(next_due(c, "h", NULL), 0);
	contract_expect(c, "h", false, "evt_2", DELIVERY_FAILED, 0);
	assert_int_equal(next_due(c, "h", NULL), -1);
}

/* A strict lane that waits for its first is not due until then. */
static void
t_next_due_strict(void **state)
{
	struct contract *c = *state;
	struct store_claim claim;

	contract_put(c, "evt_1", "h", "in_1");
	contract_expect(c, "h", true, "evt_1", DELIVERY_PENDING, 500);
	contract_put(c, "evt_2", "h", "in_1");
	assert_int_equal(contract_claim(c, "h", true, &claim, 1), 0);
	assert_int_equal(next_due(c, "h", NULL), 500);
	c->now_ms += 500;
	contract_expect(c, "h", true, "evt_1", DELIVERY_FAILED, 0);
	assert_int_equal(next_due(c, "h", NULL), 0);
	contract_expect(c, "h", true, "evt_2", DELIVERY_SUCCEEDED, 0);
}

static void
t_worker(void **state)
{
	struct contract *c = *state;
	struct store *a, *b;

	assert_int_equal(store_open(&a, c->uri, STORE_WORKER, &c->e), RES_OK);
	assert_int_equal(store_open(&b, c->uri, STORE_WORKER, &c->e), RES_OK);
	assert_false(store_worker_present(c->s));
	assert_int_equal(
	    store_worker_enter(a, STORE_PRESENT_SHARED, &c->e), RES_OK);
	assert_true(store_worker_present(c->s));
	assert_true(store_worker_present(a));
	assert_int_equal(
	    store_worker_enter(b, STORE_PRESENT_ALONE, &c->e), RES_BUSY);
	assert_int_equal(
	    store_worker_enter(b, STORE_PRESENT_SHARED, &c->e), RES_OK);
	store_worker_leave(a);
	store_worker_leave(a);
	assert_true(store_worker_present(c->s));
	store_worker_leave(b);
	assert_false(store_worker_present(c->s));
	assert_false(store_worker_present(a));
	assert_int_equal(
	    store_worker_enter(a, STORE_PRESENT_ALONE, &c->e), RES_OK);
	assert_int_equal(
	    store_worker_enter(b, STORE_PRESENT_SHARED, &c->e), RES_BUSY);
	assert_int_equal(
	    store_worker_enter(b, STORE_PRESENT_ALONE, &c->e), RES_BUSY);
	assert_true(store_worker_present(b));
	/* Its end is the end of its presence. */
	store_close(a);
	assert_false(store_worker_present(b));
	assert_int_equal(
	    store_worker_enter(b, STORE_PRESENT_ALONE, NULL), RES_OK);
	store_close(b);
	assert_false(store_worker_present(c->s));
}

static void
t_place(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct contract *c = *state;
	struct store *same, *other;

	c->backend->make(uri);
	assert_int_equal(store_setup(uri, &c->e), RES_OK);
	assert_int_equal(
	    store_open(&same, c->uri, STORE_READER, &c->e), RES_OK);
	assert_int_equal(store_open(&other, uri, STORE_WORKER, &c->e), RES_OK);
	assert_string_equal(store_place(same), store_place(c->s));
	assert_string_not_equal(store_place(other), store_place(c->s));
	assert_string_not_equal(store_place(other), "");
	assert_null(strpbrk(store_place(other), " :"));
	/* Or -1: not known. */
	assert_int_not_equal(store_free_bytes(c->s), 0);
	store_close(same);
	store_close(other);
	c->backend->drop(uri);
}

/* What has to stay in between is stepped over, and found again later. */
static void
t_prune_goes_on(void **state)
{
	struct contract *c = *state;
	int64_t n;

	contract_put(c, "evt_1", "h", "");
	contract_put(c, "evt_2", "", "");
	contract_put(c, "evt_3", "", "");
	contract_put(c, "evt_4", "", "");
	c->now_ms += 1000;
	assert_int_equal(store_prune(c->s, 0, -1, 1, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_prune(c->s, 0, -1, 1, &n, &c->e), RES_OK);
	/* Finished meanwhile, and before the place where it left off. */
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	assert_int_equal(store_prune(c->s, 0, -1, 1, &n, &c->e), RES_OK);
	assert_int_equal(store_prune(c->s, 0, -1, 1, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_prune(c->s, 0, -1, 1, &n, &c->e), RES_EMPTY);
	assert_int_equal(n, 0);
}

/* What waits for one handler is parked; all else, and its lanes, go on. */
static void
t_give_up(void **state)
{
	struct store_filter f = STORE_FILTER_ANY;
	struct contract *c = *state;
	struct store_claim claim;
	int64_t n;

	contract_put(c, "evt_1", "gone,stays", "in_1");
	contract_put(c, "evt_2", "gone,stays", "in_1");
	contract_put(c, "evt_3", "gone", "in_2");
	assert_int_equal(contract_claim(c, "gone", false, &claim, 1), 1);
	assert_int_equal(store_give_up(c->s, "gone", true, &n, &c->e), RES_OK);
	assert_int_equal(n, 2);
	assert_int_equal(handler(c, "gone").deliveries[DELIVERY_PENDING], 2);
	assert_int_equal(store_give_up(c->s, "gone", false, &n, &c->e), RES_OK);
	assert_int_equal(n, 2);
	assert_int_equal(
	    store_give_up(c->s, "gone", false, &n, &c->e), RES_EMPTY);
	assert_int_equal(n, 0);
	/* the one that ran is finished as ever */
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&claim);
	expect_counts(c, "gone", 0, 1, 2);
	assert_int_equal(contract_claim(c, "gone", false, &claim, 1), 0);
	contract_expect(c, "stays", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "stays", false, "evt_2", DELIVERY_SUCCEEDED, 0);
	/* and they can be had back */
	f.handler = "gone";
	f.state = DELIVERY_FAILED;
	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_OK);
	assert_int_equal(n, 2);
	assert_int_equal(contract_claim(c, "gone", false, &claim, 1), 1);
	store_claim_free(&claim);
}

int
contract_run_queue(const struct contract_backend *b)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TEST(t_handlers),
		CONTRACT_TEST(t_handlers_lost),
		CONTRACT_TEST(t_handlers_admin),
		CONTRACT_TEST(t_next_due),
		CONTRACT_TEST(t_next_due_strict),
		CONTRACT_TEST(t_give_up),
		CONTRACT_TEST(t_worker),
		CONTRACT_TEST(t_place),
		CONTRACT_TEST(t_prune_goes_on),
	};

	return cmocka_run_group_tests_name(b->name, tests, NULL, NULL);
}
