/*
 * Patterns of event types.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "pattern.h"

#include "banned.h"

static const struct {
	const char *pattern;
	const char *type;
	bool match;
} matches[] = {
	{ "invoice.paid", "invoice.paid", true },
	{ "invoice.paid", "invoice.pai", false },
	{ "invoice.paid", "invoice.paid.x", false },
	{ "invoice.paid", "Invoice.paid", false },
	{ "*", "invoice.paid", true },
	{ "*", "ping", true },
	{ "*", "", false },
	{ "invoice.*", "invoice.paid", true },
	{ "invoice.*", "invoice.payment.paid", true },
	{ "invoice.*", "invoice", false },
	{ "invoice.*", "invoice.", false },
	{ "invoice.*", "invoices.paid", false },
	{ "invoice.*", "invoice_payment.paid", false },
	{ "*.created", "customer.created", true },
	{ "*.created", "customer.subscription.created", true },
	{ "*.created", "created", false },
	{ "*.created", ".created", false },
	{ "*.created", "customer.created.x", false },
	{ "*.created", "a.created.created", true },
	{ "*.*", "invoice.paid", true },
	{ "*.*", "ping", false },
	{ "customer.*.created", "customer.subscription.created", true },
	{ "customer.*.created", "customer.a.b.created", true },
	{ "customer.*.created", "customer.created", false },
	{ "customer.*.created", "customer.a.created.b", false },
	{ "*.b.*.d", "a.b.b.c.d.d", true },
	{ "*.b.*.d", "a.b.c.d.e", false },
	{ "v2.core.account[requirements].updated",
	    "v2.core.account[requirements].updated", true },
	{ "v2.core.account[requirements].updated", "v2.core.accountr.updated",
	    false },
	{ "v2.core.*", "v2.core.account[configuration.customer].updated",
	    true },
	{ "v2.core.account[configuration.*",
	    "v2.core.account[configuration.customer].updated", true },
	{ "invoice.paid?", "invoice.paidx", false },
	{ "", "", true },
};

static const struct {
	const char *pattern;
	bool valid;
} texts[] = {
	{ "invoice.paid", true },
	{ "*", true },
	{ "*.*", true },
	{ "a.*.b", true },
	{ "v2.core.account[requirements].updated", true },
	{ "", false },
	{ "**", false },
	{ "*a", false },
	{ "a*", false },
	{ "a.*b", false },
	{ "a.b*.c", false },
	{ "a b", false },
	{ " a", false },
	{ "a\n", false },
	{ "a\x7f", false },
	{ "a\xc3\xa9", false },
};

static void
test_match(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (pattern_match(matches[i].pattern, matches[i].type) !=
		    matches[i].match)
			fail_msg("\"%s\" and \"%s\"", matches[i].pattern,
			    matches[i].type);
}

static void
test_valid(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (pattern_valid(texts[i].pattern) != texts[i].valid)
			fail_msg("\"%s\"", texts[i].pattern);
}

/*
 * Many stars and a long type that nearly fits: it must not take for ever.
 */
static void
test_many_stars(void **state)
{
	char pattern[512], type[256];
	size_t i;

	(void)state;
	for (i = 0; i + 2 < 250; i += 2) {
		memcpy(pattern + i, "*.", 2);
		memcpy(type + i, "a.", 2);
	}
	memcpy(pattern + i, "b", 2);
	memcpy(type + i, "a", 2);
	assert_false(pattern_match(pattern, type));
	type[i] = 'b';
	assert_true(pattern_match(pattern, type));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_many_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
