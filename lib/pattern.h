/*
 * Patterns of event types: an exact name, "*" for all, or a name whose parts
 * may be "*": "invoice.*" is every type that begins with "invoice.", at any
 * depth; "*.created" every one that ends so. '[', ']' and all else stand for
 * themselves.
 */
#ifndef STRIPEHOOK_PATTERN_H
#define STRIPEHOOK_PATTERN_H

#include <stdbool.h>

/*
 * Whether the event type is one that the pattern names. Neither may be NULL.
 */
bool pattern_match(const char *pattern, const char *type);

/*
 * Whether the text can be a pattern: not empty, printable ASCII without
 * blanks, '*' only as a whole part between dots.
 */
bool pattern_valid(const char *pattern);

#endif
