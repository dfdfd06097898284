/*
 * Reading a scanned configuration with libConfuse, and each value into its
 * place.
 */
#include "config.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "event_own.h"
#include "log.h"
#include "mem.h"

#include "banned.h"

#define YEAR (365 * 86400)
#define MEBIBYTE (1024 * 1024)
#define DISK_LOW_MAX (1024 * 1024) /* MiB */
#define KEEP_MAX 36500 /* days */

/*
 * Stripe repeats an event for three days, and a person may resend it for
 * thirty: until then the store must know that it was there.
 */
#define KEEP_LEAST 31

/* Names in the order of their enums, ended by NULL. */
static const char *const unhandled_names[] = { "reject", "ignore", "store",
	NULL };
static const char *const worker_names[] = { "service", "on-demand", NULL };
static const char *const flag_names[] = { "false", "true", NULL };
static const char *const level_names[] = { "error", "warning", "info", "debug",
	NULL };

/*
 * The scan has found what libConfuse could complain of.
 */
static void
keep_quiet(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

static void
read_event_types(const struct conf_reader *rd, struct conf *c)
{
	const struct conf_text *t;
	struct err e;

	conf_value_beside(rd, "event-types", 0, "");
	t = conf_value(rd, "event-types");
	if (t == NULL)
		return;
	if (t->text[0] != '/')
		conf_error(
		    rd->at, t->line, "'event-types' is an absolute path");
	else if (catalogue_load(&c->catalogue, t->text, &e) != RES_OK)
		conf_error(rd->at, t->line, "event-types: %s", e.text);
	else
		conf_watch(c, t->text);
}

/*
 * Only where the endpoint is to start it does the worker's program have to be
 * there: it may be installed on another machine otherwise.
 */
static void
read_worker(const struct conf_reader *rd, struct conf *c)
{
	const struct conf_text *t;

	conf_value_beside(rd, "worker-program", 0, "");
	t = conf_value(rd, "worker-program");
	c->concurrency = 4;
	conf_value_int(rd, "concurrency", 1, 256, &c->concurrency);
	c->worker = (enum conf_worker)conf_value_choice(
	    rd, "worker", worker_names, CONF_WORKER_SERVICE);
	c->worker_program = conf_value_text(rd, "worker-program", NULL);
	if (c->worker_program == NULL)
		c->worker_program = conf_default_worker();
	if (c->worker_program[0] != '/')
		conf_error(rd->at, t->line,
		    "'worker-program' is an absolute path, not '%s'",
		    c->worker_program);
	else if (c->worker == CONF_WORKER_ON_DEMAND)
		conf_check_program("worker-program", c->worker_program,
		    t != NULL ? t->line : conf_value(rd, "worker")->line,
		    rd->at);
}

static void
read_keep(const struct conf_reader *rd, struct conf *c)
{
	const bool forced =
	    conf_value_choice(rd, "keep-forced", flag_names, 0) != 0;
	const struct conf_text *t;

	c->keep = 35;
	conf_value_int(rd, "keep", 1, KEEP_MAX, &c->keep);
	conf_value_int(rd, "keep-bodies", 0, KEEP_MAX, &c->keep_bodies);
	if (c->keep < KEEP_LEAST && !forced)
		conf_error(rd->at, conf_value(rd, "keep")->line,
		    "'keep' (%d) is less than %d days: an event that is sent "
		    "again after it was removed counts as a new one, and is "
		    "handled again\nkeep-forced = true allows it",
		    c->keep, KEEP_LEAST);
	t = conf_value(rd, "keep-bodies");
	if (c->keep_bodies > c->keep)
		conf_error(rd->at, t->line,
		    "'keep-bodies' (%d) is more than 'keep' (%d)",
		    c->keep_bodies, c->keep);
}

static void
read_alerts(const struct conf_reader *rd, struct conf *c)
{
	int64_t mebibytes = 100;

	conf_value_number(rd, "silence", 0, YEAR, &c->silence);
	conf_value_number(rd, "disk-low", 0, DISK_LOW_MAX, &mebibytes);
	c->disk_low = mebibytes * MEBIBYTE;
	c->alert_interval = 3600;
	conf_value_number(rd, "alert-interval", 1, YEAR, &c->alert_interval);
}

static void
read_top(const struct conf_reader *rd, struct conf *c)
{
	const struct conf_text *t;
	int64_t max_body = 4 * 1024 * 1024;

	conf_value_check_empty(rd, CONF_TOP);
	conf_value_beside(rd, "store", 0, "sqlite:");
	conf_value_beside(rd, "log", 0, "file:");
	c->store = conf_value_text(rd, "store", NULL);
	if (c->store == NULL)
		c->store = conf_default_store(rd->at);
	t = conf_value(rd, "store");
	if (t != NULL)
		conf_check_store(t->text, t->line, rd->at);
	t = conf_value(rd, "store-password");
	if (t != NULL)
		conf_store_password(c, t->text, t->line, rd->at);
	c->unhandled = (enum conf_unhandled)conf_value_choice(
	    rd, "unhandled", unhandled_names, CONF_UNHANDLED_REJECT);
	conf_value_number(rd, "max-body", 1, 1024 * 1024 * 1024, &max_body);
	c->max_body = (size_t)max_body;
	c->threads = 8;
	conf_value_int(rd, "threads", 1, 256, &c->threads);
	c->log = conf_value_text(rd, "log", "auto");
	if (!log_valid_target(c->log))
		conf_error(rd->at, conf_value_at(rd, "log", 0)->line,
		    "'log' is \"auto\", \"stderr\", \"syslog\" or "
		    "\"file:/absolute/path\", not '%s'",
		    c->log);
	c->log_level =
	    conf_value_choice(rd, "log-level", level_names, LOG_LEVEL_INFO);
	read_event_types(rd, c);
	read_worker(rd, c);
	read_keep(rd, c);
	read_alerts(rd, c);
}

static void
read_endpoint(const struct conf_reader *rd, const char *title, struct conf *c)
{
	struct conf_endpoint *ep = &c->endpoints[c->nendpoints++];
	const size_t n = conf_value_count(rd, "secrets");
	const struct conf_text *t;
	size_t i;

	(void)mem_copy(ep->name, sizeof(ep->name), title);
	ep->line = rd->line;
	if (strcmp(title, EVENT_OWN_ENDPOINT) == 0)
		conf_error(rd->at, rd->line,
		    "no endpoint can be called '%s': the program's own events "
		    "have this name",
		    title);
	ep->sources = conf_value_list(rd, "secrets", &ep->nsources);
	ep->secrets = mem_alloc(n, sizeof(*ep->secrets));
	for (i = 0; i < n; i++) {
		conf_value_beside(rd, "secrets", i, "file:");
		t = conf_value_at(rd, "secrets", i);
		conf_check_secret(c, ep, t->text, t->line, rd->at);
	}
	ep->tolerance = 300;
	conf_value_number(rd, "tolerance", 1, YEAR, &ep->tolerance);
	ep->api_version = conf_value_text(rd, "api-version", NULL);
}

/*
 * Reads all sections of one kind. The scan and libConfuse have them in the
 * same order.
 */
static void
read_sections(const struct conf_reader *top, const struct conf_scan *s,
    enum conf_kind kind, struct conf *c)
{
	struct conf_reader rd = { .at = top->at };
	const char *name = conf_kind_name(kind);
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->sections[i].kind != kind ||
		    n == cfg_size(top->cfg, name))
			continue;
		rd.cfg = cfg_getnsec(top->cfg, name, n++);
		rd.line = s->sections[i].line;
		conf_value_check_empty(&rd, kind);
		if (kind == CONF_ENDPOINT)
			read_endpoint(&rd, s->sections[i].title, c);
		else
			conf_parse_handler(&rd, s->sections[i].title, c);
	}
}

void
conf_parse(struct conf *c, const struct conf_scan *s, const char *text,
    const struct conf_place *at)
{
	cfg_opt_t options[CONF_STRANGE][CONF_OPTIONS_MAX + 2];
	struct conf_reader rd = { .at = at };
	enum conf_kind kind;
	size_t n;

	n = conf_value_options(options[CONF_TOP], CONF_TOP);
	for (kind = CONF_ENDPOINT; kind < CONF_STRANGE; kind++) {
		(void)conf_value_options(options[kind], kind);
		options[CONF_TOP][n++] = (cfg_opt_t)CFG_SEC(
		    conf_kind_name(kind), options[kind], CFGF_MULTI);
	}
	options[CONF_TOP][n] = (cfg_opt_t)CFG_END();
	c->endpoints = mem_alloc(s->n, sizeof(*c->endpoints));
	c->handlers = mem_alloc(s->n, sizeof(*c->handlers));
	rd.cfg = cfg_init(options[CONF_TOP], CFGF_NONE);
	if (rd.cfg == NULL) {
		conf_error(at, 0, "out of memory");
		return;
	}
	(void)cfg_set_error_function(rd.cfg, keep_quiet);
	if (cfg_parse_buf(rd.cfg, text) != CFG_SUCCESS)
		conf_error(at, rd.cfg->line, "libConfuse cannot read this");
	read_top(&rd, c);
	read_sections(&rd, s, CONF_ENDPOINT, c);
	read_sections(&rd, s, CONF_HANDLER, c);
	cfg_free(rd.cfg);
}
