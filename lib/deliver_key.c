/*
 * The idempotency key that a handler uses in its own calls to Stripe.
 */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "deliver_impl.h"

#include "banned.h"

#define KEY_TAIL 33 /* "~" and 32 digits */

/* FNV-1a of 128 bits (draft-eastlake-fnv), in two halves. */
struct key_hash {
	uint64_t high;
	uint64_t low;
};

static const struct key_hash key_hash_basis = { 0x6c62272e07bb0142,
	0x62b821756295c58d };

/* Times the prime, 2^88 + 0x13b, modulo 2^128. */
static void
key_hash_multiply(struct key_hash *h)
{
	uint64_t part0 = (h->low & UINT32_MAX) * 0x13b;
	uint64_t part1 = (h->low >> 32) * 0x13b + (part0 >> 32);

	h->high = h->high * 0x13b + (part1 >> 32) + (h->low << 24);
	h->low = part1 << 32 | (part0 & UINT32_MAX);
}

static void
key_hash_add(struct key_hash *h, const char *s)
{
	for (; *s != '\0'; s++) {
		h->low ^= (unsigned char)*s;
		key_hash_multiply(h);
	}
}

/* Fits s at *at, made printable; returns whether it is there unchanged. */
static bool
key_add(char key[DELIVER_KEY_SIZE], size_t *at, const char *s)
{
	bool same = true;

	for (; *s != '\0' && *at < DELIVER_KEY_MAX; s++) {
		bool plain = *s > ' ' && *s < 0x7f;

		key[(*at)++] = plain ? *s : '_';
		same = same && plain;
	}
	key[*at] = '\0';
	return same && *s == '\0';
}

void
deliver_key(const char *endpoint, const char *handler, const char *event_id,
    char key[DELIVER_KEY_SIZE])
{
	const char *const parts[] = { endpoint, ":", handler, ":", event_id };
	struct key_hash h = key_hash_basis;
	size_t i, at = 0;
	bool same = true;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		same = key_add(key, &at, parts[i]) && same;
		key_hash_add(&h, parts[i]);
	}
	if (same)
		return;
	if (at > DELIVER_KEY_MAX - KEY_TAIL)
		at = DELIVER_KEY_MAX - KEY_TAIL;
	snprintf(key + at, DELIVER_KEY_SIZE - at, "~%016" PRIx64 "%016" PRIx64,
	    h.high, h.low);
}
