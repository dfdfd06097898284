/*
 * Strings of JSON with other escapes.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "reshape_string.h"

#include "banned.h"

size_t
reshape_string_length(const char *p, size_t len)
{
	size_t i;

	for (i = 1; i < len; i++) {
		if (p[i] == '"')
			return i + 1;
		if (p[i] == '\\')
			i++;
	}
	return 0;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/*
 * The unit of UTF-16 in a \uXXXX at p, or -1.
 */
static int32_t
unit(const char *p, size_t n)
{
	int32_t value = 0;
	int i, digit;

	if (n < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		if ((digit = hex_value(p[i])) < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/*
 * Reads an escape into *c and returns its length; 0 where it is to stay as it
 * is, such as a lone surrogate.
 */
static size_t
read_escape(const char *p, size_t n, int32_t *c)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	int32_t high, low;
	const char *at;

	if (n < 2)
		return 0;
	if (p[1] != 'u') {
		at = p[1] != '\0' ? strchr(letters, p[1]) : NULL;
		if (at == NULL)
			return 0;
		*c = meant[at - letters];
		return 2;
	}
	high = unit(p, n);
	if (high < 0xd800 || high > 0xdfff) {
		*c = high;
		return high < 0 ? 0 : 6;
	}
	low = unit(p + 6, n - 6);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	*c = 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);
	return 12;
}

/*
 * Reads a character of more than one byte into *c and returns its length; 0
 * where it is no UTF-8.
 */
static size_t
read_utf8(const char *p, size_t n, int32_t *c)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t i, len;

	len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc2 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	*c = u[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (u[i] & 0x3f);
	}
	return len;
}

static void
write_utf8(struct buf *out, int32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return;
	}
	if (c >= 0x10000) {
		buf_putc(out, (char)(0xf0 | c >> 18));
		buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		buf_putc(out, (char)(0xe0 | c >> 12));
	} else {
		buf_putc(out, (char)(0xc0 | c >> 6));
	}
	if (c >= 0x800)
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

static void
write_unit(struct buf *out, int32_t c, bool upper)
{
	buf_printf(out, upper ? "\\u%04X" : "\\u%04x", (unsigned int)c);
}

/*
 * Writes a character as RFC 8259, section 7, demands at least.
 */
static void
write_char(struct buf *out, int32_t c, const struct reshape *how)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	const bool upper = how->escapes == RESHAPE_ESCAPES_UPPER;
	const char *at;

	if (c == '"' || c == '\\') {
		buf_putc(out, '\\');
		buf_putc(out, (char)c);
	} else if (c < 0x20) {
		at = c != 0 ? strchr(meant, (int)c) : NULL;
		if (at != NULL)
			buf_printf(out, "\\%c", letters[at - meant]);
		else
			write_unit(out, c, upper);
	} else if (c < 0x80 || how->escapes == RESHAPE_ESCAPES_NONE) {
		write_utf8(out, c);
	} else if (c < 0x10000) {
		write_unit(out, c, upper);
	} else {
		write_unit(out, 0xd800 + ((c - 0x10000) >> 10), upper);
		write_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff), upper);
	}
}

/*
 * A slash has a rule of its own: whether it stands behind a backslash is what
 * some programs change, and nothing else.
 */
static void
write_slash(struct buf *out, bool escaped, const struct reshape *how)
{
	if (how->slashes != RESHAPE_SLASHES_KEEP)
		escaped = how->slashes == RESHAPE_SLASHES_ESCAPED;
	buf_puts(out, escaped ? "\\/" : "/");
}

void
reshape_string(
    struct buf *out, const char *p, size_t n, const struct reshape *how)
{
	const char *end = p + n;
	int32_t c = 0;
	size_t len;

	for (; p < end; p += len) {
		const size_t left = (size_t)(end - p);

		len = 1;
		if (*p == '/' || (*p == '\\' && left > 1 && p[1] == '/')) {
			len = *p == '/' ? 1 : 2;
			write_slash(out, len == 2, how);
			continue;
		}
		if (*p == '\\')
			len = read_escape(p, left, &c);
		else if ((*p & 0x80) != 0)
			len = read_utf8(p, left, &c);
		else
			c = *p;
		if (len > 0 && how->escapes != RESHAPE_ESCAPES_KEEP &&
		    (*p == '\\' || (*p & 0x80) != 0)) {
			write_char(out, c, how);
			continue;
		}
		/* As it stands; an escape that is kept is at least two. */
		if (len == 0)
			len = *p == '\\' && left > 1 ? 2 : 1;
		buf_add(out, p, len);
	}
}
