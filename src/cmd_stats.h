/*
 * stats for some events only.
 */
#ifndef STRIPEHOOK_CMD_STATS_H
#define STRIPEHOOK_CMD_STATS_H

#include <stdbool.h>

#include "store.h"

/*
 * Counts the events that match f, their deliveries by state, and the events by
 * type, and prints that. RES_OK, or a result of the store.
 */
enum result cmd_stats_some(
    struct store *s, const struct store_filter *f, bool json, struct err *e);

#endif
