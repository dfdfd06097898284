/*
 * A growing byte buffer with a maximum given at init and a sticky failure
 * flag: the caller adds as much as it likes and looks once, at the end.
 */
#ifndef STRIPEHOOK_BUF_H
#define STRIPEHOOK_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; NUL-terminated once anything was added */
	size_t len; /* bytes in use, without the NUL */
	size_t cap; /* bytes allocated */
	size_t max; /* len never exceeds it */
	bool failed; /* something did not fit, or memory ran out */
};

/*
 * An empty buffer that may hold up to max bytes. Allocates nothing.
 */
void buf_init(struct buf *b, size_t max);

/*
 * Frees what b owns and leaves it empty, usable and not failed.
 */
void buf_free(struct buf *b);

/*
 * Empties b and clears its failure; keeps the memory unless it has grown
 * beyond keep bytes, so that one large request does not cost for ever.
 */
void buf_reset(struct buf *b, size_t keep);

/*
 * Makes room for n more bytes at data + len. Returns false, and marks b
 * failed, when that would pass max or memory ran out.
 */
bool buf_reserve(struct buf *b, size_t n);

/*
 * Append n bytes; a string; one byte; formatted text. Once b has failed they
 * do nothing.
 */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The text held, never NULL: "" for an empty buffer. Borrowed until the next
 * change.
 */
const char *buf_text(const struct buf *b);

#endif
