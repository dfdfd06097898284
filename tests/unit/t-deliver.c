/*
 * deliver: one attempt, its environment, its key, its judgement.
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

#include "deliver.h"
#include "deliver_impl.h"
#include "mem.h"

#include "banned.h"

#define SNAPSHOT \
	"{\"id\":\"evt_1\",\"object\":\"event\",\"created\":1700000000," \
	"\"type\":\"payment_intent.succeeded\",\"livemode\":true," \
	"\"api_version\":\"2026-10-28.endive\",\"account\":\"acct_1\"," \
	"\"data\":{\"object\":{\"id\":\"pi_1\",\"object\":" \
	"\"payment_intent\",\"customer\":\"cus_1\"}}}"

static char *no_env[] = { NULL };

static void
make_handler(struct conf_handler *h, char **command)
{
	memset(h, 0, sizeof(*h));
	mem_copy(h->name, sizeof(h->name), "fulfil");
	h->command = command;
	h->environment = no_env;
	h->timeout = 20;
	h->grace = 5;
	h->attempts = 3;
	h->backoff = 10;
	h->backoff_max = 60;
	h->umask = 022;
}

static void
make_claim(struct store_claim *c, const char *body)
{
	memset(c, 0, sizeof(*c));
	c->delivery = 7;
	c->token = 70;
	c->number = 1;
	c->received_ms = 1000000;
	c->now_ms = 1002000;
	mem_copy(c->endpoint, sizeof(c->endpoint), "shop");
	mem_copy(c->handler, sizeof(c->handler), "fulfil");
	buf_init(&c->body, 1 << 20);
	buf_puts(&c->body, body);
}

static void
assert_env(char *const *env, const char *const *expected)
{
	for (; *expected != NULL; env++, expected++) {
		assert_non_null(*env);
		assert_string_equal(*env, *expected);
	}
	assert_null(*env);
}

static void
environment_snapshot(void **state)
{
	static const char *const expected[] = { "PATH=/own/bin", "HOME=/",
		"LANG=C.UTF-8", "TZ=Europe/Berlin", "STRIPE_EVENT_ID=evt_1",
		"STRIPE_EVENT_TYPE=payment_intent.succeeded",
		"STRIPE_EVENT_CREATED=1700000000",
		"STRIPE_EVENT_STYLE=snapshot", "STRIPE_OBJECT=payment_intent",
		"STRIPE_OBJECT_ID=pi_1",
		"STRIPE_OBJECT_URL=", "STRIPE_ACCOUNT=acct_1",
		"STRIPE_CONTEXT=", "STRIPE_LIVEMODE=true",
		"STRIPE_API_VERSION=2026-10-28.endive", "STRIPE_CUSTOMER=cus_1",
		"STRIPE_SNAPSHOT_EVENT=", "STRIPEHOOK_ENDPOINT=shop",
		"STRIPEHOOK_HANDLER=fulfil", "STRIPEHOOK_ATTEMPT=4",
		"STRIPEHOOK_IDEMPOTENCY_KEY=shop:fulfil:evt_1", NULL };
	struct conf_handler h;
	struct store_claim c;
	struct event ev;
	char **env;

	(void)state;
	setenv("PATH", "/own/bin", 1);
	setenv("TZ", "Europe/Berlin", 1);
	setenv("STRIPE_SECRET", "not for handlers", 1);
	unsetenv("HOME");
	unsetenv("LANG");
	make_handler(&h, NULL);
	make_claim(&c, SNAPSHOT);
	c.number = 4;
	assert_int_equal(
	    event_parse(c.body.data, c.body.len, &ev, NULL), RES_OK);
	env = deliver_env(&h, &c, &ev, NULL);
	assert_env(env, expected);
	deliver_env_free(env);
	store_claim_free(&c);
}

/* The mark of the run comes before the facts, and cannot be configured. */
static void
environment_mark(void **state)
{
	static const char *const entries[] = { "STRIPEHOOK_RUN=forged", NULL };
	struct conf_handler h;
	struct store_claim c;
	struct event ev;
	char **env, **var;
	size_t found = 0;

	(void)state;
	make_handler(&h, NULL);
	h.environment = (char **)(uintptr_t)entries;
	make_claim(&c, SNAPSHOT);
	assert_int_equal(
	    event_parse(c.body.data, c.body.len, &ev, NULL), RES_OK);
	env = deliver_env(&h, &c, &ev, "STRIPEHOOK_RUN=mark");
	for (var = env; *var != NULL; var++) {
		if (strncmp(*var, "STRIPEHOOK_RUN=", 15) != 0)
			continue;
		assert_string_equal(*var, "STRIPEHOOK_RUN=mark");
		found++;
	}
	assert_int_equal(found, 1);
	deliver_env_free(env);
	store_claim_free(&c);
}

/* What is configured replaces what is usual; facts replace both. */
static void
environment_configured(void **state)
{
	static const char *const expected[] = { "PATH=/mine", "HOME=/home/own",
		"LANG=C.UTF-8", "EMPTY=", "WITH=a=b", "PASSED=on",
		"STRIPE_EVENT_ID=evt_2", "STRIPE_EVENT_TYPE=a.b",
		"STRIPE_EVENT_CREATED=0", "STRIPE_EVENT_STYLE=thin",
		"STRIPE_OBJECT=", "STRIPE_OBJECT_ID=", "STRIPE_OBJECT_URL=",
		"STRIPE_ACCOUNT=", "STRIPE_CONTEXT=", "STRIPE_LIVEMODE=false",
		"STRIPE_API_VERSION=", "STRIPE_CUSTOMER=",
		"STRIPE_SNAPSHOT_EVENT=evt_9", "STRIPEHOOK_ENDPOINT=shop",
		"STRIPEHOOK_HANDLER=fulfil", "STRIPEHOOK_ATTEMPT=1",
		"STRIPEHOOK_IDEMPOTENCY_KEY=shop:fulfil:evt_2", NULL };
	static const char *const entries[] = { "PATH=/mine",
		"EMPTY=", "WITH=a=b", "PASSED", "NOT_SET",
		"STRIPE_EVENT_ID=forged", "EMPTY=", NULL };
	struct conf_handler h;
	struct store_claim c;
	struct event ev;
	char **env;

	(void)state;
	setenv("HOME", "/home/own", 1);
	setenv("PASSED", "on", 1);
	unsetenv("LANG");
	unsetenv("TZ");
	unsetenv("NOT_SET");
	make_handler(&h, NULL);
	h.environment = (char **)(uintptr_t)entries;
	make_claim(&c, "");
	memset(&ev, 0, sizeof(ev));
	ev.style = EVENT_THIN;
	mem_copy(ev.id, sizeof(ev.id), "evt_2");
	mem_copy(ev.type, sizeof(ev.type), "a.b");
	mem_copy(ev.snapshot_event, sizeof(ev.snapshot_event), "evt_9");
	env = deliver_env(&h, &c, &ev, NULL);
	assert_env(env, expected);
	deliver_env_free(env);
	deliver_env_free(NULL);
	store_claim_free(&c);
}

static void
key(void **state)
{
	char long_name[64], long_id[256], odd[8] = "ev\x01\xc3\xa9 ~";
	char a[DELIVER_KEY_SIZE], b[DELIVER_KEY_SIZE];
	size_t i;

	(void)state;
	deliver_key("shop", "fulfil", "evt_1", a);
	assert_string_equal(a, "shop:fulfil:evt_1");
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	memset(long_id, 'i', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	/* the longest of all: cut, and another for every other id */
	deliver_key(long_name, long_name, long_id, a);
	assert_int_equal(strlen(a), DELIVER_KEY_MAX);
	assert_int_equal(a[DELIVER_KEY_MAX - 33], '~');
	deliver_key(long_name, long_name, long_id, b);
	assert_string_equal(a, b);
	long_id[254] = 'j';
	deliver_key(long_name, long_name, long_id, b);
	assert_int_equal(strlen(b), DELIVER_KEY_MAX);
	assert_string_not_equal(a, b);
	/* the longest that stands as it is, and one more */
	long_id[DELIVER_KEY_MAX - 4] = '\0';
	deliver_key("a", "b", long_id, a);
	assert_int_equal(strlen(a), DELIVER_KEY_MAX);
	assert_null(strchr(a, '~'));
	long_id[DELIVER_KEY_MAX - 4] = 'x';
	long_id[DELIVER_KEY_MAX - 3] = '\0';
	deliver_key("a", "b", long_id, a);
	assert_int_equal(strlen(a), DELIVER_KEY_MAX);
	assert_non_null(strchr(a, '~'));
	/* what a header cannot hold */
	deliver_key("a", "b", odd, a);
	assert_int_equal(strncmp(a, "a:b:ev____~~", 12), 0);
	for (i = 0; a[i] != '\0'; i++)
		assert_true(a[i] > ' ' && a[i] < 0x7f);
}

/* Never change: a key that changes with a version repeats a payment. */
static void
key_is_stable(void **state)
{
	char k[DELIVER_KEY_SIZE];

	(void)state;
	deliver_key("", "", "\xff", k);
	assert_string_equal(k, "::_~a68c7222db8b5822836dbc7915605706");
	deliver_key("shop", "fulfil", "evt \x7f", k);
	assert_string_equal(
	    k, "shop:fulfil:evt__~2fb33f3b65675fe396ebd4d0efa99f6d");
}

static void
lease(void **state)
{
	struct conf_handler h;

	(void)state;
	make_handler(&h, NULL);
	assert_true(deliver_lease_ms(&h) > 25000);
	h.timeout = INT32_MAX;
	h.grace = INT32_MAX;
	assert_true(deliver_lease_ms(&h) > INT64_C(2) * INT32_MAX * 1000);
}

static void
judge(void **state)
{
	static const struct {
		enum run_end end;
		int exit_code;
		int number;
		int64_t give_up; /* seconds */
		enum attempt_outcome outcome;
		enum delivery_state became;
		int64_t delay_ms;
	} cases[] = {
		{ RUN_EXITED, 0, 1, 0, ATTEMPT_SUCCEEDED, DELIVERY_SUCCEEDED,
		    0 },
		{ RUN_EXITED, 0, 3, 1, ATTEMPT_SUCCEEDED, DELIVERY_SUCCEEDED,
		    0 },
		{ RUN_EXITED, 100, 1, 0, ATTEMPT_NEVER, DELIVERY_FAILED, 0 },
		{ RUN_EXITED, 1, 1, 0, ATTEMPT_LATER, DELIVERY_PENDING, 10000 },
		{ RUN_EXITED, 99, 2, 0, ATTEMPT_LATER, DELIVERY_PENDING,
		    20000 },
		{ RUN_EXITED, 1, 3, 0, ATTEMPT_LATER, DELIVERY_FAILED, 0 },
		{ RUN_EXITED, -1, 1, 0, ATTEMPT_LATER, DELIVERY_PENDING,
		    10000 },
		{ RUN_SIGNALED, -1, 1, 0, ATTEMPT_LATER, DELIVERY_PENDING,
		    10000 },
		{ RUN_TIMED_OUT, -1, 1, 0, ATTEMPT_LATER, DELIVERY_PENDING,
		    10000 },
		{ RUN_NOT_STARTED, -1, 1, 0, ATTEMPT_LATER, DELIVERY_PENDING,
		    10000 },
		/* the event came 2 s before, the handler took 500 ms */
		{ RUN_EXITED, 1, 1, 3, ATTEMPT_LATER, DELIVERY_PENDING, 10000 },
		{ RUN_EXITED, 1, 1, 2, ATTEMPT_LATER, DELIVERY_FAILED, 0 },
	};
	struct conf_handler h;
	struct deliver_job job;
	struct store_finish f;
	size_t i;

	(void)state;
	make_handler(&h, NULL);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&job, 0, sizeof(job));
		make_claim(&job.claim, SNAPSHOT);
		job.handler = &h;
		job.claim.number = cases[i].number;
		h.give_up = cases[i].give_up;
		job.run.ended = true;
		job.run.end = cases[i].end;
		job.run.exit_code = cases[i].exit_code;
		job.run.duration_ms = 500;
		job.run.output_len = 3;
		memcpy(job.run.output, "out", 3);
		mem_copy(job.run.reason, sizeof(job.run.reason), "why");
		deliver_judge(&job, 0, &f);
		assert_int_equal(f.delivery, 7);
		assert_int_equal(f.token, 70);
		assert_int_equal(f.attempt.outcome, cases[i].outcome);
		assert_int_equal(f.state, cases[i].became);
		assert_int_equal(f.delay_ms, cases[i].delay_ms);
		assert_int_equal(f.attempt.exit_code, cases[i].exit_code);
		assert_int_equal(
		    f.attempt.ended_ms - f.attempt.started_ms, 500);
		assert_string_equal(f.attempt.reason, "why");
		assert_int_equal(f.attempt.output_len, 3);
		store_claim_free(&job.claim);
	}
}

static void
attempt(struct deliver_job *job, struct conf_handler *h, const char *body,
    struct store_finish *f)
{
	struct store_claim c;

	make_claim(&c, body);
	deliver_begin(job, h, &c, NULL, run_now_ms());
	assert_int_equal(c.body.len, 0);
	store_claim_free(&c);
	run_wait(&job->run, 1);
	deliver_judge(job, 0, f);
}

static void
executed(void **state)
{
	static const char *const command[] = { "/bin/sh", "-c",
		"cat; echo \" $STRIPE_OBJECT_ID $# $1 $PWD\"", "name", "arg",
		NULL };
	struct conf_handler h;
	struct deliver_job job;
	struct store_finish f;

	(void)state;
	setenv("PATH", "/usr/bin:/bin", 1);
	make_handler(&h, (char **)(uintptr_t)command);
	attempt(&job, &h, SNAPSHOT, &f);
	assert_int_equal(f.state, DELIVERY_SUCCEEDED);
	f.attempt.output[f.attempt.output_len] = '\0';
	assert_string_equal(f.attempt.output, SNAPSHOT " pi_1 1 arg /\n");
	deliver_end(&job);
}

static void
not_executable(void **state)
{
	static const char *const command[] = { "/nowhere/x", NULL };
	struct conf_handler h;
	struct deliver_job job;
	struct store_finish f;

	(void)state;
	make_handler(&h, (char **)(uintptr_t)command);
	attempt(&job, &h, SNAPSHOT, &f);
	assert_int_equal(f.attempt.outcome, ATTEMPT_LATER);
	assert_int_equal(f.state, DELIVERY_PENDING);
	assert_string_equal(f.attempt.reason,
	    "cannot execute /nowhere/x: No such file or directory");
	deliver_end(&job);
}

/* Limits of the configuration, and the mark, which is another every time. */
static void
placed(void **state)
{
	static const char *const command[] = { "/bin/sh", "-c",
		"echo \"$(ulimit -n) $(ulimit -v) $(ulimit -c)"
		" ${STRIPEHOOK_RUN%%:*} ${STRIPEHOOK_RUN##*:}\"",
		NULL };
	const struct deliver_place place = { "here", true };
	char expected[128];
	struct conf_handler h;
	struct deliver_job job;
	struct store_claim c;
	uint64_t last = 0;
	int number;

	(void)state;
	make_handler(&h, (char **)(uintptr_t)command);
	h.open_files = 50;
	h.memory = (int64_t)300 << 20;
	h.core = 0;
	for (number = 1; number <= 2; number++) {
		make_claim(&c, SNAPSHOT);
		c.number = number;
		deliver_begin(&job, &h, &c, &place, run_now_ms());
		store_claim_free(&c);
		assert_true(job.run.mark != 0 && job.run.mark != last);
		last = job.run.mark;
		run_wait(&job.run, 1);
		snprintf(expected, sizeof(expected), "50 307200 0 here %llu\n",
		    (unsigned long long)last);
		job.run.output[job.run.output_len] = '\0';
		assert_string_equal(job.run.output, expected);
		deliver_end(&job);
	}
}

/* A user that is not there: later, with the reason. */
static void
placed_user(void **state)
{
	static const char *const command[] = { "/bin/true", NULL };
	static char user[] = "no-such-user";
	struct conf_handler h;
	struct deliver_job job;
	struct store_finish f;

	(void)state;
	make_handler(&h, (char **)(uintptr_t)command);
	h.user = user;
	attempt(&job, &h, SNAPSHOT, &f);
	assert_int_equal(f.attempt.outcome, ATTEMPT_LATER);
	assert_non_null(strstr(f.attempt.reason, user));
	deliver_end(&job);
}

/* Nothing will help: a person has to look, at the first attempt. */
static void
unreadable(void **state)
{
	static const char *const command[] = { "/bin/true", NULL };
	static const struct {
		const char *body;
		const char *words;
	} cases[] = {
		{ "", "no longer in the store" },
		{ "{", "cannot be read" },
		{ "{}", "cannot be read" },
	};
	struct conf_handler h;
	struct deliver_job job;
	struct store_finish f;
	size_t i;

	(void)state;
	make_handler(&h, (char **)(uintptr_t)command);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		attempt(&job, &h, cases[i].body, &f);
		assert_int_equal(f.attempt.outcome, ATTEMPT_NEVER);
		assert_int_equal(f.state, DELIVERY_FAILED);
		assert_int_equal(f.attempt.exit_code, -1);
		assert_non_null(strstr(f.attempt.reason, cases[i].words));
		deliver_end(&job);
	}
}

static void
ended_while_running(void **state)
{
	static const char *const command[] = { "/bin/sleep", "300", NULL };
	struct conf_handler h;
	struct deliver_job job;
	struct store_claim c;

	(void)state;
	make_handler(&h, (char **)(uintptr_t)command);
	make_claim(&c, SNAPSHOT);
	deliver_begin(&job, &h, &c, NULL, run_now_ms());
	assert_false(run_step(&job.run, run_now_ms()));
	deliver_end(&job);
	assert_int_equal(job.run.pid, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_snapshot),
		cmocka_unit_test(environment_configured),
		cmocka_unit_test(environment_mark),
		cmocka_unit_test(key),
		cmocka_unit_test(key_is_stable),
		cmocka_unit_test(lease),
		cmocka_unit_test(judge),
		cmocka_unit_test(executed),
		cmocka_unit_test(not_executable),
		cmocka_unit_test(placed),
		cmocka_unit_test(placed_user),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(ended_while_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
