/*
 * Distances between names.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "near.h"

#include "banned.h"

static const struct {
	const char *name;
	const char *known;
	int score;
} cases[] = {
	{ "timeout", "timeout", 0 },
	{ "timout", "timeout", 1 }, /* missing */
	{ "timeoutt", "timeout", 1 }, /* added */
	{ "timeoyt", "timeout", 1 }, /* changed */
	{ "tiemout", "timeout", 1 }, /* swapped */
	{ "tmieotu", "timeout", 2 }, /* swapped twice */
	{ "rnu", "run", 1 },
	{ "log", "run", -1 },
	{ "lag", "run", -1 },
	{ "retries", "threads", -1 },
	{ "", "", 0 },
	{ "", "run", -1 },
	{ "invoices.paid", "invoice.paid", 1 },
	{ "invoice.payed", "invoice.paid", 2 },
	{ "payment_intent.success", "payment_intent.succeeded", 4 },
	{ "subscription.created", "customer.subscription.created", 3 },
	{ "subscription.create", "customer.subscription.created", 4 },
	{ "stripe.invoice.paid", "invoice.paid", 3 },
	{ "checkout.completed", "checkout.session.completed", 3 },
	{ "zebra.crossing", "invoice.paid", -1 },
	{ "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "a", -1 },
};

static void
test_scores(void **state)
{
	size_t i;
	int score;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		score = near_score(cases[i].name, cases[i].known);
		if (score != cases[i].score)
			fail_msg("\"%s\" and \"%s\": %d", cases[i].name,
			    cases[i].known, score);
	}
}

static void
test_long(void **state)
{
	char a[NEAR_NAME_MAX + 2], b[NEAR_NAME_MAX + 2];

	(void)state;
	memset(a, 'x', NEAR_NAME_MAX);
	a[NEAR_NAME_MAX] = '\0';
	memcpy(b, a, sizeof(b));
	b[10] = 'y';
	assert_int_equal(near_score(a, b), 1);
	a[NEAR_NAME_MAX] = 'x';
	a[NEAR_NAME_MAX + 1] = '\0';
	assert_int_equal(near_score(a, b), -1);
	assert_int_equal(near_score(b, a), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
