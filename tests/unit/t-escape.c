/*
 * The escapers: tables of input and expected text.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "escape.h"

#include "banned.h"

struct row {
	const char *in;
	size_t n; /* 0: up to the NUL */
	const char *out;
};

typedef void escaper(struct buf *, const char *, size_t);

static void
check_rows(escaper *f, const struct row *rows, size_t n)
{
	struct buf out;
	size_t i;

	buf_init(&out, 4096);
	for (i = 0; i < n; i++) {
		buf_reset(&out, 4096);
		f(&out, rows[i].in,
		    rows[i].n > 0 ? rows[i].n : strlen(rows[i].in));
		assert_string_equal(buf_text(&out), rows[i].out);
	}
	buf_free(&out);
}

static void
line(void **state)
{
	static const struct row rows[] = {
		{ "plain text", 0, "plain text" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 0,
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\nb\tc\r", 0, "a\\x0ab\\x09c\\x0d" },
		{ "\x1b[31mred", 0, "\\x1b[31mred" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\x7f", 0, "\\x7f" },
		{ "\xc2\x9b", 0, "\\u{9b}" },
		{ "\xe2\x80\xae"
		  "evil",
		    0, "\\u{202e}evil" },
		{ "\xe2\x80\x8b", 0, "\\u{200b}" },
		{ "\xf3\xa0\x81\x81", 0, "\\u{e0041}" },
		{ "\xff\xfe", 0, "\\xff\\xfe" },
		{ "\xc0\xaf", 0, "\\xc0\\xaf" }, /* overlong */
		{ "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80" },
		{ "\xe2\x82", 0, "\\xe2\\x82" }, /* cut off */
		{ "\xe2\x82"
		  "A",
		    0, "\\xe2\\x82A" },
	};

	(void)state;
	check_rows(escape_line, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
text_keeps_lines(void **state)
{
	static const struct row rows[] = {
		{ "a\nb\tc", 0, "a\nb\tc" },
		{ "a\rb\x1b\0", 5, "a\\x0db\\x1b\\x00" },
	};

	(void)state;
	check_rows(escape_text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
json(void **state)
{
	static const struct row rows[] = {
		{ "plain", 0, "\"plain\"" },
		{ "say \"hi\" \\ now", 0, "\"say \\\"hi\\\" \\\\ now\"" },
		{ "a\nb\x01\x1f", 0, "\"a\\nb\\u0001\\u001f\"" },
		{ "a\0b", 3, "\"a\\u0000b\"" },
		{ "caf\xc3\xa9", 0, "\"caf\xc3\xa9\"" },
		{ "\xff", 0, "\"\\ufffd\"" },
		{ "\xe2\x80\xa8", 0, "\"\\u2028\"" },
	};

	(void)state;
	check_rows(escape_json, rows, sizeof(rows) / sizeof(rows[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line),
		cmocka_unit_test(text_keeps_lines),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
