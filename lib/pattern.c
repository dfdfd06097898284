/*
 * Patterns of event types.
 */
#include "config.h"

#include <stddef.h>

#include "pattern.h"

#include "banned.h"

/*
 * Every '*' stands alone between dots, so "one character or more" comes to
 * the same as "one part or more". Going back to the last '*' only is enough.
 */
bool
pattern_match(const char *pattern, const char *type)
{
	const char *star = NULL, *from = NULL;

	while (*type != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = ++type;
		} else if (*pattern == *type) {
			pattern++;
			type++;
		} else if (star != NULL) {
			pattern = star;
			type = ++from;
		} else {
			return false;
		}
	}
	return *pattern == '\0';
}

bool
pattern_valid(const char *pattern)
{
	const char *p;

	for (p = pattern; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
		if (*p == '*' &&
		    ((p != pattern && p[-1] != '.') ||
			(p[1] != '\0' && p[1] != '.')))
			return false;
	}
	return p != pattern;
}
