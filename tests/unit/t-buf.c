/*
 * struct buf and the memory below it. Allocation is made to fail on purpose
 * (linked with --wrap=realloc,--wrap=calloc).
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "mem.h"

#include "banned.h"

static int fail_after = -1; /* allocations to let through; -1: all */

void *__real_realloc(void *p, size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);

static bool
allocation_fails(void)
{
	if (fail_after == -1)
		return false;
	if (fail_after > 0) {
		fail_after--;
		return false;
	}
	return true;
}

void *
__wrap_realloc(void *p, size_t n)
{
	return allocation_fails() ? NULL : __real_realloc(p, n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(n, size);
}

static void
adds_and_terminates(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(buf_text(&b), "");
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_printf(&b, "%d-%s", 42, "x");
	buf_add(&b, "\0z", 2);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.data, "abc42-x\0z", 10);
	assert_false(b.failed);
	buf_free(&b);
	assert_string_equal(buf_text(&b), "");
}

static void
never_passes_its_maximum(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 300);
	for (i = 0; i < 300; i++)
		buf_putc(&b, 'x');
	assert_false(b.failed);
	assert_int_equal(b.len, 300);
	assert_true(b.cap <= 301);
	buf_putc(&b, 'y');
	assert_true(b.failed);
	assert_int_equal(b.len, 300);
	assert_int_equal(b.data[299], 'x');
	buf_reset(&b, 1000);
	assert_false(b.failed);
	assert_int_equal(b.len, 0);
	assert_false(buf_reserve(&b, 301));
	assert_true(b.failed);
	buf_free(&b);
	buf_init(&b, SIZE_MAX);
	assert_false(buf_reserve(&b, SIZE_MAX));
	buf_free(&b);
}

static void
gives_large_memory_back(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_true(buf_reserve(&b, 100000));
	buf_reset(&b, 4096);
	assert_int_equal(b.cap, 0);
	buf_puts(&b, "x");
	buf_reset(&b, 4096);
	assert_true(b.cap > 0);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void
failure_of_any_allocation_sticks(void **state)
{
	struct buf b;
	int n, i;

	(void)state;
	for (n = 0; n < 4; n++) {
		buf_init(&b, 1 << 20);
		fail_after = n;
		for (i = 0; i < 3000; i++)
			buf_putc(&b, 'x');
		fail_after = -1;
		assert_true(b.failed);
		assert_true(b.len < 3000);
		i = (int)b.len;
		buf_puts(&b, "more");
		assert_int_equal(b.len, i);
		buf_free(&b);
		buf_puts(&b, "usable again");
		assert_string_equal(buf_text(&b), "usable again");
		buf_free(&b);
	}
}

static int
status_of_exhaustion(size_t n, size_t size, int after)
{
	pid_t pid;
	int status;

	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)close(STDERR_FILENO);
		fail_after = after;
		(void)mem_resize(mem_alloc(1, 1), n, size);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
exhaustion_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(status_of_exhaustion(10, 10, -1), 0);
	assert_int_equal(status_of_exhaustion(10, 10, 0), EX_TEMPFAIL);
	assert_int_equal(status_of_exhaustion(10, 10, 1), EX_TEMPFAIL);
	assert_int_equal(
	    status_of_exhaustion(SIZE_MAX / 2, 3, -1), EX_TEMPFAIL);
}

static void
copies_or_empties(void **state)
{
	char dst[4] = "old";
	char *s;

	(void)state;
	assert_int_equal(mem_copy(dst, sizeof(dst), "abc"), 0);
	assert_string_equal(dst, "abc");
	assert_int_equal(mem_copy(dst, sizeof(dst), "abcd"), -1);
	assert_string_equal(dst, "");
	s = mem_strndup("hello", 2);
	assert_string_equal(s, "he");
	mem_cleanse(s, 2);
	assert_int_equal(s[0], 0);
	free(s);
	mem_cleanse(NULL, 0);
}

static void
errors_have_words(void **state)
{
	struct err e;
	char longtext[2000];
	int r;

	(void)state;
	err_set(&e, "cannot open %s", "x");
	err_prefix(&e, "line %d", 3);
	assert_string_equal(e.text, "line 3: cannot open x");
	memset(longtext, 'l', sizeof(longtext) - 1);
	longtext[sizeof(longtext) - 1] = '\0';
	err_set(&e, "%s", longtext);
	err_prefix(&e, "%s", longtext);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	err_set(NULL, "nobody listens");
	err_prefix(NULL, "nobody listens");
	for (r = RES_OK; r <= RES_FAILED; r++)
		assert_string_not_equal(result_name((enum result)r), "?");
	assert_string_equal(result_name((enum result)99), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_and_terminates),
		cmocka_unit_test(never_passes_its_maximum),
		cmocka_unit_test(gives_large_memory_back),
		cmocka_unit_test(failure_of_any_allocation_sticks),
		cmocka_unit_test(exhaustion_ends_the_process),
		cmocka_unit_test(copies_or_empties),
		cmocka_unit_test(errors_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
