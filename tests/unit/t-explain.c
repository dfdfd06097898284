/*
 * Why a signature does not fit: bodies are signed, changed, and the change is
 * found out.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "reshape.h"

#include "banned.h"

#define SECRET "whsec_explained"
#define T 1760000000

#define STRIPE_BODY \
	"{\n  \"id\": \"evt_1\",\n  \"object\": \"event\",\n" \
	"  \"data\": {\n    \"object\": {\n      \"id\": \"pi_1\",\n" \
	"      \"object\": \"payment_intent\",\n      \"amount\": 2000,\n" \
	"      \"ratio\": 1.50,\n      \"metadata\": {},\n" \
	"      \"lines\": [\n        1,\n        2\n      ],\n" \
	"      \"note\": \"caf\xc3\xa9 <b> \xe2\x82\xac \xf0\x9f\x98\x80\",\n" \
	"      \"url\": \"https://x/y\"\n    }\n  },\n" \
	"  \"livemode\": false,\n  \"type\": \"a.b\"\n}"
#define STRIPE_COMPACT \
	"{\"id\":\"evt_1\",\"object\":\"event\"," \
	"\"data\":{\"object\":{\"id\":\"pi_1\"," \
	"\"object\":\"payment_intent\",\"amount\":2000," \
	"\"ratio\":1.50,\"metadata\":{},\"lines\":[1,2]," \
	"\"note\":\"caf\xc3\xa9 <b> \xe2\x82\xac \xf0\x9f\x98\x80\"," \
	"\"url\":\"https://x/y\"}},\"livemode\":false,\"type\":\"a.b\"}"
#define STRIPE_PHP /* json_encode's defaults */ \
	"{\"id\":\"evt_1\",\"object\":\"event\"," \
	"\"data\":{\"object\":{\"id\":\"pi_1\"," \
	"\"object\":\"payment_intent\",\"amount\":2000," \
	"\"ratio\":1.50,\"metadata\":{},\"lines\":[1,2]," \
	"\"note\":\"caf\\u00e9 <b> \\u20ac \\ud83d\\ude00\"," \
	"\"url\":\"https:\\/\\/x\\/y\"}},\"livemode\":false,\"type\":\"a.b\"}"
#define STRIPE_GO /* json.Marshal of a map: sorted, and < and > escaped */ \
	"{\"data\":{\"object\":{\"amount\":2000,\"id\":\"pi_1\"," \
	"\"lines\":[1,2],\"metadata\":{}," \
	"\"note\":\"caf\xc3\xa9 \\u003cb\\u003e \xe2\x82\xac" \
	" \xf0\x9f\x98\x80\"," \
	"\"object\":\"payment_intent\",\"ratio\":1.50," \
	"\"url\":\"https://x/y\"}},\"id\":\"evt_1\",\"livemode\":false," \
	"\"object\":\"event\",\"type\":\"a.b\"}"
/* The objects of Stripe's API are in the order of names, behind the two. */
#define ORDERED \
	"{\n  \"id\": \"evt_1\",\n  \"object\": \"event\",\n" \
	"  \"data\": {\n    \"object\": {\n      \"id\": \"pi_1\",\n" \
	"      \"object\": \"payment_intent\",\n      \"amount\": 2000,\n" \
	"      \"lines\": [\n        1,\n        2\n      ],\n" \
	"      \"metadata\": {},\n" \
	"      \"note\": \"caf\xc3\xa9 <b> \xe2\x82\xac \xf0\x9f\x98\x80\",\n" \
	"      \"ratio\": 1.50,\n" \
	"      \"url\": \"https://x/y\"\n    }\n  },\n" \
	"  \"livemode\": false,\n  \"type\": \"a.b\"\n}"
#define SHORT "{\"a\":\"caf\xc3\xa9\"}"

#define BLANKS(how) "the JSON was written with other blanks: it was signed " how
#define NEWLINE_CUT "the final newline was cut off"

struct row {
	const char *sent;
	const char *came;
	size_t came_len; /* 0: up to its NUL */
	const char *changes; /* each with a ';' behind; NULL: nothing fits */
};

static const struct row rows[] = {
	{ SHORT, SHORT "\n", 0, "a final newline was added;" },
	{ SHORT, SHORT "\r\n", 0, "a final newline was added;" },
	{ SHORT "\n", SHORT, 0, NEWLINE_CUT ";" },
	{ SHORT "\r\n", SHORT, 0, "the final CRLF was cut off;" },
	{ SHORT, SHORT " \n\n", 0,
	    "blanks or newlines were added at the end;" },
	{ SHORT, SHORT "\0", sizeof(SHORT),
	    "NUL bytes were added at the end;" },
	{ "{\n\"a\": 1\n}", "{\r\n\"a\": 1\r\n}", 0, "newlines became CRLF;" },
	{ "{\r\n\"a\": 1\r\n}", "{\n\"a\": 1\n}", 0, "CRLF became newlines;" },
	{ SHORT, "\xef\xbb\xbf" SHORT, 0,
	    "a byte order mark was put in front;" },
	{ "\xef\xbb\xbf" SHORT, SHORT, 0,
	    "the byte order mark was taken off;" },
	{ SHORT, "{\"a\":\"caf\xc3\x83\xc2\xa9\"}", 0,
	    "its UTF-8 was taken for another character set and encoded "
	    "again;" },
	/* Windows-1252: the euro sign is three bytes, one of them special. */
	{ "{\"a\":\"\xe2\x82\xac\"}",
	    "{\"a\":\"\xc3\xa2\xe2\x80\x9a\xc2\xac\"}", 0,
	    "its UTF-8 was taken for another character set and encoded "
	    "again;" },
	{ SHORT, "\xef\xbb\xbf" SHORT "\n", 0,
	    "a byte order mark was put in front;a final newline was added;" },
	{ STRIPE_BODY, STRIPE_COMPACT, 0,
	    BLANKS("with an indentation of two") ";" },
	{ STRIPE_COMPACT, STRIPE_BODY, 0, BLANKS("without any") ";" },
	{ STRIPE_BODY "\n", STRIPE_COMPACT, 0,
	    BLANKS("with an indentation of two") ";" NEWLINE_CUT ";" },
	{ STRIPE_BODY, STRIPE_PHP, 0,
	    BLANKS("with an indentation of two") ";characters became \\u "
						 "escapes;slashes were "
						 "escaped;" },
	{ STRIPE_PHP, STRIPE_COMPACT, 0,
	    "\\u escapes were changed, or became the characters that they "
	    "stand for;escaped slashes became plain ones;" },
	{ "{\"a\":\"\\u00C9\"}", "{\"a\":\"\xc3\x89\"}", 0,
	    "\\u escapes with upper-case digits were changed, or became the "
	    "characters that they stand for;" },
	{ "{\"a\":\"\\/\"}", "{\"a\":\"/\"}", 0,
	    "escaped slashes became plain ones;" },
	{ ORDERED, STRIPE_GO, 0,
	    BLANKS("with an indentation of two") ";characters became \\u "
						 "escapes;the keys were "
						 "sorted;" },
	{ STRIPE_BODY, "\xef\xbb\xbf" STRIPE_COMPACT, 0,
	    BLANKS("with an indentation of two") ";a byte order mark was put "
						 "in front;" },
	{ "{\"a\": 1, \"b\": [1, 2]}", "{\"a\":1,\"b\":[1,2]}", 0,
	    BLANKS("as one line with some") ";" },
	{ "{\n    \"a\": 1\n}", "{\"a\":1}", 0,
	    BLANKS("with an indentation of four") ";" },
	{ "{\n\t\"a\": 1\n}", "{\"a\":1}", 0,
	    BLANKS("with an indentation of tabs") ";" },
	/* What nothing explains. */
	{ SHORT, "{\"a\":\"cafe\"}", 0, NULL },
	{ STRIPE_BODY, "{\"id\":\"evt_2\"}", 0, NULL },
	{ SHORT, "", 0, NULL },
	{ "{\"a\":1}", "{\"a\":1.0}", 0, NULL },
};

static struct signature_set *
open_set(struct signature_header *h, const char *sent)
{
	const struct signature_secret two[] = { { "whsec_x", 7, 300 },
		{ SECRET, strlen(SECRET), 300 } };
	char text[SIGNATURE_TEXT_SIZE];
	struct signature_set *set;
	struct err e;

	assert_int_equal(signature_sign(SECRET, strlen(SECRET), T, sent,
			     strlen(sent), text, &e),
	    RES_OK);
	assert_int_equal(signature_parse(text, h, &e), SIGNATURE_OK);
	assert_int_equal(signature_open(&set, two, 2, &e), RES_OK);
	return set;
}

static void
finds_the_change(void **unused)
{
	struct signature_header h;
	struct signature_set *set;
	struct explain found;
	struct buf words;
	enum result r;
	size_t i, j;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		set = open_set(&h, row->sent);
		r = explain_body(set, &h, row->came,
		    row->came_len != 0 ? row->came_len : strlen(row->came),
		    &found);
		buf_init(&words, 4096);
		for (j = 0; j < found.nchanges; j++)
			buf_printf(&words, "%s;", found.changes[j]);
		if (r != (row->changes != NULL ? RES_OK : RES_UNKNOWN) ||
		    strcmp(buf_text(&words),
			row->changes != NULL ? row->changes : "") != 0 ||
		    (r == RES_OK && found.secret != 1))
			fail_msg("row %zu: %s: %s", i, result_name(r),
			    buf_text(&words));
		buf_free(&words);
		signature_close(set);
	}
}

/* Cut off anywhere, the JSON ends early; whole or broken it does not. */
static void
tells_what_ends_early(void **unused)
{
	static const char *const broken[] = { "{\"a\":]", "}", "{\"a\" 1",
		"{\"a\":1}x", "nope", "[1,]" };
	struct signature_header h;
	struct signature_set *set;
	struct explain found;
	size_t i;

	(void)unused;
	set = open_set(&h, "another");
	for (i = 0; i < strlen(STRIPE_BODY); i++) {
		(void)explain_body(set, &h, STRIPE_BODY, i, &found);
		if (!found.ends_early)
			fail_msg("cut after %zu bytes", i);
	}
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		(void)explain_body(
		    set, &h, broken[i], strlen(broken[i]), &found);
		if (found.ends_early && strcmp(broken[i], "nope") != 0)
			fail_msg("%s", broken[i]);
	}
	(void)explain_body(set, &h, STRIPE_BODY, strlen(STRIPE_BODY), &found);
	assert_false(found.ends_early);
	signature_close(set);
}

/* Deeper than anybody needs: no answer, and no end of the stack. */
static void
bears_deep_nesting(void **unused)
{
	const size_t n = 100000;
	char *deep = malloc(n);
	struct signature_header h;
	struct signature_set *set;
	struct explain found;

	(void)unused;
	assert_non_null(deep);
	memset(deep, '[', n);
	set = open_set(&h, "another");
	assert_int_equal(explain_body(set, &h, deep, n, &found), RES_UNKNOWN);
	assert_false(found.ends_early);
	signature_close(set);
	free(deep);
}

struct shape_row {
	const char *json;
	struct reshape how;
	const char *expected; /* NULL: not JSON */
};

static const struct shape_row shapes[] = {
	{ " {\"b\" : [ 1 ,\"x\" ],\"a\":{ }} ",
	    { RESHAPE_LAYOUT_KEEP, 0, 0, 0 },
	    " {\"b\" : [ 1 ,\"x\" ],\"a\":{ }} " },
	{ " {\"b\" : [ 1 ,\"x\" ],\"a\":{ }} ",
	    { RESHAPE_LAYOUT_COMPACT, 0, 0, 0 }, "{\"b\":[1,\"x\"],\"a\":{}}" },
	{ "{\"b\":[1,[]],\"a\":{}}", { RESHAPE_LAYOUT_TWO, 0, 0, 0 },
	    "{\n  \"b\": [\n    1,\n    []\n  ],\n  \"a\": {}\n}" },
	{ "{\"b\":1,\"object\":2,\"a\":{\"z\":1,\"id\":2},\"id\":3,\"ab\":4}",
	    { RESHAPE_LAYOUT_COMPACT, 0, 0, RESHAPE_ORDER_STRIPE },
	    "{\"id\":3,\"object\":2,\"a\":{\"id\":2,\"z\":1},\"ab\":4,"
	    "\"b\":1}" },
	{ "\"\\u0001\\u001f\\n\\u000a\\\"\\\\\\b\\u007f\\ud800x\\u0041\"",
	    { 0, RESHAPE_ESCAPES_NONE, 0, 0 },
	    "\"\\u0001\\u001f\\n\\n\\\"\\\\\\b\x7f\\ud800x\x41\"" },
	{ "\"\xc3\xa9\xf0\x9f\x98\x80\xff\"",
	    { 0, RESHAPE_ESCAPES_ASCII, 0, 0 },
	    "\"\\u00e9\\ud83d\\ude00\xff\"" },
	{ "\"\\u00E9/\\/\"", { 0, 0, RESHAPE_SLASHES_ESCAPED, 0 },
	    "\"\\u00E9\\/\\/\"" },
	{ "1.50e+3", { RESHAPE_LAYOUT_COMPACT, 0, 0, 0 }, "1.50e+3" },
	{ "", { 0, 0, 0, 0 }, NULL },
	{ "{} {}", { 0, 0, 0, 0 }, NULL },
	{ "[1 2]", { 0, 0, 0, 0 }, NULL },
	{ "{1:2}", { 0, 0, 0, 0 }, NULL },
};

static void
writes_another_way(void **unused)
{
	struct buf b;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape_row *row = &shapes[i];
		enum reshape_state state;

		buf_init(&b, 4096);
		state =
		    reshape_json(&b, row->json, strlen(row->json), &row->how);
		if (row->expected == NULL)
			assert_int_not_equal(state, RESHAPE_OK);
		else {
			assert_int_equal(state, RESHAPE_OK);
			assert_string_equal(buf_text(&b), row->expected);
		}
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_change),
		cmocka_unit_test(tells_what_ends_early),
		cmocka_unit_test(bears_deep_nesting),
		cmocka_unit_test(writes_another_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
