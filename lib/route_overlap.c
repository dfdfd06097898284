/*
 * Handlers and patterns that do the same work twice.
 */
#include "config.h"

#include <string.h>

#include "route.h"

#include "catalogue.h"
#include "pattern.h"

#include "banned.h"

/*
 * Patterns of one handler that another one of it makes superfluous.
 */
static void
check_patterns(
    const struct conf *c, const struct conf_handler *h, struct conf_report *r)
{
	const char *a, *b;
	size_t i, j;

	for (i = 0; i < h->nevents; i++)
		for (j = 0; j < h->nevents; j++) {
			a = h->events[i].text;
			b = h->events[j].text;
			/* Of two that are the same, the first stays. */
			if (i == j || (strcmp(a, b) == 0 && i < j) ||
			    !pattern_match(b, a))
				continue;
			conf_report_add(r, CONF_WARNING, c->path,
			    h->events[i].line,
			    "the handler '%s' has \"%s\" with \"%s\" "
			    "already\nleave it out",
			    h->name, a, b);
			conf_report_mark(r, "overlap", 0);
			break;
		}
}

static bool
same_command(const struct conf_handler *a, const struct conf_handler *b)
{
	size_t i;

	for (i = 0; a->command[i] != NULL && b->command[i] != NULL; i++)
		if (strcmp(a->command[i], b->command[i]) != 0)
			return false;
	return a->command[i] == b->command[i];
}

/*
 * A published type that both get from one endpoint, or NULL.
 */
static const char *
common_type(const struct conf *c, const struct conf_handler *a,
    const struct conf_handler *b)
{
	const char *endpoint, *type;
	size_t i, j;

	for (i = 0; i < c->nendpoints; i++) {
		endpoint = c->endpoints[i].name;
		for (j = 0; j < c->catalogue.n; j++) {
			type = c->catalogue.types[j].name;
			if (route_wants(a, endpoint, type) &&
			    route_wants(b, endpoint, type))
				return type;
		}
	}
	return NULL;
}

void
route_check_overlap(const struct conf *c, struct conf_report *r)
{
	const struct conf_handler *a, *b;
	const char *type;
	size_t i, j;

	for (i = 0; i < c->nhandlers; i++) {
		b = &c->handlers[i];
		check_patterns(c, b, r);
		for (j = 0; j < i; j++) {
			a = &c->handlers[j];
			if (!same_command(a, b) ||
			    (type = common_type(c, a, b)) == NULL)
				continue;
			conf_report_add(r, CONF_WARNING, c->path,
			    b->command_line,
			    "the handlers '%s' and '%s' execute the same "
			    "command, and both get %s\n"
			    "both run for it: leave it to one of them",
			    a->name, b->name, type);
			conf_report_mark(r, "overlap", 0);
		}
	}
}
