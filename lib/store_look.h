/*
 * Looking at the store as it goes on: what is known of each handler, and what
 * has happened since. A part of store.h, which includes it.
 */
#ifndef STRIPEHOOK_STORE_LOOK_H
#define STRIPEHOOK_STORE_LOOK_H

#include "store.h"

/* Bounds of the histogram of durations, in milliseconds. */
#define STORE_TIMED_BOUNDS \
	{ \
		50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, \
		    300000 \
	}
#define STORE_TIMED 11 /* how many they are */

/* What the store knows of a handler, whether configured or not. */
struct store_handler_stats {
	char name[DELIVERY_NAME_SIZE];
	int64_t deliveries[DELIVERY_STATES];
	int64_t attempts_succeeded; /* ended ones, since ever */
	int64_t attempts_failed;
	int64_t parked; /* deliveries that were parked, since ever */
	int64_t streak; /* failed attempts in a row; 0 after a success */
	int64_t last_success_ms; /* 0 for never */
	int64_t last_failure_ms;
	int64_t duration_ms; /* of all ended attempts together but for lost
	    ones */
	int64_t timed; /* attempts in the histogram: ended ones but for lost
	    ones, since the store has it */
	int64_t timed_ms; /* all of them together */
	int64_t timed_le[STORE_TIMED]; /* that took no longer than the bound */
};

/*
 * Calls each for every handler that has or had deliveries, by name, until it
 * returns false. RES_OK or RES_EMPTY.
 */
enum result store_handlers(struct store *s,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e);

/*
 * The path of the file beside the store where the endpoint counts (counter.h),
 * without opening the store. store_setup makes it. The caller frees it with
 * free(); NULL where the backend has none.
 */
char *store_counters(const char *uri);

/* How far a follower has come. Begin with all zeros: with what comes now. */
struct store_mark {
	bool begun;
	char place[64]; /* which store it is of */
	int64_t event; /* the last that was told of, and its time: numbers are
	    given again where the last ones were deleted */
	int64_t event_ms;
	int64_t attempt;
	int64_t attempt_ms;
	int64_t version; /* of the content, to see that nothing has changed */
};

/* What has happened: an event came, or an attempt has ended. */
struct store_news {
	const struct store_row *row; /* without its counts of deliveries */
	const char *handler; /* NULL: the event came; else of the attempt */
	const struct attempt *attempt; /* NULL: the event came */
	enum delivery_state state; /* of the delivery by now */
	int64_t due_ms; /* 0 once finished */
};

/*
 * Calls each for what has happened since mark, some hundreds at most, and moves
 * mark on; no two calls tell of the same, and none is left out, until each
 * returns false. Cheap where nothing has changed. RES_OK: call it again, there
 * may be more; or RES_EMPTY.
 */
enum result store_follow(struct store *s, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e);

#endif
