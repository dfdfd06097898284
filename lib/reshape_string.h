/*
 * Strings of JSON with other escapes: see reshape.h.
 */
#ifndef STRIPEHOOK_RESHAPE_STRING_H
#define STRIPEHOOK_RESHAPE_STRING_H

#include <stddef.h>

#include "buf.h"
#include "reshape.h"

/*
 * The length of the string that begins at p, with its quotes; 0 where it does
 * not end within len bytes. p points to its opening quote.
 */
size_t reshape_string_length(const char *p, size_t len);

/*
 * Appends that string of n bytes to out. What is no proper escape or no UTF-8
 * stays as it is.
 */
void reshape_string(
    struct buf *out, const char *p, size_t n, const struct reshape *how);

#endif
