/*
 * A folder to load configurations in.
 */
#include "config.h"

#include <sys/stat.h>

#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_fixture.h"

#include "buf.h"
#include "mem.h"

#include "banned.h"

/* What the temp folder holds. */
static const struct {
	const char *name;
	unsigned int mode;
	const char *text; /* NULL: a folder */
} layout[] = {
	{ "a.whsec", 0640, "whsec_a\n" },
	{ "b.whsec", 0600, "whsec_b" },
	{ "same.whsec", 0600, "whsec_a\r\n" },
	{ "open.whsec", 0644, "whsec_open\n" },
	{ "empty.whsec", 0600, "\n" },
	{ "blank.whsec", 0600, "  \n" },
	{ "inner.whsec", 0600, "whsec_a\nwhsec_b\n" },
	{ "credentials", 0700, NULL },
	{ "credentials/shop", 0400, "whsec_credential" },
	{ "handler", 0755, "#!/bin/sh\n" },
	{ "noexec", 0644, "#!/bin/sh\n" },
	{ "worldwritable", 0757, "#!/bin/sh\n" },
	{ "groupwritable", 0775, "#!/bin/sh\n" },
	{ "folder", 0755, NULL },
	{ "open", 0777, NULL },
	{ "open/handler", 0755, "#!/bin/sh\n" },
	{ "open/folder", 0755, NULL },
	{ "open/folder/handler", 0755, "#!/bin/sh\n" },
	{ "sticky", 01777, NULL },
	{ "sticky/handler", 0755, "#!/bin/sh\n" },
	{ "grouped", 0775, NULL },
	{ "grouped/handler", 0755, "#!/bin/sh\n" },
	{ "types.tsv", 0644, "# more\nbrand_new.type\tsnapshot\tthing\n" },
	{ "badtypes.tsv", 0644, "good.type\n\nbad type\tthin\n" },
};

void
conf_fixture_write(const char *path, const char *text, unsigned int mode)
{
	FILE *fp = fopen(path, "w");

	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(path, (mode_t)mode), 0);
}

int
conf_fixture_setup(void **state)
{
	struct conf_fixture *f = mem_alloc(1, sizeof(*f));
	char path[256], text[600];
	size_t i;

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/t-conf.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->conf, sizeof(f->conf), "%s/stripehook.conf", f->dir);
	for (i = 0; i < sizeof(layout) / sizeof(layout[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", f->dir, layout[i].name);
		if (layout[i].text != NULL) {
			conf_fixture_write(
			    path, layout[i].text, layout[i].mode);
			continue;
		}
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chmod(path, (mode_t)layout[i].mode), 0);
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)snprintf(path, sizeof(path), "%s/long.whsec", f->dir);
	conf_fixture_write(path, text, 0600);
	(void)snprintf(path, sizeof(path), "%s/link", f->dir);
	assert_int_equal(symlink("open/handler", path), 0);
	(void)snprintf(path, sizeof(path), "%s/credentials", f->dir);
	setenv("CREDENTIALS_DIRECTORY", path, 1);
	setenv("T_CONF_SECRET", "whsec_env", 1);
	setenv("T_CONF_EMPTY", "", 1);
	setenv("HTTP_SECRET", "whsec_http", 1);
	unsetenv("T_CONF_NONE");
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
conf_fixture_teardown(void **state)
{
	struct conf_fixture *f = *state;

	(void)nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/*
 * The text with every from in it replaced by to; the caller frees it.
 */
char *
conf_fixture_replace(const char *text, const char *from, const char *to)
{
	const char *hit;
	struct buf b;
	char *out;

	buf_init(&b, SIZE_MAX);
	while ((hit = strstr(text, from)) != NULL) {
		buf_add(&b, text, (size_t)(hit - text));
		buf_puts(&b, to);
		text = hit + strlen(from);
	}
	buf_puts(&b, text);
	out = mem_strdup(buf_text(&b));
	buf_free(&b);
	return out;
}

char *
conf_fixture_read(const char *path)
{
	char part[1024];
	struct buf b;
	char *out;
	FILE *fp;
	size_t n;

	fp = fopen(path, "r");
	if (fp == NULL)
		fail_msg("%s cannot be read", path);
	buf_init(&b, SIZE_MAX);
	while ((n = fread(part, 1, sizeof(part), fp)) > 0)
		buf_add(&b, part, n);
	(void)fclose(fp);
	out = mem_strdup(buf_text(&b));
	buf_free(&b);
	return out;
}

/*
 * Writes text, with the CONF_FIXTURE_MARK replaced, to the place of the configuration, and
 * loads it.
 */
enum result
conf_fixture_load(const struct conf_fixture *f, const char *text,
    struct conf *c, struct conf_report *r)
{
	char *placed = conf_fixture_replace(text, CONF_FIXTURE_MARK, f->dir);

	conf_fixture_write(f->conf, placed, 0644);
	free(placed);
	conf_report_init(r);
	return conf_load(c, f->conf, r);
}
