/*
 * What the store remembers of signing secrets: when each last verified an
 * event that was to be kept. It knows them by a fingerprint (signature.h).
 */
#ifndef STRIPEHOOK_STORE_SECRET_H
#define STRIPEHOOK_STORE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "err.h"
#include "store.h"

#define STORE_SECRET_SIZE 33 /* of a fingerprint */

/*
 * store_put notes the time, also for a duplicate, but at most once in this
 * time for each secret, so that it costs nothing.
 */
#define STORE_SECRET_MS 60000

struct store_secret {
	char endpoint[DELIVERY_NAME_SIZE];
	char fingerprint[STORE_SECRET_SIZE];
	int64_t last_ms; /* the last time, or up to STORE_SECRET_MS before */
};

/*
 * Calls each for every secret that has verified an event, also those that are
 * not configured any more, by endpoint and the latest first, until it returns
 * false. RES_OK or RES_EMPTY.
 */
enum result store_secrets(struct store *s,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e);

#endif
