/*
 * stripehook.cgi, stripehook.fcgi: what a web server executes. Loads the
 * configuration and hands requests from the gateway to receive_serve.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "gateway.h"
#include "log.h"
#include "mem.h"
#include "receive.h"
#include "route.h"

#include "banned.h"

#define PROGRAM "stripehook.cgi"

struct program {
	struct conf conf;
	uint64_t fingerprint; /* of the configuration in use */
	uint64_t refused; /* of the last one found bad, to say so once */
};

static void
log_report(const struct conf_report *r, bool warnings)
{
	const struct conf_finding *f;
	char line[24];
	size_t i;

	for (i = 0; i < r->n; i++) {
		f = &r->findings[i];
		line[0] = '\0';
		if (f->line > 0)
			(void)snprintf(line, sizeof(line), ":%d", f->line);
		if (f->severity == CONF_ERROR)
			log_error("%s%s: %s", f->file, line, f->text);
		else if (warnings)
			log_warning("%s%s: %s", f->file, line, f->text);
	}
}

/*
 * Loads and checks, telling the log what was found. Without warnings for a
 * plain CGI, where they would come with every request: "stripehook check"
 * shows them.
 */
static enum result
load(struct conf *c, bool warnings)
{
	struct conf_report report;
	enum result r;

	conf_report_init(&report);
	r = conf_load(c, conf_default_path(), &report);
	if (r == RES_OK && warnings)
		route_check(c, &report);
	log_report(&report, warnings);
	conf_report_free(&report);
	return r;
}

static void *
open_receiver(void *arg)
{
	struct program *prog = arg;

	return receiver_open(&prog->conf);
}

static void
close_receiver(void *state)
{
	receiver_close(state);
}

static void
serve(void *state, const struct http_request *req, struct http_response *resp)
{
	receive_serve(state, req, resp);
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

/*
 * A changed configuration is tried before anything is given up for it: what
 * works is not exchanged for what does not.
 */
static bool
stale(void *arg, bool forced)
{
	struct program *prog = arg;
	struct conf next;
	uint64_t now;

	now = conf_fingerprint(&prog->conf);
	if (!forced && (now == prog->fingerprint || now == prog->refused))
		return false;
	if (load(&next, true) != RES_OK) {
		log_error("the changed configuration is not used; going on "
			  "with the one before");
		prog->refused = now;
		return false;
	}
	conf_free(&next);
	log_info("the configuration has changed: starting afresh");
	return true;
}

/*
 * The same descriptor 0 is served by a new program image, so that requests
 * wait in the socket meanwhile. The path was resolved at the start: it may
 * name a newer version by now.
 */
static int
execute_again(const char *path, char *argv[])
{
	(void)execv(path, argv);
	log_error("cannot execute %s: %s", path, strerror(errno));
	return EXIT_FAILURE;
}

static int
run_fastcgi(struct program *prog, const char *self, char *argv[])
{
	struct gateway g = {
		.open = open_receiver,
		.close = close_receiver,
		.serve = serve,
		.stale = stale,
		.arg = prog,
	};
	enum result r;
	struct err e;

	if (load(&prog->conf, true) != RES_OK) {
		log_error("not started: correct the configuration");
		return EXIT_FAILURE;
	}
	(void)log_open(
	    PROGRAM, prog->conf.log, (enum log_level)prog->conf.log_level);
	prog->fingerprint = conf_fingerprint(&prog->conf);
	g.threads = prog->conf.threads;
	log_info("serving FastCGI with %d threads, configuration %s", g.threads,
	    prog->conf.path);
	r = gateway_fastcgi(&g, &e);
	conf_free(&prog->conf);
	if (r == RES_LOST)
		return execute_again(self, argv);
	if (r != RES_OK) {
		log_error("%s", e.text);
		return EXIT_FAILURE;
	}
	log_info("stopped");
	return EXIT_SUCCESS;
}

static int
run_cgi(struct program *prog)
{
	struct gateway g = {
		.open = open_receiver,
		.close = close_receiver,
		.serve = serve,
		.arg = prog,
	};
	bool usable;
	enum result r;
	struct err e;

	usable = load(&prog->conf, false) == RES_OK;
	if (usable)
		(void)log_open(PROGRAM, prog->conf.log,
		    (enum log_level)prog->conf.log_level);
	else {
		g.open = open_nothing;
		g.close = close_nothing;
		g.serve = serve_unavailable;
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
main(int argc, char *argv[])
{
	struct program prog = { .fingerprint = 0 };
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
