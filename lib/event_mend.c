/*
 * A scan that knows strings, numbers and nesting, and nothing else of JSON.
 */
#include "config.h"

#include <string.h>

#include "event_mend.h"

#include "banned.h"

#define INTEGER_DIGITS 19 /* of the largest in 64 bits */
#define REAL_EXPONENT 308 /* below 1e308 everything is a double */
#define EXPONENT_CAP 100000 /* where counting stops */

struct scan {
	char *text;
	size_t len;
	size_t pos;
	size_t depth;
	struct event_mend *m;
	unsigned int seen; /* bit i: top_keys[i] was met */
};

static const char *const top_keys[] = { "id", "type", "object" };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * The code of a \uXXXX at the begin of n bytes, or -1.
 */
static int
unicode_escape(const char *s, size_t n)
{
	int code = 0, digit;
	size_t i;

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		digit = hex_value(s[i]);
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/*
 * Notes n bytes that are about to be changed (FNV-1a, summed up).
 */
static void
note(struct event_mend *m, const char *s, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < n; i++) {
		h ^= (unsigned char)s[i];
		h *= UINT64_C(0x100000001b3);
	}
	m->places++;
	m->trace += h;
}

/*
 * Mends the escape at the begin of n bytes of a string and returns how many
 * bytes it has.
 */
static size_t
mend_escape(struct event_mend *m, char *s, size_t n, bool is_key)
{
	int code, next;

	code = unicode_escape(s, n);
	if (code < 0)
		return 2;
	if (code >= 0xd800 && code <= 0xdbff) {
		next = unicode_escape(s + 6, n - 6);
		if (next >= 0xdc00 && next <= 0xdfff)
			return 12;
	}
	if ((code >= 0xd800 && code <= 0xdfff) || (is_key && code == 0)) {
		note(m, s, 6);
		memcpy(s + 2, is_key ? "fffd" : "0000", 4);
	}
	return 6;
}

/*
 * Whether n bytes of a string mean this name, which has letters only.
 */
static bool
means(const char *s, size_t n, const char *name)
{
	int code;

	while (n > 0 && *name != '\0') {
		code = unicode_escape(s, n);
		if ((code < 0 ? s[0] : code) != *name)
			return false;
		s += code < 0 ? 1 : 6;
		n -= code < 0 ? 1 : 6;
		name++;
	}
	return n == 0 && *name == '\0';
}

static void
top_key(struct scan *sc, const char *s, size_t n)
{
	unsigned int i;

	for (i = 0; i < sizeof(top_keys) / sizeof(top_keys[0]); i++) {
		if (!means(s, n, top_keys[i]))
			continue;
		if ((sc->seen & 1U << i) && sc->m->twice == NULL)
			sc->m->twice = top_keys[i];
		sc->seen |= 1U << i;
	}
}

/*
 * Where the string that begins at pos ends: at its closing quote, or at len.
 */
static size_t
string_end(const struct scan *sc)
{
	size_t i = sc->pos + 1;

	while (i < sc->len && sc->text[i] != '"')
		i += sc->text[i] == '\\' ? 2 : 1;
	return i < sc->len ? i : sc->len;
}

static void
scan_string(struct scan *sc)
{
	size_t begin = sc->pos + 1, end = string_end(sc), i;
	bool is_key;

	i = end + 1;
	while (i < sc->len && is_space(sc->text[i]))
		i++;
	is_key = i < sc->len && sc->text[i] == ':';
	if (is_key && sc->depth == 1)
		top_key(sc, sc->text + begin, end - begin);
	for (i = begin; i < end;) {
		if (sc->text[i] == '\\')
			i += mend_escape(sc->m, sc->text + i, end - i, is_key);
		else
			i++;
	}
	sc->pos = end + 1;
}

static size_t
digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(s[i]))
		i++;
	return i;
}

/*
 * The number behind an 'e', cut at EXPONENT_CAP.
 */
static long
exponent(const char *s, size_t n)
{
	bool negative;
	long value = 0;

	negative = n > 0 && s[0] == '-';
	if (n > 0 && (s[0] == '-' || s[0] == '+')) {
		s++;
		n--;
	}
	for (; n > 0 && value < EXPONENT_CAP; s++, n--)
		value = value * 10 + (*s - '0');
	return negative ? -value : value;
}

static bool
integer_too_large(const char *s, size_t n, bool negative)
{
	const char *largest =
	    negative ? "9223372036854775808" : "9223372036854775807";

	return n > INTEGER_DIGITS ||
	    (n == INTEGER_DIGITS && memcmp(s, largest, n) > 0);
}

/*
 * Whether n bytes are a JSON number (RFC 8259 section 6) that may not fit 64
 * bits or a double. Reals from 1e308 on are counted in: it does no harm.
 */
static bool
too_large(const char *s, size_t n)
{
	size_t sign, whole, i, part;

	sign = n > 0 && s[0] == '-' ? 1 : 0;
	whole = digits(s + sign, n - sign);
	i = sign + whole;
	if (whole == 0 || (whole > 1 && s[sign] == '0'))
		return false;
	if (i == n)
		return integer_too_large(s + sign, whole, sign != 0);
	if (s[i] == '.') {
		part = digits(s + i + 1, n - i - 1);
		if (part == 0)
			return false;
		i += 1 + part;
	}
	if (i == n)
		return whole > REAL_EXPONENT;
	if (s[i] != 'e' && s[i] != 'E')
		return false;
	i++;
	part = i < n && (s[i] == '+' || s[i] == '-') ? 1 : 0;
	if (digits(s + i + part, n - i - part) != n - i - part || i + part == n)
		return false;
	return (long)whole - 1 + exponent(s + i, n - i) >= REAL_EXPONENT;
}

static void
scan_number(struct scan *sc)
{
	char *s = sc->text + sc->pos;
	size_t n = 0, left = sc->len - sc->pos;

	while (n < left && (is_digit(s[n]) || memchr("+-.eE", s[n], 5)))
		n++;
	if (too_large(s, n)) {
		note(sc->m, s, n);
		memset(s, ' ', n);
		memcpy(s, "null", 4);
	}
	sc->pos += n;
}

void
event_mend(char *text, size_t len, struct event_mend *m)
{
	struct scan sc = { .text = text, .len = len, .m = m };
	char c;

	memset(m, 0, sizeof(*m));
	while (sc.pos < len) {
		c = text[sc.pos];
		if (c == '"') {
			scan_string(&sc);
			continue;
		}
		if (c == '-' || is_digit(c)) {
			scan_number(&sc);
			continue;
		}
		if (c == '{' || c == '[')
			sc.depth++;
		else if ((c == '}' || c == ']') && sc.depth > 0)
			sc.depth--;
		sc.pos++;
	}
}
