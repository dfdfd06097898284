/*
 * Events: the cases in tests/data/events, sameness, release trains.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "cases.h"

#include "banned.h"

#define FACT(name) \
	{ \
#name, offsetof(struct event, name) \
	}

static const struct {
	const char *name;
	size_t offset;
} text_facts[] = {
	FACT(id),
	FACT(type),
	FACT(created_text),
	FACT(api_version),
	FACT(account),
	FACT(context),
	FACT(object),
	FACT(object_id),
	FACT(object_url),
	FACT(customer),
	FACT(request_id),
	FACT(idempotency_key),
	FACT(snapshot_event),
};
#define TEXT_FACTS (sizeof(text_facts) / sizeof(text_facts[0]))

/* What a case expects; texts point into its file. */
struct expected {
	const char *texts[TEXT_FACTS];
	const char *style;
	const char *created;
	const char *livemode;
	const char *pending_webhooks;
	const char *invalid; /* part of the reason; NULL: it is read */
};

static void
take_line(struct expected *want, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < TEXT_FACTS; i++) {
		if (strcmp(key, text_facts[i].name) == 0) {
			want->texts[i] = value;
			return;
		}
	}
	if (strcmp(key, "style") == 0)
		want->style = value;
	else if (strcmp(key, "created") == 0)
		want->created = value;
	else if (strcmp(key, "livemode") == 0)
		want->livemode = value;
	else if (strcmp(key, "pending_webhooks") == 0)
		want->pending_webhooks = value;
	else if (strcmp(key, "invalid") == 0)
		want->invalid = value;
	else
		fail_msg("unknown key \"%s\"", key);
}

static size_t
differs(const char *name, const char *fact, const char *is, const char *want)
{
	if (strcmp(is, want) == 0)
		return 0;
	print_error("%s: %s is \"%s\", not \"%s\"\n", name, fact, is, want);
	return 1;
}

static size_t
check_facts(
    const char *name, const struct event *ev, const struct expected *want)
{
	char created[32], pending[32];
	size_t i, failures = 0;

	(void)snprintf(created, sizeof(created), "%" PRId64, ev->created);
	(void)snprintf(
	    pending, sizeof(pending), "%" PRId64, ev->pending_webhooks);
	for (i = 0; i < TEXT_FACTS; i++)
		failures += differs(name, text_facts[i].name,
		    (const char *)ev + text_facts[i].offset, want->texts[i]);
	failures +=
	    differs(name, "style", event_style_name(ev->style), want->style);
	failures += differs(name, "created", created, want->created);
	failures += differs(
	    name, "livemode", ev->livemode ? "true" : "false", want->livemode);
	failures +=
	    differs(name, "pending_webhooks", pending, want->pending_webhooks);
	return failures;
}

/*
 * A reason is for the log: one line, and little of the body in it.
 */
static size_t
check_reason(const char *name, enum result r, const char *reason,
    const struct expected *want)
{
	const char *p;

	for (p = reason; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			break;
	}
	if (r == RES_INVALID && strstr(reason, want->invalid) != NULL &&
	    *p == '\0' && strlen(reason) < 200)
		return 0;
	print_error("%s: %s, \"%s\"\n", name, result_name(r), reason);
	return 1;
}

static void
check_case(const char *path, const char *name, void *arg)
{
	struct expected want = { .style = "snapshot",
		.created = "0",
		.livemode = "false",
		.pending_webhooks = "-1" };
	char *text, *rest, *key, *value, *body, *exact;
	size_t i, len, text_len, *failures = arg;
	struct err e = { "" };
	struct event ev;
	enum result r;

	for (i = 0; i < TEXT_FACTS; i++)
		want.texts[i] = "";
	text = rest = cases_read(path, name, ".txt", &text_len);
	while (cases_line(&rest, &key, &value))
		take_line(&want, key, value);
	body = cases_read(path, name, ".json", &len);
	/* Without the NUL, so that a read beyond the end is noticed. */
	exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, body, len);
	memset(&ev, 'x', sizeof(ev));
	r = event_parse(exact, len, &ev, &e);
	assert_memory_equal(exact, body, len);
	if (want.invalid != NULL) {
		*failures += check_reason(name, r, e.text, &want);
		assert_int_equal(event_parse(exact, len, &ev, NULL), r);
	} else if (r == RES_OK) {
		*failures += check_facts(name, &ev, &want);
		if (!event_same(exact, len, exact, len)) {
			print_error("%s: not the same as itself\n", name);
			++*failures;
		}
	} else {
		print_error("%s: refused: %s\n", name, e.text);
		++*failures;
	}
	free(exact);
	free(body);
	free(text);
}

static void
cases_are_read(void **unused)
{
	size_t failures = 0, n;

	(void)unused;
	n = cases_each("events", ".txt", check_case, &failures);
	assert_true(n >= 50);
	assert_int_equal(failures, 0);
}

/*
 * Every beginning of a body, and every body with one byte changed, ends in a
 * result, never in a crash. Meant for a run with the sanitizers.
 */
static void
harm_body(const char *path, const char *name, void *arg)
{
	static const char bytes[] = "\"\\{}[]:,0u\x80 ";
	size_t i, k, len;
	struct event ev;
	struct err e;
	char *body, old;

	(void)arg;
	body = cases_read(path, name, ".json", &len);
	for (i = 0; i < len && len < 300; i++)
		(void)event_parse(body, i, &ev, &e);
	for (i = 0; i < len && len < 300; i++) {
		for (k = 0; k < sizeof(bytes); k++) {
			old = body[i];
			body[i] = bytes[k];
			(void)event_parse(body, len, &ev, &e);
			body[i] = old;
		}
	}
	free(body);
}

static void
harmed_bodies_end_in_a_result(void **unused)
{
	(void)unused;
	assert_true(cases_each("events", ".json", harm_body, NULL) >= 50);
}

static void
compares_what_two_bodies_say(void **unused)
{
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} table[] = {
		{ "{\"id\":\"a\",\"x\":[1,2]}",
		    "{\"x\" : [1, 2],\n\"id\":\"a\"}", true },
		{ "{\"id\":\"a\",\"pending_webhooks\":1}",
		    "{\"pending_webhooks\":2,\"id\":\"a\"}", true },
		{ "{\"id\":\"a\",\"pending_webhooks\":1}", "{\"id\":\"a\"}",
		    true },
		{ "{\"d\":{\"pending_webhooks\":1}}",
		    "{\"d\":{\"pending_webhooks\":2}}", false },
		{ "{\"id\":\"a\"}", "{\"id\":\"b\"}", false },
		{ "{\"id\":\"a\"}", "{\"id\":\"a\",\"n\":null}", false },
		{ "{\"x\":[1,2]}", "{\"x\":[2,1]}", false },
		{ "{\"x\":\"\\u0041\"}", "{\"x\":\"A\"}", true },
		{ "{\"x\":\"a\\u0000b\"}", "{\"x\":\"a\\u0000c\"}", false },
		{ "{\"x\":\"a\\u0000b\"}", "{\"x\":\"a\\u0000b\"}", true },
		/* what has to be mended */
		{ "{\"n\":123456789012345678901}",
		    "{\"n\": 123456789012345678901 }", true },
		{ "{\"n\":123456789012345678901}",
		    "{\"n\":123456789012345678902}", false },
		{ "{\"n\":1e999}", "{\"n\":null}", false },
		{ "{\"n\":1e999,\"m\":2e999}", "{\"m\":2e999,\"n\":1e999}",
		    true },
		{ "{\"x\":\"\\ud800\"}", "{\"x\":\"\\ud801\"}", false },
		{ "{\"x\":\"\\ud800\"}", "{\"x\":\"\\u0000\"}", false },
		{ "{\"\\u0000\":1}", "{\"\\ufffd\":1}", false },
		{ "{\"x\":1,\"x\":2}", "{\"x\":2}", true },
		{ "{\"x\":1,\"x\":2}", "{\"x\":1}", false },
		/* what is no JSON is the same as nothing */
		{ "{", "{", false },
		{ "", "", false },
		{ "{}", "{}x", false },
		{ "{}", "[]", false },
		{ "{\"x\":\"\xff\"}", "{\"x\":\"\xff\"}", false },
	};
	const char *a, *b;
	bool same;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		a = table[i].a;
		b = table[i].b;
		same = event_same(a, strlen(a), b, strlen(b));
		if (same != table[i].same ||
		    same != event_same(b, strlen(b), a, strlen(a)))
			fail_msg("%s and %s: %d", a, b, same);
	}
}

static void
a_train_stands_behind_the_dot(void **unused)
{
	(void)unused;
	assert_string_equal(event_train("2026-10-28.endive"), "endive");
	assert_string_equal(event_train("2024-09-30.acacia"), "acacia");
	assert_string_equal(event_train("2020-08-27"), "2020-08-27");
	assert_string_equal(event_train(""), "");
	assert_string_equal(event_train("a.b.c"), "b.c");
	assert_string_equal(event_train("a."), "");
}

static void
styles_have_names(void **unused)
{
	(void)unused;
	assert_string_equal(event_style_name(EVENT_SNAPSHOT), "snapshot");
	assert_string_equal(event_style_name(EVENT_THIN), "thin");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_read),
		cmocka_unit_test(harmed_bodies_end_in_a_result),
		cmocka_unit_test(compares_what_two_bodies_say),
		cmocka_unit_test(a_train_stands_behind_the_dot),
		cmocka_unit_test(styles_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
