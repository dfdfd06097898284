/*
 * Counts of what came to the endpoint, in a file beside the store: what is
 * refused must not cost a transaction, and often comes before the store is
 * even opened.
 *
 * The file is written without fsync: a power cut takes back the last half
 * minute, as a restart does with the counters of most programs. It is changed
 * under a lock, and by write(2): a mapping would be faster by a microsecond, and
 * end the endpoint with SIGBUS where the disk is full or the file is cut. Who
 * does not get the lock in time does not count, and goes on.
 */
#ifndef STRIPEHOOK_COUNTER_H
#define STRIPEHOOK_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kept in the file as positions: never renumber, add at the end. */
enum counter {
	COUNTER_REQUESTS,
	COUNTER_STORED,
	COUNTER_DUPLICATE,
	COUNTER_IGNORED,
	COUNTER_VERIFIED,
	COUNTER_AGE, /* not a count: seconds since the last one was signed */
	COUNTER_OTHER, /* refused, for a reason that has no counter */
	COUNTER_REASONS, /* the first of the reasons; counter_reason(0) */
	COUNTERS = 64
};

/* What one request adds. Begin with all zeros. */
struct counter_tally {
	int64_t add[COUNTERS];
	bool has_age;
	int64_t age; /* seconds */
};

struct counter_file; /* belongs to one thread */

/*
 * How the file begins when it is made: write this much of it. Static.
 */
const void *counter_empty(size_t *n);

/*
 * Opens it. NULL where it is missing, cannot be written or is none: then
 * nothing is counted.
 */
struct counter_file *counter_open(const char *path);
void counter_close(struct counter_file *f); /* f may be NULL */

/*
 * Adds what t holds. Never fails, and waits for a few milliseconds at most. f
 * may be NULL.
 */
void counter_add(struct counter_file *f, const struct counter_tally *t);

/*
 * Reads all of them. Whether it could.
 */
bool counter_read(const char *path, int64_t values[COUNTERS]);

/*
 * The n-th reason of a refusal, as the log names it, or NULL behind the last;
 * its counter is COUNTER_REASONS + n.
 */
const char *counter_reason(size_t n);

/*
 * The counter of a reason; COUNTER_OTHER for one that is not known.
 */
enum counter counter_of(const char *reason);

#endif
