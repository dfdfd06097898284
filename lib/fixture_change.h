/*
 * Changes to a test event, as the official tool's trigger takes them:
 * "path=value" to override or to add, "path" to remove.
 */
#ifndef STRIPEHOOK_FIXTURE_CHANGE_H
#define STRIPEHOOK_FIXTURE_CHANGE_H

#include <jansson.h>

#include "err.h"
#include "fixture.h"

/*
 * Makes the n changes to a whole event, one after the other. RES_OK, or
 * RES_INVALID with the words in e: no path, no value, another object named
 * before the colon, a path that leads through what has no members. The event
 * may then be half changed.
 */
enum result fixture_change(json_t *event, const struct fixture_change *changes,
    size_t n, struct err *e);

#endif
