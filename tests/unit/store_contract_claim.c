/*
 * The contract of the store: claiming and finishing.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_contract.h"

#include "mem.h"

#include "banned.h"

size_t
contract_claim(struct contract *c, const char *handler, bool strict,
    struct store_claim *claims, size_t max)
{
	struct store_handler h = { handler, 1000, -1, strict };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	enum result r;
	size_t n = 99;

	r = store_claim(c->s, &want, claims, max, &n, &c->e);
	assert_int_equal(r, n > 0 ? RES_OK : RES_EMPTY);
	return n;
}

static size_t
claim_event(struct contract *c, const char *id, const char *handler,
    bool strict, struct store_claim *claim)
{
	struct store_handler h = { handler, 1000, -1, strict };
	struct store_want want = { &h, 1, "shop", id };
	enum result r;
	size_t n;

	r = store_claim(c->s, &want, claim, 1, &n, &c->e);
	assert_int_equal(r, n > 0 ? RES_OK : RES_EMPTY);
	return n;
}

static void
fill_finish(struct store_finish *f, const struct store_claim *claim,
    enum delivery_state state, int64_t delay_ms)
{
	memset(f, 0, sizeof(*f));
	f->delivery = claim->delivery;
	f->token = claim->token;
	f->state = state;
	f->delay_ms = delay_ms;
	f->attempt.outcome =
	    state == DELIVERY_SUCCEEDED ? ATTEMPT_SUCCEEDED : ATTEMPT_LATER;
}

enum result
contract_finish(struct contract *c, const struct store_claim *claim,
    enum delivery_state state, int64_t delay_ms)
{
	struct store_finish f;
	enum result each = RES_FAILED;

	fill_finish(&f, claim, state, delay_ms);
	assert_int_equal(store_finish(c->s, &f, 1, &each, &c->e), RES_OK);
	return each;
}

void
contract_expect(struct contract *c, const char *handler, bool strict,
    const char *id, enum delivery_state state, int64_t delay_ms)
{
	struct store_claim claim;

	assert_int_equal(contract_claim(c, handler, strict, &claim, 1), 1);
	assert_string_equal(buf_text(&claim.body), id);
	assert_int_equal(contract_finish(c, &claim, state, delay_ms), RES_OK);
	store_claim_free(&claim);
}

static void
expect_none(struct contract *c, const char *handler, bool strict)
{
	struct store_claim claim;

	assert_int_equal(contract_claim(c, handler, strict, &claim, 1), 0);
}

static void
t_claim_tells(void **state)
{
	struct contract *c = *state;
	struct store_claim claim;

	contract_put(c, "evt_1", "h", "in_1");
	c->now_ms += 50;
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	assert_int_equal(claim.number, 1);
	assert_int_equal(claim.now_ms, c->now_ms);
	assert_int_equal(claim.received_ms, c->now_ms - 50);
	assert_string_equal(claim.endpoint, "shop");
	assert_string_equal(claim.event_id, "evt_1");
	assert_string_equal(claim.handler, "h");
	assert_string_equal(claim.lane, "in_1");
	assert_int_equal(claim.body.len, 5);
	assert_memory_equal(claim.body.data, "evt_1", 5);
	store_claim_free(&claim);
	expect_none(c, "h", false);
}

static void
t_order_by_due(void **state)
{
	struct contract *c = *state;
	struct store_handler h[] = { { "a", 1000, -1, false },
		{ "b", 1000, -1, false } };
	struct store_want want = { .handlers = h, .nhandlers = 2 };
	static const char *const order[] = { "evt_1 a", "evt_1 b", "evt_2 b",
		"evt_3 a" };
	struct store_claim claims[5];
	char text[128];
	size_t i, n;

	contract_put(c, "evt_1", "a,b", "");
	contract_put(c, "evt_2", "b", "");
	c->now_ms++;
	contract_put(c, "evt_3", "a", "");
	assert_int_equal(
	    store_claim(c->s, &want, claims, 5, &n, &c->e), RES_OK);
	assert_int_equal(n, 4);
	for (i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%s %s",
		    buf_text(&claims[i].body), claims[i].handler);
		assert_string_equal(text, order[i]);
		store_claim_free(&claims[i]);
	}
}

static void
t_max(void **state)
{
	struct contract *c = *state;
	struct store_handler h[] = { { "a", 1000, 2, false },
		{ "b", 1000, 0, false }, { "c", 1000, -1, false } };
	struct store_want want = { .handlers = h, .nhandlers = 3 };
	struct store_claim claims[20];
	size_t n, i, a = 0;
	char id[16];

	for (i = 0; i < 5; i++) {
		(void)snprintf(id, sizeof(id), "evt_%zu", i);
		contract_put(c, id, "a,b,c", "");
	}
	assert_int_equal(
	    store_claim(c->s, &want, claims, 20, &n, &c->e), RES_OK);
	assert_int_equal(n, 7);
	for (i = 0; i < n; i++) {
		assert_string_not_equal(claims[i].handler, "b");
		a += claims[i].handler[0] == 'a';
		store_claim_free(&claims[i]);
	}
	assert_int_equal(a, 2);
	assert_int_equal(
	    store_claim(c->s, &want, claims, 1, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	store_claim_free(&claims[0]);
	assert_int_equal(
	    store_claim(c->s, &want, claims, 0, &n, &c->e), RES_EMPTY);
}

static void
t_wanted_only(void **state)
{
	struct contract *c = *state;
	struct store_want none = { 0 };
	size_t n;

	contract_put(c, "evt_1", "gone", "");
	contract_put(c, "evt_2", "h", "");
	assert_int_equal(
	    store_claim(c->s, &none, NULL, 0, &n, &c->e), RES_EMPTY);
	contract_expect(c, "h", false, "evt_2", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
}

static void
t_one_per_lane(void **state)
{
	struct contract *c = *state;
	struct store_claim claims[9];

	contract_put(c, "evt_1", "h,other", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_put(c, "evt_3", "h", "in_2");
	contract_put(c, "evt_4", "h", "in_1");
	assert_int_equal(contract_claim(c, "h", false, claims, 9), 2);
	assert_string_equal(buf_text(&claims[0].body), "evt_1");
	assert_string_equal(buf_text(&claims[1].body), "evt_3");
	/* The lane of another handler is another lane. */
	contract_expect(c, "other", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
	assert_int_equal(
	    contract_finish(c, &claims[0], DELIVERY_SUCCEEDED, 0), RES_OK);
	contract_expect(c, "h", false, "evt_2", DELIVERY_FAILED, 0);
	contract_expect(c, "h", false, "evt_4", DELIVERY_SUCCEEDED, 0);
	store_claim_free(&claims[0]);
	store_claim_free(&claims[1]);
}

/* Waiting for a retry does not hold the lane. */
static void
t_retry_lets_pass(void **state)
{
	struct contract *c = *state;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_expect(c, "h", false, "evt_1", DELIVERY_PENDING, 500);
	contract_put(c, "evt_3", "h", "in_1");
	contract_expect(c, "h", false, "evt_2", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
	c->now_ms += 499;
	expect_none(c, "h", false);
	contract_put(c, "evt_4", "h", "in_1");
	contract_expect(c, "h", false, "evt_4", DELIVERY_SUCCEEDED, 0);
	c->now_ms++;
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
}

/* Its retry is due while another of its lane runs. */
static void
t_retry_meets_running(void **state)
{
	struct contract *c = *state;
	struct store_claim claim;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_expect(c, "h", false, "evt_1", DELIVERY_PENDING, 500);
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	c->now_ms += 600;
	expect_none(c, "h", false);
	contract_put(c, "evt_3", "h", "in_1");
	expect_none(c, "h", false);
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&claim);
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
}

static void
t_strict(void **state)
{
	struct contract *c = *state;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_expect(c, "h", true, "evt_1", DELIVERY_PENDING, 500);
	contract_put(c, "evt_3", "h", "in_1");
	contract_put(c, "evt_x", "h", "in_2");
	contract_expect(c, "h", true, "evt_x", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", true);
	c->now_ms += 500;
	contract_expect(c, "h", true, "evt_1", DELIVERY_PENDING, 500);
	expect_none(c, "h", true);
	c->now_ms += 500;
	contract_expect(c, "h", true, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", true, "evt_2", DELIVERY_FAILED, 0);
	contract_expect(c, "h", true, "evt_3", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", true);
}

static void
t_token(void **state)
{
	struct contract *c = *state;
	struct store_claim claim;
	struct store_claim wrong;

	contract_put(c, "evt_1", "h", "");
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	wrong = claim;
	wrong.token++;
	assert_int_equal(
	    contract_finish(c, &wrong, DELIVERY_FAILED, 0), RES_LOST);
	wrong = claim;
	wrong.delivery += 100;
	assert_int_equal(
	    contract_finish(c, &wrong, DELIVERY_FAILED, 0), RES_LOST);
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_SUCCEEDED, 0), RES_OK);
	/* Once only. */
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_PENDING, 0), RES_LOST);
	expect_none(c, "h", false);
	store_claim_free(&claim);
}

static void
t_lease_ends(void **state)
{
	struct contract *c = *state;
	struct store_claim dead, next;
	struct store_shown shown;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	assert_int_equal(contract_claim(c, "h", false, &dead, 1), 1);
	c->now_ms += 999;
	expect_none(c, "h", false);
	c->now_ms++;
	/* The same again, before the next of its lane. */
	assert_int_equal(contract_claim(c, "h", false, &next, 1), 1);
	assert_int_equal(next.delivery, dead.delivery);
	assert_int_not_equal(next.token, dead.token);
	assert_int_equal(next.number, 2);
	assert_int_equal(
	    contract_finish(c, &dead, DELIVERY_SUCCEEDED, 0), RES_LOST);
	assert_int_equal(
	    contract_finish(c, &next, DELIVERY_SUCCEEDED, 0), RES_OK);
	assert_int_equal(
	    store_show(c->s, NULL, "evt_1", &shown, &c->e), RES_OK);
	assert_int_equal(shown.nattempts[0], 2);
	assert_int_equal(shown.attempts[0].outcome, ATTEMPT_LOST);
	assert_int_equal(shown.attempts[0].ended_ms, c->now_ms);
	assert_string_not_equal(shown.attempts[0].reason, "");
	assert_int_equal(shown.attempts[1].outcome, ATTEMPT_SUCCEEDED);
	store_shown_free(&shown);
	store_claim_free(&dead);
	store_claim_free(&next);
	contract_expect(c, "h", false, "evt_2", DELIVERY_SUCCEEDED, 0);
}

static void
t_claim_event(void **state)
{
	struct contract *c = *state;
	struct store_claim claim, other;

	contract_put(c, "evt_1", "h,i", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_put(c, "evt_3", "h", "in_2");
	/* Not the first of its lane, and yet it is the one. */
	assert_int_equal(claim_event(c, "evt_2", "h", false, &claim), 1);
	assert_string_equal(buf_text(&claim.body), "evt_2");
	assert_int_equal(claim_event(c, "evt_2", "h", false, &other), 0);
	assert_int_equal(claim_event(c, "evt_1", "h", false, &other), 0);
	assert_int_equal(claim_event(c, "evt_9", "h", false, &other), 0);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
	/* Pending ones before they are due, running ones not. */
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_PENDING, 9000), RES_OK);
	store_claim_free(&claim);
	assert_int_equal(claim_event(c, "evt_2", "h", true, &claim), 0);
	assert_int_equal(claim_event(c, "evt_2", "h", false, &claim), 1);
	assert_int_equal(claim.number, 2);
	store_claim_free(&claim);
	c->now_ms += 1000;
	assert_int_equal(claim_event(c, "evt_1", "h", false, &other), 0);
	assert_int_equal(claim_event(c, "evt_2", "h", false, &claim), 1);
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&claim);
	assert_int_equal(claim_event(c, "evt_2", "h", false, &claim), 0);
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "i", false, "evt_1", DELIVERY_SUCCEEDED, 0);
}

static void
put_delayed(struct contract *c, const char *id, const char *lane, int64_t ms)
{
	struct store_new d = { "h", lane, ms };
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct store_event se = { "shop", ev, id, strlen(id), &d, 1, NULL, 0 };
	bool differs;

	mem_copy(ev->id, sizeof(ev->id), id);
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_OK);
	free(ev);
}

static void
t_delay(void **state)
{
	struct contract *c = *state;

	put_delayed(c, "evt_1", "", 700);
	c->now_ms += 699;
	expect_none(c, "h", false);
	c->now_ms++;
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
}

/* What is not due yet holds up nothing that is. */
static void
t_delay_in_lane(void **state)
{
	struct contract *c = *state;

	contract_put(c, "evt_1", "h", "in_1");
	put_delayed(c, "evt_2", "in_1", 700);
	contract_put(c, "evt_3", "h", "in_1");
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	expect_none(c, "h", false);
	c->now_ms += 700;
	contract_expect(c, "h", false, "evt_2", DELIVERY_SUCCEEDED, 0);
}

static void
t_turn(void **state)
{
	struct contract *c = *state;
	struct store_handler h = { "h", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	struct store_claim claims[3];
	struct store_finish f[2];
	enum result each[2];
	size_t n;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	assert_int_equal(contract_claim(c, "h", false, claims, 3), 1);
	fill_finish(&f[0], &claims[0], DELIVERY_SUCCEEDED, 0);
	f[1] = f[0];
	f[1].token ^= 1;
	store_claim_free(&claims[0]);
	/* What ends sets its lane free for what is claimed with it. */
	assert_int_equal(
	    store_turn(c->s, f, 2, each, &want, claims, 3, &n, &c->e), RES_OK);
	assert_int_equal(each[0], RES_OK);
	assert_int_equal(each[1], RES_LOST);
	assert_int_equal(n, 1);
	assert_string_equal(buf_text(&claims[0].body), "evt_2");
	fill_finish(&f[0], &claims[0], DELIVERY_SUCCEEDED, 0);
	store_claim_free(&claims[0]);
	assert_int_equal(
	    store_turn(c->s, f, 1, NULL, &want, claims, 3, &n, &c->e),
	    RES_EMPTY);
	fill_finish(&f[0], &claims[0], DELIVERY_RUNNING, 0);
	assert_int_equal(store_finish(c->s, f, 1, each, &c->e), RES_FAILED);
}

int
contract_run_claims(const struct contract_backend *b)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TEST(t_claim_tells),
		CONTRACT_TEST(t_order_by_due),
		CONTRACT_TEST(t_max),
		CONTRACT_TEST(t_wanted_only),
		CONTRACT_TEST(t_one_per_lane),
		CONTRACT_TEST(t_retry_lets_pass),
		CONTRACT_TEST(t_retry_meets_running),
		CONTRACT_TEST(t_strict),
		CONTRACT_TEST(t_token),
		CONTRACT_TEST(t_lease_ends),
		CONTRACT_TEST(t_claim_event),
		CONTRACT_TEST(t_delay),
		CONTRACT_TEST(t_delay_in_lane),
		CONTRACT_TEST(t_turn),
	};

	return cmocka_run_group_tests_name(b->name, tests, NULL, NULL);
}
