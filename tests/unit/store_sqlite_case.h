/*
 * Temporary SQLite stores for the tests of that backend.
 */
#ifndef STRIPEHOOK_STORE_SQLITE_CASE_H
#define STRIPEHOOK_STORE_SQLITE_CASE_H

#include <sys/types.h>

#include "store_contract.h"

/*
 * The URI of a store in a new folder; and removing that with all in it.
 */
void case_make(char uri[CONTRACT_URI_SIZE]);
void case_drop(const char *uri);

/*
 * The path of a URI. Borrowed from it.
 */
const char *case_path(const char *uri);

/*
 * Puts event number i for handler "h", lane "in_N", without asserting. Its
 * body has len bytes, at most 65536.
 */
enum result case_put(
    struct store *s, int i, const char *lane, size_t len, struct err *e);

/*
 * Waits for a child; asserts that it exited with 0.
 */
void case_wait(pid_t pid);

/*
 * What "PRAGMA integrity_check" says, and how many rows the query counts, by
 * way of another connection.
 */
void case_assert_sound(const char *uri);
int case_count(const char *uri, const char *sql);

#endif
