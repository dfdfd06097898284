/*
 * What is found in a configuration.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "buf.h"
#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

#define FINDING_TEXT_MAX 1024
#define HINT_MARK "; "

void
conf_report_init(struct conf_report *r)
{
	memset(r, 0, sizeof(*r));
}

void
conf_report_free(struct conf_report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->findings[i].file);
		free(r->findings[i].text);
	}
	free(r->findings);
	conf_report_init(r);
}

const char *
conf_finding_hint(const struct conf_finding *f)
{
	const char *rest = f->text + f->message_len;

	return *rest != '\0' ? rest + strlen(HINT_MARK) : rest;
}

/*
 * The text with HINT_MARK for its first newline, behind which the hint is.
 */
static void
set_text(struct conf_finding *f, const char *text)
{
	struct buf b;

	f->message_len = strcspn(text, "\n");
	buf_init(&b, 2 * FINDING_TEXT_MAX);
	buf_add(&b, text, f->message_len);
	if (text[f->message_len] != '\0') {
		buf_puts(&b, HINT_MARK);
		buf_puts(&b, text + f->message_len + 1);
	}
	f->text = mem_strdup(buf_text(&b));
	buf_free(&b);
}

static void
add(struct conf_report *r, enum conf_severity severity, const char *code,
    const char *file, int line, const char *text)
{
	struct conf_finding *f;

	r->findings = mem_resize(r->findings, r->n + 1, sizeof(*r->findings));
	f = &r->findings[r->n++];
	memset(f, 0, sizeof(*f));
	f->severity = severity;
	f->code = code;
	f->file = mem_strdup(file);
	f->line = line;
	set_text(f, text);
	if (severity == CONF_ERROR)
		r->errors++;
}

void
conf_report_mark(struct conf_report *r, const char *code, int column)
{
	r->findings[r->n - 1].code = code;
	r->findings[r->n - 1].column = column;
}

struct conf_place
conf_topic(const struct conf_place *at, const char *topic)
{
	struct conf_place there = *at;

	there.topic = topic;
	return there;
}

void
conf_report_add(struct conf_report *r, enum conf_severity severity,
    const char *file, int line, const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(r, severity, NULL, file, line, text);
}

void
conf_error(const struct conf_place *at, int line, const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(at->report, CONF_ERROR, at->topic, at->path, line, text);
}

void
conf_warn(const struct conf_place *at, int line, const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(at->report, CONF_WARNING, at->topic, at->path, line, text);
}

/*
 * A stable sort: what stands in one line stays in the order it was found.
 */
void
conf_report_sort(struct conf_report *r, size_t from)
{
	struct conf_finding f;
	size_t i, j;

	for (i = from; i < r->n; i++) {
		f = r->findings[i];
		for (j = i; j > from && r->findings[j - 1].line > f.line; j--)
			r->findings[j] = r->findings[j - 1];
		r->findings[j] = f;
	}
}

/*
 * The column of a token, counted back from where it begins.
 */
void
conf_token_error(const struct conf_scanner *s, const struct conf_token *t,
    const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	const char *p = t->p;
	va_list ap;

	while (p > s->text && p[-1] != '\n')
		p--;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(s->at->report, CONF_ERROR, s->at->topic, s->at->path, t->line,
	    text);
	conf_report_mark(s->at->report, s->at->topic, (int)(t->p - p) + 1);
}
