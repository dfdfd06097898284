/*
 * Taking the Stripe-Signature header apart. Strict where a loose reading
 * would let a body through that was never sent (t), lenient where the digest
 * decides anyway (blanks round items, empty items, unknown schemes).
 */
#include "config.h"

#include <string.h>

#include "signature.h"

#include "banned.h"

#define TIME_DIGITS 12 /* enough until the year 33658 */

/* One "key=value"; without '=' the value is empty. Borrowed. */
struct item {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/* What was met on the way, beyond what the header keeps. */
struct tally {
	size_t nt;
	bool t_good;
	bool v1_bad;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
has_control(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') ||
		    s[i] == 0x7f)
			return true;
	}
	return false;
}

static bool
all_blank(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!is_blank(s[i]))
			return false;
	}
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static void
item_split(struct item *it, const char *s, size_t n)
{
	const char *eq;

	while (n > 0 && is_blank(s[0])) {
		s++;
		n--;
	}
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	eq = n > 0 ? memchr(s, '=', n) : NULL;
	it->key = s;
	it->key_len = eq != NULL ? (size_t)(eq - s) : n;
	it->value = eq != NULL ? eq + 1 : s + n;
	it->value_len = n - it->key_len - (eq != NULL ? 1 : 0);
}

static bool
item_is(const struct item *it, const char *key)
{
	return it->key_len == strlen(key) &&
	    memcmp(it->key, key, it->key_len) == 0;
}

/*
 * Only [1-9][0-9]{0,11}. Anything looser (a fraction, a sign, zeros in front)
 * would let the border between t and the body be moved.
 */
static bool
take_time(struct signature_header *h, const struct item *it)
{
	size_t i;

	if (it->value_len < 1 || it->value_len > TIME_DIGITS ||
	    it->value[0] == '0')
		return false;
	h->t = 0;
	for (i = 0; i < it->value_len; i++) {
		if (it->value[i] < '0' || it->value[i] > '9')
			return false;
		h->t = h->t * 10 + (it->value[i] - '0');
	}
	memcpy(h->t_text, it->value, it->value_len);
	h->t_text[it->value_len] = '\0';
	return true;
}

static bool
take_digest(struct signature_header *h, const struct item *it)
{
	unsigned char digest[SIGNATURE_DIGEST_SIZE];
	int high, low;
	size_t i;

	if (it->value_len != sizeof(digest) * 2)
		return false;
	for (i = 0; i < sizeof(digest); i++) {
		high = hex_value(it->value[i * 2]);
		low = hex_value(it->value[i * 2 + 1]);
		if (high < 0 || low < 0)
			return false;
		digest[i] = (unsigned char)(high << 4 | low);
	}
	if (h->nv1 < SIGNATURE_V1_MAX)
		memcpy(h->v1[h->nv1++], digest, sizeof(digest));
	return true;
}

static void
take_item(
    struct signature_header *h, struct tally *tally, const struct item *it)
{
	if (item_is(it, "t")) {
		tally->nt++;
		tally->t_good = take_time(h, it);
	} else if (item_is(it, "v1")) {
		if (!take_digest(h, it))
			tally->v1_bad = true;
	} else if (item_is(it, "v0")) {
		h->has_v0 = true;
	}
}

static const char *
no_v1_reason(const struct signature_header *h, const struct tally *tally)
{
	if (tally->v1_bad)
		return " of 64 lower-case hexadecimal digits";
	if (h->has_v0)
		return ", only v0, which nobody but Stripe can verify";
	return "";
}

static enum signature_verdict
judge(
    const struct signature_header *h, const struct tally *tally, struct err *e)
{
	if (tally->nt == 0) {
		err_set(e, "Stripe-Signature has no t: it is not complete");
		return SIGNATURE_MALFORMED;
	}
	if (tally->nt > 1) {
		err_set(e,
		    "Stripe-Signature has %zu times t, one is allowed: "
		    "were several headers joined into one?",
		    tally->nt);
		return SIGNATURE_MALFORMED;
	}
	if (!tally->t_good) {
		err_set(e,
		    "t in Stripe-Signature is not a plain number of seconds "
		    "of 1 to %d digits",
		    TIME_DIGITS);
		return SIGNATURE_MALFORMED;
	}
	if (h->nv1 == 0) {
		err_set(e, "Stripe-Signature has no v1 digest%s",
		    no_v1_reason(h, tally));
		return SIGNATURE_NO_V1;
	}
	return SIGNATURE_OK;
}

enum signature_verdict
signature_parse(const char *header, struct signature_header *h, struct err *e)
{
	struct tally tally = { 0 };
	struct item it;
	const char *comma;
	size_t n, part;

	memset(h, 0, sizeof(*h));
	n = header != NULL ? strnlen(header, SIGNATURE_HEADER_MAX + 1) : 0;
	if (n <= SIGNATURE_HEADER_MAX && all_blank(header, n)) {
		err_set(e,
		    "no Stripe-Signature header reached the program: the web "
		    "server must pass it on as HTTP_STRIPE_SIGNATURE");
		return SIGNATURE_MISSING;
	}
	if (n > SIGNATURE_HEADER_MAX) {
		err_set(e, "Stripe-Signature is longer than %d bytes",
		    SIGNATURE_HEADER_MAX);
		return SIGNATURE_MALFORMED;
	}
	if (has_control(header, n)) {
		err_set(e, "Stripe-Signature holds a control character");
		return SIGNATURE_MALFORMED;
	}
	for (;;) {
		comma = memchr(header, ',', n);
		part = comma != NULL ? (size_t)(comma - header) : n;
		item_split(&it, header, part);
		take_item(h, &tally, &it);
		if (comma == NULL)
			return judge(h, &tally, e);
		header = comma + 1;
		n -= part + 1;
	}
}
