/*
 * Reading a handler's section.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"
#include "pattern.h"

#include "banned.h"

#define DAY 86400
#define YEAR (365 * DAY)
#define MEBIBYTE (1024 * 1024)
#define MEMORY_MAX (1024 * 1024) /* MiB */
#define CORE_MAX (INT64_C(1) << 40)

/* Below these no interpreter starts: a shell keeps its script open as 10. */
#define MEMORY_LEAST 8 /* MiB */
#define FILES_LEAST 16

/* Names in the order of their enums, ended by NULL. */
static const char *const run_names[] = { "queued", "inline", NULL };
static const char *const lane_names[] = { "object", "customer", "none", NULL };
static const char *const order_names[] = { "any", "strict", NULL };

static void
read_command(const struct conf_reader *rd, struct conf_handler *h)
{
	conf_value_beside(rd, "command", 0, "");
	h->command = conf_value_array(rd, "command");
	if (h->command[0] == NULL)
		return;
	h->command_line = conf_value_at(rd, "command", 0)->line;
	conf_check_command(h->command[0], h->command_line, rd->at);
}

static void
read_environment(const struct conf_reader *rd, struct conf_handler *h)
{
	size_t i;

	h->environment = conf_value_array(rd, "environment");
	for (i = 0; h->environment[i] != NULL; i++)
		conf_check_environment(h->environment, i,
		    conf_value_at(rd, "environment", i)->line, rd->at);
}

static void
read_events(const struct conf_reader *rd, struct conf_handler *h)
{
	size_t i;

	h->events = conf_value_list(rd, "events", &h->nevents);
	for (i = 0; i < h->nevents; i++)
		if (!pattern_valid(h->events[i].text))
			conf_error(rd->at, h->events[i].line,
			    "'%s' is no event type or pattern: '*' stands for "
			    "whole parts between dots, as in \"invoice.*\"",
			    h->events[i].text);
}

static void
read_times(const struct conf_reader *rd, struct conf_handler *h)
{
	const struct conf_text *t;

	h->timeout = 30;
	conf_value_int(rd, "timeout", 1, DAY, &h->timeout);
	h->grace = 5;
	conf_value_int(rd, "grace", 1, DAY, &h->grace);
	h->attempts = 12;
	conf_value_int(rd, "attempts", 1, 1000, &h->attempts);
	h->backoff = 30;
	conf_value_int(rd, "backoff", 1, YEAR, &h->backoff);
	h->backoff_max = 3600;
	conf_value_int(rd, "backoff-max", 1, YEAR, &h->backoff_max);
	h->give_up = 0;
	conf_value_number(rd, "give-up", 0, YEAR, &h->give_up);
	if (h->backoff_max >= h->backoff)
		return;
	t = conf_value(rd, "backoff-max");
	if (t == NULL)
		t = conf_value(rd, "backoff");
	conf_error(rd->at, t->line,
	    "'backoff-max' (%d) is less than 'backoff' (%d)", h->backoff_max,
	    h->backoff);
}

static void
read_place(const struct conf_reader *rd, struct conf_handler *h)
{
	const struct conf_text *t;

	conf_value_beside(rd, "directory", 0, "");
	h->directory = conf_value_text(rd, "directory", NULL);
	t = conf_value(rd, "directory");
	if (t != NULL)
		conf_check_directory(t->text, t->line, rd->at);
	h->umask = 022;
	t = conf_value(rd, "umask");
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

/*
 * A bound that is 0, for none, or at least a number that makes sense.
 */
static void
read_bound(const struct conf_reader *rd, const char *name, int64_t least,
    int64_t most, int64_t *out)
{
	conf_value_number(rd, name, 0, most, out);
	if (*out > 0 && *out < least)
		conf_error(rd->at, conf_value(rd, name)->line,
		    "'%s' must be 0, for no limit, or at least %lld: nothing "
		    "starts with less",
		    name, (long long)least);
}

static void
read_limits(const struct conf_reader *rd, struct conf_handler *h)
{
	const struct conf_text *t = conf_value(rd, "user");

	conf_value_int(rd, "nice", 0, 19, &h->nice);
	read_bound(rd, "memory", MEMORY_LEAST, MEMORY_MAX, &h->memory);
	h->memory *= MEBIBYTE;
	read_bound(rd, "open-files", FILES_LEAST, 1024 * 1024, &h->open_files);
	conf_value_number(rd, "core", 0, CORE_MAX, &h->core);
	h->user = conf_value_text(rd, "user", NULL);
	if (t != NULL)
		conf_check_user(t->text, t->line, rd->at);
}

/*
 * What runs at the same time, and in what order.
 */
static void
read_turns(
    const struct conf_reader *rd, const struct conf *c, struct conf_handler *h)
{
	const struct conf_text *t;

	h->lane = (enum conf_lane)conf_value_choice(
	    rd, "lane", lane_names, CONF_LANE_OBJECT);
	h->strict = conf_value_choice(rd, "order", order_names, 0) != 0;
	if (h->strict && h->lane == CONF_LANE_NONE)
		conf_warn(rd->at, conf_value(rd, "order")->line,
		    "'order' has no effect without a lane");
	conf_value_int(rd, "concurrency", 0, 256, &h->concurrency);
	t = conf_value(rd, "concurrency");
	if (h->concurrency > c->concurrency)
		conf_warn(rd->at, t->line,
		    "'concurrency' (%d) is more than all handlers together "
		    "may have (%d)",
		    h->concurrency, c->concurrency);
}

void
conf_parse_handler(
    const struct conf_reader *rd, const char *title, struct conf *c)
{
	struct conf_handler *h = &c->handlers[c->nhandlers++];

	(void)mem_copy(h->name, sizeof(h->name), title);
	h->line = rd->line;
	read_events(rd, h);
	h->endpoints = conf_value_list(rd, "endpoints", &h->nendpoints);
	read_command(rd, h);
	read_environment(rd, h);
	h->run = (enum conf_run)conf_value_choice(
	    rd, "run", run_names, CONF_RUN_QUEUED);
	read_turns(rd, c, h);
	read_times(rd, h);
	read_place(rd, h);
	read_limits(rd, h);
	h->alert_after = 5;
	conf_value_int(rd, "alert-after", 0, 1000, &h->alert_after);
}
