/*
 * A delivery: one event for one handler, the unit of retry. An attempt: one
 * execution of the handler for a delivery. Plain data, shared by the store,
 * which keeps it, and the rooms that act on it.
 */
#ifndef STRIPEHOOK_DELIVERY_H
#define STRIPEHOOK_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

#define DELIVERY_NAME_SIZE 64 /* endpoint and handler names, with NUL */
#define DELIVERY_LANE_SIZE 256
#define DELIVERY_OUTPUT_MAX 4096 /* last bytes of a handler's output */
#define DELIVERY_REASON_SIZE 256

/* Kept in the store as numbers: never renumber. */
enum delivery_state {
	DELIVERY_PENDING = 0, /* due says when it may be handed out */
	DELIVERY_RUNNING = 1, /* due is the end of the lease */
	DELIVERY_SUCCEEDED = 2,
	DELIVERY_FAILED = 3 /* parked: a person decides */
};
#define DELIVERY_STATES 4

/* Kept in the store as numbers: never renumber. */
enum attempt_outcome {
	ATTEMPT_RUNNING = 0, /* or its owner died before it could tell */
	ATTEMPT_SUCCEEDED = 1,
	ATTEMPT_LATER = 2, /* to be repeated */
	ATTEMPT_NEVER = 3, /* the handler said: never again */
	ATTEMPT_LOST = 4 /* the lease ended without a word */
};

/* How an attempt ended. */
struct attempt {
	int number; /* 1 for the first */
	enum attempt_outcome outcome;
	int64_t started_ms; /* milliseconds since 1970 */
	int64_t ended_ms; /* 0 while running */
	int exit_code; /* -1 where it did not exit by itself */
	int term_signal; /* 0 where no signal ended it */
	char reason[DELIVERY_REASON_SIZE]; /* for people; "" when all is well */
	size_t output_len;
	char output[DELIVERY_OUTPUT_MAX]; /* bytes, not text; no NUL added */
};

/* A delivery as it is shown to people. */
struct delivery {
	int64_t id;
	char handler[DELIVERY_NAME_SIZE];
	char lane[DELIVERY_LANE_SIZE]; /* "" for none */
	enum delivery_state state;
	int attempts; /* begun so far */
	int64_t due_ms; /* 0 once finished */
	int64_t finished_ms; /* 0 until then */
};

/*
 * "pending", "running", "succeeded", "failed". Never NULL.
 */
const char *delivery_state_name(enum delivery_state state);

/*
 * The state of that name into *state. RES_OK or RES_UNKNOWN.
 */
enum result delivery_state_parse(const char *name, enum delivery_state *state);

/*
 * "running", "succeeded", "later", "never", "lost". Never NULL.
 */
const char *attempt_outcome_name(enum attempt_outcome outcome);

#endif
