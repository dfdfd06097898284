/*
 * stripehook prune: deletes old events, and gives up what nobody will do.
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

/*
 * A configured handler's deliveries are given up only when that is meant.
 */
static int
may_give_up(const struct conf *c, const char *handler, bool force)
{
	if (force || conf_find_handler(c, handler) == NULL)
		return CMD_OK;
	cmd_error("the handler \"%s\" is configured: --force gives up what "
		  "waits for it nevertheless",
	    handler);
	return CMD_FAILED;
}

static int
give_up(const struct cmd_global *g, const char *handler, bool force, bool dry)
{
	struct err e = { "" };
	struct store *s;
	enum result r;
	struct conf c;
	int64_t n = 0;
	int status;

	if ((status = cmd_load_secretless(g, &c)) != CMD_OK)
		return status;
	status = may_give_up(&c, handler, force);
	conf_free(&c);
	if (status != CMD_OK ||
	    (status = cmd_open_store(g, STORE_TOOL, &s)) != CMD_OK)
		return status;
	r = store_give_up(s, handler, dry, &n, &e);
	store_close(s);
	if (r != RES_OK && r != RES_EMPTY)
		return cmd_result(r, &e);
	printf("%" PRId64 " deliver%s %s\n", n, n == 1 ? "y" : "ies",
	    dry ? "would be given up" : "given up");
	return CMD_OK;
}

enum long_option {
	OPT_KEEP = 256,
	OPT_KEEP_BODIES,
	OPT_FORCE,
	OPT_HANDLER,
	OPT_DRY_RUN
};

int
cmd_prune(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep", required_argument, NULL, OPT_KEEP },
		{ "keep-bodies", required_argument, NULL, OPT_KEEP_BODIES },
		{ "force", no_argument, NULL, OPT_FORCE },
		{ "handler", required_argument, NULL, OPT_HANDLER },
		{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t keep = -1, keep_bodies = -1, *days;
	const char *handler = NULL;
	bool force = false, dry = false;
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
		case OPT_HANDLER:
			handler = optarg;
			break;
		case OPT_DRY_RUN:
			dry = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc || (keep < 0) == (handler == NULL) ||
	    (dry && handler == NULL) || (keep_bodies >= 0 && keep < 0))
		return cmd_usage(self);
	if (handler != NULL)
		return give_up(g, handler, force, dry);
	if (keep < DAYS_SAFE && !force) {
		cmd_error("Stripe may send an event again for 30 days, and one"
			  " that was pruned would be handled twice; keep at"
			  " least %d, or use --force",
		    DAYS_SAFE);
		return CMD_FAILED;
	}
	return run(g, keep, keep_bodies);
}
