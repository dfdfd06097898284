/*
 * Reading case files, for the table tests.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#include "banned.h"

size_t
cases_each(const char *folder, const char *suffix,
    void (*each)(const char *path, const char *name, void *arg), void *arg)
{
	const char *srcdir = getenv("srcdir");
	struct dirent **entries;
	char path[512], name[256];
	size_t len, count = 0;
	int i, n;

	(void)snprintf(path, sizeof(path), "%s/tests/data/%s",
	    srcdir != NULL ? srcdir : ".", folder);
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		fail_msg("cannot read the folder %s", path);
	for (i = 0; i < n; i++) {
		len = strlen(entries[i]->d_name);
		if (len > strlen(suffix) &&
		    strcmp(entries[i]->d_name + len - strlen(suffix), suffix) ==
			0) {
			(void)snprintf(name, sizeof(name), "%.*s",
			    (int)(len - strlen(suffix)), entries[i]->d_name);
			each(path, name, arg);
			count++;
		}
		free(entries[i]);
	}
	free(entries);
	return count;
}

char *
cases_read(const char *path, const char *name, const char *suffix, size_t *len)
{
	char file[1024], *text = NULL;
	size_t cap = 0;
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s/%s%s", path, name, suffix);
	f = fopen(file, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", file);
	*len = 0;
	do {
		cap += 65536;
		text = realloc(text, cap + 1);
		assert_non_null(text);
		*len += fread(text + *len, 1, cap - *len, f);
	} while (*len == cap);
	text[*len] = '\0';
	assert_int_equal(ferror(f), 0);
	(void)fclose(f);
	return text;
}

int
cases_line(char **text, char **key, char **value)
{
	char *line, *end;

	do {
		line = *text;
		if (*line == '\0')
			return 0;
		end = strchr(line, '\n');
		if (end == NULL)
			fail_msg("no newline at the end of \"%s\"", line);
		*end = '\0';
		*text = end + 1;
	} while (*line == '#' || *line == '\0');
	*key = line;
	*value = strstr(line, " =");
	if (*value == NULL)
		fail_msg("no \" =\" in \"%s\"", line);
	**value = '\0';
	*value += 2;
	if (**value == ' ')
		(*value)++;
	return 1;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	if (p == NULL)
		fail_msg("'%c' is no hexadecimal digit", c);
	return (int)(p - digits);
}

size_t
cases_unescape(char *s)
{
	static const char names[] = "nrt\\", bytes[] = "\n\r\t\\";
	char *in = s, *out = s;
	const char *p;

	while (*in != '\0') {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		if (in[1] == 'x') {
			*out++ =
			    (char)(hex_digit(in[2]) << 4 | hex_digit(in[3]));
			in += 4;
			continue;
		}
		p = in[1] != '\0' ? strchr(names, in[1]) : NULL;
		if (p == NULL)
			fail_msg("unknown escape at \"%s\"", in);
		*out++ = bytes[p - names];
		in += 2;
	}
	*out = '\0';
	return (size_t)(out - s);
}
