/*
 * Reading files that a command is given.
 */
#ifndef STRIPEHOOK_CMD_FILE_H
#define STRIPEHOOK_CMD_FILE_H

#include "buf.h"

#define CMD_FILE_MAX (64 * 1024 * 1024) /* bytes */

/*
 * Reads the file, or standard input for "-", byte by byte as it is into body,
 * which it makes ready and the caller frees in any case. CMD_OK, or CMD_FAILED
 * where it cannot be read or is larger than CMD_FILE_MAX, and that was said.
 */
int cmd_read_file(const char *path, struct buf *body);

#endif
