/*
 * stats for some events only: they are listed, and counted.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_row.h"
#include "cmd_stats.h"
#include "mem.h"

#include "banned.h"

struct type {
	char name[EVENT_TYPE_SIZE];
	int64_t n;
};

struct some {
	int64_t events;
	int64_t deliveries[DELIVERY_STATES];
	struct type *types; /* owned */
	size_t ntypes;
};

static struct type *
find_type(struct some *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->ntypes; i++)
		if (strcmp(n->types[i].name, name) == 0)
			return &n->types[i];
	n->types = mem_resize(n->types, n->ntypes + 1, sizeof(*n->types));
	memset(&n->types[n->ntypes], 0, sizeof(*n->types));
	mem_copy(
	    n->types[n->ntypes].name, sizeof(n->types[n->ntypes].name), name);
	return &n->types[n->ntypes++];
}

static bool
count_row(const struct store_row *row, void *arg)
{
	struct some *n = arg;
	int i;

	n->events++;
	for (i = 0; i < DELIVERY_STATES; i++)
		n->deliveries[i] += row->deliveries[i];
	find_type(n, row->type)->n++;
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct type *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void
print_json(const struct some *n)
{
	size_t i;

	printf("{\"events\":%" PRId64 ",\"deliveries\":", n->events);
	cmd_row_json_counts(n->deliveries);
	printf(",\"types\":{");
	for (i = 0; i < n->ntypes; i++) {
		if (i > 0)
			putchar(',');
		cmd_put_json(n->types[i].name, strlen(n->types[i].name));
		printf(":%" PRId64, n->types[i].n);
	}
	printf("}}\n");
}

static void
print_text(const struct some *n)
{
	size_t i;
	int j;

	printf("%-14s %" PRId64 "\n", "events", n->events);
	for (j = 0; j < DELIVERY_STATES; j++)
		printf("%-14s %" PRId64 "\n",
		    delivery_state_name((enum delivery_state)j),
		    n->deliveries[j]);
	for (i = 0; i < n->ntypes; i++) {
		if (i == 0)
			putchar('\n');
		printf("%8" PRId64 "  ", n->types[i].n);
		cmd_put(n->types[i].name, 0);
		putchar('\n');
	}
}

enum result
cmd_stats_some(
    struct store *s, const struct store_filter *f, bool json, struct err *e)
{
	struct some n = { .events = 0 };
	enum result r = store_list(s, f, count_row, &n, e);

	if (r == RES_EMPTY)
		r = RES_OK;
	if (n.ntypes > 1)
		qsort(n.types, n.ntypes, sizeof(*n.types), compare);
	if (r == RES_OK && json)
		print_json(&n);
	else if (r == RES_OK)
		print_text(&n);
	free(n.types);
	return r;
}
