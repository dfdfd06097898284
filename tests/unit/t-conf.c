/*
 * Configurations: a folder per case, with the file and what is found in it.
 */
#include "config.h"

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "mem.h"
#include "route.h"

#include "conf_fixture.h"

#include "banned.h"

#define CASES_MIN 35

/*
 * The findings as the expected files have them; the caller frees them.
 */
static char *
show(const struct conf_fixture *f, const struct conf_report *r)
{
	const struct conf_finding *x;
	struct buf b;
	char *out;
	size_t i;

	buf_init(&b, SIZE_MAX);
	for (i = 0; i < r->n; i++) {
		x = &r->findings[i];
		assert_string_equal(x->file, f->conf);
		buf_printf(&b, "%s:%d: %s\n",
		    x->severity == CONF_ERROR ? "error" : "warning", x->line,
		    x->text);
	}
	if (r->n == 0)
		buf_puts(&b, "ok\n");
	out = conf_fixture_replace(buf_text(&b), f->dir, CONF_FIXTURE_MARK);
	buf_free(&b);
	return out;
}

/*
 * Runs a case. Returns whether it was found what is expected.
 */
static bool
run_case(const struct conf_fixture *f, const char *folder)
{
	struct conf_report r;
	struct conf c;
	char path[700], *text, *expected, *found;
	enum result res;
	bool same;

	(void)snprintf(path, sizeof(path), "%s/stripehook.conf", folder);
	text = conf_fixture_read(path);
	(void)snprintf(path, sizeof(path), "%s/expected", folder);
	expected = conf_fixture_read(path);
	res = conf_fixture_load(f, text, &c, &r);
	assert_int_equal(res, r.errors == 0 ? RES_OK : RES_INVALID);
	if (res == RES_OK)
		route_check(&c, &r);
	else
		assert_null(c.path);
	found = show(f, &r);
	assert_null(strstr(found, "NotToBeShown"));
	assert_null(strstr(found, "whsec_a"));
	same = strcmp(found, expected) == 0;
	if (!same)
		(void)fprintf(stderr, "== %s\n%s", folder, found);
	conf_free(&c);
	conf_report_free(&r);
	free(found);
	free(expected);
	free(text);
	return same;
}

static void
test_cases(void **state)
{
	const char *srcdir = getenv("srcdir");
	char base[256], folder[600];
	struct dirent **list;
	int i, n, ran = 0, wrong = 0;

	(void)snprintf(base, sizeof(base), "%s/tests/data/conf",
	    srcdir != NULL ? srcdir : ".");
	n = scandir(base, &list, NULL, alphasort);
	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			(void)snprintf(folder, sizeof(folder), "%s/%s", base,
			    list[i]->d_name);
			ran++;
			if (!run_case(*state, folder))
				wrong++;
		}
		free(list[i]);
	}
	free(list);
	assert_int_equal(wrong, 0);
	assert_true(ran >= CASES_MIN);
}

/*
 * A second load into a report that has findings: they stay in front.
 */
static void
test_report(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;

	conf_fixture_write(f->conf, "threads = 0\n", 0644);
	conf_report_init(&r);
	conf_report_add(&r, CONF_ERROR, "other", 7, "%s", "before");
	conf_report_add(&r, CONF_WARNING, "other", 3, "%d", 42);
	assert_int_equal(r.errors, 1);
	assert_int_equal(conf_load(&c, f->conf, &r), RES_INVALID);
	assert_int_equal(r.n, 5);
	assert_string_equal(r.findings[0].text, "before");
	assert_string_equal(r.findings[1].text, "42");
	assert_int_equal(r.errors, 3);
	conf_report_free(&r);
	assert_int_equal(r.n, 0);
}

/*
 * What a finding is made of, and where the secrets are although none was read.
 */
static void
test_finding(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;

	conf_report_init(&r);
	conf_report_add(
	    &r, CONF_ERROR, "x", 7, "%s\n%s; %s", "what", "do", "it");
	conf_report_mark(&r, "topic", 3);
	assert_string_equal(r.findings[0].text, "what; do; it");
	assert_int_equal(r.findings[0].message_len, 4);
	assert_string_equal(conf_finding_hint(&r.findings[0]), "do; it");
	assert_string_equal(r.findings[0].code, "topic");
	assert_int_equal(r.findings[0].column, 3);
	conf_report_add(&r, CONF_WARNING, "x", 7, "only; this");
	assert_string_equal(conf_finding_hint(&r.findings[1]), "");
	assert_int_equal(r.findings[1].message_len, 10);
	assert_null(r.findings[1].code);
	conf_report_free(&r);

	conf_fixture_write(f->conf,
	    "endpoint \"a\" {\n secrets = { \"env:A\",\n \"env:B\" }\n}\n",
	    0644);
	assert_int_equal(conf_load_secretless(&c, f->conf, &r), RES_OK);
	assert_int_equal(c.endpoints[0].nsecrets, 0);
	assert_int_equal(c.endpoints[0].nsources, 2);
	assert_string_equal(c.endpoints[0].sources[1].text, "env:B");
	assert_int_equal(c.endpoints[0].sources[1].line, 3);
	conf_free(&c);
	conf_report_free(&r);

	conf_fixture_write(f->conf, "/* a */ threds = 1\n", 0644);
	assert_int_equal(conf_load(&c, f->conf, &r), RES_INVALID);
	assert_string_equal(r.findings[r.n - 1].code, "syntax");
	assert_int_equal(r.findings[r.n - 1].column, 9);
	conf_report_free(&r);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown( \
	    function, conf_fixture_setup, conf_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_report),
		TEST(test_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
