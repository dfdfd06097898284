/*
 * Escaping where text is printed, named by context.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "escape.h"

#include "banned.h"

/*
 * Takes one character off s and returns how many bytes it has; 0 where the
 * bytes are no UTF-8 (RFC 3629: no overlong forms, no surrogates).
 */
static size_t
utf8_next(const unsigned char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;
	size_t len, i;

	if (s[0] < 0x80) {
		*code = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	c = s[0] & (0xffU >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = (c << 6) | (s[i] & 0x3fU);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return len;
}

/*
 * Characters that reorder, hide or break what is around them on a terminal:
 * C0 and C1 controls, DEL, bidirectional marks and overrides, line and
 * paragraph separators, zero-width ones, tags.
 */
static bool
is_hostile(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad ||
	    c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	    (c >= 0xe0000 && c <= 0xe0fff);
}

static void
escape_visible(struct buf *out, const char *s, size_t n, const char *keep)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t len, i;

	for (i = 0; i < n; i += len) {
		len = utf8_next(p + i, n - i, &c);
		if (len == 0) {
			len = 1;
			buf_printf(out, "\\x%02x", p[i]);
		} else if (!is_hostile(c) ||
		    (c != 0 && c < 0x80 && strchr(keep, (int)c) != NULL))
			buf_add(out, p + i, len);
		else if (c < 0x80)
			buf_printf(out, "\\x%02x", (unsigned int)c);
		else
			buf_printf(out, "\\u{%x}", (unsigned int)c);
	}
}

void
escape_line(struct buf *out, const char *s, size_t n)
{
	escape_visible(out, s, n, "");
}

void
escape_text(struct buf *out, const char *s, size_t n)
{
	escape_visible(out, s, n, "\n\t");
}

void
escape_json(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t len, i;

	buf_putc(out, '"');
	for (i = 0; i < n; i += len) {
		len = utf8_next(p + i, n - i, &c);
		if (len == 0) {
			len = 1;
			buf_puts(out, "\\ufffd");
		} else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (is_hostile(c) && c <= 0xffff)
			buf_printf(out, "\\u%04x", (unsigned int)c);
		else
			buf_add(out, p + i, len);
	}
	buf_putc(out, '"');
}
