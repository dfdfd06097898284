/*
 * Files that a person names.
 */
#ifndef STRIPEHOOK_CMD_FILE_H
#define STRIPEHOOK_CMD_FILE_H

#include <stddef.h>

#include "buf.h"

#define CMD_FILE_MAX (64 * 1024 * 1024) /* bytes that are read of one */

/*
 * Makes body ready and reads the whole file into it, or standard input for
 * "-", byte by byte as it is. An enum cmd_exit; what went wrong was printed.
 * The caller frees body in any case.
 */
int cmd_file_read(const char *path, struct buf *body);

/*
 * Writes a file anew. An enum cmd_exit; what went wrong was printed.
 */
int cmd_file_write(const char *path, const void *p, size_t n);

#endif
