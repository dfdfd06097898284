/*
 * Memory for small things that the program cannot do without. Running out of
 * it ends the process with EX_TEMPFAIL (75): no answer was given, so Stripe
 * sends the event again, and a worker's lease runs out.
 *
 * What a request can make large goes through struct buf (buf.h), which reports
 * exhaustion instead.
 */
#ifndef STRIPEHOOK_MEM_H
#define STRIPEHOOK_MEM_H

#include <stddef.h>

/*
 * n * size zeroed bytes; never NULL. Overflow of the product counts as
 * exhaustion. The caller frees the result with free().
 */
void *mem_alloc(size_t n, size_t size);

/*
 * Resizes p (may be NULL) to n * size bytes; never NULL. Added bytes are not
 * zeroed. The caller frees the result with free().
 */
void *mem_resize(void *p, size_t n, size_t size);

/*
 * A copy of s, or of its first n bytes plus a NUL; never NULL. The caller
 * frees the result with free().
 */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/*
 * Overwrites n bytes at p in a way that the compiler keeps, then the bytes
 * may be freed. For secrets. p may be NULL when n is 0.
 */
void mem_cleanse(void *p, size_t n);

/*
 * Copies s into the array dst of size bytes, always terminated. Returns 0, or
 * -1 if s did not fit, in which case dst becomes the empty string: half an
 * identifier is worse than none.
 */
int mem_copy(char *dst, size_t size, const char *s);

#endif
