/*
 * stripehook explain: why a saved request was refused, or accepted.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_request.h"
#include "cmd_secret.h"
#include "cmd_time.h"
#include "event.h"
#include "explain.h"
#include "mem.h"
#include "route.h"

#include "banned.h"

/* What the judgement needs, and what was found so far. */
struct judged {
	const struct conf *conf; /* borrowed */
	struct cmd_secrets secrets; /* owned */
	const struct cmd_secret **tried; /* owned: those in the set, in its
	    order */
	struct signature_set *set; /* owned */
	struct cmd_request *request; /* borrowed */
	int64_t time; /* when it came, seconds since 1970; -1: not known */
	bool utc;
	const char *fault; /* static: why it is refused; NULL: it is not */
	struct err why;
};

static void
label(const char *name)
{
	printf("%-9s ", name);
}

static void
line(const char *name, const char *text)
{
	label(name);
	cmd_put(text, 0);
	putchar('\n');
}

static void
refuse(struct judged *j, const char *fault, const char *why)
{
	j->fault = fault;
	err_set(&j->why, "%s", why);
}

static void
print_secret(const struct judged *j, size_t i)
{
	const struct cmd_secret *s = j->tried[i];

	label("secret:");
	printf("endpoint \"%s\", secret %zu of %zu (%s)\n", s->endpoint->name,
	    s->position, s->endpoint->nsources, s->fingerprint);
}

/*
 * When it was signed, and, where that is known, how long before it came.
 */
static void
print_time(
    const struct judged *j, const struct signature_header *h, int64_t tolerance)
{
	char when[CMD_TIME_SIZE], until[CMD_TIME_SIZE];
	const int64_t age = j->time - h->t;

	cmd_time_format(h->t * 1000, j->utc, when);
	cmd_time_format((h->t + tolerance) * 1000, j->utc, until);
	label("signed:");
	if (j->time < 0)
		printf("%s, good until %s (tolerance %" PRId64 " s)\n", when,
		    until, tolerance);
	else
		printf("%s, %" PRId64 " s %s it came (tolerance %" PRId64
		       " s)\n",
		    when, age < 0 ? -age : age, age < 0 ? "after" : "before",
		    tolerance);
}

static int64_t
tolerance_of(const struct judged *j, size_t i)
{
	return j->tried[i]->endpoint->tolerance;
}

/*
 * The event itself, and who would get it.
 */
static void
judge_event(struct judged *j, const struct conf_endpoint *ep)
{
	const struct conf_handler **wanting;
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct err e;
	size_t i, n;

	if (event_parse(j->request->body, j->request->len, ev, &e) != RES_OK) {
		refuse(j, "not-an-event", e.text);
		free(ev);
		return;
	}
	label("event:");
	cmd_put(ev->id, 0);
	printf(", ");
	cmd_put(ev->type, 0);
	putchar('\n');
	wanting = mem_alloc(j->conf->nhandlers, sizeof(*wanting));
	n = route_find(j->conf, ep->name, ev->type, wanting);
	label("handlers:");
	for (i = 0; i < n; i++)
		printf("%s%s", i > 0 ? ", " : "", wanting[i]->name);
	puts(n == 0 ? "none" : "");
	if (n == 0 && j->conf->unhandled == CONF_UNHANDLED_REJECT &&
	    strcmp(ev->type, EVENT_PING) != 0)
		refuse(j, "unhandled",
		    "no handler wants this type, and unhandled is \"reject\"");
	free(wanting);
	free(ev);
}

/*
 * The digest fits no secret: looks for what was changed.
 */
static void
judge_changed(
    struct judged *j, const struct signature_header *h, const struct err *why)
{
	struct explain found;
	size_t i;

	if (explain_body(j->set, h, j->request->body, j->request->len,
		&found) == RES_OK) {
		refuse(j, "body-changed",
		    "the body is not the one that was signed: something on the "
		    "way changed it");
		print_secret(j, found.secret);
		print_time(j, h, tolerance_of(j, found.secret));
		for (i = 0; i < found.nchanges; i++)
			line("changed:", found.changes[i]);
		return;
	}
	refuse(j, signature_verdict_name(SIGNATURE_WRONG), why->text);
	line("changed:",
	    found.ends_early
		? "the JSON ends early: it may have been cut off, which only "
		  "the rest could prove"
		: "nothing that could be undone makes it fit: another secret, "
		  "another body, or another change");
}

static void
judge_signature(struct judged *j, const struct signature_header *h)
{
	struct signature_found found;
	enum signature_verdict v;
	struct err e;

	v = signature_verify(j->set, h, j->request->body, j->request->len,
	    j->time < 0 ? h->t : j->time, &found, &e);
	if (v == SIGNATURE_WRONG) {
		judge_changed(j, h, &e);
		return;
	}
	if (v != SIGNATURE_OK)
		refuse(j, signature_verdict_name(v), e.text);
	if (v != SIGNATURE_OK && v != SIGNATURE_OLD && v != SIGNATURE_FUTURE)
		return;
	print_secret(j, found.secret);
	print_time(j, h, tolerance_of(j, found.secret));
	if (v == SIGNATURE_OK)
		judge_event(j, j->tried[found.secret]->endpoint);
}

/*
 * In the order of the endpoint.
 */
static void
judge(struct judged *j)
{
	struct signature_header h;
	enum signature_verdict v;
	struct err e;

	v = signature_parse(j->request->signature, &h, &e);
	if (v != SIGNATURE_OK) {
		refuse(j, signature_verdict_name(v), e.text);
	} else if (j->request->more < 0) {
		err_set(&e, "bytes of the body that are missing: %lld",
		    -j->request->more);
		refuse(j, "short-body", e.text);
	} else if (j->request->len > j->conf->max_body) {
		err_set(&e, "the body has %zu bytes, max-body is %zu",
		    j->request->len, j->conf->max_body);
		refuse(j, "content-length", e.text);
	} else {
		judge_signature(j, &h);
	}
}

static void
print_verdict(const struct judged *j)
{
	size_t i;

	if (j->request->more > 0) {
		label("note:");
		printf("what is behind Content-Length was left out: %lld\n",
		    j->request->more);
	}
	for (i = 0; i < j->secrets.n; i++)
		if (!j->secrets.list[i].loaded) {
			label("not tried:");
			printf("endpoint \"%s\", secret %zu: ",
			    j->secrets.list[i].endpoint->name,
			    j->secrets.list[i].position);
			cmd_put(j->secrets.list[i].why.text, 0);
			putchar('\n');
		}
	if (j->fault != NULL)
		line("reason:", j->why.text);
	label("verdict:");
	if (j->fault != NULL)
		printf("refused: %s\n", j->fault);
	else
		puts("accepted");
}

/*
 * Makes the secrets ready that can be read.
 */
static int
open_set(struct judged *j, const struct conf_endpoint *only)
{
	struct signature_secret *list;
	size_t i, n = 0;
	struct err e;
	enum result r;

	cmd_secrets_load(&j->secrets, j->conf, only);
	if (j->secrets.loaded == 0) {
		cmd_error("no secret can be read: run this as a user who may, "
			  "such as that of the endpoint: %s",
		    j->secrets.list[0].why.text);
		return CMD_FAILED;
	}
	list = mem_alloc(j->secrets.loaded, sizeof(*list));
	j->tried = mem_alloc(j->secrets.loaded, sizeof(*j->tried));
	for (i = 0; i < j->secrets.n; i++) {
		const struct cmd_secret *s = &j->secrets.list[i];

		if (!s->loaded)
			continue;
		list[n] = (struct signature_secret){ s->secret.value,
			s->secret.len, s->endpoint->tolerance };
		j->tried[n++] = s;
	}
	r = signature_open(&j->set, list, n, &e);
	free(list);
	return r == RES_OK ? CMD_OK : cmd_result(r, &e);
}

static int
run(struct judged *j, const char *name)
{
	const struct conf_endpoint *only = NULL;
	int status;

	if (name != NULL &&
	    (only = conf_find_endpoint(j->conf, name)) == NULL) {
		cmd_error("%s: no endpoint \"%s\"", j->conf->path, name);
		return CMD_FAILED;
	}
	if ((status = open_set(j, only)) == CMD_OK) {
		judge(j);
		print_verdict(j);
		status = j->fault == NULL ? CMD_OK : CMD_FAILED;
	}
	signature_close(j->set);
	free(j->tried);
	cmd_secrets_free(&j->secrets);
	return status;
}

/* The options. */
struct asked {
	const char *body;
	const char *request;
	const char *signature;
	const char *endpoint;
	int64_t time_ms; /* -1: not given */
	bool utc;
};

static int
answer(const struct cmd_global *g, const struct asked *a)
{
	struct judged j = {
		.time = a->time_ms < 0 ? -1 : a->time_ms / 1000,
		.utc = a->utc,
	};
	struct cmd_request request;
	struct conf c;
	int status;

	if ((status = cmd_load_secretless(g, &c)) != CMD_OK)
		return status;
	status = a->request != NULL
	    ? cmd_request_raw(&request, a->request)
	    : cmd_request_body(&request, a->body, a->signature);
	j.conf = &c;
	j.request = &request;
	if (status == CMD_OK)
		status = run(&j, a->endpoint);
	cmd_request_free(&request);
	conf_free(&c);
	return status;
}

enum long_option { OPT_UTC = 256 };

int
cmd_explain(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "body", required_argument, NULL, 'b' },
		{ "endpoint", required_argument, NULL, 'e' },
		{ "request", required_argument, NULL, 'r' },
		{ "signature", required_argument, NULL, 's' },
		{ "time", required_argument, NULL, 't' },
		{ "utc", no_argument, NULL, OPT_UTC },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct asked a = { .time_ms = -1 };
	int ch;

	while ((ch = getopt_long(argc, argv, "b:e:r:s:t:h", options, NULL)) !=
	    -1) {
		switch (ch) {
		case 'b':
			a.body = optarg;
			break;
		case 'e':
			a.endpoint = optarg;
			break;
		case 'r':
			a.request = optarg;
			break;
		case 's':
			a.signature = optarg;
			break;
		case 't':
			if (!cmd_time_parse(optarg, cmd_time_now(), &a.time_ms))
				return cmd_usage_error(
				    self, "not a time: %s", optarg);
			break;
		case OPT_UTC:
			a.utc = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc || (a.body == NULL) == (a.request == NULL) ||
	    (a.request != NULL && a.signature != NULL))
		return cmd_usage(self);
	return answer(g, &a);
}
