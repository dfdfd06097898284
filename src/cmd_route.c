/*
 * stripehook route: which handlers an event of a type would reach.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "event_own.h"
#include "mem.h"
#include "pattern.h"
#include "route.h"

#include "banned.h"

#define SUGGESTIONS 3

struct way {
	const struct conf *conf; /* borrowed */
	const char *type; /* borrowed */
	const struct conf_handler **wanting; /* owned: room for all */
	bool json;
	bool first; /* nothing was printed yet */
	bool reached; /* a handler, or the endpoint itself */
};

/* What becomes of an event that no handler wants. */
struct outcome {
	const char *name; /* as in JSON */
	const char *words;
};

static const struct outcome *
outcome_of(const struct way *w)
{
	static const struct outcome ping = { "answered",
		"answered by the endpoint itself, and stored" };
	static const struct outcome own = { "dropped",
		"it is not raised, as nobody wants it" };
	static const struct outcome all[] = {
		[CONF_UNHANDLED_REJECT] = { "rejected",
		    "refused with 400, as unhandled is \"reject\"" },
		[CONF_UNHANDLED_IGNORE] = { "ignored",
		    "answered with 200 and dropped, as unhandled is "
		    "\"ignore\"" },
		[CONF_UNHANDLED_STORE] = { "stored",
		    "answered with 200 and stored, as unhandled is "
		    "\"store\"" },
	};

	if (strcmp(w->type, EVENT_PING) == 0)
		return &ping;
	return event_is_own(w->type) ? &own : &all[w->conf->unhandled];
}

static const char *
run_name(const struct conf_handler *h)
{
	return h->run == CONF_RUN_INLINE ? "inline" : "queued";
}

static const char *
lane_name(const struct conf_handler *h)
{
	static const char *const names[] = {
		[CONF_LANE_OBJECT] = "object",
		[CONF_LANE_CUSTOMER] = "customer",
		[CONF_LANE_NONE] = "none",
	};

	return names[h->lane];
}

static void
print_handler(const struct conf_handler *h)
{
	size_t i;

	printf("  %s, %s, lane %s%s:", h->name, run_name(h), lane_name(h),
	    h->strict ? " in strict order" : "");
	for (i = 0; h->command[i] != NULL; i++) {
		putchar(' ');
		cmd_put(h->command[i], 0);
	}
	putchar('\n');
}

static void
print_json_handler(const struct conf_handler *h, bool first)
{
	size_t i;

	printf("%s{\"handler\":", first ? "" : ",");
	cmd_put_json(h->name, strlen(h->name));
	printf(",\"run\":\"%s\",\"lane\":\"%s\",\"order\":\"%s\",\"command\":[",
	    run_name(h), lane_name(h), h->strict ? "strict" : "any");
	for (i = 0; h->command[i] != NULL; i++) {
		if (i > 0)
			putchar(',');
		cmd_put_json(h->command[i], strlen(h->command[i]));
	}
	printf("]}");
}

/*
 * What becomes of the type at one endpoint.
 */
static void
print_endpoint(struct way *w, const char *endpoint)
{
	const struct outcome *none = outcome_of(w);
	size_t i, n;

	n = route_find(w->conf, endpoint, w->type, w->wanting);
	if (n > 0 || strcmp(w->type, EVENT_PING) == 0)
		w->reached = true;
	if (w->json) {
		printf("%s\n  {\"endpoint\":", w->first ? "" : ",");
		cmd_put_json(endpoint, strlen(endpoint));
		printf(",\"outcome\":\"%s\",\"handlers\":[",
		    n > 0 ? "handled" : none->name);
		for (i = 0; i < n; i++)
			print_json_handler(w->wanting[i], i == 0);
		printf("]}");
	} else {
		printf("endpoint \"%s\":\n", endpoint);
		for (i = 0; i < n; i++)
			print_handler(w->wanting[i]);
		if (n == 0)
			printf("  no handler: %s\n", none->words);
	}
	w->first = false;
}

/*
 * A type that is not published is no mistake: Stripe adds some.
 */
static void
check_type(const struct conf *c, const char *type)
{
	const char *near[SUGGESTIONS];

	if (catalogue_find(&c->catalogue, type) != NULL)
		return;
	if (catalogue_suggest(&c->catalogue, type, near, SUGGESTIONS) > 0)
		cmd_error("no published event type is \"%s\"; did you mean "
			  "\"%s\"?",
		    type, near[0]);
	else
		cmd_error("no published event type is \"%s\"", type);
}

static int
run(const struct conf *c, const char *type, const char *name, bool json)
{
	struct way w = { .conf = c, .type = type, .json = json, .first = true };
	size_t i;

	if (name != NULL && conf_find_endpoint(c, name) == NULL) {
		cmd_error("%s: no endpoint \"%s\"", c->path, name);
		return CMD_FAILED;
	}
	check_type(c, type);
	w.wanting = mem_alloc(c->nhandlers, sizeof(*w.wanting));
	if (json)
		putchar('[');
	if (event_is_own(type))
		print_endpoint(&w, EVENT_OWN_ENDPOINT);
	for (i = 0; i < c->nendpoints && !event_is_own(type); i++)
		if (name == NULL || strcmp(c->endpoints[i].name, name) == 0)
			print_endpoint(&w, c->endpoints[i].name);
	if (json)
		puts("\n]");
	free(w.wanting);
	return w.reached ? CMD_OK : CMD_FAILED;
}

int
cmd_route(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "endpoint", required_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *endpoint = NULL, *type;
	bool json = false;
	struct conf c;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "e:h", options, NULL)) != -1) {
		switch (ch) {
		case 'e':
			endpoint = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (argc - optind != 1)
		return cmd_usage(self);
	type = argv[optind];
	if (!pattern_valid(type) || strchr(type, '*') != NULL)
		return cmd_usage_error(self, "not an event type: %s", type);
	if ((status = cmd_load_secretless(g, &c)) != CMD_OK)
		return status;
	status = run(&c, type, endpoint, json);
	conf_free(&c);
	return status;
}
