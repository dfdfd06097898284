/*
 * What is found in a configuration.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

#define FINDING_TEXT_MAX 1024

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

static void
add(struct conf_report *r, enum conf_severity severity, const char *file,
    int line, const char *text)
{
	struct conf_finding *f;

	r->findings = mem_resize(r->findings, r->n + 1, sizeof(*r->findings));
	f = &r->findings[r->n++];
	f->severity = severity;
	f->file = mem_strdup(file);
	f->line = line;
	f->text = mem_strdup(text);
	if (severity == CONF_ERROR)
		r->errors++;
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
	add(r, severity, file, line, text);
}

void
conf_error(const struct conf_place *at, int line, const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(at->report, CONF_ERROR, at->path, line, text);
}

void
conf_warn(const struct conf_place *at, int line, const char *fmt, ...)
{
	char text[FINDING_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(at->report, CONF_WARNING, at->path, line, text);
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
