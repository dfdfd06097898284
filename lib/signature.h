/*
 * Stripe's webhook signature: HMAC-SHA256, keyed with the whole secret, over
 * the decimal timestamp, a dot and the body; sent as
 *
 *	Stripe-Signature: t=1492774577,v1=<64 hex>[,v1=...][,v0=...]
 *
 * Source: Stripe's documentation, "Verify webhook signatures manually". Where
 * Stripe's own libraries differ, the strictest reading that still accepts all
 * that Stripe sends was taken; stripehook(7) lists the differences.
 */
#ifndef STRIPEHOOK_SIGNATURE_H
#define STRIPEHOOK_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define SIGNATURE_V1_MAX 32 /* further ones are not looked at */
#define SIGNATURE_HEADER_MAX 8192 /* bytes */
#define SIGNATURE_DIGEST_SIZE 32
/* "t=" 12 digits ",v1=" 64 digits and NUL, with room to spare */
#define SIGNATURE_TEXT_SIZE 96
#define SIGNATURE_FINGERPRINT_SIZE 9 /* 8 hexadecimal digits and NUL */

enum signature_verdict {
	SIGNATURE_OK = 0,
	SIGNATURE_MISSING, /* no header, or an empty one */
	SIGNATURE_MALFORMED, /* no or several or a strange t, control
	    characters, too long */
	SIGNATURE_NO_V1, /* nothing in it is a v1 digest */
	SIGNATURE_WRONG, /* no secret gives any of its digests */
	SIGNATURE_OLD, /* genuine, but signed too long ago */
	SIGNATURE_FUTURE, /* genuine, but signed too far ahead */
	SIGNATURE_NO_SECRET, /* nothing to verify with: never accept */
	SIGNATURE_ERROR /* the library failed; err says how */
};

/* One secret to verify with. */
struct signature_secret {
	const char *value; /* borrowed while signature_open copies it */
	size_t len;
	int64_t tolerance; /* seconds, both ways, at least 1; a difference
	    equal to it passes */
};

/* The header taken apart. */
struct signature_header {
	char t_text[16]; /* as received: what was signed */
	int64_t t; /* seconds since 1970 */
	size_t nv1; /* digests kept */
	unsigned char v1[SIGNATURE_V1_MAX][SIGNATURE_DIGEST_SIZE];
	bool has_v0; /* Stripe adds one in test mode */
};

/* What was found, for the log. Meaningful as far as the verdict goes. */
struct signature_found {
	size_t secret; /* index of the first secret that matched */
	uint64_t matched; /* bit n: secret n did, for the first 64: while one is
	    rolled Stripe signs with both */
	int64_t age; /* now - t in seconds; negative: signed in the future */
	size_t nv1;
	bool has_v0;
};

/* Keys made ready once. A set belongs to one thread. */
struct signature_set;

/*
 * Makes a set of n secrets ready. RES_OK and *set is the caller's to close;
 * RES_INVALID where a secret is empty or blank or a tolerance below 1;
 * RES_FAILED where the library failed. n of 0 gives a set that refuses all.
 */
enum result signature_open(struct signature_set **set,
    const struct signature_secret *secrets, size_t n, struct err *e);
void signature_close(struct signature_set *set); /* set may be NULL */

/*
 * Takes the header (may be NULL) apart, without any secret: MISSING,
 * MALFORMED, NO_V1 with the reason in e, or OK.
 */
enum signature_verdict signature_parse(
    const char *header, struct signature_header *h, struct err *e);

/*
 * Judges len bytes of body against a header that signature_parse found OK.
 * now is in seconds since 1970. Every secret is tried against every digest,
 * in constant time and without an early end. The reason is in e where it is
 * not OK; neither e nor found ever hold a secret or a digest.
 */
enum signature_verdict signature_verify(struct signature_set *set,
    const struct signature_header *h, const void *body, size_t len, int64_t now,
    struct signature_found *found, struct err *e);

/*
 * For a WRONG verdict: says in e what was most likely done to the body on the
 * way, by trying it without and with a final newline, with CRLF turned to LF
 * and without a BOM. RES_OK if one of these verifies, RES_UNKNOWN if none.
 * Costs several digests: meant for bodies of moderate size.
 */
enum result signature_diagnose(struct signature_set *set,
    const struct signature_header *h, const void *body, size_t len,
    struct err *e);

/*
 * Writes the header for a body, as Stripe would send it, into out. t is in
 * seconds since 1970. RES_OK; RES_INVALID for a secret that is not usable or a
 * t that is no 12-digit positive number; RES_FAILED.
 */
enum result signature_sign(const char *secret, size_t secret_len, int64_t t,
    const void *body, size_t len, char out[SIGNATURE_TEXT_SIZE], struct err *e);

/*
 * Writes the name that a secret can be spoken of by: the first 8 hexadecimal
 * digits of HMAC-SHA256, keyed with the secret, over a fixed label. 32 bits of
 * a keyed hash say nothing about a secret of high entropy, as Stripe's are;
 * one that a person thought up could be confirmed by guessing it. RES_OK;
 * RES_INVALID for a secret that is not usable; RES_FAILED; out is "" then.
 */
enum result signature_fingerprint(const char *secret, size_t len,
    char out[SIGNATURE_FINGERPRINT_SIZE], struct err *e);

/*
 * The same for a secret of a set, by its index.
 */
enum result signature_set_fingerprint(struct signature_set *set, size_t secret,
    char out[SIGNATURE_FINGERPRINT_SIZE], struct err *e);

/*
 * A short name of a verdict for the log: "no-signature", "malformed",
 * "no-v1", "wrong-signature", "too-old", "too-new", "no-secret", "error", "ok".
 */
const char *signature_verdict_name(enum signature_verdict v);

#endif
