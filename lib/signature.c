/*
 * Verifying and making Stripe's signature. The order of verdicts is header,
 * digest, age: so "too old" always means that Stripe itself signed it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"
#include "mem.h"
#include "secret.h"
#include "signature_hmac.h"

#include "banned.h"

#define TIME_MAX INT64_C(999999999999)

static const char fingerprint_label[] = "stripehook fingerprint of a secret";

static const char hint_test_mode[] =
    "sent in test mode (has v0): is this endpoint's test secret configured?";
static const char hint_live[] =
    "is this the secret of this very endpoint, and does nothing change the "
    "body on the way?";

struct key {
	char *value; /* owned, cleansed */
	size_t len;
	int64_t tolerance;
};

struct signature_set {
	struct signature_hmac *hmac; /* owned */
	size_t n;
	struct key *keys; /* owned */
};

enum result
signature_open(struct signature_set **out,
    const struct signature_secret *secrets, size_t n, struct err *e)
{
	struct signature_set *set;
	enum result r;
	size_t i;

	*out = NULL;
	for (i = 0; i < n; i++) {
		if (!secret_usable(secrets[i].value, secrets[i].len)) {
			err_set(e,
			    "secret %zu is empty or holds blanks or "
			    "control characters",
			    i + 1);
			return RES_INVALID;
		}
		if (secrets[i].tolerance < 1) {
			err_set(e,
			    "tolerance %" PRId64 " of secret %zu is "
			    "not at least 1 second",
			    secrets[i].tolerance, i + 1);
			return RES_INVALID;
		}
	}
	set = mem_alloc(1, sizeof(*set));
	r = signature_hmac_open(&set->hmac, e);
	if (r != RES_OK) {
		signature_close(set);
		return r;
	}
	set->keys = mem_alloc(n > 0 ? n : 1, sizeof(*set->keys));
	set->n = n;
	for (i = 0; i < n; i++) {
		set->keys[i].value =
		    mem_strndup(secrets[i].value, secrets[i].len);
		set->keys[i].len = secrets[i].len;
		set->keys[i].tolerance = secrets[i].tolerance;
	}
	*out = set;
	return RES_OK;
}

void
signature_close(struct signature_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->n; i++) {
		mem_cleanse(set->keys[i].value, set->keys[i].len);
		free(set->keys[i].value);
	}
	free(set->keys);
	signature_hmac_close(set->hmac);
	free(set);
}

/*
 * Whether there is at least one secret and every one can be a key. Looked at
 * again at every use: with an empty key anybody could sign.
 */
static bool
set_usable(const struct signature_set *set)
{
	size_t i;

	if (set == NULL || set->n == 0)
		return false;
	for (i = 0; i < set->n; i++) {
		if (!secret_usable(set->keys[i].value, set->keys[i].len))
			return false;
	}
	return true;
}

/*
 * Begins the digest of what was signed; the body is still to be added.
 */
static void
begin(struct signature_hmac *hmac, const struct key *key, const char *t_text)
{
	signature_hmac_begin(hmac, key->value, key->len);
	signature_hmac_add(hmac, t_text, strlen(t_text));
	signature_hmac_add(hmac, ".", 1);
}

/*
 * 1 if the digest is one of the header's, else 0. All are compared.
 */
static size_t
fits(const unsigned char digest[SIGNATURE_DIGEST_SIZE],
    const struct signature_header *h)
{
	size_t i, hit = 0;

	for (i = 0; i < h->nv1; i++)
		hit |= (size_t)signature_hmac_same(digest, h->v1[i]);
	return hit;
}

/*
 * The header comes from signature_parse, but one mistake of a caller must not
 * become an accepted forgery or a read beyond an array.
 */
static bool
header_sound(const struct signature_header *h)
{
	size_t n;

	n = strnlen(h->t_text, sizeof(h->t_text));
	return n > 0 && n < sizeof(h->t_text) && h->t >= 1 &&
	    h->t <= TIME_MAX && h->nv1 >= 1 && h->nv1 <= SIGNATURE_V1_MAX;
}

static enum signature_verdict
match(struct signature_set *set, const struct signature_header *h,
    const void *body, size_t len, struct signature_found *found, struct err *e)
{
	unsigned char digest[SIGNATURE_DIGEST_SIZE];
	size_t i, hit, first, any = 0;
	enum result r = RES_OK;

	for (i = 0; i < set->n; i++) {
		begin(set->hmac, &set->keys[i], h->t_text);
		signature_hmac_add(set->hmac, body, len);
		r = signature_hmac_end(set->hmac, digest, e);
		if (r != RES_OK)
			break;
		hit = fits(digest, h);
		/* The first that fits, without a branch on a digest. */
		first = (size_t)0 - (hit & ~any & 1);
		found->secret = (found->secret & ~first) | (i & first);
		any |= hit;
		if (i < 64)
			found->matched |= (uint64_t)(hit & 1) << i;
	}
	mem_cleanse(digest, sizeof(digest));
	if (r != RES_OK)
		return SIGNATURE_ERROR;
	if (any)
		return SIGNATURE_OK;
	err_set(e, "none of %zu v1 digests fits any of %zu secrets: %s", h->nv1,
	    set->n, h->has_v0 ? hint_test_mode : hint_live);
	return SIGNATURE_WRONG;
}

static enum signature_verdict
judge_age(int64_t age, int64_t tolerance, struct err *e)
{
	if (age > tolerance) {
		err_set(e,
		    "signed %" PRId64 " seconds ago, tolerance %" PRId64
		    ": is this machine's clock right, or was the request held "
		    "up or replayed?",
		    age, tolerance);
		return SIGNATURE_OLD;
	}
	if (age < -tolerance) {
		err_set(e,
		    "signed %" PRId64 " seconds ahead, tolerance %" PRId64
		    ": is this machine's clock right?",
		    -age, tolerance);
		return SIGNATURE_FUTURE;
	}
	return SIGNATURE_OK;
}

enum signature_verdict
signature_verify(struct signature_set *set, const struct signature_header *h,
    const void *body, size_t len, int64_t now, struct signature_found *found,
    struct err *e)
{
	enum signature_verdict v;

	memset(found, 0, sizeof(*found));
	if (!set_usable(set)) {
		err_set(e, "there is no usable signing secret to verify with");
		return SIGNATURE_NO_SECRET;
	}
	if (!header_sound(h)) {
		err_set(e, "Stripe-Signature was not taken apart");
		return SIGNATURE_MALFORMED;
	}
	if (now < 0) {
		err_set(e, "this machine's clock is before 1970");
		return SIGNATURE_ERROR;
	}
	found->nv1 = h->nv1;
	found->has_v0 = h->has_v0;
	found->age = now - h->t;
	v = match(set, h, body, len, found, e);
	if (v != SIGNATURE_OK)
		return v;
	return judge_age(found->age, set->keys[found->secret].tolerance, e);
}

/*
 * What may have been done to a body on the way. Each adds the body as it was
 * before, or returns false where its guess cannot be.
 */
static bool
add_without_newline(struct signature_hmac *hmac, const char *body, size_t len)
{
	if (len == 0 || body[len - 1] != '\n')
		return false;
	len--;
	if (len > 0 && body[len - 1] == '\r')
		len--;
	signature_hmac_add(hmac, body, len);
	return true;
}

static bool
add_with_newline(struct signature_hmac *hmac, const char *body, size_t len)
{
	signature_hmac_add(hmac, body, len);
	signature_hmac_add(hmac, "\n", 1);
	return true;
}

static bool
add_with_lf(struct signature_hmac *hmac, const char *body, size_t len)
{
	const char *crlf;
	bool changed = false;
	size_t n;

	while ((crlf = memmem(body, len, "\r\n", 2)) != NULL) {
		changed = true;
		n = (size_t)(crlf - body);
		signature_hmac_add(hmac, body, n);
		signature_hmac_add(hmac, "\n", 1);
		body += n + 2;
		len -= n + 2;
	}
	signature_hmac_add(hmac, body, len);
	return changed;
}

static bool
add_without_bom(struct signature_hmac *hmac, const char *body, size_t len)
{
	if (len < 3 || memcmp(body, "\xef\xbb\xbf", 3) != 0)
		return false;
	signature_hmac_add(hmac, body + 3, len - 3);
	return true;
}

static const struct guess {
	bool (*add)(struct signature_hmac *hmac, const char *body, size_t len);
	const char *words;
} guesses[] = {
	{ add_without_newline,
	    "the signature fits the body without its final newline: something "
	    "on the way added one" },
	{ add_with_newline,
	    "the signature fits the body with a final newline: something on "
	    "the way cut it off" },
	{ add_with_lf,
	    "the signature fits the body with LF for CRLF: something on the "
	    "way changed its line ends" },
	{ add_without_bom,
	    "the signature fits the body without its byte order mark: "
	    "something on the way added one" },
};

static bool
guess_fits(struct signature_set *set, const struct guess *g,
    const struct signature_header *h, const void *body, size_t len)
{
	unsigned char digest[SIGNATURE_DIGEST_SIZE];
	size_t i, any = 0;

	for (i = 0; i < set->n; i++) {
		begin(set->hmac, &set->keys[i], h->t_text);
		if (!g->add(set->hmac, body, len) ||
		    signature_hmac_end(set->hmac, digest, NULL) != RES_OK)
			break;
		any |= fits(digest, h);
	}
	mem_cleanse(digest, sizeof(digest));
	return any != 0;
}

enum result
signature_diagnose(struct signature_set *set, const struct signature_header *h,
    const void *body, size_t len, struct err *e)
{
	size_t i;

	if (!set_usable(set) || !header_sound(h))
		return RES_UNKNOWN;
	for (i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		if (guess_fits(set, &guesses[i], h, body, len)) {
			err_set(e, "%s", guesses[i].words);
			return RES_OK;
		}
	}
	return RES_UNKNOWN;
}

static void
write_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 0xf];
	}
	*out = '\0';
}

static void
write_header(char out[SIGNATURE_TEXT_SIZE], const char *t_text,
    const unsigned char digest[SIGNATURE_DIGEST_SIZE])
{
	int n = snprintf(out, SIGNATURE_TEXT_SIZE, "t=%s,v1=", t_text);

	write_hex(out + n, digest, SIGNATURE_DIGEST_SIZE);
}

enum result
signature_sign(const char *secret, size_t secret_len, int64_t t,
    const void *body, size_t len, char out[SIGNATURE_TEXT_SIZE], struct err *e)
{
	struct signature_secret one = { secret, secret_len, 1 };
	unsigned char digest[SIGNATURE_DIGEST_SIZE];
	struct signature_set *set;
	char t_text[16];
	enum result r;

	out[0] = '\0';
	if (t < 1 || t > TIME_MAX) {
		err_set(
		    e, "%" PRId64 " is no time that a signature can have", t);
		return RES_INVALID;
	}
	r = signature_open(&set, &one, 1, e);
	if (r != RES_OK)
		return r;
	(void)snprintf(t_text, sizeof(t_text), "%" PRId64, t);
	begin(set->hmac, &set->keys[0], t_text);
	signature_hmac_add(set->hmac, body, len);
	r = signature_hmac_end(set->hmac, digest, e);
	if (r == RES_OK)
		write_header(out, t_text, digest);
	mem_cleanse(digest, sizeof(digest));
	signature_close(set);
	return r;
}

enum result
signature_set_fingerprint(struct signature_set *set, size_t secret,
    char out[SIGNATURE_FINGERPRINT_SIZE], struct err *e)
{
	unsigned char digest[SIGNATURE_DIGEST_SIZE];
	const struct key *key = &set->keys[secret];
	enum result r;

	out[0] = '\0';
	/* No genuine signature begins so: a digit stands in front there. */
	signature_hmac_begin(set->hmac, key->value, key->len);
	signature_hmac_add(
	    set->hmac, fingerprint_label, strlen(fingerprint_label));
	r = signature_hmac_end(set->hmac, digest, e);
	if (r == RES_OK)
		write_hex(out, digest, (SIGNATURE_FINGERPRINT_SIZE - 1) / 2);
	mem_cleanse(digest, sizeof(digest));
	return r;
}

enum result
signature_fingerprint(const char *secret, size_t len,
    char out[SIGNATURE_FINGERPRINT_SIZE], struct err *e)
{
	struct signature_secret one = { secret, len, 1 };
	struct signature_set *set;
	enum result r;

	out[0] = '\0';
	if ((r = signature_open(&set, &one, 1, e)) != RES_OK)
		return r;
	r = signature_set_fingerprint(set, 0, out, e);
	signature_close(set);
	return r;
}

const char *
signature_verdict_name(enum signature_verdict v)
{
	switch (v) {
	case SIGNATURE_OK:
		return "ok";
	case SIGNATURE_MISSING:
		return "no-signature";
	case SIGNATURE_MALFORMED:
		return "malformed";
	case SIGNATURE_NO_V1:
		return "no-v1";
	case SIGNATURE_WRONG:
		return "wrong-signature";
	case SIGNATURE_OLD:
		return "too-old";
	case SIGNATURE_FUTURE:
		return "too-new";
	case SIGNATURE_NO_SECRET:
		return "no-secret";
	case SIGNATURE_ERROR:
		break;
	}
	return "error";
}
