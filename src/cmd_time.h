/*
 * Times as people write and read them.
 */
#ifndef STRIPEHOOK_CMD_TIME_H
#define STRIPEHOOK_CMD_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define CMD_TIME_SIZE 32

/*
 * Now, in milliseconds since 1970.
 */
int64_t cmd_time_now(void);

/*
 * Reads a point in time into *ms, milliseconds since 1970: "45s", "30m",
 * "2h", "7d" or "2w" ago; "2026-11-23", with "T16:11" or "T16:11:39" (a blank
 * for the T will do), in local time or with "Z" behind; or seconds since 1970.
 * Returns whether text is one of these.
 */
bool cmd_time_parse(const char *text, int64_t now_ms, int64_t *ms);

/*
 * Writes "2026-11-23T16:11:39", in local time, or in UTC with a "Z" behind.
 */
void cmd_time_format(int64_t ms, bool utc, char out[CMD_TIME_SIZE]);

#endif
