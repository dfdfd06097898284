/*
 * A folder to load configurations in, with secrets and handlers of all kinds.
 */
#ifndef STRIPEHOOK_TEST_CONF_FIXTURE_H
#define STRIPEHOOK_TEST_CONF_FIXTURE_H

#include "conf.h"
#include "err.h"

/* What stands for the folder in texts. */
#define CONF_FIXTURE_MARK "@DIR@"

struct conf_fixture {
	char dir[64];
	char conf[96]; /* path of the configuration */
};

/*
 * cmocka's setup and teardown: *state is a struct conf_fixture.
 */
int conf_fixture_setup(void **state);
int conf_fixture_teardown(void **state);

/*
 * Writes a text to a file of that mode; reads one, which the caller frees.
 */
void conf_fixture_write(const char *path, const char *text, unsigned int mode);
char *conf_fixture_read(const char *path);

/*
 * The text with every from in it replaced by to; the caller frees it.
 */
char *conf_fixture_replace(const char *text, const char *from, const char *to);

/*
 * Writes text, with the mark replaced, to the place of the configuration, and
 * loads it; r is made ready.
 */
enum result conf_fixture_load(const struct conf_fixture *f, const char *text,
    struct conf *c, struct conf_report *r);

#endif
