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
#include "log.h"
#include "mem.h"
#include "pattern.h"

#include "banned.h"

#define DAY 86400
#define YEAR (365 * DAY)

/* Names in the order of their enums, ended by NULL. */
static const char *const unhandled_names[] = { "reject", "ignore", "store",
	NULL };
static const char *const run_names[] = { "queued", "inline", NULL };
static const char *const lane_names[] = { "object", "customer", "none", NULL };
static const char *const level_names[] = { "error", "warning", "info", "debug",
	NULL };

/* The section that is read. */
struct reader {
	cfg_t *cfg;
	int line;
	const struct conf_place *at;
};

/*
 * libConfuse's callbacks for a value: every one is kept as a text with its
 * line, and what it means is decided afterwards, with all that is at fault.
 */
static int
keep_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_text *t = mem_alloc(1, sizeof(*t));

	(void)opt;
	t->text = mem_strdup(value);
	t->line = cfg->line;
	*(void **)result = t;
	return 0;
}

static void
free_value(void *value)
{
	struct conf_text *t = value;

	free(t->text);
	free(t);
}

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

/*
 * Every option is a list of texts to libConfuse: it takes bare values for
 * lists, and the scan has seen to the braces.
 */
static size_t
make_options(cfg_opt_t *out, enum conf_kind kind)
{
	const struct conf_option *o = conf_options(kind);
	size_t i;

	for (i = 0; o[i].name != NULL; i++)
		out[i] = (cfg_opt_t)CFG_PTR_LIST_CB(
		    o[i].name, NULL, CFGF_NONE, keep_value, free_value);
	out[i] = (cfg_opt_t)CFG_END();
	return i;
}

static const struct conf_text *
value_at(const struct reader *rd, const char *name, size_t i)
{
	return cfg_getnptr(rd->cfg, name, (unsigned int)i);
}

static size_t
count(const struct reader *rd, const char *name)
{
	return cfg_size(rd->cfg, name);
}

/*
 * The one value of an option, or NULL where none was given, or an empty one.
 */
static const struct conf_text *
value(const struct reader *rd, const char *name)
{
	const struct conf_text *t;

	if (count(rd, name) == 0)
		return NULL;
	t = value_at(rd, name, 0);
	return t->text[0] != '\0' ? t : NULL;
}

/*
 * Reports options whose one value is empty.
 */
static void
check_empty(const struct reader *rd, enum conf_kind kind)
{
	const struct conf_option *o;

	for (o = conf_options(kind); o->name != NULL; o++)
		if (!o->list && count(rd, o->name) > 0 &&
		    value(rd, o->name) == NULL)
			conf_error(rd->at, value_at(rd, o->name, 0)->line,
			    "'%s' is empty", o->name);
}

/*
 * Reads a whole number from lo to hi, or leaves *out as it is.
 */
static void
read_number(const struct reader *rd, const char *name, int64_t lo, int64_t hi,
    int64_t *out)
{
	const struct conf_text *t = value(rd, name);
	long long number;
	char *end;

	if (t == NULL)
		return;
	number = strtoll(t->text, &end, 10);
	if (strspn(t->text, "-0123456789") != strlen(t->text) || *end != '\0') {
		conf_error(rd->at, t->line, "'%s' is a whole number, not '%s'",
		    name, t->text);
		return;
	}
	/* What is too large for long long is too large here, too. */
	if (number < lo || number > hi) {
		conf_error(rd->at, t->line,
		    "'%s' must be from %lld to %lld, not %s", name,
		    (long long)lo, (long long)hi, t->text);
		return;
	}
	*out = number;
}

static void
read_int(const struct reader *rd, const char *name, int lo, int hi, int *out)
{
	int64_t number = *out;

	read_number(rd, name, lo, hi, &number);
	*out = (int)number;
}

/*
 * The number of the name that an option has as its value, or dflt.
 */
static int
read_choice(const struct reader *rd, const char *name,
    const char *const *choices, int dflt)
{
	const struct conf_text *t = value(rd, name);
	char all[128];
	size_t len = 0;
	int i;

	if (t == NULL)
		return dflt;
	for (i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], t->text) == 0)
			return i;
	for (i = 0; choices[i] != NULL && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len,
		    "%s\"%s\"", i == 0 ? "" : " or ", choices[i]);
	conf_error(rd->at, t->line, "'%s' is %s, not '%s'", name, all, t->text);
	return dflt;
}

/*
 * A copy of an option's value, or of dflt (may be NULL).
 */
static char *
read_text(const struct reader *rd, const char *name, const char *dflt)
{
	const struct conf_text *t = value(rd, name);

	if (t != NULL)
		return mem_strdup(t->text);
	return dflt != NULL ? mem_strdup(dflt) : NULL;
}

/*
 * Copies of the values of a list, in an array that a NULL ends.
 */
static char **
read_array(const struct reader *rd, const char *name)
{
	const size_t n = count(rd, name);
	char **array = mem_alloc(n + 1, sizeof(*array));
	size_t i;

	for (i = 0; i < n; i++)
		array[i] = mem_strdup(value_at(rd, name, i)->text);
	return array;
}

/*
 * The same with their lines.
 */
static struct conf_text *
read_list(const struct reader *rd, const char *name, size_t *n)
{
	struct conf_text *list;
	size_t i;

	*n = count(rd, name);
	list = mem_alloc(*n, sizeof(*list));
	for (i = 0; i < *n; i++) {
		list[i].text = mem_strdup(value_at(rd, name, i)->text);
		list[i].line = value_at(rd, name, i)->line;
	}
	return list;
}

static void
read_event_types(const struct reader *rd, struct conf *c)
{
	const struct conf_text *t = value(rd, "event-types");
	struct err e;

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

static void
read_top(const struct reader *rd, struct conf *c)
{
	const struct conf_text *t;
	int64_t max_body = 4 * 1024 * 1024;

	check_empty(rd, CONF_TOP);
	c->store = read_text(rd, "store", STRIPEHOOK_STORE_URI);
	t = value(rd, "store");
	if (t != NULL)
		conf_check_store(t->text, t->line, rd->at);
	c->unhandled = (enum conf_unhandled)read_choice(
	    rd, "unhandled", unhandled_names, CONF_UNHANDLED_REJECT);
	read_number(rd, "max-body", 1, 1024 * 1024 * 1024, &max_body);
	c->max_body = (size_t)max_body;
	c->threads = 8;
	read_int(rd, "threads", 1, 256, &c->threads);
	c->log = read_text(rd, "log", "auto");
	if (!log_valid_target(c->log))
		conf_error(rd->at, value_at(rd, "log", 0)->line,
		    "'log' is \"auto\", \"stderr\", \"syslog\" or "
		    "\"file:/absolute/path\", not '%s'",
		    c->log);
	c->log_level =
	    read_choice(rd, "log-level", level_names, LOG_LEVEL_INFO);
	read_event_types(rd, c);
}

static void
read_endpoint(const struct reader *rd, const char *title, struct conf *c)
{
	struct conf_endpoint *ep = &c->endpoints[c->nendpoints++];
	const size_t n = count(rd, "secrets");
	const struct conf_text *t;
	size_t i;

	(void)mem_copy(ep->name, sizeof(ep->name), title);
	ep->line = rd->line;
	ep->secrets = mem_alloc(n, sizeof(*ep->secrets));
	for (i = 0; i < n; i++) {
		t = value_at(rd, "secrets", i);
		conf_check_secret(c, ep, t->text, t->line, rd->at);
	}
	ep->tolerance = 300;
	read_number(rd, "tolerance", 1, YEAR, &ep->tolerance);
	ep->api_version = read_text(rd, "api-version", NULL);
}

static void
read_command(const struct reader *rd, struct conf_handler *h)
{
	h->command = read_array(rd, "command");
	if (h->command[0] != NULL)
		conf_check_command(
		    h->command[0], value_at(rd, "command", 0)->line, rd->at);
}

static void
read_environment(const struct reader *rd, struct conf_handler *h)
{
	size_t i;

	h->environment = read_array(rd, "environment");
	for (i = 0; h->environment[i] != NULL; i++)
		conf_check_environment(h->environment, i,
		    value_at(rd, "environment", i)->line, rd->at);
}

static void
read_events(const struct reader *rd, struct conf_handler *h)
{
	size_t i;

	h->events = read_list(rd, "events", &h->nevents);
	for (i = 0; i < h->nevents; i++)
		if (!pattern_valid(h->events[i].text))
			conf_error(rd->at, h->events[i].line,
			    "'%s' is no event type or pattern: '*' stands for "
			    "whole parts between dots, as in \"invoice.*\"",
			    h->events[i].text);
}

static void
read_times(const struct reader *rd, struct conf_handler *h)
{
	const struct conf_text *t;

	h->timeout = 30;
	read_int(rd, "timeout", 1, DAY, &h->timeout);
	h->grace = 5;
	read_int(rd, "grace", 1, DAY, &h->grace);
	h->attempts = 12;
	read_int(rd, "attempts", 1, 1000, &h->attempts);
	h->backoff = 30;
	read_int(rd, "backoff", 1, YEAR, &h->backoff);
	h->backoff_max = 3600;
	read_int(rd, "backoff-max", 1, YEAR, &h->backoff_max);
	h->give_up = 0;
	read_number(rd, "give-up", 0, YEAR, &h->give_up);
	if (h->backoff_max >= h->backoff)
		return;
	t = value(rd, "backoff-max");
	if (t == NULL)
		t = value(rd, "backoff");
	conf_error(rd->at, t->line,
	    "'backoff-max' (%d) is less than 'backoff' (%d)", h->backoff_max,
	    h->backoff);
}

static void
read_place(const struct reader *rd, struct conf_handler *h)
{
	const struct conf_text *t;

	h->directory = read_text(rd, "directory", NULL);
	t = value(rd, "directory");
	if (t != NULL)
		conf_check_directory(t->text, t->line, rd->at);
	h->umask = 022;
	t = value(rd, "umask");
	if (t == NULL)
		return;
	if (strlen(t->text) > 4 ||
	    strspn(t->text, "01234567") != strlen(t->text) ||
	    strtol(t->text, NULL, 8) > 0777)
		conf_error(rd->at, t->line,
		    "'umask' is an octal number up to 0777, not '%s'", t->text);
	else
		h->umask = (int)strtol(t->text, NULL, 8);
}

static void
read_handler(const struct reader *rd, const char *title, struct conf *c)
{
	struct conf_handler *h = &c->handlers[c->nhandlers++];

	(void)mem_copy(h->name, sizeof(h->name), title);
	h->line = rd->line;
	read_events(rd, h);
	h->endpoints = read_list(rd, "endpoints", &h->nendpoints);
	read_command(rd, h);
	read_environment(rd, h);
	h->run =
	    (enum conf_run)read_choice(rd, "run", run_names, CONF_RUN_QUEUED);
	h->lane = (enum conf_lane)read_choice(
	    rd, "lane", lane_names, CONF_LANE_OBJECT);
	read_times(rd, h);
	read_place(rd, h);
}

/*
 * Reads all sections of one kind. The scan and libConfuse have them in the
 * same order.
 */
static void
read_sections(const struct reader *top, const struct conf_scan *s,
    enum conf_kind kind, struct conf *c)
{
	struct reader rd = { .at = top->at };
	const char *name = conf_kind_name(kind);
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->sections[i].kind != kind ||
		    n == cfg_size(top->cfg, name))
			continue;
		rd.cfg = cfg_getnsec(top->cfg, name, n++);
		rd.line = s->sections[i].line;
		check_empty(&rd, kind);
		if (kind == CONF_ENDPOINT)
			read_endpoint(&rd, s->sections[i].title, c);
		else
			read_handler(&rd, s->sections[i].title, c);
	}
}

void
conf_parse(struct conf *c, const struct conf_scan *s, const char *text,
    const struct conf_place *at)
{
	cfg_opt_t options[CONF_STRANGE][CONF_OPTIONS_MAX + 2];
	struct reader rd = { .at = at };
	enum conf_kind kind;
	size_t n;

	n = make_options(options[CONF_TOP], CONF_TOP);
	for (kind = CONF_ENDPOINT; kind < CONF_STRANGE; kind++) {
		(void)make_options(options[kind], kind);
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
