/*
 * work: the loop, round by round, with a clock set by hand, on a real store and
 * with real handlers. Nothing here waits for time to pass: only for handlers to
 * end.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "deliver.h"
#include "log.h"
#include "mem.h"
#include "work_impl.h"

#include "banned.h"

#define PATIENCE_MS 20000 /* for a handler to end */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START_MS INT64_C(1699999200000) /* on the hour: an interval begins */

#define BODY \
	"{\"id\":\"%s\",\"object\":\"event\",\"created\":1700000000," \
	"\"type\":\"invoice.paid\",\"data\":{\"object\":{\"id\":\"in_1\"}}}"

/*
 * "work" ends as the file "code" says; "person" hears of alarms.
 */
#define WORK_SCRIPT \
	"#!/bin/sh\n" \
	"read -r code <%s/code\n" \
	"[ \"$code\" = hang ] && exec sleep 1000\n" \
	"exit \"$code\"\n"
#define PERSON_SCRIPT \
	"#!/bin/sh\n" \
	"cat >%s/alarm\n"

/* The folder, top options, the folder, options of "work", the folder. */
#define CONF \
	"store = \"sqlite:%s/events.db\"\n" \
	"disk-low = 0\n" \
	"%s\n" \
	"endpoint \"shop\" { secrets = { \"env:UNUSED\" } }\n" \
	"handler \"work\" {\n" \
	"	events = { \"invoice.*\" }\n" \
	"	command = { \"%s/work\" }\n" \
	"	%s\n" \
	"}\n" \
	"handler \"person\" {\n" \
	"	events = { \"stripehook.*\" }\n" \
	"	command = { \"%s/person\" }\n" \
	"}\n"

struct scene {
	char dir[64];
	int64_t now_ms; /* the clock */
	struct conf conf;
	struct work work;
	struct worker worker;
	bool opened; /* conf and worker are there */
	struct store *store; /* as others have it */
	struct err e;
};

static int64_t
clock_of(void *arg)
{
	return ((struct scene *)arg)->now_ms;
}

static bool
never_stale(void *arg, bool forced)
{
	(void)arg;
	(void)forced;
	return false;
}

/* Files -------------------------------------------------------------------- */

static void
write_file(const struct scene *s, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static void
code(const struct scene *s, const char *text)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "%s\n", text);
	write_file(s, "code", line);
}

/* Begin and end ------------------------------------------------------------ */

static int
setup(void **state)
{
	struct scene *s = mem_alloc(1, sizeof(*s));
	char text[256];

	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/t-work-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->now_ms = START_MS;
	(void)snprintf(text, sizeof(text), "file:%s/log", s->dir);
	assert_int_equal(log_open("t-work", text, LOG_LEVEL_DEBUG), 0);
	(void)snprintf(text, sizeof(text), WORK_SCRIPT, s->dir);
	write_file(s, "work", text);
	(void)snprintf(text, sizeof(text), PERSON_SCRIPT, s->dir);
	write_file(s, "person", text);
	code(s, "1");
	*state = s;
	return 0;
}

static void
load(struct scene *s, const char *options, const char *handler_options)
{
	struct conf_report report;
	char text[1024], path[128];

	(void)snprintf(text, sizeof(text), CONF, s->dir, options, s->dir,
	    handler_options, s->dir);
	write_file(s, "conf", text);
	(void)snprintf(path, sizeof(path), "%s/conf", s->dir);
	conf_report_init(&report);
	if (conf_load_secretless(&s->conf, path, &report) != RES_OK)
		fail_msg("%s", report.findings[0].text);
	conf_report_free(&report);
}

static void
store_of_others(struct scene *s, struct store **store)
{
	/* As a worker: what they put need not outlast a power cut. */
	assert_int_equal(
	    store_open(store, s->conf.store, STORE_WORKER, &s->e), RES_OK);
	store_set_clock(*store, clock_of, s);
}

/*
 * Begins a test: the configuration, the store, and a worker that has not yet
 * done anything.
 */
static void
begin(struct scene *s, const char *options, const char *handler_options)
{
	load(s, options, handler_options);
	assert_int_equal(store_setup(s->conf.store, &s->e), RES_OK);
	store_of_others(s, &s->store);
	s->work.conf = &s->conf;
	s->work.stale = never_stale;
	s->work.now_ms = clock_of;
	s->work.now_arg = s;
	s->opened = true;
	assert_int_equal(work_open(&s->worker, &s->work, &s->e), RES_OK);
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	struct dirent *d;
	DIR *dir;

	if (s->opened) {
		work_close(&s->worker);
		store_close(s->store);
		conf_free(&s->conf);
	}
	(void)log_open("t-work", "stderr", LOG_LEVEL_INFO);
	dir = opendir(s->dir);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

/* What happens ------------------------------------------------------------- */

static void
put(struct scene *s, const char *id, bool wanted)
{
	struct store_new work = { .handler = "work", .lane = "" };
	struct store_event se = { .endpoint = "shop",
		.deliveries = &work,
		.ndeliveries = wanted ? 1 : 0 };
	struct event ev;
	char body[256];
	bool differs;

	(void)snprintf(body, sizeof(body), BODY, id);
	assert_int_equal(event_parse(body, strlen(body), &ev, NULL), RES_OK);
	se.event = &ev;
	se.body = body;
	se.body_len = strlen(body);
	assert_int_equal(store_put(s->store, &se, &differs, &s->e), RES_OK);
}

/* Whether something happens at this moment still. */
static bool
at_work(struct worker *w)
{
	struct pollfd hint = { .fd = store_wake_fd(w->store),
		.events = POLLIN };

	return work_count(w, WORK_SLOT_FREE) < w->nslots || w->sweep ||
	    poll(&hint, 1, 0) == 1;
}

/*
 * Lets the worker do all that is to be done at this moment, with what comes of
 * it. Returns what the last round did.
 */
static bool
settle(struct scene *s)
{
	const int64_t patience_ms = run_now_ms() + PATIENCE_MS;
	bool more;

	while ((more = work_round(&s->worker)) && at_work(&s->worker)) {
		assert_true(run_now_ms() < patience_ms);
		work_sleep(&s->worker);
	}
	return more;
}

static void
settle_at(struct scene *s, int64_t at_ms)
{
	s->now_ms = at_ms;
	assert_true(settle(s));
}

/* What came of it ---------------------------------------------------------- */

/*
 * The delivery of a shop's event, and its last attempt, which may be NULL.
 */
static struct delivery
look(struct scene *s, const char *id, struct attempt *last)
{
	struct store_shown shown;
	struct delivery d;

	assert_int_equal(
	    store_show(s->store, "shop", id, &shown, &s->e), RES_OK);
	assert_int_equal(shown.ndeliveries, 1);
	d = shown.deliveries[0];
	if (last != NULL) {
		assert_true(shown.nattempts[0] > 0);
		*last = shown.attempts[shown.nattempts[0] - 1];
	}
	store_shown_free(&shown);
	return d;
}

static int
attempts(struct scene *s, const char *id)
{
	return look(s, id, NULL).attempts;
}

/* Counts the events that a filter finds. */
static bool
count_one(const struct store_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return true;
}

static int
count(struct scene *s, const char *endpoint, const char *type)
{
	struct store_filter f = STORE_FILTER_ANY;
	enum result r;
	int n = 0;

	f.endpoint = endpoint;
	f.type = type;
	r = store_list(s->store, &f, count_one, &n, &s->e);
	assert_true(r == RES_OK || r == RES_EMPTY);
	return n;
}

/*
 * How many alarms of that type there are; every one has reached the person.
 */
static int
alarms(struct scene *s, const char *type)
{
	struct store_filter f = STORE_FILTER_ANY;
	int n = 0;

	f.handler = "person";
	f.type = type;
	f.state = DELIVERY_SUCCEEDED;
	(void)store_list(s->store, &f, count_one, &n, &s->e);
	assert_int_equal(n, count(s, "stripehook", type));
	return n;
}

/* Whether the last alarm that the person got has this in it. */
static void
assert_alarm_has(const struct scene *s, const char *words)
{
	char path[128], text[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/alarm", s->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	if (strstr(text, words) == NULL)
		fail_msg("no %s in %s", words, text);
}

/* Retries ------------------------------------------------------------------ */

/*
 * Goes to the moment when the event is due again and has it attempted, and not
 * a millisecond before.
 */
static void
next_attempt(struct scene *s, const char *id)
{
	struct delivery d = look(s, id, NULL);

	assert_int_equal(d.state, DELIVERY_PENDING);
	assert_true(d.due_ms > s->now_ms);
	settle_at(s, d.due_ms - 1);
	assert_int_equal(attempts(s, id), d.attempts);
	settle_at(s, d.due_ms);
	assert_int_equal(attempts(s, id), d.attempts + 1);
}

static void
t_backoff(void **state)
{
	static const int seconds[] = { 10, 20, 40, 41, 41, 41 };
	struct scene *s = *state;
	int64_t full_ms, delay_ms, early_ms = 0;
	size_t i;

	begin(s, "", "backoff = 10 backoff-max = 41 alert-after = 0");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms);
	assert_int_equal(attempts(s, "evt_1"), 1);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		full_ms = seconds[i] * SECOND;
		delay_ms = look(s, "evt_1", NULL).due_ms - s->now_ms;
		assert_in_range(delay_ms, full_ms / 2, full_ms);
		early_ms += full_ms - delay_ms;
		next_attempt(s, "evt_1");
	}
	/* By chance, and not always the whole. */
	assert_true(early_ms > 0);
	code(s, "0");
	next_attempt(s, "evt_1");
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_SUCCEEDED);
	settle_at(s, s->now_ms + HOUR);
	assert_int_equal(attempts(s, "evt_1"), 8);
}

static void
t_attempts(void **state)
{
	struct scene *s = *state;
	struct attempt a;

	begin(s, "", "attempts = 3 backoff = 10 alert-after = 0");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms);
	next_attempt(s, "evt_1");
	assert_int_equal(alarms(s, "stripehook.delivery.failed"), 0);
	next_attempt(s, "evt_1");
	assert_int_equal(look(s, "evt_1", &a).state, DELIVERY_FAILED);
	assert_int_equal(a.number, 3);
	assert_string_equal(a.reason, "exit 1");
	assert_int_equal(alarms(s, "stripehook.delivery.failed"), 1);
	assert_alarm_has(s, "\"event\": \"evt_1\"");
	assert_alarm_has(s, "\"attempts\": 3");
	settle_at(s, s->now_ms + DAY);
	assert_int_equal(attempts(s, "evt_1"), 3);
	assert_int_equal(alarms(s, "stripehook.*"), 1);
}

static void
t_give_up(void **state)
{
	struct scene *s = *state;
	int64_t failed_ms;

	begin(s, "",
	    "give-up = 200 backoff = 60 backoff-max = 60 alert-after = 0");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms);
	do {
		failed_ms = s->now_ms;
		assert_int_equal(alarms(s, "stripehook.*"), 0);
		next_attempt(s, "evt_1");
	} while (look(s, "evt_1", NULL).state == DELIVERY_PENDING);
	/* Once it is older than that, and no sooner. */
	assert_true(failed_ms <= START_MS + 200 * SECOND);
	assert_true(s->now_ms > START_MS + 200 * SECOND);
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_FAILED);
	assert_int_equal(alarms(s, "stripehook.delivery.failed"), 1);
}

static void
t_timeout(void **state)
{
	struct scene *s = *state;
	struct attempt a;

	begin(s, "", "timeout = 30 backoff = 10 alert-after = 0");
	code(s, "hang");
	put(s, "evt_1", true);
	assert_true(work_round(&s->worker));
	assert_int_equal(work_count(&s->worker, WORK_SLOT_RUNNING), 1);
	s->now_ms += 30 * SECOND - 1;
	assert_true(work_round(&s->worker));
	assert_int_equal(s->worker.slots[0].job.run.stopping, 0);
	settle_at(s, s->now_ms + 1);
	assert_int_equal(look(s, "evt_1", &a).state, DELIVERY_PENDING);
	assert_string_equal(a.reason, "over its 30 s");
	assert_int_equal(a.ended_ms - a.started_ms, 30 * SECOND);
	code(s, "0");
	next_attempt(s, "evt_1");
}

/* Leases ------------------------------------------------------------------- */

static void
t_lease_end(void **state)
{
	struct scene *s = *state;
	struct store_handler work = { .name = "work", .max = -1 };
	struct store_want want = { .handlers = &work, .nhandlers = 1 };
	struct store_claim claim;
	struct store_shown shown;
	struct store *dead;
	size_t n;

	begin(s, "", "timeout = 30 grace = 5 alert-after = 0");
	code(s, "0");
	put(s, "evt_1", true);
	store_of_others(s, &dead);
	work.lease_ms = deliver_lease_ms(&s->conf.handlers[0]);
	assert_true(work.lease_ms > 35 * SECOND);
	assert_int_equal(
	    store_claim(dead, &want, &claim, 1, &n, &s->e), RES_OK);
	store_claim_free(&claim);
	store_close(dead);

	settle_at(s, s->now_ms);
	settle_at(s, START_MS + work.lease_ms - 1);
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_RUNNING);
	assert_int_equal(attempts(s, "evt_1"), 1);
	settle_at(s, START_MS + work.lease_ms);
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_SUCCEEDED);
	assert_int_equal(
	    store_show(s->store, "shop", "evt_1", &shown, &s->e), RES_OK);
	assert_int_equal(shown.nattempts[0], 2);
	assert_int_equal(shown.attempts[0].outcome, ATTEMPT_LOST);
	assert_int_equal(shown.attempts[1].outcome, ATTEMPT_SUCCEEDED);
	store_shown_free(&shown);
}

/* Failures in a row -------------------------------------------------------- */

static void
t_failing(void **state)
{
	static const char type[] = "stripehook.handler.failing";
	struct scene *s = *state;

	begin(s, "alert-interval = 3600",
	    "alert-after = 3 attempts = 100 backoff = 10 backoff-max = 10");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms);
	next_attempt(s, "evt_1");
	assert_int_equal(alarms(s, type), 0);
	next_attempt(s, "evt_1");
	assert_int_equal(alarms(s, type), 1);
	assert_alarm_has(s, "\"handler\": \"work\"");
	assert_alarm_has(s, "\"streak\": 3");
	/* Once in an interval. */
	next_attempt(s, "evt_1");
	settle_at(s, START_MS + HOUR - 1);
	assert_int_equal(attempts(s, "evt_1"), 5);
	assert_int_equal(alarms(s, type), 1);
	next_attempt(s, "evt_1");
	assert_int_equal(alarms(s, type), 2);
	assert_alarm_has(s, "\"streak\": 6");
	assert_int_equal(alarms(s, "stripehook.*"), 2);
}

static void
t_success_ends_the_row(void **state)
{
	static const char type[] = "stripehook.handler.failing";
	struct scene *s = *state;

	begin(s, "", "alert-after = 3 backoff = 10 backoff-max = 10");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms);
	next_attempt(s, "evt_1");
	code(s, "0");
	next_attempt(s, "evt_1");
	code(s, "1");
	put(s, "evt_2", true);
	settle_at(s, s->now_ms + SECOND);
	next_attempt(s, "evt_2");
	assert_int_equal(alarms(s, type), 0);
	next_attempt(s, "evt_2");
	assert_int_equal(alarms(s, type), 1);
}

/* Of the endpoint: the first attempt, before it answers. */
static void
attempt_inline(struct scene *s, const char *id)
{
	const struct conf_handler *work = &s->conf.handlers[0];
	struct deliver_tally tally;

	assert_int_equal(deliver_inline(s->store, &work, 1, "shop", id, &tally,
			     NULL, NULL, &s->e),
	    RES_OK);
	assert_int_equal(tally.failed, 1);
}

static void
t_inline_failures_count(void **state)
{
	static const char type[] = "stripehook.handler.failing";
	struct scene *s = *state;

	begin(s, "",
	    "run = \"inline\" alert-after = 3 backoff = 10 backoff-max = 10");
	settle_at(s, s->now_ms);
	put(s, "evt_1", true);
	attempt_inline(s, "evt_1");
	put(s, "evt_2", true);
	attempt_inline(s, "evt_2");
	settle_at(s, s->now_ms + SECOND);
	assert_int_equal(attempts(s, "evt_1"), 1);
	assert_int_equal(alarms(s, type), 0);
	next_attempt(s, "evt_1");
	assert_int_equal(alarms(s, type), 1);
}

/* Silence ------------------------------------------------------------------ */

static void
t_silence(void **state)
{
	static const char type[] = "stripehook.silence";
	const int64_t from_ms = START_MS + 45 * MINUTE;
	struct scene *s = *state;
	char words[64];
	int i;

	s->now_ms = from_ms;
	begin(s, "silence = 600 alert-interval = 3600", "");
	code(s, "0");
	put(s, "evt_1", true);
	settle_at(s, from_ms);
	/* It was looked for, and was not long enough. */
	settle_at(s, from_ms + 10 * MINUTE - SECOND);
	assert_int_equal(s->worker.check_ms, from_ms + 11 * MINUTE - SECOND);
	assert_int_equal(alarms(s, type), 0);
	settle_at(s, from_ms + 11 * MINUTE);
	assert_int_equal(alarms(s, type), 1);
	(void)snprintf(words, sizeof(words), "\"last_received\": %lld",
	    (long long)(from_ms / SECOND));
	assert_alarm_has(s, words);
	/* Once in an interval, and the alarm itself is no end of it. */
	settle_at(s, START_MS + 59 * MINUTE);
	assert_int_equal(alarms(s, type), 1);
	settle_at(s, START_MS + HOUR);
	assert_int_equal(alarms(s, type), 2);
	for (i = 61; i < 119; i++)
		settle_at(s, START_MS + i * MINUTE);
	assert_int_equal(alarms(s, type), 2);
	/* An event of the shop's is. */
	put(s, "evt_2", false);
	for (i = 119; i < 128; i++)
		settle_at(s, START_MS + i * MINUTE);
	assert_int_equal(alarms(s, type), 2);
	settle_at(s, START_MS + 128 * MINUTE);
	assert_int_equal(alarms(s, type), 3);
	assert_int_equal(alarms(s, "stripehook.*"), 3);
}

static void
t_silence_from_the_start(void **state)
{
	static const char type[] = "stripehook.silence";
	struct scene *s = *state;

	begin(s, "silence = 600", "");
	settle_at(s, s->now_ms);
	settle_at(s, START_MS + 10 * MINUTE - SECOND);
	assert_int_equal(alarms(s, type), 0);
	settle_at(s, START_MS + 11 * MINUTE);
	assert_int_equal(alarms(s, type), 1);
	assert_alarm_has(s, "\"last_received\": null");
}

static void
t_no_silence(void **state)
{
	struct scene *s = *state;

	begin(s, "", "");
	settle_at(s, s->now_ms);
	settle_at(s, START_MS + 30 * DAY);
	assert_int_equal(alarms(s, "stripehook.*"), 0);
}

/* Pruning ------------------------------------------------------------------ */

static void
t_prune(void **state)
{
	struct scene *s = *state;
	char id[32];
	int i;

	begin(s, "keep = 31", "attempts = 100 give-up = 0 alert-after = 0");
	put(s, "evt_waits", true);
	for (i = 0; i < 450; i++) {
		(void)snprintf(id, sizeof(id), "evt_%d", i);
		put(s, id, false);
	}
	settle_at(s, s->now_ms);
	settle_at(s, START_MS + 31 * DAY);
	assert_int_equal(count(s, "shop", NULL), 451);
	/* In small steps, with room for others between them. */
	settle_at(s, s->now_ms + MINUTE);
	assert_int_equal(count(s, "shop", NULL), 251);
	settle_at(s, s->now_ms + 900);
	assert_int_equal(count(s, "shop", NULL), 251);
	settle_at(s, s->now_ms + 100);
	assert_int_equal(count(s, "shop", NULL), 51);
	settle_at(s, s->now_ms + SECOND);
	/* What is not finished stays. */
	assert_int_equal(count(s, "shop", NULL), 1);
	assert_int_equal(look(s, "evt_waits", NULL).state, DELIVERY_PENDING);
}

static size_t
body_len(struct scene *s, const char *id)
{
	struct store_shown shown;
	size_t len;

	assert_int_equal(
	    store_show(s->store, "shop", id, &shown, &s->e), RES_OK);
	len = shown.body.len;
	store_shown_free(&shown);
	return len;
}

static void
t_keep_bodies(void **state)
{
	struct scene *s = *state;

	begin(s, "keep = 31 keep-bodies = 2",
	    "attempts = 100 give-up = 0 alert-after = 0");
	put(s, "evt_waits", true);
	settle_at(s, s->now_ms);
	code(s, "0");
	put(s, "evt_1", true);
	settle_at(s, s->now_ms + SECOND);
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_SUCCEEDED);
	code(s, "1");
	settle_at(s, START_MS + 2 * DAY);
	assert_true(body_len(s, "evt_1") > 0);
	settle_at(s, s->now_ms + MINUTE);
	assert_int_equal(body_len(s, "evt_1"), 0);
	assert_true(body_len(s, "evt_waits") > 0);
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_SUCCEEDED);
	settle_at(s, START_MS + 31 * DAY);
	assert_int_equal(count(s, "shop", NULL), 2);
	settle_at(s, s->now_ms + MINUTE);
	assert_int_equal(count(s, "shop", NULL), 1);
}

/* Until idle --------------------------------------------------------------- */

static void
t_linger(void **state)
{
	struct scene *s = *state;
	int64_t due_ms;

	s->work.until_idle = true;
	s->work.linger_ms = 4 * SECOND;
	begin(s, "", "backoff = 10 backoff-max = 10 alert-after = 0");
	put(s, "evt_1", true);
	/* Due in 5 seconds or more: not worth staying for. */
	assert_false(settle(s));
	due_ms = look(s, "evt_1", NULL).due_ms;
	s->now_ms = due_ms - 4 * SECOND;
	assert_true(settle(s));
	code(s, "0");
	s->now_ms = due_ms;
	assert_false(settle(s));
	assert_int_equal(look(s, "evt_1", NULL).state, DELIVERY_SUCCEEDED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_backoff),
		TEST(t_attempts),
		TEST(t_give_up),
		TEST(t_timeout),
		TEST(t_lease_end),
		TEST(t_failing),
		TEST(t_success_ends_the_row),
		TEST(t_inline_failures_count),
		TEST(t_silence),
		TEST(t_silence_from_the_start),
		TEST(t_no_silence),
		TEST(t_prune),
		TEST(t_keep_bodies),
		TEST(t_linger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
