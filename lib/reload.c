/*
 * Loading the configuration in a program, and noticing that it has changed.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exposed.h"
#include "log.h"
#include "mem.h"
#include "reload.h"
#include "route.h"

#include "banned.h"

static void
log_report(const struct conf_report *r, bool warnings)
{
	const struct conf_finding *f;
	char line[24];
	size_t i;

	for (i = 0; i < r->n; i++) {
		f = &r->findings[i];
		line[0] = '\0';
		if (f->line > 0)
			(void)snprintf(line, sizeof(line), ":%d", f->line);
		if (f->severity == CONF_ERROR)
			log_error("%s%s: %s", f->file, line, f->text);
		else if (warnings)
			log_warning("%s%s: %s", f->file, line, f->text);
	}
}

enum result
reload_load(struct conf *c, const char *path, int flags)
{
	struct conf_report report;
	enum result r;

	conf_report_init(&report);
	if (path == NULL)
		path = conf_default_path();
	if (flags & RELOAD_SECRETLESS)
		r = conf_load_secretless(c, path, &report);
	else
		r = conf_load(c, path, &report);
	if (r == RES_OK && (flags & RELOAD_WARNINGS))
		route_check(c, &report);
	if (r == RES_OK)
		exposed_check(c, &report);
	if (r == RES_OK && report.errors > 0) {
		conf_free(c);
		r = RES_INVALID;
	}
	log_report(&report, (flags & RELOAD_WARNINGS) != 0);
	conf_report_free(&report);
	return r;
}

void
reload_init(struct reload *r, const struct conf *c, int flags)
{
	r->conf = c;
	r->flags = flags;
	r->fingerprint = conf_fingerprint(c);
	r->refused = 0;
}

bool
reload_stale(struct reload *r, bool forced)
{
	struct conf next;
	uint64_t now;

	now = conf_fingerprint(r->conf);
	if (!forced && (now == r->fingerprint || now == r->refused))
		return false;
	if (reload_load(&next, r->conf->path, r->flags | RELOAD_WARNINGS) !=
	    RES_OK) {
		log_error("the changed configuration is not used; going on "
			  "with the one before");
		r->refused = now;
		return false;
	}
	conf_free(&next);
	log_info("the configuration has changed: starting afresh");
	return true;
}

void
reload_execute(const char *path, char *const *argv)
{
	(void)execv(path, argv);
	log_error("cannot execute %s: %s", path, strerror(errno));
}

char *
reload_self(const char *fallback)
{
	char *self = realpath("/proc/self/exe", NULL);

	return self != NULL ? self : mem_strdup(fallback);
}
