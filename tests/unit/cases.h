/*
 * Reading the case files below tests/data: "key = value" lines, '#' begins a
 * comment line. Whatever goes wrong with a file fails the running test.
 */
#ifndef STRIPEHOOK_CASES_H
#define STRIPEHOOK_CASES_H

#include <stddef.h>

/*
 * Calls each with the folder's path and the name, without suffix, of every
 * file in $srcdir/tests/data/folder that ends in suffix, sorted. Returns how
 * many there were.
 */
size_t cases_each(const char *folder, const char *suffix,
    void (*each)(const char *path, const char *name, void *arg), void *arg);

/*
 * The content of path/name + suffix, with a NUL added; the caller frees it.
 */
char *cases_read(
    const char *path, const char *name, const char *suffix, size_t *len);

/*
 * Takes the next line off *text. Returns 0 at the end; else 1, and *key and
 * *value are cut out of the text in place.
 */
int cases_line(char **text, char **key, char **value);

/*
 * Turns \n, \r, \t, \\ and \xNN in s into bytes, in place, and returns the
 * length; a NUL is added.
 */
size_t cases_unescape(char *s);

#endif
