/*
 * stripehook stats: counts.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_row.h"
#include "cmd_time.h"

#include "banned.h"

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

static void
print_text(const struct store_stats *st, bool utc)
{
	int i;

	print_count("events", st->events);
	for (i = 0; i < DELIVERY_STATES; i++)
		print_count(delivery_state_name((enum delivery_state)i),
		    st->deliveries[i]);
	print_count("due", st->due);
	print_time("oldest due", st->oldest_due_ms, utc);
	print_time("last received", st->last_received_ms, utc);
	print_count("bytes", st->bytes);
}

static void
print_json(const struct store_stats *st)
{
	printf("{\"events\":%" PRId64 ",\"deliveries\":", st->events);
	cmd_row_json_counts(st->deliveries);
	printf(",\"due\":%" PRId64, st->due);
	cmd_row_json_time("oldest_due", st->oldest_due_ms);
	cmd_row_json_time("last_received", st->last_received_ms);
	printf(",\"bytes\":%" PRId64 "}\n", st->bytes);
}

static int
run(const struct cmd_global *g, bool json, bool utc)
{
	struct store_stats st;
	struct err e = { "" };
	struct store *s;
	enum result r;
	int status;

	if ((status = cmd_open_store(g, STORE_READER, &s)) != CMD_OK)
		return status;
	r = store_stats(s, &st, &e);
	store_close(s);
	if (r != RES_OK)
		return cmd_result(r, &e);
	if (json)
		print_json(&st);
	else
		print_text(&st, utc);
	return CMD_OK;
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
