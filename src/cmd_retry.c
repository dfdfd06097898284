/*
 * stripehook retry: makes deliveries due again.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_filter.h"

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

enum long_option { OPT_FAILED = 256 };

/* clang-format off */
static const struct option options[] = {
	CMD_FILTER_OPTIONS,
	{ "failed", no_argument, NULL, OPT_FAILED },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

/*
 * Whether it says enough not to be a slip: a handler alone would be all that
 * ever was.
 */
static bool
is_narrow(const struct store_filter *f)
{
	return f->event_id != NULL || f->since_ms != 0 || f->state >= 0 ||
	    f->object_id != NULL || f->customer != NULL || f->text != NULL;
}

int
cmd_retry(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct store_filter f = STORE_FILTER_ANY;
	bool dry = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "nh", options, NULL)) != -1) {
		switch (ch) {
		case OPT_FAILED:
			f.state = DELIVERY_FAILED;
			break;
		case 'n':
			dry = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			if (cmd_filter_set(&f, ch, optarg) != CMD_OK)
				return cmd_usage(self);
			break;
		}
	}
	if (argc - optind > 1)
		return cmd_usage(self);
	if (optind < argc)
		f.event_id = argv[optind];
	if (!is_narrow(&f))
		return cmd_usage_error(self,
		    "say which: an event id, --failed, --state, --since, "
		    "--object, --customer or --text");
	return run(g, &f, dry);
}
