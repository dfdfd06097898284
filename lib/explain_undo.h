/*
 * Changes of a body as bytes, and how each is undone: for explain.c.
 */
#ifndef STRIPEHOOK_EXPLAIN_UNDO_H
#define STRIPEHOOK_EXPLAIN_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct explain_undo {
	/*
	 * Appends the body as it was before to out; false where the change
	 * cannot have been made.
	 */
	bool (*undo)(struct buf *out, const char *body, size_t len);
	const char *words; /* what was done */
	bool before_json; /* JSON may have been read after it */
};

/*
 * All of them, *n in number.
 */
const struct explain_undo *explain_undos(size_t *n);

#endif
