/*
 * Reading files that a command is given.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd_file.h"
#include "cmd.h"

#include "banned.h"

#define CHUNK 65536

int
cmd_read_file(const char *path, struct buf *body)
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
