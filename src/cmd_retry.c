/*
 * stripehook retry: makes deliveries due again.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_time.h"

#include "banned.h"

static int
run(const struct cmd_global *g, const struct store_filter *f, bool dry)
{
	struct err e = { "" };
	struct store *s;
	enum result r;
	int64_t n = 0;
	int status;

	status = cmd_open_store(g, dry ? STORE_READER : STORE_TOOL, &s);
	if (status != CMD_OK)
		return status;
	r = store_retry(s, f, dry, &n, &e);
	store_close(s);
	if (r == RES_EMPTY && f->event_id != NULL) {
		cmd_error("nothing of %s can be made due again", f->event_id);
		return CMD_FAILED;
	}
	if (r != RES_OK && r != RES_EMPTY)
		return cmd_result(r, &e);
	printf("%" PRId64 " deliver%s %s\n", n, n == 1 ? "y" : "ies",
	    dry ? "would be due again" : "due again");
	return CMD_OK;
}

enum long_option { OPT_FAILED = 256, OPT_SINCE, OPT_HANDLER, OPT_ENDPOINT };

int
cmd_retry(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "failed", no_argument, NULL, OPT_FAILED },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "handler", required_argument, NULL, OPT_HANDLER },
		{ "endpoint", required_argument, NULL, OPT_ENDPOINT },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct store_filter f = STORE_FILTER_ANY;
	bool dry = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "nh", options, NULL)) != -1) {
		switch (ch) {
		case OPT_FAILED:
			f.state = DELIVERY_FAILED;
			break;
		case OPT_SINCE:
			if (!cmd_time_parse(
				optarg, cmd_time_now(), &f.since_ms))
				return cmd_usage_error(
				    self, "not a time: %s", optarg);
			break;
		case OPT_HANDLER:
			f.handler = optarg;
			break;
		case OPT_ENDPOINT:
			f.endpoint = optarg;
			break;
		case 'n':
			dry = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (argc - optind > 1)
		return cmd_usage(self);
	if (optind < argc)
		f.event_id = argv[optind];
	if (f.event_id == NULL && f.since_ms == 0 && f.state < 0)
		return cmd_usage_error(
		    self, "say which: an event id, --failed or --since");
	return run(g, &f, dry);
}
