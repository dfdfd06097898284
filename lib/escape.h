/*
 * Escaping where text is printed, named by context. Every variable part of an
 * output goes through one of these. Each appends n bytes of s to out.
 */
#ifndef STRIPEHOOK_ESCAPE_H
#define STRIPEHOOK_ESCAPE_H

#include <stddef.h>

#include "buf.h"

/*
 * As a JSON string with its quotes (RFC 8259 section 7). Bytes that are no
 * UTF-8 become U+FFFD.
 */
void escape_json(struct buf *out, const char *s, size_t n);

/*
 * For a terminal or a log, on one line: control characters, newlines, bytes
 * that are no UTF-8, and characters that turn the writing direction are shown
 * as \xNN or \u{NNNN}; all else stands as it is.
 */
void escape_line(struct buf *out, const char *s, size_t n);

/*
 * The same, but newlines and tabs stay: for a handler's output.
 */
void escape_text(struct buf *out, const char *s, size_t n);

#endif
