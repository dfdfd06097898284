/*
 * stats as a monitoring plugin: one line with numbers, and an exit status by
 * thresholds. Source: the Monitoring Plugins' development guidelines.
 */
#ifndef STRIPEHOOK_CMD_NAGIOS_H
#define STRIPEHOOK_CMD_NAGIOS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

/* The exit status of a plugin. */
enum nagios_exit {
	NAGIOS_OK = 0,
	NAGIOS_WARNING = 1,
	NAGIOS_CRITICAL = 2,
	NAGIOS_UNKNOWN = 3
};

/* What is looked at. */
enum nagios_key {
	NAGIOS_DUE, /* deliveries that could be handed out */
	NAGIOS_OLDEST, /* seconds that the longest waiting one has been due */
	NAGIOS_FAILED, /* parked deliveries */
	NAGIOS_SILENCE, /* seconds since the last event */
	NAGIOS_FREE, /* bytes on the disk */
	NAGIOS_WORKER, /* 1 where one is there */
	NAGIOS_KEYS
};

/*
 * A range alerts outside of lo to hi, both included, or inside of them.
 */
struct nagios_range {
	const char *text; /* borrowed: as given; NULL: none */
	double lo, hi;
	bool inside;
};

struct nagios {
	struct nagios_range warning[NAGIOS_KEYS];
	struct nagios_range critical[NAGIOS_KEYS];
};

/*
 * The ranges that hold where none are given.
 */
void nagios_init(struct nagios *n);

/*
 * Takes "KEY=RANGE" into the warning or critical ranges; "KEY=" takes one
 * away. Whether it could. text is borrowed.
 */
bool nagios_set(struct nagios *n, bool critical, const char *text);

/*
 * Reads "10", "10:", "~:10", "10:20" or one of these behind "@". Whether it is
 * one. text is borrowed.
 */
bool nagios_range_parse(struct nagios_range *r, const char *text);

/*
 * Whether the value is one to be alarmed by.
 */
bool nagios_range_alerts(const struct nagios_range *r, double value);

/*
 * Looks at the store of that configuration, prints the line, returns an enum
 * nagios_exit.
 */
int nagios_run(const struct nagios *n, const struct conf *c);

/*
 * Prints the line of a plugin that could not look. Returns NAGIOS_UNKNOWN.
 */
int nagios_unknown(const char *why);

#endif
