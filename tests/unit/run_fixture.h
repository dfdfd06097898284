/*
 * What the tests of run share: one of tests/handlers executed, and nothing
 * left of it afterwards.
 */
#ifndef TEST_RUN_FIXTURE_H
#define TEST_RUN_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "run.h"

#define PATIENCE_MS 20000 /* for what must happen soon */

struct run_fixture {
	char dir[64]; /* the test's own folder */
	int fds; /* open ones at the beginning */
};

/*
 * Around every test. Afterwards no descriptor may be left open, and no child,
 * not even a zombie.
 */
int setup(void **state);
int teardown(void **state);

/*
 * The environment that most get.
 */
extern const char *const test_env[];

/*
 * The absolute path of one of tests/handlers. Borrowed until the next call.
 */
const char *handler(const char *name);

/*
 * Strings for exec, which changes none but is not declared so.
 */
char *const *words(const char *const *w);

/*
 * Starts one of tests/handlers, which has half a minute; executes a program
 * to its end.
 */
void start(struct run *r, const char *name, const char *arg);
void start_env(
    struct run *r, const char *name, const char *arg, const char *const *env);
void run_program(
    struct run *r, const char *const *argv, const void *input, size_t len);

/*
 * Steps r until it said something, or, with NULL, has ended, for at most
 * PATIENCE_MS. The clock that it is told stands still at now_ms.
 */
void step_until(struct run *r, int64_t now_ms, const char *said);

/*
 * Whether a process is no more, or a zombie that waits for init.
 */
bool is_gone(pid_t pid);
void assert_gone_soon(pid_t pid);

/*
 * The pid that a handler printed first.
 */
pid_t said_pid(struct run *r);

void assert_output(const struct run *r, const char *expected);

#endif
