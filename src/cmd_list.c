/*
 * stripehook list: events, the newest first.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_filter.h"
#include "cmd_pager.h"
#include "cmd_row.h"
#include "cmd_term.h"
#include "cmd_time.h"

#include "banned.h"

#define DEFAULT_LIMIT 50

struct list {
	struct store_filter filter;
	bool utc;
	bool json;
	bool color;
};

static enum cmd_color
color_of(const struct store_row *row)
{
	if (row->deliveries[DELIVERY_FAILED] > 0)
		return CMD_RED;
	if (row->deliveries[DELIVERY_PENDING] > 0 ||
	    row->deliveries[DELIVERY_RUNNING] > 0)
		return CMD_YELLOW;
	return row->deliveries[DELIVERY_SUCCEEDED] > 0 ? CMD_GREEN : CMD_PLAIN;
}

static bool
print_row(const struct store_row *row, void *arg)
{
	const struct list *list = arg;
	char when[CMD_TIME_SIZE], state[CMD_ROW_STATE_SIZE];

	if (list->json) {
		putchar('{');
		cmd_row_json(row);
		printf(",\"deliveries\":");
		cmd_row_json_counts(row->deliveries);
		printf("}\n");
		return !ferror(stdout);
	}
	cmd_time_format(row->received_ms, list->utc, when);
	cmd_row_state(row->deliveries, state);
	printf("%s  ", when);
	cmd_put(row->id, 28);
	printf("  ");
	cmd_put(row->type, 30);
	printf("  ");
	cmd_put(row->endpoint, 8);
	printf("  %s%s%s\n", cmd_color(list->color, color_of(row)), state,
	    cmd_color(list->color, CMD_PLAIN));
	return !ferror(stdout);
}

static int
run(const struct cmd_global *g, struct list *list)
{
	struct err e = { "" };
	struct cmd_pager pager = CMD_PAGER_NONE;
	struct store *s;
	enum result r;
	int status;

	if ((status = cmd_open_store(g, STORE_READER, &s)) != CMD_OK)
		return status;
	list->color = cmd_color_wanted() && !list->json;
	if (!list->json)
		cmd_pager_open(&pager);
	r = store_list(s, &list->filter, print_row, list, &e);
	store_close(s);
	cmd_pager_close(&pager);
	return r == RES_OK || r == RES_EMPTY ? CMD_OK : cmd_result(r, &e);
}

enum long_option { OPT_UTC = 256, OPT_JSON };

/* clang-format off */
static const struct option options[] = {
	CMD_FILTER_OPTIONS,
	{ "limit", required_argument, NULL, 'n' },
	{ "utc", no_argument, NULL, OPT_UTC },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

int
cmd_list(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct list list = { .filter = STORE_FILTER_ANY };
	int ch;

	list.filter.limit = DEFAULT_LIMIT;
	while ((ch = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		switch (ch) {
		case 'n':
			if (!cmd_number(
				optarg, 0, INT64_MAX, &list.filter.limit))
				return cmd_usage_error(
				    self, "not a number: %s", optarg);
			break;
		case OPT_UTC:
			list.utc = true;
			break;
		case OPT_JSON:
			list.json = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			if (cmd_filter_set(&list.filter, ch, optarg) != CMD_OK)
				return cmd_usage(self);
			break;
		}
	}
	if (optind < argc)
		return cmd_usage(self);
	return run(g, &list);
}
