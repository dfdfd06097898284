/*
 * Working: claims due deliveries, runs their handlers, records how they ended,
 * prunes, and raises the program's own events. One thread, one poll.
 */
#ifndef STRIPEHOOK_WORK_H
#define STRIPEHOOK_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"

struct work {
	const struct conf *conf; /* borrowed */
	bool until_idle; /* end when nothing is due */
	int64_t linger_ms; /* with until_idle: stay while something becomes
	    due within this time */
	/*
	 * Asked about once a second, and at SIGHUP with forced set: whether to
	 * finish what runs and start afresh.
	 */
	bool (*stale)(void *arg, bool forced);
	void *arg; /* borrowed; for stale */
	/*
	 * In place of the store's clock and the monotonic one, milliseconds
	 * since 1970: for tests. NULL: no change.
	 */
	int64_t (*now_ms)(void *now_arg);
	void *now_arg; /* borrowed */
};

/*
 * Works until told to stop. SIGTERM and SIGINT: no new claims; RES_OK once
 * the handlers that run have ended, each within its own deadline; a second one
 * stops them at once. SIGHUP or stale: RES_LOST, likewise, and the caller
 * executes itself again. until_idle: RES_OK when there is nothing left, or
 * RES_BUSY where another worker is there already. RES_FAILED where it could
 * not begin or the store failed for good.
 */
enum result work_run(const struct work *w, struct err *e);

#endif
