/*
 * A store in memory with one event, that does as it is told: for tests of
 * those who call claim, finish and show.
 */
#ifndef TEST_FAKE_STORE_H
#define TEST_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

#define FAKE_MAX 8

struct fake_delivery {
	char handler[DELIVERY_NAME_SIZE];
	enum delivery_state state;
	bool lane_busy; /* pending, but not to be had */
	int lane_busy_for; /* so many claims; lane_busy: for ever */
	int attempts;
	int finishes; /* how often an end was recorded */
	int64_t lease_ms; /* as it was claimed with */
	struct store_finish last;
};

struct store {
	const char *endpoint;
	const char *event_id;
	const char *body;
	struct fake_delivery deliveries[FAKE_MAX];
	size_t n;
	enum result claim; /* what store_claim says, unless RES_OK */
	enum result finish; /* what store_finish says ... */
	int finish_times; /* ... this many times; negative: always */
	bool finish_secretly; /* ... and records it nevertheless */
	enum delivery_state stolen; /* with lose: the state that another gave */
	bool lose; /* the next finish finds its token gone */
	enum result show; /* what store_show says, unless RES_OK */
	int shows; /* calls */
};

void fake_store_init(struct store *s);
struct fake_delivery *fake_store_add(
    struct store *s, const char *handler, enum delivery_state state);

#endif
