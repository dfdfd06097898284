/*
 * exposed: private files where a web server shows files.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "exposed.h"

#include "conf_fixture.h"

#include "banned.h"

static const char text[] = "store = \"sqlite:@DIR@/folder/events.db\"\n"
			   "log = \"file:@DIR@/open/log\"\n"
			   "endpoint \"shop\" {\n"
			   "\tsecrets = { \"file:@DIR@/credentials/shop\" }\n"
			   "}\n"
			   "handler \"h\" {\n"
			   "\tevents = { \"invoice.paid\" }\n"
			   "\tcommand = { \"@DIR@/handler\" }\n"
			   "}\n";

static void
load(const struct conf_fixture *f, struct conf *c, struct conf_report *r)
{
	unsetenv("DOCUMENT_ROOT");
	unsetenv("CONTEXT_DOCUMENT_ROOT");
	assert_int_equal(conf_fixture_load(f, text, c, r), RES_OK);
	assert_int_equal(r->n, 0);
}

static void
unload(struct conf *c, struct conf_report *r)
{
	conf_free(c);
	conf_report_free(r);
	unsetenv("DOCUMENT_ROOT");
	unsetenv("CONTEXT_DOCUMENT_ROOT");
}

/*
 * What is found when name, below the fixture's folder, is shown; "" for the
 * folder itself.
 */
static void
shown(const struct conf_fixture *f, const char *variable, const char *name,
    size_t n, const char *what)
{
	struct conf_report r;
	char root[160];
	struct conf c;
	size_t i;

	load(f, &c, &r);
	(void)snprintf(root, sizeof(root), "%s/%s", f->dir, name);
	setenv(variable, root, 1);
	exposed_check(&c, &r);
	assert_int_equal(r.n, n);
	assert_int_equal(r.errors, n);
	for (i = 0; i < n && what != NULL; i++)
		assert_non_null(strstr(r.findings[i].text, what));
	unload(&c, &r);
}

static void
test_roots(void **state)
{
	const struct conf_fixture *f = *state;

	shown(f, "DOCUMENT_ROOT", "", 4, NULL);
	shown(f, "CONTEXT_DOCUMENT_ROOT", "", 4, NULL);
	shown(f, "DOCUMENT_ROOT", "folder", 1, "the store ");
	shown(f, "DOCUMENT_ROOT", "folder/", 1, "the store ");
	shown(f, "DOCUMENT_ROOT", "open", 1, "the log ");
	shown(f, "CONTEXT_DOCUMENT_ROOT", "credentials", 1, "the secret ");
	shown(f, "DOCUMENT_ROOT", "stripehook.conf", 1, "the configuration ");
	shown(f, "DOCUMENT_ROOT", "open/folder", 0, NULL);
	shown(f, "DOCUMENT_ROOT", "missing", 0, NULL);
	shown(f, "OTHER_ROOT", "", 0, NULL);
}

/*
 * A folder whose name is how others begin.
 */
static void
test_likeness(void **state)
{
	const struct conf_fixture *f = *state;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/cred", f->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	shown(f, "DOCUMENT_ROOT", "cred", 0, NULL);
}

static void
test_links(void **state)
{
	const struct conf_fixture *f = *state;
	char path[160], target[160];

	(void)snprintf(path, sizeof(path), "%s/web", f->dir);
	(void)snprintf(target, sizeof(target), "%s/credentials", f->dir);
	assert_int_equal(symlink(target, path), 0);
	shown(f, "DOCUMENT_ROOT", "web", 1, "the secret ");
}

static void
test_nothing(void **state)
{
	static const char *const roots[] = { "", "/", "relative", "/missing" };
	struct conf_report r;
	struct conf c;
	size_t i;

	load(*state, &c, &r);
	exposed_check(&c, &r);
	assert_int_equal(r.n, 0);
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		setenv("DOCUMENT_ROOT", roots[i], 1);
		exposed_check(&c, &r);
		assert_int_equal(r.n, 0);
	}
	unload(&c, &r);
}

/*
 * Puts the log below a folder of that name.
 */
static void
guess(const struct conf_fixture *f, const char *name, size_t n)
{
	struct conf_report r;
	char path[160];
	struct conf c;

	load(f, &c, &r);
	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
	free(c.log);
	assert_true(asprintf(&c.log, "file:%s/log", path) > 0);
	exposed_guess(&c, &r);
	assert_int_equal(r.n, n);
	assert_int_equal(r.errors, 0);
	if (n > 0)
		assert_non_null(strstr(r.findings[0].text, path));
	unload(&c, &r);
}

static void
test_guess(void **state)
{
	guess(*state, "public_html", 1);
	guess(*state, "public_html/private", 1);
	guess(*state, "cgi-bin", 1);
	guess(*state, "htdocs", 1);
	guess(*state, "htdocs-private", 0);
	guess(*state, "my-htdocs", 0);
	guess(*state, "www", 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown( \
	    function, conf_fixture_setup, conf_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roots),
		TEST(test_likeness),
		TEST(test_links),
		TEST(test_nothing),
		TEST(test_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
