/*
 * stripehook list: events, the newest first.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_row.h"
#include "cmd_time.h"
#include "pattern.h"

#include "banned.h"

#define DEFAULT_LIMIT 50

struct list {
	struct store_filter filter;
	bool utc;
	bool json;
};

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
	printf("  %s\n", state);
	return !ferror(stdout);
}

static int
run(const struct cmd_global *g, struct list *list)
{
	struct err e = { "" };
	struct store *s;
	enum result r;
	int status;

	if ((status = cmd_open_store(g, STORE_READER, &s)) != CMD_OK)
		return status;
	r = store_list(s, &list->filter, print_row, list, &e);
	store_close(s);
	return r == RES_OK || r == RES_EMPTY ? CMD_OK : cmd_result(r, &e);
}

enum long_option {
	OPT_TYPE = 256,
	OPT_STATE,
	OPT_HANDLER,
	OPT_ENDPOINT,
	OPT_OBJECT,
	OPT_CUSTOMER,
	OPT_ACCOUNT,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_UTC,
	OPT_JSON
};

/* clang-format off */
static const struct option options[] = {
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "handler", required_argument, NULL, OPT_HANDLER },
	{ "endpoint", required_argument, NULL, OPT_ENDPOINT },
	{ "object", required_argument, NULL, OPT_OBJECT },
	{ "customer", required_argument, NULL, OPT_CUSTOMER },
	{ "account", required_argument, NULL, OPT_ACCOUNT },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "limit", required_argument, NULL, 'n' },
	{ "utc", no_argument, NULL, OPT_UTC },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

/*
 * Options whose value is checked. Whether the value can be.
 */
static bool
set_checked(struct list *list, int ch, const char *arg)
{
	struct store_filter *f = &list->filter;
	enum delivery_state state;

	switch (ch) {
	case OPT_TYPE:
		f->type = arg;
		return pattern_valid(arg);
	case OPT_STATE:
		if (delivery_state_parse(arg, &state) != RES_OK)
			return false;
		f->state = (int)state;
		return true;
	case OPT_SINCE:
		return cmd_time_parse(arg, cmd_time_now(), &f->since_ms);
	case OPT_UNTIL:
		return cmd_time_parse(arg, cmd_time_now(), &f->until_ms);
	case 'n':
		return cmd_number(arg, 0, INT64_MAX, &f->limit);
	default:
		return false;
	}
}

/*
 * The others. Whether ch is one.
 */
static bool
set_plain(struct list *list, int ch, const char *arg)
{
	struct store_filter *f = &list->filter;

	switch (ch) {
	case OPT_HANDLER:
		f->handler = arg;
		return true;
	case OPT_ENDPOINT:
		f->endpoint = arg;
		return true;
	case OPT_OBJECT:
		f->object_id = arg;
		return true;
	case OPT_CUSTOMER:
		f->customer = arg;
		return true;
	case OPT_ACCOUNT:
		f->account = arg;
		return true;
	case OPT_UTC:
		list->utc = true;
		return true;
	case OPT_JSON:
		list->json = true;
		return true;
	default:
		return false;
	}
}

int
cmd_list(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct list list = { .filter = STORE_FILTER_ANY };
	int ch;

	list.filter.limit = DEFAULT_LIMIT;
	while ((ch = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		if (ch == 'h')
			return cmd_help(self);
		if (ch == '?')
			return cmd_usage(self);
		if (!set_plain(&list, ch, optarg) &&
		    !set_checked(&list, ch, optarg))
			return cmd_usage_error(
			    self, "not a value for this option: %s", optarg);
	}
	if (optind < argc)
		return cmd_usage(self);
	return run(g, &list);
}
