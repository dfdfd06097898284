/*
 * The time of a thin event.
 */
#ifndef STRIPEHOOK_EVENT_TIME_H
#define STRIPEHOOK_EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads an RFC 3339 date-time ("2026-09-18T19:56:56.947Z") into seconds since
 * 1970, cutting a fraction off. False where text is anything else. A leap
 * second is the first second of the next minute.
 */
bool event_time_parse(const char *text, int64_t *seconds);

#endif
