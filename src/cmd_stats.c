/*
 * stripehook stats: counts.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "cmd_filter.h"
#include "cmd_nagios.h"
#include "cmd_pager.h"
#include "cmd_row.h"
#include "cmd_stats.h"
#include "cmd_time.h"

#include "banned.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static void
print_time(const char *name, int64_t ms, bool utc)
{
	char when[CMD_TIME_SIZE] = "-";

	if (ms > 0)
		cmd_time_format(ms, utc, when);
	printf("%-14s %s\n", name, when);
}

static void
print_count(const char *name, int64_t n)
{
	printf("%-14s %" PRId64 "\n", name, n);
}

/* All that is counted. */
struct count {
	const struct conf *conf; /* borrowed */
	struct store_stats st;
	int64_t hour; /* events received in the last hour */
	int64_t day; /* and in the last day */
	int64_t hour_ms; /* since when that is */
	bool worker; /* one is there */
	bool json;
	bool utc;
	bool any; /* a handler was printed */
};

static bool
count_row(const struct store_row *row, void *arg)
{
	struct count *n = arg;

	n->day++;
	if (row->received_ms >= n->hour_ms)
		n->hour++;
	return true;
}

static void
print_handler_text(const struct count *n, const struct store_handler_stats *h)
{
	char success[CMD_TIME_SIZE] = "-", failure[CMD_TIME_SIZE] = "-";
	int i;

	if (!n->any)
		printf("\n%-20s %8s %8s %9s %8s %8s %8s %6s  %-19s  %s\n",
		    "handler", "pending", "running", "succeeded", "failed",
		    "runs", "bad", "in row", "last success", "last failure");
	if (h->last_success_ms > 0)
		cmd_time_format(h->last_success_ms, n->utc, success);
	if (h->last_failure_ms > 0)
		cmd_time_format(h->last_failure_ms, n->utc, failure);
	cmd_put(h->name, 20);
	for (i = 0; i < DELIVERY_STATES; i++)
		printf(" %*" PRId64, i == DELIVERY_SUCCEEDED ? 9 : 8,
		    h->deliveries[i]);
	printf(" %8" PRId64 " %8" PRId64 " %6" PRId64 "  %-19s  %s%s\n",
	    h->attempts_succeeded + h->attempts_failed, h->attempts_failed,
	    h->streak, success, failure,
	    conf_find_handler(n->conf, h->name) != NULL ? ""
							: "  not configured");
}

static void
print_handler_json(const struct count *n, const struct store_handler_stats *h)
{
	printf("%s{\"configured\":%s", n->any ? "," : "",
	    conf_find_handler(n->conf, h->name) != NULL ? "true" : "false");
	cmd_row_json_text("handler", h->name);
	printf(",\"deliveries\":");
	cmd_row_json_counts(h->deliveries);
	printf(",\"attempts_succeeded\":%" PRId64
	       ",\"attempts_failed\":%" PRId64 ",\"parked\":%" PRId64
	       ",\"failures_in_a_row\":%" PRId64,
	    h->attempts_succeeded, h->attempts_failed, h->parked, h->streak);
	cmd_row_json_time("last_success", h->last_success_ms);
	cmd_row_json_time("last_failure", h->last_failure_ms);
	printf(",\"duration_ms\":%" PRId64 "}", h->duration_ms);
}

static bool
print_handler(const struct store_handler_stats *h, void *arg)
{
	struct count *n = arg;

	if (n->json)
		print_handler_json(n, h);
	else
		print_handler_text(n, h);
	n->any = true;
	return true;
}

static void
print_text(const struct count *n)
{
	const struct store_stats *st = &n->st;
	int i;

	print_count("events", st->events);
	for (i = 0; i < DELIVERY_STATES; i++)
		print_count(delivery_state_name((enum delivery_state)i),
		    st->deliveries[i]);
	print_count("due", st->due);
	print_time("oldest due", st->oldest_due_ms, n->utc);
	print_time("last received", st->last_received_ms, n->utc);
	print_count("last hour", n->hour);
	print_count("last day", n->day);
	print_count("bytes", st->bytes);
	printf("%-14s %s\n", "worker", n->worker ? "is there" : "none");
}

static void
print_json(const struct count *n)
{
	const struct store_stats *st = &n->st;

	printf("{\"events\":%" PRId64 ",\"deliveries\":", st->events);
	cmd_row_json_counts(st->deliveries);
	printf(",\"due\":%" PRId64, st->due);
	cmd_row_json_time("oldest_due", st->oldest_due_ms);
	cmd_row_json_time("last_received", st->last_received_ms);
	printf(",\"last_hour\":%" PRId64 ",\"last_day\":%" PRId64
	       ",\"bytes\":%" PRId64 ",\"worker\":%s,\"handlers\":[",
	    n->hour, n->day, st->bytes, n->worker ? "true" : "false");
}

static enum result
count(struct store *s, struct count *n, struct err *e)
{
	struct store_filter f = STORE_FILTER_ANY;
	const int64_t now_ms = (int64_t)time(NULL) * 1000;
	enum result r;

	n->hour_ms = now_ms - HOUR_MS;
	f.since_ms = now_ms - DAY_MS;
	r = store_stats(s, &n->st, e);
	if (r == RES_OK)
		r = store_list(s, &f, count_row, n, e);
	n->worker = store_worker_present(s);
	if (r != RES_OK && r != RES_EMPTY)
		return r;
	if (n->json)
		print_json(n);
	else
		print_text(n);
	r = store_handlers(s, print_handler, n, e);
	if (n->json)
		printf("]}\n");
	return r == RES_EMPTY ? RES_OK : r;
}

/* Options. */
struct stats {
	struct store_filter filter;
	bool filtered; /* only some events are counted */
	bool json, utc, nagios;
	struct nagios thresholds;
};

static enum result
answer(struct store *s, const struct stats *o, struct count *n, struct err *e)
{
	struct cmd_pager pager = CMD_PAGER_NONE;
	enum result r;

	if (!o->json)
		cmd_pager_open(&pager);
	r = o->filtered ? cmd_stats_some(s, &o->filter, o->json, e)
			: count(s, n, e);
	cmd_pager_close(&pager);
	return r;
}

static int
run(const struct cmd_global *g, const struct stats *o)
{
	struct count n = { .json = o->json, .utc = o->utc };
	struct err e = { "" };
	struct store *s;
	struct conf c;
	enum result r;
	int status;

	if (cmd_load_secretless(g, &c) != CMD_OK)
		return o->nagios ? nagios_unknown("the configuration is at "
						  "fault: run stripehook check")
				 : CMD_FAILED;
	if (o->nagios) {
		status = nagios_run(&o->thresholds, &c);
		conf_free(&c);
		return status;
	}
	n.conf = &c;
	r = store_open(&s, c.store, STORE_READER, &e);
	if (r == RES_OK)
		r = answer(s, o, &n, &e);
	store_close(s);
	conf_free(&c);
	return r == RES_OK ? CMD_OK : cmd_result(r, &e);
}

enum long_option { OPT_JSON = 256, OPT_UTC, OPT_NAGIOS };

/* clang-format off */
static const struct option options[] = {
	CMD_FILTER_OPTIONS,
	{ "nagios", no_argument, NULL, OPT_NAGIOS },
	{ "warning", required_argument, NULL, 'w' },
	{ "critical", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "utc", no_argument, NULL, OPT_UTC },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

static int
set_option(const struct cmd *self, struct stats *o, int ch, const char *arg)
{
	switch (ch) {
	case OPT_JSON:
		o->json = true;
		return CMD_OK;
	case OPT_UTC:
		o->utc = true;
		return CMD_OK;
	case OPT_NAGIOS:
		o->nagios = true;
		return CMD_OK;
	case 'w':
	case 'c':
		if (nagios_set(&o->thresholds, ch == 'c', arg))
			return CMD_OK;
		return cmd_usage_error(self,
		    "not KEY=RANGE with due, oldest, failed, silence, free or "
		    "worker: %s",
		    arg);
	default:
		o->filtered = true;
		return cmd_filter_set(&o->filter, ch, arg) == CMD_OK
		    ? CMD_OK
		    : cmd_usage(self);
	}
}

static int
parse_and_run(const struct cmd *self, const struct cmd_global *g, int argc,
    char **argv, bool *asked)
{
	struct stats o = { .filter = STORE_FILTER_ANY };
	int ch, status;

	nagios_init(&o.thresholds);
	while ((ch = getopt_long(argc, argv, "w:c:h", options, NULL)) != -1) {
		if (ch == 'h')
			return cmd_help(self);
		if ((status = set_option(self, &o, ch, optarg)) != CMD_OK)
			return status;
	}
	if (optind < argc)
		return cmd_usage(self);
	if (o.nagios && (o.filtered || o.json))
		return cmd_usage_error(
		    self, "--nagios looks at all: no filter, no --json");
	*asked = true; /* what comes now is an answer */
	return run(g, &o);
}

/*
 * For a plugin a mistake in its command line is neither a warning nor an
 * alarm.
 */
static bool
is_plugin(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--nagios") == 0)
			return true;
	return false;
}

int
cmd_stats(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	const bool plugin = is_plugin(argc, argv);
	bool asked = false;
	int status = parse_and_run(self, g, argc, argv, &asked);

	return plugin && !asked && status == CMD_USAGE
	    ? nagios_unknown("the command line is at fault")
	    : status;
}
