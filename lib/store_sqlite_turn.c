/*
 * SQLite backend: a turn, which is what ended and what is newly claimed, in
 * one transaction.
 */
#include "config.h"

#include "store_sqlite.h"

#include "banned.h"

static enum result
turn(struct sq_store *s, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	if (want == NULL)
		return RES_OK;
	if ((want->endpoint == NULL) != (want->event_id == NULL)) {
		err_set(e, "an event is claimed by its endpoint and its id");
		return RES_FAILED;
	}
	return want->event_id != NULL
	    ? sq_claim_event(s, want, claims, max, n, e)
	    : sq_claim_due(s, want, claims, max, n, e);
}

enum result
sq_turn(struct store *base, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	enum result r, one = RES_FAILED;
	size_t i;

	if ((r = sq_begin(s, e)) != RES_OK)
		return r;
	for (i = 0; r == RES_OK && i < nfinishes; i++) {
		r = sq_finish(s, &finishes[i], &one, e);
		if (each != NULL)
			each[i] = one;
	}
	if (r == RES_OK)
		r = turn(s, want, claims, max, n, e);
	r = sq_end(s, r, e);
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}
