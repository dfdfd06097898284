/*
 * stripehook stats: counts.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cmd.h"
#include "cmd_row.h"
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

static int
run(const struct cmd_global *g, bool json, bool utc)
{
	struct count n = { .json = json, .utc = utc };
	struct err e = { "" };
	struct store *s;
	struct conf c;
	enum result r;

	if (cmd_load_secretless(g, &c) != CMD_OK)
		return CMD_FAILED;
	n.conf = &c;
	r = store_open(&s, c.store, STORE_READER, &e);
	if (r == RES_OK)
		r = count(s, &n, &e);
	store_close(s);
	conf_free(&c);
	return r == RES_OK ? CMD_OK : cmd_result(r, &e);
}

int
cmd_stats(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "utc", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, utc = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (ch) {
		case 'j':
			json = true;
			break;
		case 'u':
			utc = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc)
		return cmd_usage(self);
	return run(g, json, utc);
}
