/*
 * Private to the SQLite backend: the two halves of a turn, both done inside a
 * change.
 */
#ifndef STRIPEHOOK_STORE_SQLITE_CLAIM_H
#define STRIPEHOOK_STORE_SQLITE_CLAIM_H

#include "store_sqlite.h"

/* What is handed out in a turn. */
struct sq_claims {
	struct store_claim *list; /* borrowed */
	size_t max;
	size_t n;
	bool more; /* it went on for long, and was not all looked at */
};

/*
 * Records how one claim ended; *each becomes RES_OK or RES_LOST.
 */
enum result sq_finish(struct sq_store *s, const struct store_finish *f,
    enum result *each, struct err *e);

/*
 * Hands out what is due, or what is pending of one event; out grows.
 */
enum result sq_claim_due(struct sq_store *s, const struct store_want *want,
    struct sq_claims *out, struct err *e);
enum result sq_claim_event(struct sq_store *s, const struct store_want *want,
    struct sq_claims *out, struct err *e);

#endif
