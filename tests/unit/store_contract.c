/*
 * The contract of the store: setting up, putting, listing, showing, retrying,
 * counting, pruning, waking.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_contract.h"

#include "mem.h"

#include "banned.h"

#define START_MS 1700000000000

int64_t
contract_clock(void *arg)
{
	return ((struct contract *)arg)->now_ms;
}

int
contract_setup(void **state)
{
	const struct contract_backend *backend = *state;
	struct contract *c = mem_alloc(1, sizeof(*c));

	c->backend = backend;
	c->now_ms = START_MS;
	backend->make(c->uri);
	assert_int_equal(store_setup(c->uri, &c->e), RES_OK);
	assert_int_equal(
	    store_open(&c->s, c->uri, STORE_ENDPOINT, &c->e), RES_OK);
	store_set_clock(c->s, contract_clock, c);
	*state = c;
	return 0;
}

int
contract_teardown(void **state)
{
	struct contract *c = *state;

	store_close(c->s);
	c->backend->drop(c->uri);
	free(c);
	return 0;
}

static void
fill(struct event *ev, const char *id)
{
	memset(ev, 0, sizeof(*ev));
	mem_copy(ev->id, sizeof(ev->id), id);
	mem_copy(ev->type, sizeof(ev->type), "invoice.paid");
	mem_copy(ev->object_id, sizeof(ev->object_id), "in_1");
	mem_copy(ev->customer, sizeof(ev->customer), "cus_1");
	ev->created = 1699999999;
	ev->livemode = true;
}

static enum result
put_raw(struct contract *c, const char *endpoint, const struct event *event,
    const void *body, size_t len, bool *differs)
{
	struct store_event se = { .endpoint = endpoint,
		.event = event,
		.body = body,
		.body_len = len };

	return store_put(c->s, &se, differs, &c->e);
}

void
contract_put(
    struct contract *c, const char *id, const char *handlers, const char *lane)
{
	char *list = mem_strdup(handlers), *p = list;
	struct store_new news[8];
	struct store_event se = { .endpoint = "shop",
		.body = id,
		.body_len = strlen(id),
		.deliveries = news };
	struct event ev;
	bool differs;

	fill(&ev, id);
	se.event = &ev;
	while (*p != '\0') {
		news[se.ndeliveries++] = (struct store_new){ p, lane, 0 };
		p += strcspn(p, ",");
		if (*p != '\0')
			*p++ = '\0';
	}
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_OK);
	free(list);
}

static void
t_setup_again(void **state)
{
	struct contract *c = *state;

	contract_put(c, "evt_1", "h", "");
	assert_int_equal(store_setup(c->uri, &c->e), RES_OK);
	assert_string_equal(c->e.text, "");
	contract_expect(c, "h", false, "evt_1", DELIVERY_SUCCEEDED, 0);
}

static void
t_open_none(void **state)
{
	char uri[CONTRACT_URI_SIZE];
	struct contract *c = *state;
	struct store *s;

	c->backend->make(uri);
	assert_int_equal(
	    store_open(&s, uri, STORE_ENDPOINT, &c->e), RES_UNKNOWN);
	assert_null(s);
	assert_non_null(strstr(c->e.text, "stripehook init"));
	c->backend->drop(uri);
}

static void
t_bad_uri(void **state)
{
	static const char *const bad[] = { "", "mysql:/x",
		"sqlite:", "sqlite:relative", "sqlite:/folder/", "sqlit",
		"sqlite" };
	struct store *s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(store_check_uri(bad[i], &e), RES_INVALID);
		assert_int_equal(store_check_uri(bad[i], NULL), RES_INVALID);
		assert_int_equal(store_setup(bad[i], &e), RES_INVALID);
		assert_int_equal(
		    store_open(&s, bad[i], STORE_TOOL, &e), RES_INVALID);
	}
	assert_int_equal(store_check_uri("sqlite:/a/b", &e), RES_OK);
	store_close(NULL);
}

static void
t_duplicate(void **state)
{
	static const char nul[] = "a\0b", other[] = "a\0c";
	struct contract *c = *state;
	struct store_shown shown;
	struct event ev;
	bool differs = true;

	fill(&ev, "evt_1");
	assert_int_equal(put_raw(c, "a", &ev, nul, 3, &differs), RES_OK);
	assert_false(differs);
	assert_int_equal(put_raw(c, "a", &ev, nul, 3, &differs), RES_DUPLICATE);
	assert_false(differs);
	assert_int_equal(
	    put_raw(c, "a", &ev, other, 3, &differs), RES_DUPLICATE);
	assert_true(differs);
	assert_int_equal(put_raw(c, "a", &ev, nul, 2, &differs), RES_DUPLICATE);
	assert_true(differs);
	/* Another endpoint, another event. */
	assert_int_equal(put_raw(c, "b", &ev, other, 3, &differs), RES_OK);
	assert_false(differs);

	assert_int_equal(
	    store_show(c->s, NULL, "evt_1", &shown, &c->e), RES_INVALID);
	assert_non_null(strstr(c->e.text, "a, b"));
	assert_int_equal(store_show(c->s, "a", "evt_1", &shown, &c->e), RES_OK);
	assert_int_equal(shown.body.len, 3);
	assert_memory_equal(shown.body.data, nul, 3);
	store_shown_free(&shown);
	assert_int_equal(
	    store_show(c->s, "c", "evt_1", &shown, &c->e), RES_UNKNOWN);
}

static void
t_duplicate_adds_nothing(void **state)
{
	struct store_new d = { "late", "", 0 };
	struct contract *c = *state;
	struct store_event se = { .endpoint = "shop",
		.body = "{}",
		.body_len = 2,
		.deliveries = &d,
		.ndeliveries = 1 };
	struct store_claim claim;
	struct event ev;
	bool differs;

	contract_put(c, "evt_1", "", "");
	fill(&ev, "evt_1");
	se.event = &ev;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_DUPLICATE);
	assert_int_equal(contract_claim(c, "late", false, &claim, 1), 0);
}

static void
t_all_or_nothing(void **state)
{
	struct store_new twice[] = { { "h", "", 0 }, { "h", "", 0 } };
	struct contract *c = *state;
	struct store_event se = { .endpoint = "shop",
		.body = "",
		.deliveries = twice,
		.ndeliveries = 2 };
	struct event ev;
	bool differs;

	fill(&ev, "evt_1");
	se.event = &ev;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_FAILED);
	/* The handle goes on, and the event was not kept. */
	se.ndeliveries = 1;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_OK);
}

static void
t_names_too_long(void **state)
{
	struct contract *c = *state;
	char name[DELIVERY_NAME_SIZE + 1], lane[DELIVERY_LANE_SIZE + 1];
	struct store_new d = { "h", "", 0 };
	struct store_event se = {
		.endpoint = name, .body = "", .deliveries = &d, .ndeliveries = 1
	};
	struct event ev;
	bool differs;

	fill(&ev, "evt_1");
	se.event = &ev;
	memset(name, 'n', sizeof(name));
	name[DELIVERY_NAME_SIZE] = '\0';
	memset(lane, 'l', sizeof(lane));
	lane[DELIVERY_LANE_SIZE] = '\0';
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_FAILED);
	se.endpoint = "";
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_FAILED);
	se.endpoint = "shop";
	d.handler = name;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_FAILED);
	d.handler = "h";
	d.lane = lane;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_FAILED);
	assert_int_equal(store_put(c->s, &se, &differs, NULL), RES_FAILED);
	/* The longest that fit. */
	name[DELIVERY_NAME_SIZE - 1] = '\0';
	lane[DELIVERY_LANE_SIZE - 1] = '\0';
	se.endpoint = d.handler = name;
	assert_int_equal(store_put(c->s, &se, &differs, &c->e), RES_OK);
}

static void
t_large_body(void **state)
{
	const size_t len = 4194304;
	struct contract *c = *state;
	char *body = mem_alloc(len, 1);
	struct store_shown shown;
	struct event ev;
	bool differs;
	size_t i;

	for (i = 0; i < len; i++)
		body[i] = (char)(i * 7 + i / 251);
	fill(&ev, "evt_large");
	assert_int_equal(put_raw(c, "shop", &ev, body, len, &differs), RES_OK);
	assert_int_equal(
	    store_show(c->s, NULL, "evt_large", &shown, &c->e), RES_OK);
	assert_int_equal(shown.body.len, len);
	assert_memory_equal(shown.body.data, body, len);
	assert_int_equal(shown.row.size, (int64_t)len);
	store_shown_free(&shown);
	assert_int_equal(
	    put_raw(c, "shop", &ev, body, len, &differs), RES_DUPLICATE);
	assert_false(differs);
	body[len - 1]++;
	assert_int_equal(
	    put_raw(c, "shop", &ev, body, len, &differs), RES_DUPLICATE);
	assert_true(differs);
	free(body);
}

/* Ids are opaque: quotes, UTF-8, SQL. */
static void
t_odd_texts(void **state)
{
	static const char *const ids[] = { "it's", "\"quoted\"",
		"'; DROP TABLE event; --", "\xc3\xa9\xe2\x82\xac", "%s%n", "*",
		"\xff\xfe" };
	struct contract *c = *state;
	struct store_shown shown;
	struct event ev;
	bool differs;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		fill(&ev, ids[i]);
		mem_copy(ev.object_id, sizeof(ev.object_id), ids[i]);
		assert_int_equal(
		    put_raw(c, "shop", &ev, "", 0, &differs), RES_OK);
		assert_int_equal(
		    store_show(c->s, "shop", ids[i], &shown, &c->e), RES_OK);
		assert_string_equal(shown.row.id, ids[i]);
		assert_string_equal(shown.row.object_id, ids[i]);
		store_shown_free(&shown);
	}
}

static void
t_wake(void **state)
{
	struct contract *c = *state;
	struct pollfd p = { .events = POLLIN };
	struct store *worker;

	assert_int_equal(
	    store_open(&worker, c->uri, STORE_WORKER, &c->e), RES_OK);
	p.fd = store_wake_fd(worker);
	assert_true(p.fd >= 0);
	assert_int_equal(store_wake_fd(worker), p.fd);
	assert_int_equal(poll(&p, 1, 0), 0);
	contract_put(c, "evt_1", "h", "");
	contract_put(c, "evt_2", "h", "");
	assert_int_equal(poll(&p, 1, 5000), 1);
	store_wake_clear(worker);
	assert_int_equal(poll(&p, 1, 0), 0);
	store_close(worker);
}

static void
t_reader_changes_nothing(void **state)
{
	struct contract *c = *state;
	struct store_event se = { .endpoint = "shop", .body = "" };
	struct store_stats stats;
	struct event ev;
	struct store *r;
	bool differs;
	int64_t n;

	contract_put(c, "evt_1", "h", "");
	fill(&ev, "evt_2");
	se.event = &ev;
	assert_int_equal(store_open(&r, c->uri, STORE_READER, &c->e), RES_OK);
	assert_int_equal(store_put(r, &se, &differs, &c->e), RES_FAILED);
	assert_int_equal(store_prune(r, 0, 0, 9, &n, &c->e), RES_FAILED);
	assert_int_equal(store_stats(r, &stats, &c->e), RES_OK);
	assert_int_equal(stats.events, 1);
	assert_int_equal(stats.deliveries[DELIVERY_PENDING], 1);
	store_close(r);
}

static void
t_clock(void **state)
{
	struct contract *c = *state;
	struct store *host;
	int64_t before_ms;

	assert_int_equal(store_now_ms(c->s), c->now_ms);
	c->now_ms += 1;
	assert_int_equal(store_now_ms(c->s), c->now_ms);
	assert_int_equal(
	    store_open(&host, c->uri, STORE_WORKER, &c->e), RES_OK);
	before_ms = (int64_t)time(NULL) * 1000;
	/* A server's clock may be off by a little. */
	assert_in_range(store_now_ms(host) - before_ms + 60000, 0, 2 * 60000);
	store_close(host);
}

/* A 64-bit clock that stepped back neither refuses nor reorders the list. */
static bool
note_id(const struct store_row *row, void *arg)
{
	char *all = arg;
	size_t len = strlen(all);

	(void)snprintf(all + len, 256 - len, "%s ", row->id);
	return true;
}

static void
t_clock_back(void **state)
{
	struct contract *c = *state;
	struct store_filter f = STORE_FILTER_ANY;
	char all[256] = "";

	contract_put(c, "evt_1", "h", "in_1");
	c->now_ms -= 3600000;
	contract_put(c, "evt_2", "h", "in_1");
	assert_int_equal(store_list(c->s, &f, note_id, all, &c->e), RES_OK);
	assert_string_equal(all, "evt_2 evt_1 ");
	c->now_ms += 3600000;
	contract_expect(c, "h", true, "evt_1", DELIVERY_SUCCEEDED, 0);
	contract_expect(c, "h", true, "evt_2", DELIVERY_SUCCEEDED, 0);
}

int
contract_run(const struct contract_backend *b)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TEST(t_setup_again),
		CONTRACT_TEST(t_open_none),
		CONTRACT_TEST(t_bad_uri),
		CONTRACT_TEST(t_duplicate),
		CONTRACT_TEST(t_duplicate_adds_nothing),
		CONTRACT_TEST(t_all_or_nothing),
		CONTRACT_TEST(t_names_too_long),
		CONTRACT_TEST(t_large_body),
		CONTRACT_TEST(t_odd_texts),
		CONTRACT_TEST(t_wake),
		CONTRACT_TEST(t_reader_changes_nothing),
		CONTRACT_TEST(t_clock),
		CONTRACT_TEST(t_clock_back),
	};

	return cmocka_run_group_tests_name(b->name, tests, NULL, NULL) +
	    contract_run_claims(b) + contract_run_admin(b) +
	    contract_run_queue(b);
}
