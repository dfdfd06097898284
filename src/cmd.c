/*
 * What the commands share: messages, usage, configuration, store.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "escape.h"

#include "banned.h"

#define MESSAGE_MAX 4096

int
cmd_help(const struct cmd *self)
{
	printf("usage: stripehook [-c file] %s%s%s\n", self->name,
	    self->args[0] != '\0' ? " " : "", self->args);
	printf("\n%s\n", self->help);
	if (self->options[0] != '\0')
		printf("\n%s", self->options);
	return CMD_OK;
}

int
cmd_usage(const struct cmd *self)
{
	fprintf(stderr, "usage: stripehook [-c file] %s%s%s\n", self->name,
	    self->args[0] != '\0' ? " " : "", self->args);
	return CMD_USAGE;
}

static void message(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

static void
message(const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];
	struct buf b;

	vsnprintf(text, sizeof(text), fmt, ap);
	buf_init(&b, 8 * sizeof(text));
	escape_line(&b, text, strlen(text));
	fprintf(stderr, "stripehook: %s\n", buf_text(&b));
	buf_free(&b);
}

int
cmd_usage_error(const struct cmd *self, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	return cmd_usage(self);
}

void
cmd_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int
cmd_result(enum result r, const struct err *e)
{
	cmd_error("%s", e->text[0] != '\0' ? e->text : result_name(r));
	return r == RES_BUSY || r == RES_UNCERTAIN ? CMD_LATER : CMD_FAILED;
}

static void
print_errors(const struct conf_report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct conf_finding *f = &r->findings[i];

		if (f->severity != CONF_ERROR)
			continue;
		if (f->line > 0)
			cmd_error("%s:%d: %s", f->file, f->line, f->text);
		else
			cmd_error("%s: %s", f->file, f->text);
	}
}

static int
load(const struct cmd_global *g, struct conf *c,
    enum result (*how)(struct conf *, const char *, struct conf_report *))
{
	struct conf_report report;
	enum result r;

	conf_report_init(&report);
	if ((r = how(c, g->conf, &report)) != RES_OK)
		print_errors(&report);
	conf_report_free(&report);
	return r == RES_OK ? CMD_OK : CMD_FAILED;
}

int
cmd_load(const struct cmd_global *g, struct conf *c)
{
	return load(g, c, conf_load);
}

int
cmd_load_secretless(const struct cmd_global *g, struct conf *c)
{
	return load(g, c, conf_load_secretless);
}

int
cmd_open_store(
    const struct cmd_global *g, enum store_role role, struct store **s)
{
	struct err e = { "" };
	struct conf c;
	enum result r;

	if (cmd_load_secretless(g, &c) != CMD_OK)
		return CMD_FAILED;
	r = store_open(s, c.store, role, &e);
	conf_free(&c);
	return r == RES_OK ? CMD_OK : cmd_result(r, &e);
}

bool
cmd_number(const char *text, int64_t min, int64_t max, int64_t *n)
{
	char *end;

	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	*n = strtoll(text, &end, 10);
	return errno == 0 && *n >= min && *n <= max;
}

void
cmd_put(const char *s, int width)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	escape_line(&b, s, strlen(s));
	printf("%-*s", width, buf_text(&b));
	buf_free(&b);
}

void
cmd_put_json(const char *s, size_t n)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	escape_json(&b, s, n);
	fputs(buf_text(&b), stdout);
	buf_free(&b);
}
