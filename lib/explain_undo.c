/*
 * Changes of a body as bytes, and how each is undone.
 */
#include "config.h"

#include <string.h>

#include "explain_undo.h"

#include "banned.h"

static const char bom[] = "\xef\xbb\xbf";

/* What Windows-1252 has from 0x80 to 0x9f; 0 for nothing. */
static const unsigned short windows[32] = { 0x20ac, 0, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
	0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178 };

static bool
without_newline(struct buf *out, const char *p, size_t n)
{
	if (n == 0 || p[n - 1] != '\n')
		return false;
	n--;
	buf_add(out, p, n > 0 && p[n - 1] == '\r' ? n - 1 : n);
	return true;
}

static bool
with_newline(struct buf *out, const char *p, size_t n)
{
	buf_add(out, p, n);
	buf_putc(out, '\n');
	return true;
}

static bool
with_crlf_at_end(struct buf *out, const char *p, size_t n)
{
	buf_add(out, p, n);
	buf_puts(out, "\r\n");
	return true;
}

static bool
without_blanks(struct buf *out, const char *p, size_t n)
{
	const size_t all = n;

	while (n > 0 && p[n - 1] != '\0' && strchr(" \t\r\n", p[n - 1]) != NULL)
		n--;
	buf_add(out, p, n);
	return n < all;
}

static bool
without_nuls(struct buf *out, const char *p, size_t n)
{
	const size_t all = n;

	while (n > 0 && p[n - 1] == '\0')
		n--;
	buf_add(out, p, n);
	return n < all;
}

static bool
lf_for_crlf(struct buf *out, const char *p, size_t n)
{
	const size_t len = out->len;
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != '\r' || i + 1 == n || p[i + 1] != '\n')
			buf_putc(out, p[i]);
	return out->len - len < n;
}

static bool
crlf_for_lf(struct buf *out, const char *p, size_t n)
{
	const size_t len = out->len;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, p[i]);
	}
	return out->len - len > n;
}

static bool
without_bom(struct buf *out, const char *p, size_t n)
{
	if (n < 3 || memcmp(p, bom, 3) != 0)
		return false;
	buf_add(out, p + 3, n - 3);
	return true;
}

static bool
with_bom(struct buf *out, const char *p, size_t n)
{
	buf_puts(out, bom);
	buf_add(out, p, n);
	return true;
}

/*
 * The byte that a character of the old character sets stands for, or -1.
 */
static int
byte_of(unsigned int c)
{
	int i;

	if (c <= 0xff)
		return (int)c;
	for (i = 0; i < 32; i++)
		if (windows[i] == c)
			return 0x80 + i;
	return -1;
}

/*
 * Every character becomes the byte that it was taken for.
 */
static bool
decoded_once(struct buf *out, const char *body, size_t n)
{
	const unsigned char *p = (const unsigned char *)body, *end = p + n;
	bool any = false;
	unsigned int c;
	int byte;

	while (p < end) {
		c = *p++;
		if (c >= 0x80) {
			any = true;
			if (c >= 0xc2 && c < 0xe0 && p < end) {
				c = (c & 0x1f) << 6 | (*p++ & 0x3f);
			} else if (c >= 0xe0 && c < 0xf0 && end - p > 1) {
				c = (c & 0x0f) << 12 | (p[0] & 0x3fU) << 6 |
				    (p[1] & 0x3f);
				p += 2;
			} else {
				return false;
			}
		}
		if ((byte = byte_of(c)) < 0)
			return false;
		buf_putc(out, (char)byte);
	}
	return any;
}

static const struct explain_undo undos[] = {
	{ without_newline, "a final newline was added", false },
	{ with_newline, "the final newline was cut off", false },
	{ with_crlf_at_end, "the final CRLF was cut off", false },
	{ without_blanks, "blanks or newlines were added at the end", false },
	{ without_nuls, "NUL bytes were added at the end", true },
	{ lf_for_crlf, "newlines became CRLF", false },
	{ crlf_for_lf, "CRLF became newlines", false },
	{ without_bom, "a byte order mark was put in front", true },
	{ with_bom, "the byte order mark was taken off", false },
	{ decoded_once,
	    "its UTF-8 was taken for another character set and encoded again",
	    true },
};

const struct explain_undo *
explain_undos(size_t *n)
{
	*n = sizeof(undos) / sizeof(undos[0]);
	return undos;
}
