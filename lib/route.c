/*
 * Which handlers want an event, and which patterns name none.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "route.h"

#include "catalogue.h"
#include "event_own.h"
#include "mem.h"
#include "near.h"
#include "pattern.h"

#include "banned.h"

#define SUGGESTIONS 3

/* Stripe waits for the decision in the answer, which is not ours to give. */
#define SYNCHRONOUS "issuing_authorization.request"

static bool
serves(const struct conf_handler *h, const char *endpoint)
{
	size_t i;

	for (i = 0; i < h->nendpoints; i++)
		if (strcmp(h->endpoints[i].text, endpoint) == 0)
			return true;
	return h->nendpoints == 0;
}

/*
 * Whether the pattern takes this type, of our own events or of Stripe's: the
 * two never mix, so "*" is no answer to alarms, and nobody who can have Stripe
 * sign an event can raise one.
 */
static bool
takes(const char *pattern, bool own, const char *type)
{
	return event_is_own(pattern) == own && pattern_match(pattern, type);
}

bool
route_wants(
    const struct conf_handler *h, const char *endpoint, const char *type)
{
	const bool own = strcmp(endpoint, EVENT_OWN_ENDPOINT) == 0;
	size_t i;

	if (!own && !serves(h, endpoint))
		return false;
	for (i = 0; i < h->nevents; i++)
		if (takes(h->events[i].text, own, type))
			return true;
	return false;
}

size_t
route_find(const struct conf *c, const char *endpoint, const char *type,
    const struct conf_handler **out)
{
	size_t i, n = 0;

	for (i = 0; i < c->nhandlers; i++)
		if (route_wants(&c->handlers[i], endpoint, type))
			out[n++] = &c->handlers[i];
	return n;
}

void
route_lane(const struct conf_handler *h, const struct event *ev,
    char lane[DELIVERY_LANE_SIZE])
{
	const char *key = ev->object_id;

	if (h->lane == CONF_LANE_NONE)
		key = "";
	else if (h->lane == CONF_LANE_CUSTOMER && ev->customer[0] != '\0')
		key = ev->customer;
	(void)mem_copy(lane, DELIVERY_LANE_SIZE, key);
}

/* The nearest names so far. */
struct nearest {
	int score;
	char text[EVENT_TYPE_SIZE + 2];
};

/*
 * Scores the part of a known type before or behind each of its dots against
 * what the pattern has on that side of its '*'.
 */
static void
compare_ends(
    struct nearest *best, const char *wanted, bool leading, const char *type)
{
	char part[EVENT_TYPE_SIZE];
	const char *dot;
	int score;

	for (dot = strchr(type, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		if (leading)
			(void)snprintf(part, sizeof(part), "%s", dot + 1);
		else
			(void)snprintf(part, sizeof(part), "%.*s",
			    (int)(dot - type), type);
		score = near_score(wanted, part);
		if (score < 0 || (best->score >= 0 && score >= best->score))
			continue;
		best->score = score;
		(void)snprintf(best->text, sizeof(best->text),
		    leading ? "*.%s" : "%s.*", part);
	}
}

/*
 * Writes to text (of size bytes) the known names that a pattern without
 * meaning was meant to be, or "".
 */
static void
suggest(const struct catalogue *c, const char *pattern, char *text, size_t size)
{
	const size_t len = strlen(pattern);
	const bool leading = len > 2 && strncmp(pattern, "*.", 2) == 0;
	const bool trailing = len > 2 && strcmp(pattern + len - 2, ".*") == 0;
	const char *near[SUGGESTIONS];
	struct nearest best = { .score = -1 };
	char wanted[EVENT_TYPE_SIZE];
	size_t i, n, at = 0;

	text[0] = '\0';
	if (len >= sizeof(wanted))
		return;
	if (strchr(pattern, '*') == NULL) {
		n = catalogue_suggest(c, pattern, near, SUGGESTIONS);
		for (i = 0; i < n && at < size; i++)
			at += (size_t)snprintf(text + at, size - at, "%s\"%s\"",
			    i == 0 ? "" : " or ", near[i]);
		return;
	}
	if (leading == trailing)
		return;
	(void)snprintf(wanted, sizeof(wanted), "%.*s", (int)len - 2,
	    pattern + (leading ? 2 : 0));
	if (strchr(wanted, '*') != NULL)
		return;
	for (i = 0; i < c->n; i++)
		if (!leading || !event_is_own(c->types[i].name))
			compare_ends(&best, wanted, leading, c->types[i].name);
	if (best.score >= 0)
		(void)snprintf(text, size, "\"%s\"", best.text);
}

/*
 * Whether the pattern names a type that may be handed to a handler.
 */
static bool
reaches(const struct catalogue *c, const char *pattern)
{
	const char *type;
	size_t i;

	for (i = 0; i < c->n; i++) {
		type = c->types[i].name;
		if (strcmp(type, EVENT_PING) != 0 &&
		    takes(pattern, event_is_own(type), type))
			return true;
	}
	return false;
}

static void
check_pattern(
    const struct conf *c, const struct conf_text *p, struct conf_report *r)
{
	char text[3 * EVENT_TYPE_SIZE];

	if (p->text[0] != '*' && pattern_match(p->text, SYNCHRONOUS)) {
		conf_report_add(r, CONF_WARNING, c->path, p->line,
		    "Stripe waits two seconds for the decision on "
		    "\"%s\" in the answer, which a handler cannot give\n"
		    "answer such requests with a program of your own",
		    SYNCHRONOUS);
		conf_report_mark(r, "synchronous", 0);
	}
	if (reaches(&c->catalogue, p->text))
		return;
	if (strcmp(p->text, EVENT_PING) == 0) {
		conf_report_add(r, CONF_WARNING, c->path, p->line,
		    "\"%s\" is answered by the endpoint itself and comes to no "
		    "handler",
		    EVENT_PING);
		conf_report_mark(r, "pattern", 0);
		return;
	}
	suggest(&c->catalogue, p->text, text, sizeof(text));
	if (text[0] != '\0')
		conf_report_add(r, CONF_WARNING, c->path, p->line,
		    "no published event type is \"%s\"\ndid you mean %s?",
		    p->text, text);
	else
		conf_report_add(r, CONF_WARNING, c->path, p->line,
		    "no published event type is \"%s\"", p->text);
	conf_report_mark(r, "pattern", 0);
}

void
route_check(const struct conf *c, struct conf_report *r)
{
	const struct conf_handler *h;
	size_t i, j;

	for (i = 0; i < c->nhandlers; i++) {
		h = &c->handlers[i];
		for (j = 0; j < h->nevents; j++)
			if (reaches(&c->catalogue, h->events[j].text))
				break;
		if (j == h->nevents) {
			conf_report_add(r, CONF_WARNING, c->path, h->line,
			    "the handler '%s' gets no event of a published "
			    "type",
			    h->name);
			conf_report_mark(r, "unreachable", 0);
		}
		for (j = 0; j < h->nevents; j++)
			check_pattern(c, &h->events[j], r);
	}
}
