/*
 * The log: where messages go and what a line can hold.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#include "banned.h"

struct place {
	char dir[64];
	char file[80];
	char target[96];
	int saved; /* standard error */
};

static int
setup(void **state)
{
	struct place *p = test_calloc(1, sizeof(*p));

	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/t-log.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/log", p->dir);
	(void)snprintf(p->target, sizeof(p->target), "file:%s", p->file);
	p->saved = dup(STDERR_FILENO);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	(void)dup2(p->saved, STDERR_FILENO);
	(void)close(p->saved);
	(void)unlink(p->file);
	(void)rmdir(p->dir);
	test_free(p);
	(void)unsetenv("JOURNAL_STREAM");
	return 0;
}

static void
read_all(const struct place *p, char *text, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(p->file, O_RDONLY);
	assert_int_not_equal(fd, -1);
	n = read(fd, text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	(void)close(fd);
}

static void
file_gets_whole_lines(void **state)
{
	const struct place *p = *state;
	char text[4096], shorter[32];
	struct stat st;

	assert_int_equal(log_open("prog", p->target, LOG_LEVEL_INFO), 0);
	log_warning("one %d", 1);
	log_debug("not shown");
	log_error("two\nlines\x1b[0m");
	read_all(p, text, sizeof(text));
	(void)snprintf(shorter, sizeof(shorter), "prog[%ld]: ", (long)getpid());
	assert_non_null(strstr(text, shorter));
	assert_non_null(strstr(text, "warning: one 1\n"));
	assert_non_null(strstr(text, "error: two\\x0alines\\x1b[0m\n"));
	assert_null(strstr(text, "not shown"));
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
}

static void
rotation_needs_no_signal(void **state)
{
	const struct place *p = *state;
	char text[4096];

	assert_int_equal(log_open("prog", p->target, LOG_LEVEL_INFO), 0);
	log_info("before");
	assert_int_equal(unlink(p->file), 0);
	log_info("after");
	read_all(p, text, sizeof(text));
	assert_null(strstr(text, "before"));
	assert_non_null(strstr(text, "after"));
}

static void
a_line_stays_below_pipe_buf(void **state)
{
	const struct place *p = *state;
	char text[16384], hostile[4000];
	const char *end;

	memset(hostile, '\x01', sizeof(hostile) - 1);
	hostile[sizeof(hostile) - 1] = '\0';
	assert_int_equal(log_open("prog", p->target, LOG_LEVEL_INFO), 0);
	log_info("%s", hostile);
	read_all(p, text, sizeof(text));
	end = strchr(text, '\n');
	assert_non_null(end);
	assert_true(end - text < PIPE_BUF);
	assert_int_equal(end[1], '\0');
}

/*
 * Standard error into the file, then what is given is tried.
 */
static void
log_to_stderr(
    const struct place *p, const char *target, char *text, size_t size)
{
	int fd;

	fd = open(p->file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_not_equal(fd, -1);
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
	assert_int_equal(log_open("prog", target, LOG_LEVEL_INFO), 0);
	log_warning("here");
	(void)dup2(p->saved, STDERR_FILENO);
	read_all(p, text, size);
}

static void
journal_gets_priorities(void **state)
{
	const struct place *p = *state;
	char text[4096], stream[64];
	struct stat st;
	int fd;

	log_to_stderr(p, "auto", text, sizeof(text));
	assert_non_null(strstr(text, "warning: here\n"));
	fd = open(p->file, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	(void)close(fd);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_to_stderr(p, "auto", text, sizeof(text));
	assert_string_equal(text, "<4>here\n");
	assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	log_to_stderr(p, "stderr", text, sizeof(text));
	assert_non_null(strstr(text, "warning: here\n"));
}

static void
targets(void **state)
{
	(void)state;
	assert_true(log_valid_target("auto"));
	assert_true(log_valid_target("stderr"));
	assert_true(log_valid_target("syslog"));
	assert_true(log_valid_target("file:/x"));
	assert_false(log_valid_target("file:x"));
	assert_false(log_valid_target("file:"));
	assert_false(log_valid_target(""));
	assert_int_equal(log_open("prog", "elsewhere", LOG_LEVEL_INFO), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    file_gets_whole_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    rotation_needs_no_signal, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_line_stays_below_pipe_buf, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    journal_gets_priorities, setup, teardown),
		cmocka_unit_test(targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
