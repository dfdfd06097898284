/*
 * deliver: inline deliveries on a real store.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver.h"
#include "mem.h"

#include "banned.h"

#define BODY \
	"{\"id\":\"%s\",\"object\":\"event\",\"created\":1700000000," \
	"\"type\":\"invoice.paid\",\"data\":{\"object\":{\"id\":\"in_1\"}}}"

struct scene {
	char dir[64];
	char uri[128];
	struct store *store;
	int64_t now_ms; /* the store's clock */
	const char *commands[2][4];
	struct conf_handler handlers[2];
	const struct conf_handler *wanted[2];
	struct deliver_tally tally;
	struct err e;
};

static int64_t
clock_ms(void *arg)
{
	return ((struct scene *)arg)->now_ms;
}

static void
make_handler(struct scene *s, int i, const char *name, const char *script)
{
	struct conf_handler *h = &s->handlers[i];

	mem_copy(h->name, sizeof(h->name), name);
	s->commands[i][0] = "/bin/sh";
	s->commands[i][1] = "-c";
	s->commands[i][2] = script;
	h->command = (char **)(uintptr_t)s->commands[i];
	h->timeout = 30;
	h->grace = 5;
	h->attempts = 5;
	h->backoff = 10;
	h->backoff_max = 60;
	h->umask = 022;
	s->wanted[i] = h;
}

static int
setup(void **state)
{
	struct scene *s;

	s = mem_alloc(1, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/t-deliver-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	snprintf(s->uri, sizeof(s->uri), "sqlite:%s/events.db", s->dir);
	s->now_ms = 1700000000000;
	make_handler(s, 0, "good", "echo fine");
	make_handler(
	    s, 1, "bad", "echo \"attempt $STRIPEHOOK_ATTEMPT\"; exit 3");
	if (store_setup(s->uri, &s->e) != RES_OK ||
	    store_open(&s->store, s->uri, STORE_ENDPOINT, &s->e) != RES_OK) {
		print_error("%s\n", s->e.text);
		return -1;
	}
	store_set_clock(s->store, clock_ms, s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	struct dirent *d;
	DIR *dir;

	store_close(s->store);
	dir = opendir(s->dir);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

static void
put(struct scene *s, const char *id, const char *lane)
{
	struct store_new both[] = { { "good", lane, 60000 },
		{ "bad", lane, 60000 } };
	struct store_event se = {
		.endpoint = "shop", .deliveries = both, .ndeliveries = 2
	};
	struct event ev;
	char body[256];
	bool differs;

	snprintf(body, sizeof(body), BODY, id);
	assert_int_equal(event_parse(body, strlen(body), &ev, NULL), RES_OK);
	se.event = &ev;
	se.body = body;
	se.body_len = strlen(body);
	assert_int_equal(store_put(s->store, &se, &differs, &s->e), RES_OK);
}

static enum result
deliver(struct scene *s, const char *id)
{
	return deliver_inline(
	    s->store, s->wanted, 2, "shop", id, &s->tally, NULL, NULL, &s->e);
}

static void
assert_tally(
    const struct scene *s, size_t succeeded, size_t failed, size_t busy)
{
	assert_int_equal(s->tally.succeeded, succeeded);
	assert_int_equal(s->tally.failed, failed);
	assert_int_equal(s->tally.busy, busy);
}

static const struct delivery *
find(const struct store_shown *shown, const char *handler, size_t *first)
{
	size_t i;

	*first = 0;
	for (i = 0; i < shown->ndeliveries; i++) {
		if (strcmp(shown->deliveries[i].handler, handler) == 0)
			return &shown->deliveries[i];
		*first += shown->nattempts[i];
	}
	return NULL;
}

static void
recorded(void **state)
{
	struct scene *s = *state;
	const struct delivery *d;
	const struct attempt *a;
	struct store_shown shown;
	size_t at;

	put(s, "evt_1", "in_1");
	assert_int_equal(deliver(s, "evt_1"), RES_OK);
	assert_tally(s, 1, 1, 0);
	s->now_ms += 1000;
	assert_int_equal(deliver(s, "evt_1"), RES_OK);
	assert_tally(s, 1, 1, 0);

	assert_int_equal(
	    store_show(s->store, "shop", "evt_1", &shown, &s->e), RES_OK);
	d = find(&shown, "good", &at);
	assert_non_null(d);
	assert_int_equal(d->state, DELIVERY_SUCCEEDED);
	assert_int_equal(d->attempts, 1);
	a = &shown.attempts[at];
	assert_int_equal(a->outcome, ATTEMPT_SUCCEEDED);
	assert_int_equal(a->exit_code, 0);
	assert_memory_equal(a->output, "fine\n", 5);
	d = find(&shown, "bad", &at);
	assert_non_null(d);
	assert_int_equal(d->state, DELIVERY_PENDING);
	assert_int_equal(d->attempts, 2);
	assert_true(d->due_ms > s->now_ms);
	a = &shown.attempts[at + 1];
	assert_int_equal(a->number, 2);
	assert_int_equal(a->outcome, ATTEMPT_LATER);
	assert_int_equal(a->exit_code, 3);
	assert_string_equal(a->reason, "exit 3");
	assert_memory_equal(a->output, "attempt 2\n", 10);
	store_shown_free(&shown);
}

/* One that runs elsewhere, and one behind it in its lane. */
static void
busy(void **state)
{
	struct scene *s = *state;
	struct store_handler good = {
		.name = "good", .lease_ms = 30000, .max = -1
	};
	struct store_want want = { .handlers = &good,
		.nhandlers = 1,
		.endpoint = "shop",
		.event_id = "evt_1" };
	struct store_claim claim;
	size_t n;

	put(s, "evt_1", "in_1");
	put(s, "evt_2", "in_1");
	assert_int_equal(
	    store_claim(s->store, &want, &claim, 1, &n, &s->e), RES_OK);
	assert_int_equal(deliver(s, "evt_1"), RES_OK);
	assert_tally(s, 0, 1, 1);
	assert_int_equal(deliver(s, "evt_2"), RES_OK);
	assert_tally(s, 0, 1, 1);
	/* its owner is gone: the lease ends, and it is to be had again */
	s->now_ms += 30001;
	assert_int_equal(deliver(s, "evt_1"), RES_OK);
	assert_tally(s, 1, 1, 0);
	store_claim_free(&claim);
}

static void
unknown(void **state)
{
	struct scene *s = *state;

	assert_int_equal(deliver(s, "evt_none"), RES_UNKNOWN);
	assert_tally(s, 0, 0, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recorded),
		TEST(busy),
		TEST(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
