/*
 * Memory that the program cannot do without.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mem.h"

#include "banned.h"

/*
 * No formatting and no stdio: there is no memory for them. _exit, because
 * other threads may be in the middle of anything.
 */
static _Noreturn void
exhausted(void)
{
	static const char msg[] = "stripehook: out of memory\n";

	(void)!write(STDERR_FILENO, msg, sizeof(msg) - 1);
	_exit(EX_TEMPFAIL);
}

void *
mem_alloc(size_t n, size_t size)
{
	void *p;

	p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
	if (p == NULL)
		exhausted();
	return p;
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		exhausted();
	p = realloc(p, n * size > 0 ? n * size : 1);
	if (p == NULL)
		exhausted();
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	char *p;

	n = strnlen(s, n);
	p = mem_alloc(n + 1, 1);
	memcpy(p, s, n);
	return p;
}

void
mem_cleanse(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

int
mem_copy(char *dst, size_t size, const char *s)
{
	size_t n;

	n = strlen(s);
	if (n >= size) {
		dst[0] = '\0';
		return -1;
	}
	memcpy(dst, s, n + 1);
	return 0;
}
