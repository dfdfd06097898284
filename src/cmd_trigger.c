/*
 * stripehook trigger: signed test events for an endpoint.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_file.h"
#include "cmd_trigger.h"
#include "mem.h"

#include "banned.h"

#define DEFAULT_URL "http://127.0.0.1:4242/"
#define DEFAULT_TIMEOUT 30 /* as Stripe's tool waits */
#define CONCURRENCY_MAX 1000
#define RATE_MAX 100000

enum long_option {
	OPT_CGI = 256,
	OPT_THIN,
	OPT_ID,
	OPT_ACCOUNT,
	OPT_LIVE,
	OPT_API_VERSION,
	OPT_OVERRIDE,
	OPT_ADD,
	OPT_REMOVE,
	OPT_RAW,
	OPT_FORGED,
	OPT_REPEAT,
	OPT_COUNT,
	OPT_RATE,
	OPT_CONCURRENCY,
	OPT_TIMES,
	OPT_SAVE,
	OPT_TIMEOUT
};

/* clang-format off */
static const struct option options[] = {
	{ "url", required_argument, NULL, 'u' },
	{ "cgi", required_argument, NULL, OPT_CGI },
	{ "print", no_argument, NULL, 'p' },
	{ "endpoint", required_argument, NULL, 'e' },
	{ "secret", required_argument, NULL, 's' },
	{ "thin", no_argument, NULL, OPT_THIN },
	{ "id", required_argument, NULL, OPT_ID },
	{ "account", required_argument, NULL, OPT_ACCOUNT },
	{ "live", no_argument, NULL, OPT_LIVE },
	{ "api-version", required_argument, NULL, OPT_API_VERSION },
	{ "override", required_argument, NULL, OPT_OVERRIDE },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "remove", required_argument, NULL, OPT_REMOVE },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "forged", no_argument, NULL, OPT_FORGED },
	{ "repeat", no_argument, NULL, OPT_REPEAT },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "concurrency", required_argument, NULL, OPT_CONCURRENCY },
	{ "times", no_argument, NULL, OPT_TIMES },
	{ "quiet", no_argument, NULL, 'q' },
	{ "save", required_argument, NULL, OPT_SAVE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

static void
add_change(struct trigger *t, enum fixture_kind kind, const char *text)
{
	size_t n = t->fixture.nchanges++;

	t->changes = mem_resize(t->changes, n + 1, sizeof(*t->changes));
	t->changes[n] = (struct fixture_change){ kind, text };
	t->fixture.changes = t->changes;
}

/*
 * Options about the event. Whether ch is one.
 */
static bool
set_event(struct trigger *t, int ch, const char *arg)
{
	switch (ch) {
	case OPT_THIN:
		t->thin = true;
		return true;
	case OPT_ID:
		t->fixture.id = arg;
		return true;
	case OPT_ACCOUNT:
		t->fixture.account = arg;
		return true;
	case OPT_LIVE:
		t->fixture.livemode = true;
		return true;
	case OPT_API_VERSION:
		t->fixture.api_version = arg;
		return true;
	case OPT_OVERRIDE:
	case OPT_ADD:
	case OPT_REMOVE:
		add_change(t,
		    FIXTURE_OVERRIDE + (enum fixture_kind)(ch - OPT_OVERRIDE),
		    arg);
		return true;
	case OPT_RAW:
		t->raw = true;
		return true;
	default:
		return false;
	}
}

/*
 * Options about how and where it is sent. Whether ch is one.
 */
static bool
set_sending(struct trigger *t, int ch, const char *arg)
{
	switch (ch) {
	case 'u':
		t->url = arg;
		return true;
	case OPT_CGI:
		t->cgi = arg;
		return true;
	case 'p':
		t->print = true;
		return true;
	case 'e':
		t->endpoint = arg;
		return true;
	case 's':
		t->source = arg;
		return true;
	case OPT_FORGED:
		t->forged = true;
		return true;
	case OPT_REPEAT:
		t->repeat = true;
		return true;
	case OPT_TIMES:
		t->times = true;
		return true;
	case 'q':
		t->quiet = true;
		return true;
	case OPT_SAVE:
		t->save = arg;
		return true;
	default:
		return false;
	}
}

static bool
parse_rate(const char *text, double *rate)
{
	char *end;

	if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text))
		return false;
	*rate = strtod(text, &end);
	return *end == '\0' && *rate > 0 && *rate <= RATE_MAX;
}

/*
 * Options with a number. Whether ch is one, and it is good.
 */
static bool
set_number(struct trigger *t, int ch, const char *arg)
{
	int64_t n;

	switch (ch) {
	case OPT_COUNT:
		return cmd_number(arg, 1, 1000000000, &t->count);
	case OPT_CONCURRENCY:
		return cmd_number(arg, 1, CONCURRENCY_MAX, &t->concurrency);
	case OPT_RATE:
		return parse_rate(arg, &t->rate);
	case OPT_TIMEOUT:
		if (!cmd_number(arg, 1, 3600, &n))
			return false;
		t->timeout = (int)n;
		return true;
	default:
		return false;
	}
}

static int
set_options(const struct cmd *self, struct trigger *t, int argc, char **argv)
{
	int ch;

	while (
	    (ch = getopt_long(argc, argv, "u:pe:s:qh", options, NULL)) != -1) {
		if (ch == 'h')
			return -1;
		if (ch == '?')
			return cmd_usage(self);
		if (!set_event(t, ch, optarg) && !set_sending(t, ch, optarg) &&
		    !set_number(t, ch, optarg))
			return cmd_usage_error(
			    self, "not a value for this option: %s", optarg);
	}
	return CMD_OK;
}

/*
 * What cannot go together, or NULL.
 */
static const char *
find_conflict(const struct trigger *t)
{
	if (t->raw &&
	    (t->ntypes > 0 || t->fixture.nchanges > 0 || t->thin ||
		t->fixture.id != NULL || t->fixture.account != NULL ||
		t->fixture.livemode || t->fixture.api_version != NULL))
		return "--raw takes the event from standard input as it is: "
		       "no type, and no option that changes it";
	if (!t->raw && t->ntypes == 0)
		return "which event type?";
	if (t->fixture.id != NULL && t->ntypes > 1)
		return "--id is for one type only";
	if (t->fixture.id != NULL && t->count > 1)
		return "--id is for one event only; --repeat sends it twice";
	if (t->endpoint != NULL && t->source != NULL)
		return "-e or -s, not both";
	if (t->cgi != NULL && t->concurrency > 1)
		return "--concurrency is for URLs: --cgi executes one program "
		       "at a time";
	return NULL;
}

static int
run(struct trigger *t, const struct cmd_global *g)
{
	int status = CMD_OK;

	catalogue_init(&t->builtin);
	t->catalogue = &t->builtin;
	buf_init(&t->body, 0);
	if (t->raw)
		status = cmd_file_read("-", &t->body);
	if (status == CMD_OK && !t->forged && !t->print)
		status = cmd_signer_open(&t->signer, g, t->source, t->endpoint);
	if (status == CMD_OK) {
		if (t->signer.have_conf)
			t->catalogue = &t->signer.conf.catalogue;
		if (t->signer.endpoint != NULL &&
		    t->fixture.api_version == NULL)
			t->fixture.api_version =
			    t->signer.endpoint->api_version;
		status = trigger_send(t);
		cmd_signer_close(&t->signer);
	}
	buf_free(&t->body);
	catalogue_free(&t->builtin);
	return status;
}

int
cmd_trigger(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct trigger t = { .url = DEFAULT_URL,
		.conf = g->conf_given ? g->conf : NULL,
		.count = 1,
		.concurrency = 1,
		.timeout = DEFAULT_TIMEOUT };
	const char *conflict;
	int status;

	status = set_options(self, &t, argc, argv);
	if (status == -1)
		status = cmd_help(self);
	else if (status == CMD_OK) {
		t.types = argv + optind;
		t.ntypes = (size_t)(argc - optind);
		if ((conflict = find_conflict(&t)) != NULL)
			status = cmd_usage_error(self, "%s", conflict);
		else
			status = run(&t, g);
	}
	free(t.changes);
	return status;
}
