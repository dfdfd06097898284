/*
 * A request as it was saved: the parts that a signature is judged by.
 */
#ifndef STRIPEHOOK_CMD_REQUEST_H
#define STRIPEHOOK_CMD_REQUEST_H

#include <stddef.h>

#include "buf.h"

struct cmd_request {
	struct buf file; /* owned: what was read */
	char *signature; /* owned: value of the header; NULL: there is none */
	const char *body; /* borrowed from file */
	size_t len;
	long long more; /* bytes behind Content-Length that were left out;
	    negative: bytes that are missing */
};

/*
 * Reads a body from a file ("-" for standard input), with the header as it was
 * given, with or without its name, NULL for none. CMD_OK, or what was wrong
 * was said. The caller frees r in any case.
 */
int cmd_request_body(
    struct cmd_request *r, const char *path, const char *header);

/*
 * Reads a whole HTTP request, head and body, from a file.
 */
int cmd_request_raw(struct cmd_request *r, const char *path);
void cmd_request_free(struct cmd_request *r);

#endif
