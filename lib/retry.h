/*
 * When to try again: arithmetic only. Clock and chance are arguments.
 */
#ifndef STRIPEHOOK_RETRY_H
#define STRIPEHOOK_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry_policy {
	int attempts; /* at most this many in all */
	int64_t backoff_ms; /* before the second attempt */
	int64_t backoff_max_ms; /* doubling ends here */
	int64_t give_up_ms; /* after the event arrived; 0: never */
};

/*
 * Milliseconds to wait after the attempt of that number (1 for the first)
 * failed: the backoff doubled for each attempt before, up to the maximum,
 * minus a random part of up to half. chance is any 32-bit number; the same
 * one gives the same result. Never below 1.
 */
int64_t retry_delay(const struct retry_policy *p, int number, uint32_t chance);

/*
 * Whether it is over after the attempt of that number failed: all attempts
 * are used up, or the event is older than give_up_ms. age_ms is the time
 * since the event arrived.
 */
bool retry_over(const struct retry_policy *p, int number, int64_t age_ms);

#endif
