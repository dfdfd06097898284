/*
 * stripehook.cgi, stripehook.fcgi: what a web server executes. Loads the
 * configuration and hands requests from the gateway to receive_serve.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "gateway.h"
#include "log.h"
#include "mem.h"
#include "program.h"
#include "receive.h"
#include "reload.h"
#include "summon.h"

#include "banned.h"

#define PROGRAM "stripehook.cgi"

struct program {
	struct conf conf;
	struct reload reload;
};

/* What one thread needs. */
struct serving {
	const struct conf *conf; /* borrowed */
	struct receiver *receiver; /* owned */
};

static void *
open_serving(void *arg)
{
	struct program *prog = arg;
	struct serving *s;

	s = mem_alloc(1, sizeof(*s));
	s->conf = &prog->conf;
	s->receiver = receiver_open(s->conf);
	return s;
}

static void
close_serving(void *state)
{
	struct serving *s = state;

	receiver_close(s->receiver);
	free(s);
}

static void
serve(void *state, const struct http_request *req, struct http_response *resp)
{
	struct serving *s = state;

	receive_serve(s->receiver, req, resp);
}

/*
 * Where no daemon may run, whoever leaves work sees to it that somebody does
 * it.
 */
static void
settled(void *state)
{
	struct serving *s = state;
	struct err e;

	if (receive_wants_worker(s->receiver) &&
	    summon_worker(s->conf, &e) != RES_OK)
		log_error("cannot start the worker: %s", e.text);
}

static void *
open_nothing(void *arg)
{
	return arg;
}

static void
close_nothing(void *state)
{
	(void)state;
}

static void
serve_unavailable(
    void *state, const struct http_request *req, struct http_response *resp)
{
	(void)state;
	(void)req;
	receive_unavailable(resp);
}

static bool
stale(void *arg, bool forced)
{
	struct program *prog = arg;

	return reload_stale(&prog->reload, forced);
}

static int
run_fastcgi(struct program *prog, const char *self, char *argv[])
{
	struct gateway g = {
		.open = open_serving,
		.close = close_serving,
		.serve = serve,
		.settled = settled,
		.stale = stale,
		.arg = prog,
	};
	enum result r;
	struct err e;

	if (reload_load(&prog->conf, NULL, RELOAD_WARNINGS) != RES_OK) {
		log_error("not started: correct the configuration");
		return EXIT_FAILURE;
	}
	(void)log_open(
	    PROGRAM, prog->conf.log, (enum log_level)prog->conf.log_level);
	reload_init(&prog->reload, &prog->conf, 0);
	g.threads = prog->conf.threads;
	log_info("serving FastCGI with %d threads, configuration %s", g.threads,
	    prog->conf.path);
	r = gateway_fastcgi(&g, &e);
	conf_free(&prog->conf);
	if (r == RES_LOST)
		reload_execute(self, argv);
	if (r == RES_FAILED)
		log_error("%s", e.text);
	if (r != RES_OK)
		return EXIT_FAILURE;
	log_info("stopped");
	return EXIT_SUCCESS;
}

static int
run_cgi(struct program *prog)
{
	struct gateway g = {
		.open = open_serving,
		.close = close_serving,
		.serve = serve,
		.settled = settled,
		.arg = prog,
	};
	bool usable;
	enum result r;
	struct err e;

	usable = reload_load(&prog->conf, NULL, 0) == RES_OK;
	if (usable)
		(void)log_open(PROGRAM, prog->conf.log,
		    (enum log_level)prog->conf.log_level);
	else {
		g.open = open_nothing;
		g.close = close_nothing;
		g.serve = serve_unavailable;
		g.settled = NULL;
	}
	r = gateway_cgi(&g, &e);
	if (r != RES_OK)
		log_error("%s", e.text);
	if (usable)
		conf_free(&prog->conf);
	return r == RES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
usage(void)
{
	(void)fprintf(stderr,
	    "%s %s: receives Stripe's webhooks behind a web server.\n"
	    "It is started by the web server as a CGI program, or with a "
	    "listening socket as\ndescriptor 0 as a FastCGI program, by "
	    "spawn-fcgi or systemd for example:\n\n"
	    "\tspawn-fcgi -s /run/stripehook.sock -- /path/to/stripehook.fcgi\n"
	    "\nSee stripehook.cgi(8). To try it by hand: stripehook trigger "
	    "--cgi PATH TYPE\n",
	    PACKAGE_NAME, PACKAGE_VERSION);
	return 2;
}

int
endpoint_main(int argc, char *argv[])
{
	struct program prog;
	char *self = NULL;
	int status;

	(void)argc;
	/* A parent that ignores it would take our handlers' exit codes. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)log_open(PROGRAM, "auto", LOG_LEVEL_INFO);
	switch (gateway_kind()) {
	case GATEWAY_FASTCGI:
		self = realpath("/proc/self/exe", NULL);
		status =
		    run_fastcgi(&prog, self != NULL ? self : argv[0], argv);
		free(self);
		return status;
	case GATEWAY_CGI:
		return run_cgi(&prog);
	case GATEWAY_NONE:
		break;
	}
	return usage();
}
