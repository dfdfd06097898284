/*
 * stripehook secrets: which secrets there are, and when each last verified an
 * event.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_secret.h"
#include "cmd_secrets.h"
#include "cmd_time.h"
#include "mem.h"
#include "store_secret.h"

#include "banned.h"

/* Stripe lets the old secret live for up to a day after a new one was made. */
#define QUIET_MS (24 * 3600 * 1000LL)

/* What the store remembers. */
struct seen {
	struct store_secret *list; /* owned */
	size_t n;
};

struct listing {
	const struct conf *conf; /* borrowed */
	struct cmd_secrets secrets; /* owned */
	struct seen seen;
	int64_t now_ms;
	bool utc;
	bool json;
	bool first; /* nothing was printed yet */
};

static bool
collect(const struct store_secret *secret, void *arg)
{
	struct seen *seen = arg;

	seen->list = mem_resize(seen->list, seen->n + 1, sizeof(*seen->list));
	seen->list[seen->n++] = *secret;
	return true;
}

/*
 * Reads it all. A store that is not there yet has seen nothing.
 */
static int
read_store(const char *uri, struct seen *seen)
{
	struct err e = { "" };
	struct store *s;
	enum result r;

	if ((r = store_open(&s, uri, STORE_READER, &e)) == RES_OK) {
		r = store_secrets(s, collect, seen, &e);
		store_close(s);
	}
	if (r == RES_UNKNOWN)
		cmd_error("%s", e.text);
	return r == RES_OK || r == RES_EMPTY || r == RES_UNKNOWN
	    ? CMD_OK
	    : cmd_result(r, &e);
}

/*
 * When a secret of the endpoint last verified an event; 0 for never.
 */
static int64_t
last_of(const struct seen *seen, const char *endpoint, const char *fingerprint)
{
	size_t i;

	for (i = 0; i < seen->n; i++)
		if (strcmp(seen->list[i].endpoint, endpoint) == 0 &&
		    strcmp(seen->list[i].fingerprint, fingerprint) == 0)
			return seen->list[i].last_ms;
	return 0;
}

/*
 * The same for any other of those that are configured.
 */
static int64_t
last_of_others(const struct listing *l, const struct cmd_secret *secret)
{
	const struct cmd_secret *s;
	int64_t ms, most = 0;
	size_t i;

	for (i = 0; i < l->secrets.n; i++) {
		s = &l->secrets.list[i];
		if (s == secret || s->endpoint != secret->endpoint ||
		    !s->loaded)
			continue;
		ms = last_of(&l->seen, s->endpoint->name, s->fingerprint);
		if (ms > most)
			most = ms;
	}
	return most;
}

/*
 * Whether a secret is the old one of a roll that is over. While it lasts
 * Stripe signs with both, so one that did not verify what another did is not
 * in use any more; a quiet endpoint says nothing.
 */
static bool
can_go(const struct listing *l, const struct cmd_secret *s, int64_t last_ms)
{
	return last_ms > 0 && l->now_ms - last_ms > QUIET_MS &&
	    last_of_others(l, s) - last_ms > STORE_SECRET_MS;
}

static void
print_ago(int64_t ms)
{
	const int64_t hours = ms / 3600000;

	if (hours < 48)
		printf("%" PRId64 " hours", hours);
	else
		printf("%" PRId64 " days", hours / 24);
}

static void
print_text(const struct listing *l, const struct cmd_secret *s, int64_t last_ms)
{
	char when[CMD_TIME_SIZE] = "never";

	cmd_put(s->endpoint->name, 12);
	printf("  %zu  ", s->position);
	if (!s->loaded) {
		printf("%-8s  cannot be used: ", "-");
		cmd_put(s->why.text, 0);
		putchar('\n');
		return;
	}
	if (last_ms > 0)
		cmd_time_format(last_ms, l->utc, when);
	printf("%s  %s", s->fingerprint, when);
	if (can_go(l, s, last_ms)) {
		printf("  quiet for ");
		print_ago(l->now_ms - last_ms);
		printf(" while another verified: it can go");
	}
	putchar('\n');
}

/*
 * A time as JSON has it everywhere here: UTC, with milliseconds.
 */
static void
print_json_time(int64_t ms)
{
	char when[CMD_TIME_SIZE];

	if (ms == 0) {
		printf("null");
		return;
	}
	cmd_time_format(ms, true, when);
	when[strlen(when) - 1] = '\0';
	printf("\"%s.%03dZ\"", when, (int)(ms % 1000));
}

static void
print_json(struct listing *l, const char *endpoint, const struct cmd_secret *s,
    const char *fingerprint, int64_t last_ms)
{
	printf("%s\n  {\"endpoint\":", l->first ? "" : ",");
	l->first = false;
	cmd_put_json(endpoint, strlen(endpoint));
	if (s != NULL)
		printf(",\"position\":%zu", s->position);
	else
		printf(",\"position\":null");
	if (fingerprint[0] != '\0')
		printf(",\"fingerprint\":\"%s\"", fingerprint);
	else
		printf(",\"fingerprint\":null");
	printf(",\"last\":");
	print_json_time(last_ms);
	printf(",\"can_go\":%s",
	    s != NULL && can_go(l, s, last_ms) ? "true" : "false");
	if (s != NULL && !s->loaded) {
		printf(",\"error\":");
		cmd_put_json(s->why.text, strlen(s->why.text));
	} else {
		printf(",\"error\":null");
	}
	putchar('}');
}

/*
 * Whether some secret of the endpoint could not be read, so that what the
 * store knows may be of it.
 */
static bool
has_unread(const struct listing *l, const char *endpoint)
{
	size_t i;

	for (i = 0; i < l->secrets.n; i++)
		if (!l->secrets.list[i].loaded &&
		    strcmp(l->secrets.list[i].endpoint->name, endpoint) == 0)
			return true;
	return false;
}

static bool
is_configured(const struct listing *l, const struct store_secret *secret)
{
	const struct cmd_secret *s;
	size_t i;

	for (i = 0; i < l->secrets.n; i++) {
		s = &l->secrets.list[i];
		if (s->loaded &&
		    strcmp(s->endpoint->name, secret->endpoint) == 0 &&
		    strcmp(s->fingerprint, secret->fingerprint) == 0)
			return true;
	}
	return false;
}

/*
 * What the store knows of secrets that could not be read here.
 */
static void
print_unread(struct listing *l)
{
	const struct store_secret *s;
	char when[CMD_TIME_SIZE];
	size_t i;

	for (i = 0; i < l->seen.n; i++) {
		s = &l->seen.list[i];
		if (!has_unread(l, s->endpoint) || is_configured(l, s))
			continue;
		if (l->json) {
			print_json(
			    l, s->endpoint, NULL, s->fingerprint, s->last_ms);
			continue;
		}
		cmd_time_format(s->last_ms, l->utc, when);
		cmd_put(s->endpoint, 12);
		printf("  ?  %s  %s\n", s->fingerprint, when);
	}
}

static void
print_all(struct listing *l)
{
	const struct cmd_secret *s;
	int64_t last_ms;
	size_t i;

	if (l->json)
		putchar('[');
	for (i = 0; i < l->secrets.n; i++) {
		s = &l->secrets.list[i];
		last_ms = s->loaded
		    ? last_of(&l->seen, s->endpoint->name, s->fingerprint)
		    : 0;
		if (l->json)
			print_json(
			    l, s->endpoint->name, s, s->fingerprint, last_ms);
		else
			print_text(l, s, last_ms);
	}
	print_unread(l);
	if (l->json)
		puts("\n]");
}

static int
list(const struct conf *c, bool json, bool utc)
{
	struct listing l = {
		.conf = c, .json = json, .utc = utc, .first = true
	};
	int status;

	l.now_ms = cmd_time_now();
	cmd_secrets_load(&l.secrets, c, NULL);
	if ((status = read_store(c->store, &l.seen)) == CMD_OK)
		print_all(&l);
	free(l.seen.list);
	cmd_secrets_free(&l.secrets);
	return status;
}

static int
add(const struct conf *c, const char *name, const char *path)
{
	const struct conf_endpoint *ep = conf_find_endpoint(c, name);

	if (ep != NULL)
		return cmd_secrets_add(c, ep, path);
	cmd_error("%s: no endpoint \"%s\"", c->path, name);
	return CMD_FAILED;
}

enum long_option { OPT_FILE = 256, OPT_JSON, OPT_UTC };

int
cmd_secrets(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, OPT_FILE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "utc", no_argument, NULL, OPT_UTC },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, utc = false, adds;
	const char *path = NULL;
	struct conf c;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (ch) {
		case OPT_FILE:
			path = optarg;
			break;
		case OPT_JSON:
			json = true;
			break;
		case OPT_UTC:
			utc = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	adds = argc - optind == 2 && strcmp(argv[optind], "add") == 0;
	if (!adds && (optind < argc || path != NULL))
		return cmd_usage(self);
	if ((status = cmd_load_secretless(g, &c)) != CMD_OK)
		return status;
	status = adds ? add(&c, argv[optind + 1], path) : list(&c, json, utc);
	conf_free(&c);
	return status;
}
