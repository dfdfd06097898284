/*
 * SQLite backend: a turn, which is what ended and what is newly claimed, in
 * one transaction.
 */
#include "config.h"

#include "store_sqlite.h"

#include "store_sqlite_claim.h"

#include "banned.h"

static enum result
claim(struct sq_store *s, const struct store_want *want, struct sq_claims *out,
    struct err *e)
{
	out->more = false;
	if (want == NULL)
		return RES_OK;
	if ((want->endpoint == NULL) != (want->event_id == NULL)) {
		err_set(e, "an event is claimed by its endpoint and its id");
		return RES_FAILED;
	}
	return want->event_id != NULL ? sq_claim_event(s, want, out, e)
				      : sq_claim_due(s, want, out, e);
}

/*
 * Looks on, while many that are due were only sent behind in their lanes:
 * others had the turn in between. What was done before stays done.
 */
static void
claim_on(
    struct sq_store *s, const struct store_want *want, struct sq_claims *out)
{
	enum result r = RES_OK;

	while (r == RES_OK && out->n == 0 && out->more) {
		if ((r = sq_begin(s, NULL)) == RES_OK)
			r = sq_end(s, claim(s, want, out, NULL), NULL);
	}
	while (r != RES_OK && out->n > 0)
		store_claim_free(&out->list[--out->n]);
}

enum result
sq_turn(struct store *base, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	struct sq_claims out = { .list = claims, .max = max };
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
		r = claim(s, want, &out, e);
	if ((r = sq_end(s, r, e)) == RES_OK)
		claim_on(s, want, &out);
	*n = out.n;
	return r == RES_OK && *n == 0 ? RES_EMPTY : r;
}
