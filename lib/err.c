/*
 * Results and error texts.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

#include "banned.h"

void
err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
}

void
err_prefix(struct err *e, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	if (e == NULL)
		return;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	(void)snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
}

const char *
result_name(enum result r)
{
	static const char *const names[] = {
		[RES_OK] = "ok",
		[RES_DUPLICATE] = "duplicate",
		[RES_EMPTY] = "empty",
		[RES_UNKNOWN] = "unknown",
		[RES_LOST] = "lost",
		[RES_BUSY] = "busy",
		[RES_UNCERTAIN] = "uncertain",
		[RES_INVALID] = "invalid",
		[RES_FAILED] = "failed",
	};

	if ((size_t)r >= sizeof(names) / sizeof(names[0]))
		return "?";
	return names[r];
}
