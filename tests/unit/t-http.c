/*
 * Reading CONTENT_LENGTH and writing a CGI response.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "http.h"

#include "banned.h"

static void
content_length(void **state)
{
	static const struct {
		const char *text;
		enum http_length want;
		size_t n;
	} rows[] = {
		{ NULL, HTTP_LENGTH_MISSING, 0 },
		{ "", HTTP_LENGTH_MISSING, 0 },
		{ "0", HTTP_LENGTH_OK, 0 },
		{ "00", HTTP_LENGTH_OK, 0 },
		{ "31", HTTP_LENGTH_OK, 31 },
		{ "1000", HTTP_LENGTH_OK, 1000 },
		{ "0001000", HTTP_LENGTH_OK, 1000 },
		{ "1001", HTTP_LENGTH_TOO_LARGE, 0 },
		{ "18446744073709551615", HTTP_LENGTH_TOO_LARGE, 0 },
		{ "18446744073709551616", HTTP_LENGTH_TOO_LARGE, 0 },
		{ "18446744073709551647", HTTP_LENGTH_TOO_LARGE, 0 },
		{ "99999999999999999999999999", HTTP_LENGTH_TOO_LARGE, 0 },
		{ "99999999999999999999999999x", HTTP_LENGTH_MALFORMED, 0 },
		{ "-1", HTTP_LENGTH_MALFORMED, 0 },
		{ "+1", HTTP_LENGTH_MALFORMED, 0 },
		{ " 1", HTTP_LENGTH_MALFORMED, 0 },
		{ "1 ", HTTP_LENGTH_MALFORMED, 0 },
		{ "0x10", HTTP_LENGTH_MALFORMED, 0 },
		{ "1e3", HTTP_LENGTH_MALFORMED, 0 },
		{ "31, 31", HTTP_LENGTH_MALFORMED, 0 },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = 77;
		assert_int_equal(
		    http_content_length(rows[i].text, 1000, &n), rows[i].want);
		assert_int_equal(n, rows[i].n);
	}
	assert_int_equal(
	    http_content_length("18446744073709551616", SIZE_MAX, &n),
	    HTTP_LENGTH_TOO_LARGE);
}

static void
encoding(void **state)
{
	(void)state;
	assert_true(http_encoding_is_identity(NULL));
	assert_true(http_encoding_is_identity(""));
	assert_true(http_encoding_is_identity("Identity"));
	assert_false(http_encoding_is_identity("gzip"));
	assert_false(http_encoding_is_identity("identity, gzip"));
	assert_false(http_encoding_is_identity(" "));
}

static void
response(void **state)
{
	struct http_response r;
	struct buf out;

	(void)state;
	http_response_init(&r);
	buf_init(&out, 100000);
	assert_int_equal(r.status, 500);
	http_response_set(&r, 200, "{\"received\":true}\n");
	http_response_format(&r, &out);
	assert_string_equal(buf_text(&out),
	    "Status: 200 OK\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: 18\r\n"
	    "Cache-Control: no-store\r\n"
	    "\r\n"
	    "{\"received\":true}\n");
	http_response_set(&r, 405, NULL);
	r.allow = "POST";
	r.retry_after = 7;
	http_response_format(&r, &out);
	assert_string_equal(buf_text(&out),
	    "Status: 405 Method Not Allowed\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: 0\r\n"
	    "Cache-Control: no-store\r\n"
	    "Allow: POST\r\n"
	    "Retry-After: 7\r\n"
	    "\r\n");
	http_response_reset(&r);
	assert_int_equal(r.status, 500);
	assert_null(r.allow);
	assert_int_equal(r.retry_after, 0);
	http_response_free(&r);
	buf_free(&out);
}

static void
every_status_has_a_reason(void **state)
{
	static const int used[] = { 200, 400, 405, 411, 413, 415, 500, 503 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		assert_string_not_equal(http_reason(used[i]), "Unknown");
	assert_string_equal(http_reason(299), "Unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_length),
		cmocka_unit_test(encoding),
		cmocka_unit_test(response),
		cmocka_unit_test(every_status_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
