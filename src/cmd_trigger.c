/*
 * stripehook trigger: signed test events for an endpoint. The lines printed
 * are those of Stripe's own command line tool.
 */
#include "config.h"

#include <sys/random.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "cmd_cgi.h"
#include "cmd_signer.h"
#include "cmd_time.h"
#include "event.h"
#include "fixture.h"
#include "mem.h"
#include "signature.h"

#include "banned.h"

#define DEFAULT_URL "http://127.0.0.1:4242/"
#define DEFAULT_TIMEOUT 30 /* as Stripe's tool waits */
#define BODY_MAX (1024 * 1024)
#define SUGGESTIONS 3

/* Known to everybody, so nothing signed with it is genuine. */
#define FORGED_SECRET "whsec_forged_by_stripehook_trigger"

struct trigger {
	const char *url;
	const char *cgi; /* NULL: POST to url */
	const char *conf; /* to be passed to the CGI program; NULL: none */
	const char *endpoint;
	const char *source;
	bool print, thin, forged, repeat;
	int timeout; /* seconds */
	struct fixture fixture; /* what all events have in common */
	struct cmd_signer signer; /* owned; empty if forged or print */
	struct catalogue builtin; /* owned */
	const struct catalogue *catalogue; /* borrowed */
};

/* One event made ready. */
struct sending {
	const char *type;
	const char *id;
	const void *body;
	size_t len;
};

static void
print_line(
    const char *mark, const struct sending *s, const char *where, long status)
{
	char when[CMD_TIME_SIZE];

	cmd_time_format(cmd_time_now(), false, when);
	when[10] = ' ';
	printf("%s  %s ", when, mark);
	if (where != NULL)
		printf(" [%ld] POST ", status);
	cmd_put(where != NULL ? where : s->type, 0);
	printf(" [");
	cmd_put(s->id, 0);
	printf("]\n");
	fflush(stdout);
}

static enum result
post(const struct trigger *t, const struct sending *s, const char *signature,
    long *status, struct err *e)
{
	char header[SIGNATURE_TEXT_SIZE + 32];
	const char *const headers[] = { header, NULL };
	const struct cmd_cgi cgi = { .path = t->cgi,
		.conf = t->conf,
		.signature = signature,
		.body = s->body,
		.len = s->len,
		.timeout = t->timeout };
	struct buf reply;
	enum result r;

	if (t->cgi != NULL)
		return cmd_cgi_post(&cgi, status, e);
	snprintf(header, sizeof(header), "Stripe-Signature: %s", signature);
	buf_init(&reply, 4096);
	r = client_post(
	    t->url, headers, s->body, s->len, t->timeout, status, &reply, e);
	buf_free(&reply);
	return r;
}

/*
 * Signs and sends once, as every one of Stripe's attempts is signed afresh.
 */
static int
send_once(const struct trigger *t, const struct sending *s)
{
	char signature[SIGNATURE_TEXT_SIZE];
	const char *secret = FORGED_SECRET;
	size_t len = strlen(secret);
	struct err e = { "" };
	enum result r;
	long status;

	if (!t->forged) {
		secret = t->signer.secret->value;
		len = t->signer.secret->len;
	}
	r = signature_sign(
	    secret, len, cmd_time_now() / 1000, s->body, s->len, signature, &e);
	if (r != RES_OK)
		return cmd_result(r, &e);
	print_line(
	    t->fixture.account != NULL ? " --> connect" : " -->", s, NULL, 0);
	if (post(t, s, signature, &status, &e) != RES_OK) {
		cmd_error("%s%s%s", t->cgi != NULL ? "" : t->url,
		    t->cgi != NULL ? "" : ": ", e.text);
		return CMD_FAILED;
	}
	print_line("<--", s, t->cgi != NULL ? t->cgi : t->url, status);
	return status >= 200 && status <= 299 ? CMD_OK : CMD_FAILED;
}

static int
send_all(const struct trigger *t, const struct sending *s)
{
	int status;

	if (t->print) {
		fwrite(s->body, 1, s->len, stdout);
		putchar('\n');
		return CMD_OK;
	}
	status = send_once(t, s);
	if (t->repeat && send_once(t, s) != CMD_OK)
		status = CMD_FAILED;
	return status;
}

static bool
is_thin_name(const char *type)
{
	return strncmp(type, "v1.", 3) == 0 || strncmp(type, "v2.", 3) == 0;
}

static void
warn_unknown(const struct trigger *t, const char *type)
{
	const char *near[SUGGESTIONS];
	struct buf b;
	size_t i, n;

	n = catalogue_suggest(t->catalogue, type, near, SUGGESTIONS);
	buf_init(&b, 4096);
	for (i = 0; i < n; i++) {
		if (i == 0)
			buf_puts(&b, "; did you mean ");
		else
			buf_puts(&b, i + 1 < n ? ", " : " or ");
		buf_puts(&b, near[i]);
	}
	cmd_error("warning: unknown event type %s%s%s", type, buf_text(&b),
	    n > 0 ? "?" : "");
	buf_free(&b);
}

/*
 * Completes the fixture by what the catalogue knows of the type.
 */
static void
describe(const struct trigger *t, const char *type, struct fixture *f)
{
	const struct catalogue_type *known;

	*f = t->fixture;
	f->type = type;
	f->style = is_thin_name(type) ? EVENT_THIN : EVENT_SNAPSHOT;
	f->now = cmd_time_now() / 1000;
	if (getrandom(&f->seed, sizeof(f->seed), 0) < 0)
		f->seed = (uint64_t)cmd_time_now();
	if ((known = catalogue_find(t->catalogue, type)) == NULL) {
		warn_unknown(t, type);
		return;
	}
	f->style = known->style;
	f->object = known->object;
}

static int
trigger_type(const struct trigger *t, const char *name)
{
	char type[EVENT_TYPE_SIZE + 4];
	struct err e = { "" };
	struct fixture f;
	struct event ev;
	struct buf body;
	enum result r;
	int status;

	snprintf(type, sizeof(type), "%s%s",
	    t->thin && !is_thin_name(name) ? "v1." : "", name);
	describe(t, type, &f);
	buf_init(&body, BODY_MAX);
	if ((r = fixture_event(&f, &body, &e)) == RES_OK)
		r = event_parse(body.data, body.len, &ev, &e);
	if (r == RES_OK) {
		const struct sending s = { .type = ev.type,
			.id = ev.id,
			.body = body.data,
			.len = body.len };

		status = send_all(t, &s);
	} else {
		status = cmd_result(r, &e);
	}
	buf_free(&body);
	return status;
}

static int
trigger_all(struct trigger *t, const struct cmd_global *g, char **types)
{
	int status = CMD_OK;

	catalogue_init(&t->builtin);
	t->catalogue = &t->builtin;
	if (!t->forged && !t->print)
		status = cmd_signer_open(&t->signer, g, t->source, t->endpoint);
	if (status == CMD_OK) {
		if (t->signer.have_conf)
			t->catalogue = &t->signer.conf.catalogue;
		if (t->signer.endpoint != NULL &&
		    t->fixture.api_version == NULL)
			t->fixture.api_version =
			    t->signer.endpoint->api_version;
		for (; *types != NULL; types++)
			if (trigger_type(t, *types) != CMD_OK)
				status = CMD_FAILED;
		cmd_signer_close(&t->signer);
	}
	catalogue_free(&t->builtin);
	return status;
}

enum long_option {
	OPT_CGI = 256,
	OPT_THIN,
	OPT_ID,
	OPT_ACCOUNT,
	OPT_LIVE,
	OPT_API_VERSION,
	OPT_FORGED,
	OPT_REPEAT,
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
	{ "forged", no_argument, NULL, OPT_FORGED },
	{ "repeat", no_argument, NULL, OPT_REPEAT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

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
	int64_t n;

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
	case OPT_TIMEOUT:
		if (!cmd_number(arg, 1, 3600, &n))
			return false;
		t->timeout = (int)n;
		return true;
	default:
		return false;
	}
}

int
cmd_trigger(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	struct trigger t = { .url = DEFAULT_URL,
		.conf = g->conf_given ? g->conf : NULL,
		.timeout = DEFAULT_TIMEOUT };
	int ch;

	while (
	    (ch = getopt_long(argc, argv, "u:pe:s:h", options, NULL)) != -1) {
		if (ch == 'h')
			return cmd_help(self);
		if (!set_event(&t, ch, optarg) && !set_sending(&t, ch, optarg))
			return cmd_usage(self);
	}
	if (optind == argc)
		return cmd_usage_error(self, "which event type?");
	if (t.fixture.id != NULL && argc - optind > 1)
		return cmd_usage_error(self, "--id is for one type only");
	if (t.endpoint != NULL && t.source != NULL)
		return cmd_usage_error(self, "-e or -s, not both");
	return trigger_all(&t, g, argv + optind);
}
