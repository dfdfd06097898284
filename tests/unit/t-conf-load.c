/*
 * What is loaded from a good configuration, and files that are none.
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
#include "log.h"
#include "mem.h"

#include "conf_fixture.h"

#include "banned.h"

static const char minimal[] = "endpoint \"shop\" {\n"
			      "\tsecrets = { \"file:@DIR@/a.whsec\" }\n"
			      "}\n"
			      "handler \"h\" {\n"
			      "\tevents = { \"invoice.paid\" }\n"
			      "\tcommand = { \"@DIR@/handler\" }\n"
			      "}\n";

static void
check_queue_defaults(const struct conf *c)
{
	assert_int_equal(c->concurrency, 4);
	assert_int_equal(c->worker, CONF_WORKER_SERVICE);
	assert_string_equal(c->worker_program, STRIPEHOOK_WORKER_PATH);
	assert_int_equal(c->keep, 35);
	assert_int_equal(c->keep_bodies, 0);
	assert_int_equal(c->silence, 0);
	assert_int_equal(c->disk_low, 104857600);
	assert_int_equal(c->alert_interval, 3600);
}

static void
check_limit_defaults(const struct conf_handler *h)
{
	assert_int_equal(h->concurrency, 0);
	assert_false(h->strict);
	assert_int_equal(h->nice, 0);
	assert_int_equal(h->memory, 0);
	assert_int_equal(h->open_files, 0);
	assert_int_equal(h->core, 0);
	assert_null(h->user);
	assert_int_equal(h->alert_after, 5);
}

static void
test_defaults(void **state)
{
	const struct conf_handler *h;
	struct conf_report r;
	struct conf c;

	assert_int_equal(conf_fixture_load(*state, minimal, &c, &r), RES_OK);
	assert_int_equal(r.n, 0);
	assert_string_equal(c.store, STRIPEHOOK_STORE_URI);
	assert_int_equal(c.unhandled, CONF_UNHANDLED_REJECT);
	assert_int_equal(c.max_body, 4194304);
	assert_int_equal(c.threads, 8);
	assert_string_equal(c.log, "auto");
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	check_queue_defaults(&c);
	assert_int_equal(c.nendpoints, 1);
	assert_int_equal(c.endpoints[0].tolerance, 300);
	assert_null(c.endpoints[0].api_version);
	assert_int_equal(c.nhandlers, 1);
	h = &c.handlers[0];
	assert_int_equal(h->line, 4);
	assert_int_equal(h->nendpoints, 0);
	assert_null(h->environment[0]);
	assert_int_equal(h->run, CONF_RUN_QUEUED);
	assert_int_equal(h->lane, CONF_LANE_OBJECT);
	assert_int_equal(h->timeout, 30);
	assert_int_equal(h->grace, 5);
	assert_int_equal(h->attempts, 12);
	assert_int_equal(h->backoff, 30);
	assert_int_equal(h->backoff_max, 3600);
	assert_int_equal(h->give_up, 0);
	assert_null(h->directory);
	assert_int_equal(h->umask, 022);
	check_limit_defaults(h);
	conf_free(&c);
	conf_report_free(&r);
}

/* The password is in the store's URI, and is not shown. */
static void
test_store_password(void **state)
{
	static const struct {
		const char *store;
		const char *with;
	} cases[] = {
		{ "postgresql://u@h/d",
		    "postgresql://u@h/d?password=p%25%27%5C" },
		{ "postgres://u@h/d?x=1",
		    "postgres://u@h/d?x=1&password=p%25%27%5C" },
		{ "postgresql:service=s",
		    "postgresql:service=s password='p%\\'\\\\'" },
	};
	struct conf_report r;
	struct conf c;
	char text[1024];
	size_t i;

	assert_int_equal(setenv("T_CONF_PASSWORD", "p%'\\", 1), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "store = \"%s\"\n"
		    "store-password = \"env:T_CONF_PASSWORD\"\n%s",
		    cases[i].store, minimal);
		assert_int_equal(
		    conf_fixture_load(*state, text, &c, &r), RES_OK);
		assert_string_equal(c.store, cases[i].with);
		assert_string_equal(conf_store_shown(&c), "PostgreSQL");
		conf_free(&c);
		conf_report_free(&r);
	}
}

static void
check_handler(const struct conf *c)
{
	const struct conf_handler *h = conf_find_handler(c, "fulfil.1_a-b");

	assert_non_null(h);
	assert_int_equal(h->nevents, 3);
	assert_string_equal(h->events[1].text, "checkout.session.*");
	assert_int_equal(h->events[1].line, 33);
	assert_int_equal(h->nendpoints, 1);
	assert_string_equal(h->endpoints[0].text, "shop");
	assert_string_equal(h->command[1], "--flag");
	assert_string_equal(h->command[2], "");
	assert_null(h->command[3]);
	assert_string_equal(h->environment[0], "A=1");
	assert_string_equal(h->environment[1], "PATH");
	assert_string_equal(h->environment[2], "B=two words");
	assert_null(h->environment[3]);
	assert_int_equal(h->run, CONF_RUN_INLINE);
	assert_int_equal(h->lane, CONF_LANE_CUSTOMER);
	assert_int_equal(h->timeout, 10);
	assert_int_equal(h->grace, 2);
	assert_int_equal(h->attempts, 3);
	assert_int_equal(h->backoff, 5);
	assert_int_equal(h->backoff_max, 60);
	assert_int_equal(h->give_up, 86400);
	assert_non_null(h->directory);
	assert_int_equal(h->umask, 077);
	assert_int_equal(h->concurrency, 2);
	assert_true(h->strict);
	assert_int_equal(h->nice, 19);
	assert_int_equal(h->memory, 268435456);
	assert_int_equal(h->open_files, 64);
	assert_int_equal(h->core, 1048576);
	assert_int_equal(h->alert_after, 0);
	assert_null(conf_find_handler(c, "fulfil"));
}

static void
check_endpoint(const struct conf *c)
{
	const struct conf_endpoint *ep = conf_find_endpoint(c, "shop");

	assert_non_null(ep);
	assert_int_equal(ep->line, 21);
	assert_int_equal(ep->nsecrets, 4);
	assert_string_equal(ep->secrets[0].value, "whsec_a");
	assert_string_equal(ep->secrets[1].value, "whsec_b");
	assert_string_equal(ep->secrets[2].value, "whsec_env");
	assert_string_equal(ep->secrets[3].value, "whsec_credential");
	assert_int_equal(ep->tolerance, 600);
	assert_string_equal(ep->api_version, "2026-10-28.endive");
	assert_null(conf_find_endpoint(c, "none"));
}

static void
check_queue(const struct conf *c)
{
	assert_int_equal(c->concurrency, 16);
	assert_int_equal(c->worker, CONF_WORKER_ON_DEMAND);
	assert_non_null(strstr(c->worker_program, "/handler"));
	assert_int_equal(c->keep, 7);
	assert_int_equal(c->keep_bodies, 3);
	assert_int_equal(c->silence, 7200);
	assert_int_equal(c->disk_low, (int64_t)5000 * 1048576);
	assert_int_equal(c->alert_interval, 60);
}

static void
test_values(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct conf_report r;
	struct conf c;
	char path[512], *text;
	size_t n = 0;

	(void)snprintf(path, sizeof(path),
	    "%s/tests/data/conf/full/stripehook.conf",
	    srcdir != NULL ? srcdir : ".");
	text = conf_fixture_read(path);
	assert_int_equal(conf_fixture_load(*state, text, &c, &r), RES_OK);
	assert_int_equal(c.unhandled, CONF_UNHANDLED_STORE);
	assert_int_equal(c.max_body, 1048576);
	assert_int_equal(c.threads, 4);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_non_null(strstr(c.store, "/events.db"));
	assert_non_null(strstr(c.log, "/log"));
	assert_non_null(catalogue_find(&c.catalogue, "brand_new.type"));
	check_queue(&c);
	check_endpoint(&c);
	check_handler(&c);
	/* Itself, the event types, two files and a credential. */
	while (c.watch[n] != NULL)
		n++;
	assert_int_equal(n, 5);
	conf_free(&c);
	conf_report_free(&r);
	free(text);
}

/*
 * The escapes that there are, and single quotes without any.
 */
static void
test_strings(void **state)
{
	static const char more[] =
	    "handler i {\n\tevents = '*'\n\tcommand = \"@DIR@/handler\"\n"
	    "\tenvironment = { \"A=\\\"\\\\\\t\\n\\$\\${X}\", "
	    "'B=\\n${X}\\'#', \"C=#//\" }\n}\n";
	const struct conf_handler *h;
	struct conf_report r;
	struct conf c;
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s%s", minimal, more);
	assert_int_equal(conf_fixture_load(*state, text, &c, &r), RES_OK);
	h = conf_find_handler(&c, "i");
	assert_non_null(h);
	assert_string_equal(h->environment[0], "A=\"\\\t\n$${X}");
	assert_string_equal(h->environment[1], "B=\\n${X}'#");
	assert_string_equal(h->environment[2], "C=#//");
	conf_free(&c);
	conf_report_free(&r);
}

/*
 * Takes the '#' away from options that the sample shows with their defaults:
 * they have no blank behind it.
 */
static void
uncomment(char *text)
{
	char *p;

	for (p = strchr(text, '#'); p != NULL; p = strchr(p + 1, '#'))
		if (p[1] >= 'a' && p[1] <= 'z' &&
		    (p[-1] == '\n' || p[-1] == '\t'))
			*p = ' ';
}

static void
load_sample(const struct conf_fixture *f, const char *text)
{
	struct conf_report r;
	struct conf c;

	if (conf_fixture_load(f, text, &c, &r) != RES_OK)
		fail_msg("%d: %s", r.findings[0].line, r.findings[0].text);
	assert_int_equal(r.n, 0);
	assert_int_equal(c.nendpoints, 1);
	assert_int_equal(c.nhandlers, 1);
	assert_int_equal(c.handlers[0].timeout, 30);
	conf_free(&c);
	conf_report_free(&r);
}

/*
 * The sample is good as it is, and with every option that it shows.
 */
static void
test_sample(void **state)
{
	static const char *const names[] = { "@sysconfdir@", "@localstatedir@",
		"@libexecdir@", "@sbindir@" };
	static const char *const files[] = { "shop.whsec", "event-types",
		"fulfil" };
	const char *srcdir = getenv("srcdir");
	const struct conf_fixture *f = *state;
	char path[512], *text, *next;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/stripehook", f->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/stripehook/%s", f->dir, files[i]);
		conf_fixture_write(path, "whsec_a\n", 0750);
	}
	(void)snprintf(path, sizeof(path), "%s/conf/stripehook.conf.in",
	    srcdir != NULL ? srcdir : ".");
	text = conf_fixture_read(path);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		next = conf_fixture_replace(text, names[i], f->dir);
		free(text);
		text = next;
	}
	load_sample(f, text);
	uncomment(text);
	assert_non_null(strstr(text, "\n store = "));
	assert_non_null(strstr(text, "\n worker-program = "));
	assert_non_null(strstr(text, "\t umask = "));
	assert_non_null(strstr(text, "\t alert-after = "));
	load_sample(f, text);
	free(text);
}

/*
 * Loads what stands at the place of the configuration, which must be refused
 * with one finding that has these words.
 */
static void
refuse(const struct conf_fixture *f, const char *words)
{
	struct conf_report r;
	struct conf c;

	conf_report_init(&r);
	assert_int_equal(conf_load(&c, f->conf, &r), RES_INVALID);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.errors, 1);
	assert_int_equal(r.findings[0].line, 0);
	if (strstr(r.findings[0].text, words) == NULL)
		fail_msg("%s", r.findings[0].text);
	conf_free(&c);
	conf_report_free(&r);
}

static void
test_files(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;
	char *large;
	FILE *fp;

	refuse(f, "STRIPEHOOK_CONFIG");
	assert_int_equal(mkdir(f->conf, 0700), 0);
	refuse(f, "Is a directory");
	assert_int_equal(rmdir(f->conf), 0);
	assert_int_equal(mkfifo(f->conf, 0600), 0);
	refuse(f, "create it");
	assert_int_equal(remove(f->conf), 0);
	fp = fopen(f->conf, "w");
	assert_non_null(fp);
	assert_int_equal(fwrite("a\0b", 1, 3, fp), 3);
	assert_int_equal(fclose(fp), 0);
	refuse(f, "NUL");
	large = mem_alloc(1024 * 1024 + 2, 1);
	memset(large, '\n', 1024 * 1024 + 1);
	conf_fixture_write(f->conf, large, 0600);
	free(large);
	refuse(f, "larger");
	assert_int_equal(conf_fixture_load(f, minimal, &c, &r), RES_OK);
	conf_free(&c);
	assert_int_equal(chmod(f->conf, 0646), 0);
	refuse(f, "all users may write");
}

/*
 * The largest file is read, whether or not its last line ends.
 */
static void
test_largest(void **state)
{
	const size_t size = 1024 * 1024;
	char *text = mem_alloc(size + 1, 1);
	struct conf_report r;
	struct conf c;

	memset(text, '\n', size);
	memcpy(text + size - 4, "x =1", 4);
	assert_int_equal(conf_fixture_load(*state, text, &c, &r), RES_INVALID);
	assert_true(r.n > 0);
	assert_int_equal(r.findings[r.n - 1].line, (int)(size - 3));
	conf_free(&c);
	conf_report_free(&r);
	free(text);
}

static void
test_fingerprint(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;
	uint64_t before, after;
	char path[128];

	assert_int_equal(conf_fixture_load(f, minimal, &c, &r), RES_OK);
	before = conf_fingerprint(&c);
	assert_true(before != 0);
	assert_true(conf_fingerprint(&c) == before);
	(void)snprintf(path, sizeof(path), "%s/a.whsec", f->dir);
	conf_fixture_write(path, "whsec_c\n", 0640);
	after = conf_fingerprint(&c);
	assert_true(after != before);
	conf_fixture_write(path, "whsec_a\n", 0640);
	assert_true(conf_fingerprint(&c) == before);
	conf_fixture_write(path, "", 0640);
	after = conf_fingerprint(&c);
	assert_int_equal(remove(path), 0);
	assert_true(conf_fingerprint(&c) != after);
	conf_fixture_write(path, "whsec_a\n", 0640);
	conf_fixture_write(f->conf, minimal, 0644);
	assert_true(conf_fingerprint(&c) != before);
	conf_free(&c);
	assert_true(conf_fingerprint(&c) != 0);
}

static void
test_default_path(void **state)
{
	(void)state;
	unsetenv("STRIPEHOOK_CONFIG");
	assert_string_equal(conf_default_path(), STRIPEHOOK_CONFIG_PATH);
	setenv("STRIPEHOOK_CONFIG", "", 1);
	assert_string_equal(conf_default_path(), STRIPEHOOK_CONFIG_PATH);
	setenv("STRIPEHOOK_CONFIG", "/x/y", 1);
	assert_string_equal(conf_default_path(), "/x/y");
	unsetenv("STRIPEHOOK_CONFIG");
}

static void
test_owner(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;
	char path[128];

	if (geteuid() != 0)
		skip();
	(void)snprintf(path, sizeof(path), "%s/a.whsec", f->dir);
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_int_equal(conf_fixture_load(f, minimal, &c, &r), RES_OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.findings[0].severity, CONF_WARNING);
	assert_int_equal(r.findings[0].line, 2);
	assert_non_null(strstr(r.findings[0].text, "12345"));
	conf_free(&c);
	conf_report_free(&r);
}

/*
 * A user that is there; only root can change to it.
 */
static void
test_user(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;
	char *text;

	text = conf_fixture_replace(
	    minimal, "\tevents", "\tuser = root\n\tevents");
	assert_int_equal(conf_fixture_load(f, text, &c, &r), RES_OK);
	assert_string_equal(c.handlers[0].user, "root");
	if (geteuid() != 0) {
		assert_int_equal(r.n, 1);
		assert_int_equal(r.findings[0].severity, CONF_WARNING);
		assert_int_equal(r.findings[0].line, 5);
		assert_non_null(strstr(r.findings[0].text, "root"));
	} else {
		assert_int_equal(r.n, 0);
	}
	conf_free(&c);
	conf_report_free(&r);
	free(text);
}

static void
assert_beside(const struct conf_fixture *f, const char *text,
    const char *scheme, const char *name)
{
	char expected[160];

	(void)snprintf(
	    expected, sizeof(expected), "%s%s/%s", scheme, f->dir, name);
	assert_string_equal(text, expected);
}

/*
 * Paths that begin with "./" mean what stands beside the file, from wherever
 * it is loaded, and under whichever name.
 */
static void
test_beside(void **state)
{
	static const char *const names[] = { NULL, "stripehook.conf",
		"./stripehook.conf", "folder/../stripehook.conf" };
	const struct conf_fixture *f = *state;
	char *text, *here = getcwd(NULL, 0);
	struct conf_report r;
	struct conf c;
	size_t i;

	text = conf_fixture_replace(minimal, "@DIR@", ".");
	conf_fixture_write(f->conf, text, 0644);
	free(text);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (i > 0)
			assert_int_equal(chdir(f->dir), 0);
		conf_report_init(&r);
		assert_int_equal(
		    conf_load(&c, i > 0 ? names[i] : f->conf, &r), RES_OK);
		assert_int_equal(chdir(here), 0);
		assert_beside(
		    f, c.endpoints[0].secrets[0].source, "file:", "a.whsec");
		assert_beside(f, c.handlers[0].command[0], "", "handler");
		assert_null(c.handlers[0].command[1]);
		conf_free(&c);
		conf_report_free(&r);
	}
	free(here);
}

static void
test_beside_values(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;
	char *text;

	text = conf_fixture_replace(minimal, "\tcommand = { \"@DIR@/handler\"",
	    "\tdirectory = \"./folder\"\n"
	    "\tenvironment = { \"A=./a\" }\n"
	    "\tcommand = { \"./handler\", \"./stays\"");
	assert_int_equal(conf_fixture_load(f, text, &c, &r), RES_OK);
	free(text);
	assert_beside(f, c.handlers[0].directory, "", "folder");
	assert_string_equal(c.handlers[0].command[1], "./stays");
	assert_string_equal(c.handlers[0].environment[0], "A=./a");
	conf_free(&c);
	conf_report_free(&r);
}

/*
 * Who may write to the folder may put another file in place of this one; with
 * the sticky bit, only the owner may.
 */
static void
test_writable_folder(void **state)
{
	const struct conf_fixture *f = *state;
	struct conf_report r;
	struct conf c;

	assert_int_equal(chmod(f->dir, 0777), 0);
	assert_int_equal(conf_fixture_load(f, minimal, &c, &r), RES_INVALID);
	assert_non_null(strstr(r.findings[0].text, "chmod o-w the folder"));
	assert_int_equal(r.findings[0].line, 0);
	conf_report_free(&r);
	assert_int_equal(chmod(f->dir, 01777), 0);
	assert_int_equal(conf_fixture_load(f, minimal, &c, &r), RES_OK);
	conf_free(&c);
	conf_report_free(&r);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown( \
	    function, conf_fixture_setup, conf_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_store_password),
		TEST(test_values),
		TEST(test_strings),
		TEST(test_sample),
		TEST(test_files),
		TEST(test_largest),
		TEST(test_fingerprint),
		TEST(test_default_path),
		TEST(test_owner),
		TEST(test_user),
		TEST(test_beside),
		TEST(test_beside_values),
		TEST(test_writable_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
