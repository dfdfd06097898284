/*
 * HMAC-SHA256 and the comparison of its digests, for signature.c: the only
 * place that knows the crypto library.
 */
#ifndef STRIPEHOOK_SIGNATURE_HMAC_H
#define STRIPEHOOK_SIGNATURE_HMAC_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define SIGNATURE_HMAC_SIZE 32 /* bytes of a digest */

/* A context, used for one digest after the other; belongs to one thread. */
struct signature_hmac;

/*
 * RES_OK and *h is the caller's to close, or RES_FAILED.
 */
enum result signature_hmac_open(struct signature_hmac **h, struct err *e);
void signature_hmac_close(struct signature_hmac *h); /* h may be NULL */

/*
 * Begin a digest with a key, dropping one that was not ended; add n bytes; end
 * it. A failure sticks until the next begin and shows in signature_hmac_end:
 * RES_OK with the digest in out, or RES_FAILED with the reason in e. An empty
 * key is a failure.
 */
void signature_hmac_begin(
    struct signature_hmac *h, const void *key, size_t len);
void signature_hmac_add(struct signature_hmac *h, const void *p, size_t n);
enum result signature_hmac_end(struct signature_hmac *h,
    unsigned char out[SIGNATURE_HMAC_SIZE], struct err *e);

/*
 * Whether two digests are the same, in a time that does not depend on them.
 */
bool signature_hmac_same(const unsigned char a[SIGNATURE_HMAC_SIZE],
    const unsigned char b[SIGNATURE_HMAC_SIZE]);

#endif
