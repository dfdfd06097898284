/*
 * A request as it was saved.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd_request.h"
#include "cmd.h"
#include "cmd_file.h"
#include "mem.h"

#include "banned.h"

#define SIGNATURE "Stripe-Signature"

/*
 * The value of a header line of n bytes, whose name it has, and its length;
 * NULL where it is another one.
 */
static const char *
value_of(const char *line, size_t n, const char *name, size_t *len)
{
	const size_t skip = strlen(name);
	const char *end = line + n;

	if (n <= skip || strncasecmp(line, name, skip) != 0 ||
	    line[skip] != ':')
		return NULL;
	line += skip + 1;
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	while (line < end && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	*len = (size_t)(end - line);
	return line;
}

int
cmd_request_body(struct cmd_request *r, const char *path, const char *header)
{
	const char *value;
	size_t len;
	int status;

	memset(r, 0, sizeof(*r));
	if ((status = cmd_file_read(path, &r->file)) != CMD_OK)
		return status;
	r->body = buf_text(&r->file);
	r->len = r->file.len;
	if (header == NULL)
		return CMD_OK;
	value = value_of(header, strlen(header), SIGNATURE, &len);
	r->signature =
	    value != NULL ? mem_strndup(value, len) : mem_strdup(header);
	return CMD_OK;
}

/*
 * Several headers of the name are one, joined by a comma: RFC 9110, section
 * 5.3.
 */
static void
add_signature(struct cmd_request *r, const char *value, size_t len)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	if (r->signature != NULL)
		buf_printf(&b, "%s, ", r->signature);
	buf_add(&b, value, len);
	free(r->signature);
	r->signature = mem_strdup(buf_text(&b));
	buf_free(&b);
}

/*
 * Takes the body to be as long as Content-Length says.
 */
static bool
cut_body(struct cmd_request *r, const char *value, size_t len, const char *path)
{
	char digits[24] = "";
	int64_t wanted;

	if (len < sizeof(digits))
		memcpy(digits, value, len);
	if (!cmd_number(digits, 0, INT64_MAX, &wanted)) {
		cmd_error("%s: Content-Length is not a number", path);
		return false;
	}
	r->more = (long long)r->len - wanted;
	if (r->more > 0)
		r->len = (size_t)wanted;
	return true;
}

/*
 * Where the head ends and the body begins; NULL where it does not.
 */
static const char *
end_of_head(const struct buf *file)
{
	const char *text = buf_text(file), *p;

	for (p = text; (p = strchr(p, '\n')) != NULL; p++) {
		if (p[1] == '\n')
			return p + 2;
		if (p[1] == '\r' && p[2] == '\n')
			return p + 3;
	}
	return NULL;
}

static bool
read_head(struct cmd_request *r, const char *path)
{
	const char *p = buf_text(&r->file), *length = NULL, *value;
	size_t n, len, length_len = 0;

	/* The first line is the request's. */
	for (; p < r->body; p += n) {
		n = strcspn(p, "\n") + 1;
		if ((value = value_of(p, n, SIGNATURE, &len)) != NULL)
			add_signature(r, value, len);
		else if ((value = value_of(p, n, "Content-Length", &len)) !=
		    NULL) {
			length = value;
			length_len = len;
		} else if (value_of(p, n, "Transfer-Encoding", &len) != NULL) {
			cmd_error("%s: it has a Transfer-Encoding: save the "
				  "body alone, and use --body",
			    path);
			return false;
		}
	}
	return length == NULL || cut_body(r, length, length_len, path);
}

int
cmd_request_raw(struct cmd_request *r, const char *path)
{
	int status;

	memset(r, 0, sizeof(*r));
	if ((status = cmd_file_read(path, &r->file)) != CMD_OK)
		return status;
	r->body = end_of_head(&r->file);
	if (r->body == NULL) {
		cmd_error("%s: no blank line ends the head of a request", path);
		return CMD_FAILED;
	}
	r->len = r->file.len - (size_t)(r->body - buf_text(&r->file));
	return read_head(r, path) ? CMD_OK : CMD_FAILED;
}

void
cmd_request_free(struct cmd_request *r)
{
	buf_free(&r->file);
	free(r->signature);
	memset(r, 0, sizeof(*r));
}
