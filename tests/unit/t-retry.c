/*
 * retry: tables of arithmetic.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "retry.h"

#include "banned.h"

#define HALF 0x80000000U

static void
delays(void **state)
{
	static const struct {
		int64_t backoff;
		int64_t max;
		int number;
		uint32_t chance;
		int64_t delay;
	} cases[] = {
		/* doubled each time, up to the maximum */
		{ 1000, 60000, 1, 0, 1000 },
		{ 1000, 60000, 2, 0, 2000 },
		{ 1000, 60000, 3, 0, 4000 },
		{ 1000, 60000, 6, 0, 32000 },
		{ 1000, 60000, 7, 0, 60000 },
		{ 1000, 60000, 8, 0, 60000 },
		{ 1000, 60000, INT32_MAX, 0, 60000 },
		/* less a random part of up to half */
		{ 1000, 60000, 1, HALF, 750 },
		{ 1000, 60000, 1, UINT32_MAX, 501 },
		{ 1000, 60000, 7, HALF, 45000 },
		{ 1000, 60000, 7, UINT32_MAX, 30001 },
		/* never below 1 */
		{ 1, 1, 1, UINT32_MAX, 1 },
		{ 0, 60000, 5, 0, 1 },
		{ -5, 60000, 5, 0, 1 },
		{ 1000, 0, 1, 0, 1 },
		/* the maximum wins over the first pause */
		{ 9000, 5000, 1, 0, 5000 },
		/* a number below the first is taken as the first */
		{ 1000, 60000, 0, 0, 1000 },
		{ 1000, 60000, -7, 0, 1000 },
		/* nothing overflows */
		{ INT64_MAX, INT64_MAX, 9, 0, INT64_MAX },
		{ INT64_MAX / 2 + 1, INT64_MAX, 2, 0, INT64_MAX },
		{ 1, INT64_MAX, 100, 0, INT64_MAX },
		{ INT64_C(1) << 40, INT64_MAX, 1, HALF,
		    (INT64_C(1) << 40) - (INT64_C(1) << 38) },
	};
	struct retry_policy p = { .attempts = 3 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p.backoff_ms = cases[i].backoff;
		p.backoff_max_ms = cases[i].max;
		assert_int_equal(
		    retry_delay(&p, cases[i].number, cases[i].chance),
		    cases[i].delay);
	}
}

/* Any chance stays between half and the whole, and more means less. */
static void
spread(void **state)
{
	struct retry_policy p = { .attempts = 3,
		.backoff_ms = INT64_MAX / 3,
		.backoff_max_ms = INT64_MAX };
	int64_t delay, before = INT64_MAX;
	uint64_t chance;

	(void)state;
	for (chance = 0; chance <= UINT32_MAX; chance += 0x00ffff01) {
		delay = retry_delay(&p, 1, (uint32_t)chance);
		assert_true(delay <= p.backoff_ms);
		assert_true(delay >= p.backoff_ms / 2);
		assert_true(delay < before);
		before = delay;
	}
}

static void
over(void **state)
{
	static const struct {
		int attempts;
		int64_t give_up;
		int number;
		int64_t age;
		bool over;
	} cases[] = {
		{ 12, 0, 1, 0, false },
		{ 12, 0, 11, INT64_MAX, false },
		{ 12, 0, 12, 0, true },
		{ 12, 0, 13, 0, true },
		{ 1, 0, 1, 0, true },
		{ 12, 1000, 1, 999, false },
		{ 12, 1000, 1, 1000, false },
		{ 12, 1000, 1, 1001, true },
		{ 12, 1000, 12, 0, true },
		{ 12, 1000, 1, -50, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct retry_policy p = { .attempts = cases[i].attempts,
			.give_up_ms = cases[i].give_up };

		assert_int_equal(retry_over(&p, cases[i].number, cases[i].age),
		    cases[i].over);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays),
		cmocka_unit_test(spread),
		cmocka_unit_test(over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
