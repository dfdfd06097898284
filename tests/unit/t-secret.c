/*
 * Signing secrets: every source, every fault, and that no text shows one.
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

#include "mem.h"
#include "secret.h"

#include "banned.h"

#define VALUE "whsec_Shh"

struct fixture {
	char dir[64];
	char path[96];
	char source[128];
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/t-secret.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/s", f->dir);
	(void)snprintf(f->source, sizeof(f->source), "file:%s", f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	(void)remove(f->path);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void
put(const struct fixture *f, const void *bytes, size_t n, unsigned int mode)
{
	FILE *fp = fopen(f->path, "w");

	assert_non_null(fp);
	assert_int_equal(fwrite(bytes, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(f->path, (mode_t)mode), 0);
}

static void
accept(const char *source, const char *value, const char *path)
{
	struct secret s;
	struct err e = { "" };

	if (secret_load(&s, source, &e) != RES_OK)
		fail_msg("%s: %s", source, e.text);
	assert_string_equal(s.source, source);
	assert_string_equal(s.value, value);
	assert_int_equal(s.len, strlen(value));
	if (path != NULL)
		assert_string_equal(s.path, path);
	else
		assert_null(s.path);
	secret_free(&s);
	assert_null(s.value);
	secret_free(&s);
}

static void
refuse(const char *source, const char *words)
{
	struct secret s;
	struct err e = { "" };

	assert_int_equal(secret_load(&s, source, &e), RES_INVALID);
	if (strstr(e.text, words) == NULL)
		fail_msg("%s: %s", source, e.text);
	assert_null(strstr(e.text, VALUE));
	assert_null(s.source);
	assert_null(s.path);
	assert_null(s.value);
	assert_int_equal(s.len, 0);
	/* Words are not always wanted. */
	assert_int_equal(secret_load(&s, source, NULL), RES_INVALID);
}

static void
test_content(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *words; /* NULL: good */
	} cases[] = {
		{ VALUE, 9, NULL },
		{ VALUE "\n", 10, NULL },
		{ VALUE "\r\n", 11, NULL },
		{ VALUE "\n\n", 11, "blank" },
		{ VALUE "\r", 10, NULL },
		{ VALUE " \n", 11, "blank" },
		{ " " VALUE, 10, "blank" },
		{ VALUE "\t", 10, "blank" },
		{ VALUE "\0", 10, "control" },
		{ VALUE "\x7f", 10, "control" },
		{ VALUE "\n" VALUE, 19, "blank" },
		{ "", 0, "empty" },
		{ "\n", 1, "empty" },
		{ "\r\n", 2, "empty" },
		{ " ", 1, "blank" },
		{ "\n\n\n", 3, "blank" },
	};
	const struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(f, cases[i].bytes, cases[i].n, 0600);
		if (cases[i].words == NULL)
			accept(f->source, VALUE, f->path);
		else
			refuse(f->source, cases[i].words);
	}
	put(f, "sch\xc3\xb6n", 6, 0600);
	accept(f->source, "sch\xc3\xb6n", f->path);
}

static void
test_length(void **state)
{
	const struct fixture *f = *state;
	char bytes[SECRET_MAX + 200];
	char value[SECRET_MAX + 1];

	memset(bytes, 'x', sizeof(bytes));
	memset(value, 'x', sizeof(value));
	value[SECRET_MAX] = '\0';
	put(f, bytes, SECRET_MAX, 0600);
	accept(f->source, value, f->path);
	put(f, bytes, SECRET_MAX + 1, 0600);
	refuse(f->source, "more than 512");
	put(f, bytes, sizeof(bytes), 0600);
	refuse(f->source, "more than 512");
	bytes[SECRET_MAX] = '\r';
	bytes[SECRET_MAX + 1] = '\n';
	put(f, bytes, SECRET_MAX + 2, 0600);
	accept(f->source, value, f->path);
}

static void
test_file(void **state)
{
	const struct fixture *f = *state;

	refuse(f->source, "No such file");
	refuse("file:s", "absolute");
	refuse("file:", "absolute");
	refuse("file:/tmp", "regular");
	put(f, VALUE, 9, 0644);
	refuse(f->source, "all users may read it");
	put(f, VALUE, 9, 0602);
	refuse(f->source, "all users may write it");
	put(f, VALUE, 9, 0640);
	accept(f->source, VALUE, f->path);
	assert_int_equal(remove(f->path), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	refuse(f->source, "regular");
}

static void
test_env(void **state)
{
	(void)state;
	setenv("T_SECRET", VALUE, 1);
	accept("env:T_SECRET", VALUE, NULL);
	setenv("T_SECRET", VALUE " ", 1);
	refuse("env:T_SECRET", "blank");
	setenv("T_SECRET", "", 1);
	refuse("env:T_SECRET", "empty");
	unsetenv("T_SECRET");
	refuse("env:T_SECRET", "no such variable");
	refuse("env:", "no name");
	refuse("env:A=B", "no name");
	setenv("HTTP_X", VALUE, 1);
	refuse("env:HTTP_X", "request");
	refuse("env:" VALUE, "no such variable");
}

static void
test_credential(void **state)
{
	const struct fixture *f = *state;

	put(f, VALUE "\n", 10, 0400);
	unsetenv("CREDENTIALS_DIRECTORY");
	refuse("credential:s", "CREDENTIALS_DIRECTORY");
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	refuse("credential:s", "CREDENTIALS_DIRECTORY");
	setenv("CREDENTIALS_DIRECTORY", f->dir, 1);
	accept("credential:s", VALUE, f->path);
	refuse("credential:none", "No such file");
	refuse("credential:", "no name");
	refuse("credential:..", "no name");
	refuse("credential:../s", "no name");
	refuse("credential:a/b", "no name");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
test_form(void **state)
{
	(void)state;
	refuse(VALUE, "where it is kept");
	refuse("", "where it is kept");
	refuse("FILE:/x", "where it is kept");
	refuse("vault:" VALUE, "where it is kept");
}

static void
test_usable(void **state)
{
	(void)state;
	assert_true(secret_usable("a", 1));
	assert_true(secret_usable("a b", 1));
	assert_false(secret_usable("a b", 3));
	assert_false(secret_usable("a", 2)); /* its NUL */
	assert_false(secret_usable("", 0));
	assert_false(secret_usable(NULL, 0));
	assert_false(secret_usable(NULL, 3));
	assert_false(secret_usable("\n", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test(test_env),
		cmocka_unit_test_setup_teardown(
		    test_credential, setup, teardown),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
