/*
 * The contract of the store: what people do with it.
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
#include "store_secret.h"

#include "banned.h"

struct listing {
	char text[512];
	struct store_row last;
	int stop_after; /* 0 for never */
	int n;
};

static bool
note(const struct store_row *row, void *arg)
{
	struct listing *l = arg;
	size_t len = strlen(l->text);

	(void)snprintf(l->text + len, sizeof(l->text) - len, "%s ", row->id);
	l->last = *row;
	return ++l->n != l->stop_after;
}

static void
expect_list(
    struct contract *c, const struct store_filter *f, const char *expected)
{
	struct listing l = { .stop_after = 0 };
	enum result r;

	r = store_list(c->s, f, note, &l, &c->e);
	assert_int_equal(r, expected[0] == '\0' ? RES_EMPTY : RES_OK);
	assert_string_equal(l.text, expected);
}

static void
put_full(struct contract *c, const char *endpoint, const struct event *ev,
    const char *handler)
{
	struct store_new d = { handler, "", 0 };
	struct store_event se = { endpoint, ev, "body", 4, &d, 1, NULL, 0 };
	bool differs;

	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_OK);
}

/* Three events that differ in everything a filter can ask for. */
static void
put_three(struct contract *c)
{
	static const struct event events[] = {
		{ .id = "evt_1",
		    .type = "invoice.paid",
		    .created = 1,
		    .object_id = "in_1",
		    .customer = "cus_1",
		    .account = "acct_1" },
		{ .id = "evt_2",
		    .type = "invoice.voided",
		    .created = 2,
		    .object_id = "in_2",
		    .customer = "cus_1",
		    .livemode = true },
		{ .id = "evt_3",
		    .type = "charge.failed",
		    .created = 3,
		    .style = EVENT_THIN,
		    .object_id = "ch_1" },
	};

	put_full(c, "shop", &events[0], "a");
	c->now_ms += 1000;
	put_full(c, "shop", &events[1], "b");
	c->now_ms += 1000;
	put_full(c, "connect", &events[2], "a");
}

static void
t_list_filters(void **state)
{
	struct contract *c = *state;
	int64_t start = c->now_ms;
	struct store_filter any = STORE_FILTER_ANY, f;

	expect_list(c, &any, "");
	put_three(c);
	contract_expect(c, "b", false, "body", DELIVERY_FAILED, 0);
	expect_list(c, &any, "evt_3 evt_2 evt_1 ");
#define EXPECT(field, value, ids) \
	do { \
		f = any; \
		f.field = value; \
		expect_list(c, &f, ids); \
	} while (0)
	EXPECT(endpoint, "shop", "evt_2 evt_1 ");
	EXPECT(endpoint, "none", "");
	EXPECT(event_id, "evt_2", "evt_2 ");
	EXPECT(type, "invoice.*", "evt_2 evt_1 ");
	EXPECT(type, "charge.failed", "evt_3 ");
	EXPECT(type, "*", "evt_3 evt_2 evt_1 ");
	EXPECT(handler, "a", "evt_3 evt_1 ");
	EXPECT(state, DELIVERY_FAILED, "evt_2 ");
	EXPECT(state, DELIVERY_PENDING, "evt_3 evt_1 ");
	EXPECT(state, DELIVERY_RUNNING, "");
	EXPECT(object_id, "in_2", "evt_2 ");
	EXPECT(customer, "cus_1", "evt_2 evt_1 ");
	EXPECT(account, "acct_1", "evt_1 ");
	EXPECT(text, "bod", "evt_3 evt_2 evt_1 ");
	EXPECT(text, "BOD", "");
	EXPECT(since_ms, start + 1000, "evt_3 evt_2 ");
	EXPECT(until_ms, start + 1000, "evt_1 ");
	EXPECT(limit, 2, "evt_3 evt_2 ");
	EXPECT(limit, -1, "evt_3 evt_2 evt_1 ");
#undef EXPECT
	/* Handler and state of one and the same delivery; all together. */
	f = any;
	f.handler = "a";
	f.state = DELIVERY_FAILED;
	expect_list(c, &f, "");
	f = (struct store_filter){ "shop", "evt_2", "invoice.*", "b",
		DELIVERY_FAILED, "in_2", "cus_1", "", "od", start, start + 2000,
		5 };
	expect_list(c, &f, "evt_2 ");
}

static void
t_list_row(void **state)
{
	struct listing l = { .stop_after = 2 };
	struct store_filter f = STORE_FILTER_ANY;
	struct contract *c = *state;

	put_three(c);
	assert_int_equal(store_list(c->s, &f, note, &l, &c->e), RES_OK);
	assert_string_equal(l.text, "evt_3 evt_2 ");
	assert_string_equal(l.last.endpoint, "shop");
	assert_string_equal(l.last.type, "invoice.voided");
	assert_int_equal(l.last.style, EVENT_SNAPSHOT);
	assert_int_equal(l.last.created, 2);
	assert_int_equal(l.last.received_ms, c->now_ms - 1000);
	assert_true(l.last.livemode);
	assert_string_equal(l.last.object_id, "in_2");
	assert_string_equal(l.last.customer, "cus_1");
	assert_string_equal(l.last.account, "");
	assert_int_equal(l.last.size, 4);
	assert_int_equal(l.last.deliveries[DELIVERY_PENDING], 1);
	assert_int_equal(l.last.deliveries[DELIVERY_FAILED], 0);
}

static void
t_show(void **state)
{
	struct contract *c = *state;
	struct store_finish f = { .state = DELIVERY_PENDING, .delay_ms = 5000 };
	struct store_claim claim;
	struct store_shown shown;
	int64_t start = c->now_ms;

	contract_put(c, "evt_1", "a,b", "in_1");
	contract_expect(c, "b", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	assert_int_equal(contract_claim(c, "a", false, &claim, 1), 1);
	c->now_ms += 300;
	f.delivery = claim.delivery;
	f.token = claim.token;
	store_claim_free(&claim);
	f.attempt = (struct attempt){ .number = 77,
		.outcome = ATTEMPT_LATER,
		.started_ms = 1000,
		.ended_ms = 1250,
		.exit_code = 7,
		.term_signal = 9,
		.reason = "exit code 7",
		.output_len = 3,
		.output = { 'a', '\0', 'b' } };
	assert_int_equal(store_finish(c->s, &f, 1, NULL, &c->e), RES_OK);
	assert_int_equal(
	    store_show(c->s, "shop", "evt_1", &shown, &c->e), RES_OK);
	assert_string_equal(shown.row.type, "invoice.paid");
	assert_int_equal(shown.row.deliveries[DELIVERY_SUCCEEDED], 1);
	assert_int_equal(shown.ndeliveries, 2);
	assert_string_equal(shown.deliveries[0].handler, "a");
	assert_string_equal(shown.deliveries[0].lane, "in_1");
	assert_int_equal(shown.deliveries[0].state, DELIVERY_PENDING);
	assert_int_equal(shown.deliveries[0].attempts, 1);
	assert_int_equal(shown.deliveries[0].due_ms, c->now_ms + 5000);
	assert_int_equal(shown.deliveries[0].finished_ms, 0);
	assert_int_equal(shown.deliveries[1].state, DELIVERY_SUCCEEDED);
	assert_int_equal(shown.deliveries[1].due_ms, 0);
	assert_int_equal(shown.deliveries[1].finished_ms, start);
	assert_int_equal(shown.nattempts[0], 1);
	assert_int_equal(shown.nattempts[1], 1);
	assert_int_equal(shown.attempts[0].number, 1);
	assert_int_equal(shown.attempts[0].outcome, ATTEMPT_LATER);
	assert_int_equal(shown.attempts[0].started_ms, start);
	assert_int_equal(shown.attempts[0].ended_ms, start + 250);
	assert_int_equal(shown.attempts[0].exit_code, 7);
	assert_int_equal(shown.attempts[0].term_signal, 9);
	assert_string_equal(shown.attempts[0].reason, "exit code 7");
	assert_int_equal(shown.attempts[0].output_len, 3);
	assert_memory_equal(shown.attempts[0].output, "a\0b", 3);
	assert_int_equal(shown.attempts[1].outcome, ATTEMPT_SUCCEEDED);
	store_shown_free(&shown);
	assert_int_equal(
	    store_show(c->s, NULL, "evt_2", &shown, &c->e), RES_UNKNOWN);
	store_shown_free(&shown);
}

static void
t_retry(void **state)
{
	struct contract *c = *state;
	struct store_filter f = STORE_FILTER_ANY;
	struct store_claim running, again;
	int64_t n = 7;

	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_EMPTY);
	assert_int_equal(n, 0);
	contract_put(c, "evt_1", "failed,done,later,busy", "in_1");
	contract_expect(c, "failed", false, "evt_1", DELIVERY_PENDING, 0);
	contract_expect(c, "failed", false, "evt_1", DELIVERY_FAILED, 0);
	contract_expect(c, "done", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "later", false, "evt_1", DELIVERY_PENDING, 9000);
	assert_int_equal(contract_claim(c, "busy", false, &running, 1), 1);
	c->now_ms++;
	assert_int_equal(store_retry(c->s, &f, true, &n, &c->e), RES_OK);
	assert_int_equal(n, 3);
	assert_int_equal(contract_claim(c, "failed", false, &again, 1), 0);
	f.state = DELIVERY_FAILED;
	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	assert_int_equal(contract_claim(c, "done", false, &again, 1), 0);
	/* A fresh count, but the attempts of before are kept. */
	assert_int_equal(contract_claim(c, "failed", false, &again, 1), 1);
	assert_int_equal(again.number, 1);
	assert_int_equal(
	    contract_finish(c, &again, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&again);
	f.state = -1;
	f.limit = 3;
	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_OK);
	assert_int_equal(n, 3);
	contract_expect(c, "failed", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "done", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	assert_int_equal(contract_claim(c, "later", false, &again, 1), 1);
	assert_int_equal(again.number, 2);
	store_claim_free(&again);
	assert_int_equal(contract_claim(c, "busy", false, &again, 1), 0);
	assert_int_equal(
	    contract_finish(c, &running, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&running);
}

/* Whatever is made due again joins its lane and leaves none behind. */
static void
t_retry_in_lane(void **state)
{
	struct contract *c = *state;
	struct store_filter f = STORE_FILTER_ANY;
	struct store_claim claim;
	int64_t n;

	contract_put(c, "evt_1", "h", "in_1");
	contract_put(c, "evt_2", "h", "in_1");
	contract_put(c, "evt_3", "h", "in_1");
	contract_expect(c, "h", false, "evt_1", DELIVERY_FAILED, 0);
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_OK);
	assert_int_equal(n, 2);
	assert_int_equal(
	    contract_finish(c, &claim, DELIVERY_SUCCEEDED, 0), RES_OK);
	store_claim_free(&claim);
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", false, "evt_3", DELIVERY_SUCCEEDED, 0);
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 0);
}

static void
t_stats(void **state)
{
	struct contract *c = *state;
	struct store_stats st;
	int64_t start = c->now_ms;

	assert_int_equal(store_stats(c->s, &st, &c->e), RES_OK);
	assert_int_equal(st.events, 0);
	assert_int_equal(st.oldest_due_ms, 0);
	assert_int_equal(st.last_received_ms, 0);
	contract_put(c, "evt_1", "a,b", "in_1");
	contract_put(c, "evt_2", "a", "in_1");
	c->now_ms += 10;
	contract_expect(c, "b", false, "evt_1", DELIVERY_PENDING, 50);
	contract_put(c, "evt_3", "b", "");
	contract_expect(c, "b", false, "evt_3", DELIVERY_FAILED, 0);
	assert_int_equal(store_stats(c->s, &st, &c->e), RES_OK);
	assert_int_equal(st.events, 3);
	assert_int_equal(st.deliveries[DELIVERY_PENDING], 3);
	assert_int_equal(st.deliveries[DELIVERY_RUNNING], 0);
	assert_int_equal(st.deliveries[DELIVERY_SUCCEEDED], 0);
	assert_int_equal(st.deliveries[DELIVERY_FAILED], 1);
	assert_int_equal(st.due, 2);
	assert_int_equal(st.oldest_due_ms, start);
	assert_int_equal(st.last_received_ms, start + 10);
	assert_true(st.bytes > 0);
}

static void
t_prune(void **state)
{
	struct store_filter any = STORE_FILTER_ANY;
	struct contract *c = *state;
	struct store_claim claim;
	struct store_shown shown;
	int64_t n;

	contract_put(c, "evt_done", "h", "");
	contract_put(c, "evt_none", "", "");
	contract_expect(c, "h", false, "evt_done", DELIVERY_SUCCEEDED, 0);
	contract_put(c, "evt_pending", "i", "");
	contract_put(c, "evt_running", "j", "");
	assert_int_equal(contract_claim(c, "j", false, &claim, 1), 1);
	store_claim_free(&claim);
	contract_put(c, "evt_failed", "h", "");
	contract_expect(c, "h", false, "evt_failed", DELIVERY_FAILED, 0);
	c->now_ms += 1000;
	contract_put(c, "evt_young", "", "");

	/* Exactly that old is not older. */
	assert_int_equal(store_prune(c->s, 1000, -1, 99, &n, &c->e), RES_EMPTY);
	assert_int_equal(store_prune(c->s, -1, 999, 99, &n, &c->e), RES_OK);
	assert_int_equal(n, 3);
	assert_int_equal(store_prune(c->s, -1, 999, 99, &n, &c->e), RES_EMPTY);
	assert_int_equal(
	    store_show(c->s, NULL, "evt_done", &shown, &c->e), RES_OK);
	assert_int_equal(shown.body.len, 0);
	assert_int_equal(shown.row.size, 8);
	store_shown_free(&shown);
	assert_int_equal(
	    store_show(c->s, NULL, "evt_pending", &shown, &c->e), RES_OK);
	assert_int_equal(shown.body.len, 11);
	store_shown_free(&shown);

	assert_int_equal(store_prune(c->s, 999, -1, 2, &n, &c->e), RES_OK);
	assert_int_equal(n, 2);
	assert_int_equal(store_prune(c->s, 999, -1, 2, &n, &c->e), RES_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_prune(c->s, 999, -1, 2, &n, &c->e), RES_EMPTY);
	assert_int_equal(n, 0);
	expect_list(c, &any, "evt_young evt_running evt_pending ");
	/* And a deleted one is new again. */
	contract_put(c, "evt_done", "h", "");
}

/* A dropped body is not other than the one that comes again. */
static void
t_dropped_body(void **state)
{
	struct contract *c = *state;
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct store_event se = { "shop", ev, "new", 3, NULL, 0, NULL, 0 };
	struct store_filter f = STORE_FILTER_ANY;
	struct store_claim claim;
	bool differs;
	int64_t n;

	contract_put(c, "evt_1", "h", "");
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	c->now_ms++;
	assert_int_equal(store_prune(c->s, -1, 0, 9, &n, &c->e), RES_OK);
	mem_copy(ev->id, sizeof(ev->id), "evt_1");
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_DUPLICATE);
	assert_false(differs);
	assert_int_equal(store_retry(c->s, &f, false, &n, &c->e), RES_OK);
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	assert_int_equal(claim.body.len, 0);
	store_claim_free(&claim);
	free(ev);
}

struct listed {
	char text[512];
	int64_t base_ms;
};

static bool
note_secret(const struct store_secret *secret, void *arg)
{
	struct listed *l = arg;
	const size_t n = strlen(l->text);

	(void)snprintf(l->text + n, sizeof(l->text) - n, "%s/%s/%lld ",
	    secret->endpoint, secret->fingerprint,
	    (long long)secret->last_ms - l->base_ms);
	return true;
}

static void
expect_secrets(struct contract *c, int64_t base_ms, const char *expected)
{
	struct listed l = { .text = "", .base_ms = base_ms };
	enum result r = store_secrets(c->s, note_secret, &l, &c->e);

	assert_int_equal(r, expected[0] == '\0' ? RES_EMPTY : RES_OK);
	assert_string_equal(l.text, expected);
}

static void
put_signed(struct contract *c, const char *endpoint, const char *id,
    const char *first, const char *second, enum result expected)
{
	const char *const secrets[] = { first, second };
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct store_event se = { endpoint, ev, "body", 4, NULL, 0, secrets,
		second != NULL ? 2 : 1 };
	bool differs;

	mem_copy(ev->id, sizeof(ev->id), id);
	mem_copy(ev->type, sizeof(ev->type), "invoice.paid");
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), expected);
	free(ev);
}

/* The last time of each secret, to the minute. */
static void
t_secrets(void **state)
{
	struct contract *c = *state;
	const int64_t t = c->now_ms;
	struct store_stats stats;

	expect_secrets(c, t, "");
	contract_put(c, "evt_0", "h", "");
	expect_secrets(c, t, "");
	put_signed(c, "shop", "evt_1", "aa", NULL, RES_OK);
	put_signed(c, "other", "evt_1", "aa", NULL, RES_OK);
	expect_secrets(c, t, "other/aa/0 shop/aa/0 ");
	c->now_ms = t + 59999;
	put_signed(c, "shop", "evt_2", "aa", NULL, RES_OK);
	expect_secrets(c, t, "other/aa/0 shop/aa/0 ");
	c->now_ms = t + 60000;
	put_signed(c, "shop", "evt_3", "aa", "bb", RES_OK);
	expect_secrets(c, t, "other/aa/0 shop/aa/60000 shop/bb/60000 ");
	/* A repetition says as much of them, and changes nothing else. */
	c->now_ms = t + 120000;
	put_signed(c, "shop", "evt_3", "bb", NULL, RES_DUPLICATE);
	expect_secrets(c, t, "other/aa/0 shop/bb/120000 shop/aa/60000 ");
	assert_int_equal(store_stats(c->s, &stats, &c->e), RES_OK);
	assert_int_equal(stats.events, 5);
	/* The clock was set back: it goes on from there. */
	c->now_ms = t;
	put_signed(c, "shop", "evt_4", "bb", NULL, RES_OK);
	expect_secrets(c, t, "other/aa/0 shop/aa/60000 shop/bb/0 ");
}

/* What a follower was told. */
struct heard {
	char text[256];
	int stop_after; /* 0: never */
	int n;
};

static bool
hear(const struct store_news *news, void *arg)
{
	struct heard *h = arg;
	size_t len = strlen(h->text);

	if (news->handler == NULL)
		snprintf(
		    h->text + len, sizeof(h->text) - len, "%s ", news->row->id);
	else
		snprintf(h->text + len, sizeof(h->text) - len, "%s:%s:%d:%s ",
		    news->row->id, news->handler, news->attempt->number,
		    attempt_outcome_name(news->attempt->outcome));
	return ++h->n != h->stop_after;
}

static void
expect_news(struct contract *c, struct store_mark *mark, const char *text)
{
	struct heard h = { .text = "" };
	enum result r;

	while ((r = store_follow(c->s, mark, hear, &h, &c->e)) == RES_OK)
		continue;
	assert_int_equal(r, RES_EMPTY);
	assert_string_equal(h.text, text);
}

/*
 * The follower's handle is the one that changes: what another changes is seen
 * by the integration tests.
 */
static void
t_follow(void **state)
{
	struct store_mark mark = { .begun = false }, late = mark;
	struct heard h = { .text = "", .stop_after = 1 };
	struct contract *c = *state;

	contract_put(c, "evt_1", "h", "");
	expect_news(c, &mark, "");
	contract_put(c, "evt_2", "h", "");
	contract_put(c, "evt_3", "h", "");
	contract_expect(c, "h", false, "evt_1", DELIVERY_PENDING, 0);
	mark.version = -1;
	/* one after the other, where the caller wants no more for now */
	assert_int_equal(store_follow(c->s, &mark, hear, &h, &c->e), RES_OK);
	assert_string_equal(h.text, "evt_2 ");
	expect_news(c, &mark, "evt_3 evt_1:h:1:later ");
	expect_news(c, &mark, "");
	expect_news(c, &late, "");
	contract_expect(c, "h", false, "evt_1", DELIVERY_FAILED, 0);
	mark.version = late.version = -1;
	expect_news(c, &mark, "evt_1:h:2:later ");
	expect_news(c, &late, "evt_1:h:2:later ");
}

/* All are deleted, and what comes then gets their numbers again. */
static void
t_follow_deleted(void **state)
{
	struct store_mark mark = { .begun = false };
	struct contract *c = *state;
	int64_t n;

	contract_put(c, "evt_1", "h", "");
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
	expect_news(c, &mark, "");
	c->now_ms += 1000;
	assert_int_equal(store_prune(c->s, 0, -1, 9, &n, &c->e), RES_OK);
	contract_put(c, "evt_2", "h", "");
	contract_put(c, "evt_3", "", "");
	contract_expect(c, "h", false, "evt_2", DELIVERY_SUCCEEDED, 0);
	mark.version = -1;
	expect_news(c, &mark, "evt_2 evt_3 evt_2:h:1:succeeded ");
}

static bool
keep_handler(const struct store_handler_stats *h, void *arg)
{
	*(struct store_handler_stats *)arg = *h;
	return true;
}

/* Attempts of 40 ms and of 2 s, and a lost one, which has no duration. */
static void
t_durations(void **state)
{
	static const int64_t bounds[] = STORE_TIMED_BOUNDS;
	static struct store_finish f;
	struct store_handler_stats h;
	struct contract *c = *state;
	struct store_claim claim;
	enum result each;
	int i;

	for (i = 0; i < 3; i++) {
		contract_put(c,
		    i == 0	 ? "evt_1"
			: i == 1 ? "evt_2"
				 : "evt_3",
		    "h", "");
		assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
		f.delivery = claim.delivery;
		f.token = claim.token;
		f.state = DELIVERY_SUCCEEDED;
		f.attempt.outcome = ATTEMPT_SUCCEEDED;
		f.attempt.ended_ms = i == 0 ? 50 : 2000;
		if (i < 2)
			assert_int_equal(
			    store_finish(c->s, &f, 1, &each, &c->e), RES_OK);
		store_claim_free(&claim);
	}
	c->now_ms += 10000000;
	assert_int_equal(contract_claim(c, "h", false, &claim, 1), 1);
	store_claim_free(&claim);
	assert_int_equal(store_handlers(c->s, keep_handler, &h, &c->e), RES_OK);
	assert_int_equal(h.timed, 2);
	assert_int_equal(h.timed_ms, 2050);
	for (i = 0; i < STORE_TIMED; i++)
		assert_int_equal(h.timed_le[i], bounds[i] < 2000 ? 1 : 2);
}

int
contract_run_admin(const struct contract_backend *b)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TEST(t_list_filters),
		CONTRACT_TEST(t_list_row),
		CONTRACT_TEST(t_show),
		CONTRACT_TEST(t_retry),
		CONTRACT_TEST(t_retry_in_lane),
		CONTRACT_TEST(t_stats),
		CONTRACT_TEST(t_prune),
		CONTRACT_TEST(t_dropped_body),
		CONTRACT_TEST(t_secrets),
		CONTRACT_TEST(t_follow),
		CONTRACT_TEST(t_follow_deleted),
		CONTRACT_TEST(t_durations),
	};

	return cmocka_run_group_tests_name(b->name, tests, NULL, NULL);
}
