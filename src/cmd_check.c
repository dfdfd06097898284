/*
 * stripehook check: all that is wrong with the configuration, and with the
 * store that it names.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "exposed.h"
#include "route.h"

#include "banned.h"

/* What a handler's row in the store is held against. */
struct leftover {
	const struct conf *conf; /* borrowed */
	struct conf_report *report; /* borrowed */
	int64_t waiting; /* deliveries for handlers that are configured */
};

static bool
check_handler(const struct store_handler_stats *h, void *arg)
{
	const int64_t waiting =
	    h->deliveries[DELIVERY_PENDING] + h->deliveries[DELIVERY_RUNNING];
	struct leftover *l = arg;

	if (conf_find_handler(l->conf, h->name) != NULL)
		l->waiting += waiting;
	else if (waiting > 0)
		conf_report_add(l->report, CONF_WARNING, l->conf->path, 0,
		    "for a handler '%s' that is not configured wait %lld "
		    "deliveries: they are kept until it is",
		    h->name, (long long)waiting);
	return true;
}

/*
 * Deliveries that nobody makes: their handler is gone, or the worker is.
 */
static void
check_queue(const struct conf *c, struct store *s, struct conf_report *report)
{
	struct leftover l = { .conf = c, .report = report };

	(void)store_handlers(s, check_handler, &l, NULL);
	if (l.waiting > 0 && c->worker == CONF_WORKER_SERVICE &&
	    !store_worker_present(s))
		conf_report_add(report, CONF_WARNING, c->path, 0,
		    "there is no worker, and deliveries wait (%lld): start "
		    "stripehook-worker, see its manual page",
		    (long long)l.waiting);
}

/*
 * Adds what is wrong with the store. One that is not there yet is no mistake
 * of the configuration, so it is a warning.
 */
static void
check_store(const struct conf *c, struct conf_report *report)
{
	struct err e = { "" };
	struct store *s = NULL;

	switch (store_open(&s, c->store, STORE_READER, &e)) {
	case RES_OK:
		check_queue(c, s, report);
		break;
	case RES_UNKNOWN:
		conf_report_add(report, CONF_WARNING, c->path, 0,
		    "there is no store at %s yet: run \"stripehook init\"",
		    c->store);
		break;
	case RES_BUSY:
		conf_report_add(
		    report, CONF_WARNING, c->path, 0, "store: %s", e.text);
		break;
	default:
		conf_report_add(
		    report, CONF_ERROR, c->path, 0, "store: %s", e.text);
		break;
	}
	store_close(s);
}

static void
print_finding(const struct conf_finding *f)
{
	cmd_put(f->file, 0);
	if (f->line > 0)
		printf(":%d", f->line);
	printf(": %s: ", f->severity == CONF_ERROR ? "error" : "warning");
	cmd_put(f->text, 0);
	putchar('\n');
}

static void
print_report(const struct conf_report *report, bool quiet)
{
	size_t i, errors = report->errors, warnings = report->n - errors;

	for (i = 0; i < report->n; i++)
		if (!quiet || report->findings[i].severity == CONF_ERROR)
			print_finding(&report->findings[i]);
	if (!quiet)
		printf("%zu error%s, %zu warning%s\n", errors,
		    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

int
cmd_check(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct conf_report report;
	struct conf c;
	bool quiet = false;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "qh", options, NULL)) != -1) {
		switch (ch) {
		case 'q':
			quiet = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc)
		return cmd_usage(self);
	conf_report_init(&report);
	if (conf_load(&c, g->conf, &report) == RES_OK) {
		route_check(&c, &report);
		exposed_guess(&c, &report);
		check_store(&c, &report);
		conf_free(&c);
	}
	print_report(&report, quiet);
	status = report.errors == 0 ? CMD_OK : CMD_FAILED;
	conf_report_free(&report);
	return status;
}
