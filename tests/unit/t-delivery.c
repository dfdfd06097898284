/*
 * Names of delivery states and attempt outcomes.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "delivery.h"

#include "banned.h"

static void
states_have_their_names(void **unused)
{
	static const char *const names[] = { "pending", "running", "succeeded",
		"failed" };
	enum delivery_state state;
	int i;

	(void)unused;
	for (i = 0; i < DELIVERY_STATES; i++) {
		assert_string_equal(
		    delivery_state_name((enum delivery_state)i), names[i]);
		assert_int_equal(
		    delivery_state_parse(names[i], &state), RES_OK);
		assert_int_equal(state, i);
	}
}

static void
numbers_in_the_store_stay(void **unused)
{
	(void)unused;
	assert_int_equal(DELIVERY_PENDING, 0);
	assert_int_equal(DELIVERY_RUNNING, 1);
	assert_int_equal(DELIVERY_SUCCEEDED, 2);
	assert_int_equal(DELIVERY_FAILED, 3);
	assert_int_equal(ATTEMPT_RUNNING, 0);
	assert_int_equal(ATTEMPT_SUCCEEDED, 1);
	assert_int_equal(ATTEMPT_LATER, 2);
	assert_int_equal(ATTEMPT_NEVER, 3);
	assert_int_equal(ATTEMPT_LOST, 4);
}

static void
other_names_are_unknown(void **unused)
{
	static const char *const names[] = { "", "pend", "pendingx", "Pending",
		"done", " failed", "unknown" };
	enum delivery_state state = DELIVERY_RUNNING;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
		    delivery_state_parse(names[i], &state), RES_UNKNOWN);
	assert_int_equal(state, DELIVERY_RUNNING);
}

static void
numbers_out_of_range_have_a_name(void **unused)
{
	(void)unused;
	assert_string_equal(
	    delivery_state_name((enum delivery_state)4), "unknown");
	assert_string_equal(
	    delivery_state_name((enum delivery_state) - 1), "unknown");
	assert_string_equal(
	    attempt_outcome_name((enum attempt_outcome)5), "unknown");
}

static void
outcomes_have_their_names(void **unused)
{
	(void)unused;
	assert_string_equal(attempt_outcome_name(ATTEMPT_RUNNING), "running");
	assert_string_equal(
	    attempt_outcome_name(ATTEMPT_SUCCEEDED), "succeeded");
	assert_string_equal(attempt_outcome_name(ATTEMPT_LATER), "later");
	assert_string_equal(attempt_outcome_name(ATTEMPT_NEVER), "never");
	assert_string_equal(attempt_outcome_name(ATTEMPT_LOST), "lost");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_have_their_names),
		cmocka_unit_test(numbers_in_the_store_stay),
		cmocka_unit_test(other_names_are_unknown),
		cmocka_unit_test(numbers_out_of_range_have_a_name),
		cmocka_unit_test(outcomes_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
