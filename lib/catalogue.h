/*
 * The event types that Stripe has published. The list is open, Stripe adds
 * types at any time: it serves for warnings, suggestions and completion, never
 * to refuse an event. Source: Stripe's OpenAPI specification. The program's own
 * types (event_own.h) are among them.
 */
#ifndef STRIPEHOOK_CATALOGUE_H
#define STRIPEHOOK_CATALOGUE_H

#include <stddef.h>

#include "err.h"
#include "event.h"

struct catalogue_type {
	const char *name; /* "invoice.paid" */
	enum event_style style;
	const char *object; /* its object tag, several parted by '|', or "-" */
};

struct catalogue {
	const struct catalogue_type *types; /* sorted by name; borrowed from
	    the built-in list, or owned (own is set) */
	size_t n;
	struct catalogue_type *own; /* owned; NULL for the built-in list */
	char *text; /* owned: what own points into */
};

/*
 * Fills c with the built-in list. Allocates nothing.
 */
void catalogue_init(struct catalogue *c);

/*
 * Adds the types of a file to c: a line each, name, then optionally style and
 * object, parted by tabs; '#' begins a comment. Once only. RES_OK, or
 * RES_INVALID with file and line in e and c unchanged.
 */
enum result catalogue_load(
    struct catalogue *c, const char *path, struct err *e);

void catalogue_free(struct catalogue *c);

/*
 * The entry of that exact name, or NULL. Borrowed from c.
 */
const struct catalogue_type *catalogue_find(
    const struct catalogue *c, const char *name);

/*
 * Fills near with up to n names that are most like name (a wrong letter, a
 * missing part, a singular), the likeliest first, and returns how many; 0 if
 * nothing is near. Borrowed from c.
 */
size_t catalogue_suggest(
    const struct catalogue *c, const char *name, const char **near, size_t n);

#endif
