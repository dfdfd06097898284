/*
 * stripehook prune: deletes old events.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"

#include "banned.h"

#define BATCH 1000 /* rows in one transaction: others wait that long */
#define DAY_MS ((int64_t)86400 * 1000)
#define DAYS_MAX 36500

/*
 * Stripe lets people send an event again for 30 days: one that was forgotten
 * before would be handled as a new one.
 */
#define DAYS_SAFE 31

static int
run(const struct cmd_global *g, int64_t keep, int64_t keep_bodies)
{
	int64_t n, all = 0;
	struct err e = { "" };
	struct store *s;
	enum result r;
	int status;

	if ((status = cmd_open_store(g, STORE_TOOL, &s)) != CMD_OK)
		return status;
	do {
		n = 0;
		r = store_prune(s, keep * DAY_MS,
		    keep_bodies < 0 ? -1 : keep_bodies * DAY_MS, BATCH, &n, &e);
		all += n;
	} while (r == RES_OK && n >= BATCH);
	store_close(s);
	if (r != RES_OK && r != RES_EMPTY)
		return cmd_result(r, &e);
	printf("%" PRId64 " event%s %s\n", all, all == 1 ? "" : "s",
	    keep_bodies < 0 ? "deleted" : "deleted or without a body now");
	return CMD_OK;
}

enum long_option { OPT_KEEP = 256, OPT_KEEP_BODIES, OPT_FORCE };

int
cmd_prune(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep", required_argument, NULL, OPT_KEEP },
		{ "keep-bodies", required_argument, NULL, OPT_KEEP_BODIES },
		{ "force", no_argument, NULL, OPT_FORCE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t keep = -1, keep_bodies = -1, *days;
	bool force = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (ch) {
		case OPT_KEEP:
		case OPT_KEEP_BODIES:
			days = ch == OPT_KEEP ? &keep : &keep_bodies;
			if (!cmd_number(optarg, 0, DAYS_MAX, days))
				return cmd_usage_error(
				    self, "not a number of days: %s", optarg);
			break;
		case OPT_FORCE:
			force = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc || keep < 0)
		return cmd_usage(self);
	if (keep < DAYS_SAFE && !force) {
		cmd_error("Stripe may send an event again for 30 days, and one"
			  " that was pruned would be handled twice; keep at"
			  " least %d, or use --force",
		    DAYS_SAFE);
		return CMD_FAILED;
	}
	return run(g, keep, keep_bodies);
}
