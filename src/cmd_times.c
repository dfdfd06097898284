/*
 * How long things took.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_times.h"
#include "mem.h"

#include "banned.h"

void
cmd_times_add(struct cmd_times *t, int64_t us)
{
	if (t->n == t->room) {
		t->room = t->room == 0 ? 256 : t->room * 2;
		t->us = mem_resize(t->us, t->room, sizeof(*t->us));
	}
	t->us[t->n++] = us;
}

void
cmd_times_free(struct cmd_times *t)
{
	free(t->us);
	memset(t, 0, sizeof(*t));
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int64_t
cmd_times_rank(const struct cmd_times *t, int thousandths)
{
	size_t rank = (t->n * (size_t)thousandths + 999) / 1000;

	if (t->n == 0)
		return 0;
	return t->us[rank > 0 ? rank - 1 : 0];
}

void
cmd_times_print(struct cmd_times *t)
{
	static const struct {
		const char *name;
		int thousandths;
	} lines[] = {
		{ "least", 0 },
		{ "50%", 500 },
		{ "75%", 750 },
		{ "90%", 900 },
		{ "95%", 950 },
		{ "99%", 990 },
		{ "99.9%", 999 },
		{ "most", 1000 },
	};
	size_t i;

	if (t->n > 0)
		qsort(t->us, t->n, sizeof(*t->us), compare);
	printf("time to the answer, of %zu:\n", t->n);
	for (i = 0; t->n > 0 && i < sizeof(lines) / sizeof(lines[0]); i++)
		printf("  %-6s %10.3f ms\n", lines[i].name,
		    (double)cmd_times_rank(t, lines[i].thousandths) / 1000);
}
