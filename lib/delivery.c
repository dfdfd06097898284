/*
 * The names of states and outcomes, as people read and type them.
 */
#include "config.h"

#include <string.h>

#include "delivery.h"

#include "banned.h"

static const char *const state_names[DELIVERY_STATES] = {
	[DELIVERY_PENDING] = "pending",
	[DELIVERY_RUNNING] = "running",
	[DELIVERY_SUCCEEDED] = "succeeded",
	[DELIVERY_FAILED] = "failed",
};

const char *
delivery_state_name(enum delivery_state state)
{
	/* The number may come from a store that a newer program wrote. */
	if ((unsigned int)state >= DELIVERY_STATES)
		return "unknown";
	return state_names[state];
}

enum result
delivery_state_parse(const char *name, enum delivery_state *state)
{
	unsigned int i;

	for (i = 0; i < DELIVERY_STATES; i++) {
		if (strcmp(name, state_names[i]) == 0) {
			*state = (enum delivery_state)i;
			return RES_OK;
		}
	}
	return RES_UNKNOWN;
}

const char *
attempt_outcome_name(enum attempt_outcome outcome)
{
	switch (outcome) {
	case ATTEMPT_RUNNING:
		return "running";
	case ATTEMPT_SUCCEEDED:
		return "succeeded";
	case ATTEMPT_LATER:
		return "later";
	case ATTEMPT_NEVER:
		return "never";
	case ATTEMPT_LOST:
		return "lost";
	}
	return "unknown";
}
