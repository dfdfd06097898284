/*
 * Files that a person names.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cmd_file.h"
#include "cmd.h"

#include "banned.h"

#define CHUNK 65536

int
cmd_file_read(const char *path, struct buf *body)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "rb");
	int failed;

	buf_init(body, CMD_FILE_MAX + CHUNK);
	if (f == NULL) {
		cmd_error("%s: %s", path, strerror(errno));
		return CMD_FAILED;
	}
	while (buf_reserve(body, CHUNK)) {
		size_t n = fread(body->data + body->len, 1, CHUNK, f);

		body->len += n;
		if (n < CHUNK)
			break;
	}
	if ((failed = ferror(f)) != 0)
		cmd_error("%s: %s", path, strerror(errno));
	else if (body->failed)
		cmd_error("%s: larger than %d bytes", path, CMD_FILE_MAX);
	if (!is_stdin)
		fclose(f);
	return failed || body->failed ? CMD_FAILED : CMD_OK;
}

int
cmd_file_write(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");
	bool done = f != NULL && fwrite(p, 1, n, f) == n;

	if (f != NULL && fclose(f) != 0)
		done = false;
	if (done)
		return CMD_OK;
	cmd_error("%s: %s", path, strerror(errno));
	return CMD_FAILED;
}
