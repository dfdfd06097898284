/*
 * stripehook check: all that is wrong with the configuration, and with what it
 * depends on.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "cmd_check.h"
#include "exposed.h"
#include "mem.h"
#include "near.h"
#include "route.h"

#include "banned.h"

/* The topics of findings, as the manual has them. */
static const char *const codes[] = { "clock", "disk", "exposed", "file",
	"overlap", "pattern", "program", "queue", "secret", "section", "server",
	"store", "synchronous", "syntax", "unreachable", "value", "worker" };
#define CODES (sizeof(codes) / sizeof(codes[0]))

struct check {
	bool quiet;
	bool strict;
	bool json;
	bool secretless;
	bool ignore[CODES];
	const char **servers; /* owned; the names borrowed */
	size_t nservers;
	size_t errors; /* of those that are told */
	size_t warnings;
};

static const char *
code_of(const struct conf_finding *f)
{
	return f->code != NULL ? f->code : "other";
}

static bool
ignored(const struct check *k, const struct conf_finding *f)
{
	size_t i;

	for (i = 0; i < CODES; i++)
		if (k->ignore[i] && strcmp(codes[i], code_of(f)) == 0)
			return true;
	return k->quiet && !k->strict && f->severity != CONF_ERROR;
}

static const char *
severity_of(const struct conf_finding *f)
{
	return f->severity == CONF_ERROR ? "error" : "warning";
}

static void
print_finding(const struct conf_finding *f)
{
	cmd_put(f->file, 0);
	if (f->line > 0)
		printf(":%d", f->line);
	if (f->line > 0 && f->column > 0)
		printf(":%d", f->column);
	printf(": %s: ", severity_of(f));
	cmd_put(f->text, 0);
	putchar('\n');
}

static void
put_member(const char *name, const char *text, size_t n)
{
	printf(",\"%s\":", name);
	cmd_put_json(text, n);
}

static void
print_json(const struct conf_finding *f, bool first)
{
	const char *hint = conf_finding_hint(f);

	printf("%s\n  {\"file\":", first ? "" : ",");
	cmd_put_json(f->file, strlen(f->file));
	if (f->line > 0)
		printf(",\"line\":%d", f->line);
	else
		printf(",\"line\":null");
	if (f->column > 0)
		printf(",\"column\":%d", f->column);
	else
		printf(",\"column\":null");
	put_member("severity", severity_of(f), strlen(severity_of(f)));
	put_member("code", code_of(f), strlen(code_of(f)));
	put_member("message", f->text, f->message_len);
	if (hint[0] != '\0')
		put_member("hint", hint, strlen(hint));
	else
		printf(",\"hint\":null");
	putchar('}');
}

static void
print_report(struct check *k, const struct conf_report *report)
{
	const struct conf_finding *f;
	bool first = true;
	size_t i;

	if (k->json)
		putchar('[');
	for (i = 0; i < report->n; i++) {
		f = &report->findings[i];
		if (ignored(k, f))
			continue;
		if (f->severity == CONF_ERROR)
			k->errors++;
		else
			k->warnings++;
		if (k->json)
			print_json(f, first);
		else
			print_finding(f);
		first = false;
	}
	if (k->json)
		puts(first ? "]" : "\n]");
	else if (!k->quiet)
		printf("%zu error%s, %zu warning%s\n", k->errors,
		    k->errors == 1 ? "" : "s", k->warnings,
		    k->warnings == 1 ? "" : "s");
}

/*
 * Loads the configuration. Where nothing is wrong but that secrets cannot be
 * read, the rest can still be looked at.
 */
static bool
load(const struct check *k, const struct cmd_global *g, struct conf *c,
    struct conf_report *report)
{
	struct conf_report again;
	size_t i, others = 0;
	enum result r;

	if (k->secretless)
		return conf_load_secretless(c, g->conf, report) == RES_OK;
	if (conf_load(c, g->conf, report) == RES_OK)
		return true;
	for (i = 0; i < report->n; i++)
		if (report->findings[i].severity == CONF_ERROR &&
		    strcmp(code_of(&report->findings[i]), "secret") != 0)
			others++;
	if (others > 0)
		return false;
	conf_report_init(&again);
	r = conf_load_secretless(c, g->conf, &again);
	conf_report_free(&again);
	if (r != RES_OK)
		return false;
	conf_report_add(report, CONF_WARNING, c->path, 0,
	    "not all secrets could be read, and none was looked at further\n"
	    "check as the user of the endpoint, or leave them to that one "
	    "with --no-secrets");
	conf_report_mark(report, "secret", 0);
	return true;
}

static void
look(const struct check *k, const struct conf *c, struct conf_report *report)
{
	size_t i;

	route_check(c, report);
	route_check_overlap(c, report);
	cmd_check_secrets(c, report);
	cmd_check_owners(c, report);
	exposed_guess(c, report);
	cmd_check_store(c, report);
	cmd_check_clock(c, time(NULL), report);
	if (k->nservers == 0)
		cmd_check_server(c, NULL, report);
	for (i = 0; i < k->nservers; i++)
		cmd_check_server(c, k->servers[i], report);
}

static int
run(struct check *k, const struct cmd_global *g)
{
	struct conf_report report;
	struct conf c;

	conf_report_init(&report);
	if (load(k, g, &c, &report)) {
		look(k, &c, &report);
		conf_free(&c);
	}
	print_report(k, &report);
	conf_report_free(&report);
	return k->errors > 0 || (k->strict && k->warnings > 0) ? CMD_FAILED
							       : CMD_OK;
}

/*
 * Notes a topic that is not to be told of; says what is wrong with one that
 * there is not.
 */
static bool
ignore(struct check *k, const char *code)
{
	const char *near = NULL;
	int score, best = 0;
	size_t i;

	for (i = 0; i < CODES; i++) {
		if (strcmp(codes[i], code) == 0) {
			k->ignore[i] = true;
			return true;
		}
		score = near_score(code, codes[i]);
		if (score >= 0 && (near == NULL || score < best)) {
			near = codes[i];
			best = score;
		}
	}
	if (near != NULL)
		cmd_error(
		    "no findings are called %s; did you mean %s?", code, near);
	else
		cmd_error(
		    "no findings are called %s; the manual names them", code);
	return false;
}

enum long_option { OPT_IGNORE = 256, OPT_JSON, OPT_NO_SECRETS, OPT_SERVER };

static bool
read_options(
    struct check *k, const struct cmd *self, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "ignore", required_argument, NULL, OPT_IGNORE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "no-secrets", no_argument, NULL, OPT_NO_SECRETS },
		{ "quiet", no_argument, NULL, 'q' },
		{ "server", required_argument, NULL, OPT_SERVER },
		{ "strict", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int ch;

	*status = CMD_USAGE;
	while ((ch = getopt_long(argc, argv, "qsh", options, NULL)) != -1) {
		switch (ch) {
		case OPT_IGNORE:
			if (!ignore(k, optarg))
				return false;
			break;
		case OPT_JSON:
			k->json = true;
			break;
		case OPT_NO_SECRETS:
			k->secretless = true;
			break;
		case OPT_SERVER:
			k->servers[k->nservers++] = optarg;
			break;
		case 'q':
			k->quiet = true;
			break;
		case 's':
			k->strict = true;
			break;
		case 'h':
			*status = cmd_help(self);
			return false;
		default:
			*status = cmd_usage(self);
			return false;
		}
	}
	if (optind == argc)
		return true;
	*status = cmd_usage(self);
	return false;
}

int
cmd_check(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct check k = { .quiet = false };
	int status;

	k.servers = mem_alloc((size_t)argc, sizeof(*k.servers));
	if (read_options(&k, self, argc, argv, &status))
		status = run(&k, g);
	free(k.servers);
	return status;
}
