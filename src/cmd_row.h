/*
 * An event as list and show print it.
 */
#ifndef STRIPEHOOK_CMD_ROW_H
#define STRIPEHOOK_CMD_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd_term.h"
#include "store.h"

/*
 * Writes what became of an event's deliveries, in words: "succeeded",
 * "2 succeeded, 1 failed", "no handler".
 */
#define CMD_ROW_STATE_SIZE 160
void cmd_row_state(
    const int64_t deliveries[DELIVERY_STATES], char out[CMD_ROW_STATE_SIZE]);

/*
 * The colour of an outcome: green, red, or yellow for one that goes on.
 */
enum cmd_color cmd_row_color(enum attempt_outcome outcome);

/*
 * Prints a member of a JSON object and the comma before it: a text, a time
 * (null for 0), the counts of deliveries.
 */
void cmd_row_json_text(const char *name, const char *value);
void cmd_row_json_time(const char *name, int64_t ms);
void cmd_row_json_counts(const int64_t deliveries[DELIVERY_STATES]);

/*
 * Prints the members of an event, without braces.
 */
void cmd_row_json(const struct store_row *row);

#endif
