/*
 * The list of event types, and what it suggests.
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
#include <unistd.h>

#include "catalogue.h"
#include "mem.h"

#include "banned.h"

#define BUILTIN 605 /* 4 of them our own */

static int
setup(void **state)
{
	char *path = mem_strdup("/tmp/t-catalogue.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd != -1);
	close(fd);
	*state = path;
	return 0;
}

static int
teardown(void **state)
{
	(void)unlink(*state);
	free(*state);
	return 0;
}

static void
put(const char *path, const char *bytes, size_t n)
{
	FILE *fp = fopen(path, "w");

	assert_non_null(fp);
	assert_int_equal(fwrite(bytes, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
}

static void
test_builtin(void **state)
{
	const struct catalogue_type *t;
	struct catalogue c;
	size_t i, thin = 0;

	(void)state;
	catalogue_init(&c);
	assert_int_equal(c.n, BUILTIN);
	for (i = 0; i < c.n; i++) {
		if (i > 0)
			assert_true(
			    strcmp(c.types[i - 1].name, c.types[i].name) < 0);
		assert_ptr_equal(
		    catalogue_find(&c, c.types[i].name), &c.types[i]);
		assert_true(c.types[i].object[0] != '\0');
		if (c.types[i].style == EVENT_THIN)
			thin++;
	}
	assert_int_equal(thin, 326);
	t = catalogue_find(&c, "invoice.paid");
	assert_non_null(t);
	assert_int_equal(t->style, EVENT_SNAPSHOT);
	assert_string_equal(t->object, "invoice");
	t = catalogue_find(&c, "v2.core.account[requirements].updated");
	assert_non_null(t);
	assert_int_equal(t->style, EVENT_THIN);
	assert_non_null(catalogue_find(&c, EVENT_PING));
	assert_null(catalogue_find(&c, "invoice"));
	assert_null(catalogue_find(&c, ""));
	catalogue_free(&c);
}

/* What people write, and what they mean. */
static const struct {
	const char *name;
	const char *first; /* NULL: nothing is near */
} meant[] = {
	{ "payment_intent.suceeded", "payment_intent.succeeded" },
	{ "payment_intent.success", "payment_intent.succeeded" },
	{ "paymentintent.succeeded", "payment_intent.succeeded" },
	{ "payment.intent.succeeded", "payment_intent.succeeded" },
	{ "payment_intents.succeeded", "payment_intent.succeeded" },
	{ "invoices.paid", "invoice.paid" },
	{ "invoice.payed", "invoice.paid" },
	{ "invoice_paid", "invoice.paid" },
	{ "Invoice.paid", "invoice.paid" },
	{ "customer.subscription.create", "customer.subscription.created" },
	{ "subscription.created", "customer.subscription.created" },
	{ "checkout.completed", "checkout.session.completed" },
	{ "checkout.session.complete", "checkout.session.completed" },
	{ "charge.refund", "charge.refunded" },
	{ "payment_method.atached", "payment_method.attached" },
	{ "v2.core.account[requirement].updated",
	    "v2.core.account[requirements].updated" },
	{ "zebra.crossing", NULL },
	{ "", NULL },
};

static void
test_suggest(void **state)
{
	struct catalogue c;
	const char *near[3];
	size_t i, n;
	int wrong = 0;

	(void)state;
	catalogue_init(&c);
	for (i = 0; i < sizeof(meant) / sizeof(meant[0]); i++) {
		n = catalogue_suggest(&c, meant[i].name, near, 3);
		assert_true(n <= 3);
		if ((n == 0) != (meant[i].first == NULL) ||
		    (n > 0 && strcmp(near[0], meant[i].first) != 0)) {
			print_error("%s: %s\n", meant[i].name,
			    n > 0 ? near[0] : "nothing");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(catalogue_suggest(&c, "invoice.paid", near, 0), 0);
	assert_int_equal(catalogue_suggest(&c, "invoice.paid", near, 3), 1);
}

/*
 * Of names that are equally near the first ones stay.
 */
static void
test_suggest_ties(void **state)
{
	static const struct catalogue_type types[] = {
		{ "a.far", EVENT_SNAPSHOT, "-" },
		{ "a.near1", EVENT_SNAPSHOT, "-" },
		{ "a.near2", EVENT_SNAPSHOT, "-" },
		{ "a.near3", EVENT_SNAPSHOT, "-" },
	};
	const struct catalogue c = { .types = types, .n = 4 };
	const char *near[2];

	(void)state;
	assert_int_equal(catalogue_suggest(&c, "a.near", near, 2), 2);
	assert_string_equal(near[0], "a.near1");
	assert_string_equal(near[1], "a.near2");
}

static void
test_load(void **state)
{
	static const char text[] = "# comment\n"
				   "\n"
				   "zzz.last\n"
				   "aaa.first\tthin\tthing\r\n"
				   "v2.zzz\n"
				   "invoice.paid\tthin\tother # replaced\n"
				   "aaa.first\tsnapshot";
	const struct catalogue_type *t;
	struct catalogue c;
	struct err e;
	size_t i;

	put(*state, text, sizeof(text) - 1);
	catalogue_init(&c);
	assert_int_equal(catalogue_load(&c, *state, &e), RES_OK);
	assert_int_equal(c.n, BUILTIN + 3);
	for (i = 1; i < c.n; i++)
		assert_true(strcmp(c.types[i - 1].name, c.types[i].name) < 0);
	t = catalogue_find(&c, "zzz.last");
	assert_non_null(t);
	assert_int_equal(t->style, EVENT_SNAPSHOT);
	assert_string_equal(t->object, "-");
	t = catalogue_find(&c, "v2.zzz");
	assert_non_null(t);
	assert_int_equal(t->style, EVENT_THIN);
	t = catalogue_find(&c, "invoice.paid");
	assert_non_null(t);
	assert_int_equal(t->style, EVENT_THIN);
	assert_int_equal(catalogue_load(&c, *state, &e), RES_INVALID);
	assert_int_equal(c.n, BUILTIN + 3);
	catalogue_free(&c);
	assert_int_equal(c.n, BUILTIN);
	catalogue_free(&c);
}

static void
test_load_faults(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *words;
	} cases[] = {
		{ "a.b\nin voice\n", 13, ":2: 'in voice'" },
		{ "a.b\n\n\na.*\n", 10, ":4: 'a.*'" },
		{ "a.b\tbig\n", 8, ":1: the style" },
		{ "a.b\0\n", 5, "not a text file" },
	};
	struct catalogue c;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(*state, cases[i].bytes, cases[i].n);
		catalogue_init(&c);
		assert_int_equal(catalogue_load(&c, *state, &e), RES_INVALID);
		if (strstr(e.text, cases[i].words) == NULL)
			fail_msg("%s", e.text);
		assert_non_null(strstr(e.text, *state));
		assert_int_equal(c.n, BUILTIN);
		assert_null(c.own);
		catalogue_free(&c);
	}
	put(*state, "# nothing\n", 10);
	assert_int_equal(catalogue_load(&c, *state, &e), RES_OK);
	assert_int_equal(c.n, BUILTIN);
	catalogue_free(&c);
	assert_int_equal(catalogue_load(&c, "/nowhere/x", &e), RES_INVALID);
	assert_non_null(strstr(e.text, "/nowhere/x: No such file"));
	assert_int_equal(catalogue_load(&c, "/tmp", &e), RES_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_suggest_ties),
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_load_faults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
