/*
 * stripehook-worker: runs the handlers of queued deliveries.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf.h"
#include "log.h"
#include "program.h"
#include "reload.h"
#include "work.h"

#include "banned.h"

#define PROGRAM "stripehook-worker"
#define LINGER_MAX 86400 /* seconds */

struct options {
	const char *conf; /* NULL: the default one */
	bool until_idle;
	int64_t linger_ms;
};

static void
usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: " PROGRAM " [-c FILE] [--until-idle [--linger SECONDS]]\n"
	    "       " PROGRAM " -h | -V\n\n"
	    "Runs the handlers of queued deliveries until it is told to "
	    "stop.\n\n"
	    "  -c, --config FILE     configuration (default %s)\n"
	    "      --until-idle      end when nothing is due, for cron; does "
	    "nothing where\n"
	    "                        another worker is there\n"
	    "      --linger SECONDS  with --until-idle: wait for what becomes "
	    "due so soon\n"
	    "  -h, --help            this text\n"
	    "  -V, --version         the version\n",
	    conf_default_path());
}

static int
parse_linger(const char *text, int64_t *ms)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < 0 ||
	    n > LINGER_MAX) {
		(void)fprintf(stderr,
		    PROGRAM ": --linger wants seconds from 0 to %d, not "
			    "\"%s\"\n",
		    LINGER_MAX, text);
		return -1;
	}
	*ms = (int64_t)n * 1000;
	return 0;
}

/*
 * 0 to go on; else what to exit with is in *status.
 */
static int
parse(int argc, char *argv[], struct options *o, int *status)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "until-idle", no_argument, NULL, 'i' },
		{ "linger", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*status = 2;
	while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		if (c == 'c')
			o->conf = optarg;
		else if (c == 'i')
			o->until_idle = true;
		else if (c == 'l' && parse_linger(optarg, &o->linger_ms) == 0)
			continue;
		else if (c == 'h' || c == 'V') {
			if (c == 'h')
				usage(stdout);
			else
				(void)printf("%s\n", PACKAGE_STRING);
			*status = fflush(stdout) == 0 ? 0 : 1;
			return -1;
		} else {
			if (c != 'l')
				usage(stderr);
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	usage(stderr);
	return -1;
}

static bool
stale(void *arg, bool forced)
{
	return reload_stale(arg, forced);
}

static int
finish(enum result r, const struct err *e, bool quiet, const char *self,
    char *argv[])
{
	switch (r) {
	case RES_OK:
		if (!quiet)
			log_info("stopped");
		return EXIT_SUCCESS;
	case RES_BUSY: /* another is there, and does the work */
		log_debug("%s", e->text);
		return EXIT_SUCCESS;
	case RES_LOST:
		reload_execute(self, argv);
		return EXIT_FAILURE;
	default:
		log_error("%s", e->text);
		return EX_TEMPFAIL;
	}
}

/*
 * Those that work_run waits for wait for it: one that comes earlier, also from
 * before we were executed again, is not to end us in the middle.
 */
static void
hold_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* A parent that ignores it would take our handlers' exit codes. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int
worker_main(int argc, char *argv[])
{
	struct options o = { .conf = NULL };
	struct reload reload;
	struct work work = { .stale = stale, .arg = &reload };
	struct conf conf;
	enum result r;
	struct err e;
	char *self;
	int status, flags;

	if (parse(argc, argv, &o, &status) != 0)
		return status;
	hold_signals();
	(void)log_open(PROGRAM, "auto", LOG_LEVEL_INFO);
	self = reload_self(argv[0]);
	flags = RELOAD_SECRETLESS | (o.until_idle ? 0 : RELOAD_WARNINGS);
	if (reload_load(&conf, o.conf, flags) != RES_OK) {
		log_error("not started: correct the configuration");
		free(self);
		return EXIT_FAILURE;
	}
	(void)log_open(PROGRAM, conf.log, (enum log_level)conf.log_level);
	reload_init(&reload, &conf, RELOAD_SECRETLESS);
	work.conf = &conf;
	work.until_idle = o.until_idle;
	work.linger_ms = o.linger_ms;
	if (!o.until_idle) /* cron would have it in the log every minute */
		log_info("working, up to %d handlers at once, configuration %s",
		    conf.concurrency, conf.path);
	r = work_run(&work, &e);
	conf_free(&conf);
	status = finish(r, &e, o.until_idle, self, argv);
	free(self);
	return status;
}
