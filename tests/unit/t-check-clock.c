/*
 * What stripehook check says of a clock.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cmd_check.h"

#include "banned.h"

static char path[] = "/etc/x";

static void
a_year_that_cannot_be(void **unused)
{
	static const struct {
		time_t now;
		const char *year; /* NULL: it can be */
	} rows[] = {
		{ 0, "1970" },
		{ 1767225599, "2025" },
		{ 1767225600, NULL },
		{ 4102444799, NULL },
		{ 4102444800, "2100" },
	};
	const struct conf c = { .path = path };
	struct conf_report r;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		conf_report_init(&r);
		cmd_check_clock(&c, rows[i].now, &r);
		if (rows[i].year == NULL)
			assert_int_equal(r.errors, 0);
		else {
			assert_int_equal(r.n, 1);
			assert_int_equal(r.errors, 1);
			assert_string_equal(r.findings[0].code, "clock");
			assert_non_null(
			    strstr(r.findings[0].text, rows[i].year));
			assert_memory_equal(
			    conf_finding_hint(&r.findings[0]), "set it", 6);
		}
		conf_report_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
