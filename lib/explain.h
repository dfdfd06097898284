/*
 * Why a signature does not fit a body: which change on the way, undone, makes
 * it fit. Pure: bytes in, words out. A change is only named where the
 * signature proves it, so none is ever guessed.
 */
#ifndef STRIPEHOOK_EXPLAIN_H
#define STRIPEHOOK_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "signature.h"

#define EXPLAIN_CHANGES_MAX 8

struct explain {
	size_t secret; /* index of the first secret that fits */
	const char *changes[EXPLAIN_CHANGES_MAX]; /* static: what was done to
	    the body on the way, as "a final newline was added" */
	size_t nchanges;
	bool ends_early; /* the body is JSON that is cut off: likely, but
	    without the rest nothing proves it */
};

/*
 * For a header that signature_parse found OK and a body that it does not fit
 * as it is: tries to undo what programs between Stripe and us are known to do,
 * one change first and then several. RES_OK with the changes; RES_UNKNOWN
 * where none makes it fit, and only ends_early says something. Neither a
 * secret nor a digest comes out. Costs some hundred digests of the body.
 */
enum result explain_body(struct signature_set *set,
    const struct signature_header *h, const void *body, size_t len,
    struct explain *out);

#endif
