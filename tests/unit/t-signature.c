/*
 * Signatures: the cases in tests/data/signatures, signing, diagnosing, and
 * what a broken caller must not get accepted.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"
#include "signature_hmac.h"
#include "cases.h"

#include "banned.h"

#define SECRETS_MAX 32
#define SECRET "whsec_test_secret"
#define BODY "{\"id\":\"evt_1\",\"object\":\"event\"}"
#define DIGEST_A \
	"710305f7feae110e97d01e071f9d466aadf50a718e23f9956b8252f8dc0acd23"
#define HEADER_A "t=1760000000,v1=" DIGEST_A
#define TIME_A 1760000000
#define BODY_B \
	"{\n  \"id\": \"evt_2\",\n  \"object\": \"event\",\n" \
	"  \"note\": \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"\n}"
#define DIGEST_B \
	"d9f7bde84f22be6db20ddfd45e796f5ffa314cb1b4ee9d4a58e037db06797068"
#define BODY_C "{\"id\":\"evt_3\",\"object\":\"event\"}"
#define DIGEST_C1 \
	"e19c232e5c37bc6b6b068902c09d3312b504bd5047bcabfbfa5c200f787f4a26"
#define DIGEST_C2 \
	"c9d9981b537f366a43768d4996eb499c4fc27b929fe29f278166fd2facece552"

/* A case as it stands in its file; texts point into it. */
struct sample {
	int64_t now;
	struct signature_secret secrets[SECRETS_MAX];
	size_t nsecrets;
	char *header; /* NULL: none */
	char *body;
	size_t body_len;
	const char *verdict;
	int64_t index; /* -1: does not matter */
	bool has_age;
	int64_t age;
	const char *reason; /* NULL: does not matter */
};

static int64_t
number(const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || (*end != '\0' && *end != ' '))
		fail_msg("\"%s\" is no number", text);
	return n;
}

static void
take_secret(struct sample *s, char *value)
{
	struct signature_secret *secret = &s->secrets[s->nsecrets++];
	char *blank = strchr(value, ' ');

	assert_true(s->nsecrets <= SECRETS_MAX);
	secret->tolerance = number(value);
	if (blank == NULL) {
		secret->value = "";
		return;
	}
	secret->len = cases_unescape(blank + 1);
	secret->value = blank + 1;
}

static void
take_line(struct sample *s, const char *key, char *value)
{
	if (strcmp(key, "now") == 0) {
		s->now = number(value);
	} else if (strcmp(key, "secret") == 0) {
		take_secret(s, value);
	} else if (strcmp(key, "header") == 0) {
		s->header = value;
		(void)cases_unescape(value);
	} else if (strcmp(key, "body") == 0) {
		s->body = value;
		s->body_len = cases_unescape(value);
	} else if (strcmp(key, "verdict") == 0) {
		s->verdict = value;
	} else if (strcmp(key, "index") == 0) {
		s->index = number(value);
	} else if (strcmp(key, "age") == 0) {
		s->has_age = true;
		s->age = number(value);
	} else if (strcmp(key, "reason") == 0) {
		s->reason = value;
	} else {
		fail_msg("unknown key \"%s\"", key);
	}
}

static const char *
judge(const struct sample *s, struct signature_found *found, struct err *e)
{
	enum signature_verdict v;
	struct signature_header h;
	struct signature_set *set;
	enum result r;

	r = signature_open(&set, s->secrets, s->nsecrets, e);
	if (r != RES_OK) {
		assert_null(set);
		return r == RES_INVALID ? "refused-at-start" : result_name(r);
	}
	v = signature_parse(s->header, &h, e);
	if (v == SIGNATURE_OK)
		v = signature_verify(
		    set, &h, s->body, s->body_len, s->now, found, e);
	signature_close(set);
	return signature_verdict_name(v);
}

/*
 * An error text is for the log: one line, no secret, nothing like a digest.
 */
static bool
is_discreet(const struct sample *s, const char *text)
{
	size_t i, run = 0;

	for (i = 0; i < s->nsecrets; i++) {
		if (s->secrets[i].len > 3 &&
		    strstr(text, s->secrets[i].value) != NULL)
			return false;
	}
	for (; *text != '\0'; text++) {
		run = strchr("0123456789abcdefABCDEF", *text) ? run + 1 : 0;
		if (run >= 24 || (unsigned char)*text < 0x20)
			return false;
	}
	return true;
}

static void
check_case(const char *path, const char *name, void *arg)
{
	struct sample s = { .index = -1 };
	struct signature_found found = { 0 };
	struct err e = { "" };
	char *text, *rest, *key, *value;
	const char *verdict;
	size_t len, *failures = arg;
	bool good;

	text = rest = cases_read(path, name, ".case", &len);
	while (cases_line(&rest, &key, &value))
		take_line(&s, key, value);
	assert_non_null(s.verdict);
	verdict = judge(&s, &found, &e);
	good = strcmp(verdict, s.verdict) == 0 &&
	    (s.index < 0 || found.secret == (size_t)s.index) &&
	    (!s.has_age || found.age == s.age) &&
	    (s.reason == NULL || strstr(e.text, s.reason) != NULL) &&
	    (strcmp(verdict, "ok") == 0) == (e.text[0] == '\0') &&
	    is_discreet(&s, e.text);
	if (!good) {
		print_error("%s: %s, secret %zu, age %lld, \"%s\"\n", name,
		    verdict, found.secret, (long long)found.age, e.text);
		++*failures;
	}
	free(text);
}

static void
cases_are_judged(void **unused)
{
	size_t failures = 0, n;

	(void)unused;
	n = cases_each("signatures", ".case", check_case, &failures);
	assert_true(n >= 100);
	assert_int_equal(failures, 0);
}

static void
signs_the_vectors(void **unused)
{
	static const struct {
		const char *secret;
		int64_t t;
		const char *body;
		const char *header;
	} table[] = {
		{ SECRET, TIME_A, BODY, HEADER_A },
		{ "whsec_0123456789abcdef0123456789abcdef", 1793000000, BODY_B,
		    "t=1793000000,v1=" DIGEST_B },
		{ "whsec_old", 1793000001, BODY_C,
		    "t=1793000001,v1=" DIGEST_C1 },
		{ "whsec_new", 1793000001, BODY_C,
		    "t=1793000001,v1=" DIGEST_C2 },
	};
	char out[SIGNATURE_TEXT_SIZE];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
		    signature_sign(table[i].secret, strlen(table[i].secret),
			table[i].t, table[i].body, strlen(table[i].body), out,
			NULL),
		    RES_OK);
		assert_string_equal(out, table[i].header);
	}
}

static void
signs_no_odd_time_or_secret(void **unused)
{
	static const int64_t times[] = { 0, -1, INT64_MIN, 1000000000000,
		INT64_MAX };
	static const char *const secrets[] = { "", " ", "a b", "a\n", "\t" };
	char out[SIGNATURE_TEXT_SIZE];
	struct err e;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(
		    signature_sign(SECRET, 17, times[i], BODY, 31, out, &e),
		    RES_INVALID);
		assert_string_equal(out, "");
	}
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_int_equal(signature_sign(secrets[i], strlen(secrets[i]),
				     TIME_A, BODY, 31, out, &e),
		    RES_INVALID);
		assert_string_equal(out, "");
	}
	assert_int_equal(
	    signature_sign(NULL, 5, TIME_A, BODY, 31, out, &e), RES_INVALID);
	assert_int_equal(
	    signature_sign(SECRET, 17, 999999999999, "", 0, out, &e), RES_OK);
}

static void
open_set(struct signature_set **set, const char *secret)
{
	struct signature_secret one = { secret, strlen(secret), 300 };

	assert_int_equal(signature_open(set, &one, 1, NULL), RES_OK);
}

/*
 * Keys are made ready once and used often: no request may leave a trace in
 * the next one.
 */
static void
a_set_is_used_many_times(void **unused)
{
	struct signature_found found;
	struct signature_set *set;
	struct signature_header h;
	struct err e;
	int i;

	(void)unused;
	open_set(&set, SECRET);
	assert_int_equal(signature_parse(HEADER_A, &h, &e), SIGNATURE_OK);
	for (i = 0; i < 100; i++) {
		assert_int_equal(
		    signature_verify(set, &h, BODY, 31, TIME_A, &found, &e),
		    SIGNATURE_OK);
		assert_int_equal(
		    signature_verify(set, &h, BODY, 30, TIME_A, &found, &e),
		    SIGNATURE_WRONG);
		assert_int_equal(
		    signature_diagnose(set, &h, BODY, 30, &e), RES_UNKNOWN);
	}
	signature_close(set);
}

static void
the_header_is_taken_apart(void **unused)
{
	struct signature_header h;
	struct err e;

	(void)unused;
	assert_int_equal(
	    signature_parse("t=12,v1=" DIGEST_A ",v0=x", &h, &e), SIGNATURE_OK);
	assert_string_equal(h.t_text, "12");
	assert_int_equal(h.t, 12);
	assert_int_equal(h.nv1, 1);
	assert_int_equal(h.v1[0][0], 0x71);
	assert_int_equal(h.v1[0][31], 0x23);
	assert_true(h.has_v0);
	assert_int_equal(signature_parse(HEADER_A, &h, NULL), SIGNATURE_OK);
	assert_false(h.has_v0);
	assert_int_equal(signature_parse(NULL, &h, NULL), SIGNATURE_MISSING);
}

static void
nothing_is_accepted_without_a_secret(void **unused)
{
	struct signature_found found;
	struct signature_set *set;
	struct signature_header h;

	(void)unused;
	assert_int_equal(signature_open(&set, NULL, 0, NULL), RES_OK);
	assert_int_equal(signature_parse(HEADER_A, &h, NULL), SIGNATURE_OK);
	assert_int_equal(
	    signature_verify(set, &h, BODY, 31, TIME_A, &found, NULL),
	    SIGNATURE_NO_SECRET);
	assert_int_equal(
	    signature_diagnose(set, &h, BODY, 31, NULL), RES_UNKNOWN);
	signature_close(set);
	assert_int_equal(
	    signature_verify(NULL, &h, BODY, 31, TIME_A, &found, NULL),
	    SIGNATURE_NO_SECRET);
	signature_close(NULL);
}

/*
 * A caller that goes on with a header that was refused.
 */
static void
a_refused_header_is_never_accepted(void **unused)
{
	static const char *const headers[] = { NULL, "", "t=1",
		"t=1,t=2,v1=" DIGEST_A, "t=x,v1=" DIGEST_A, "v1=" DIGEST_A };
	struct signature_found found;
	struct signature_set *set;
	struct signature_header h;
	size_t i;

	(void)unused;
	open_set(&set, SECRET);
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		assert_int_not_equal(
		    signature_parse(headers[i], &h, NULL), SIGNATURE_OK);
		assert_int_not_equal(
		    signature_verify(set, &h, BODY, 31, TIME_A, &found, NULL),
		    SIGNATURE_OK);
	}
	assert_int_equal(signature_parse(HEADER_A, &h, NULL), SIGNATURE_OK);
	h.nv1 = SIGNATURE_V1_MAX + 1;
	assert_int_equal(
	    signature_verify(set, &h, BODY, 31, TIME_A, &found, NULL),
	    SIGNATURE_MALFORMED);
	assert_int_equal(signature_parse(HEADER_A, &h, NULL), SIGNATURE_OK);
	memset(h.t_text, '1', sizeof(h.t_text));
	assert_int_equal(
	    signature_verify(set, &h, BODY, 31, TIME_A, &found, NULL),
	    SIGNATURE_MALFORMED);
	signature_close(set);
}

static void
says_what_happened_to_the_body(void **unused)
{
	static const struct {
		const char *sent;
		const char *arrived;
		const char *words; /* NULL: nothing is found */
	} table[] = {
		{ "{}", "{}\n", "without its final newline" },
		{ "{}", "{}\r\n", "without its final newline" },
		{ "{}\n", "{}\n\n", "without its final newline" },
		{ "", "\n", "without its final newline" },
		{ "{}\n", "{}", "with a final newline" },
		{ "\n", "", "with a final newline" },
		{ "{\n\n}\n", "{\r\n\r\n}\r\n", "LF for CRLF" },
		{ "\n\r\r", "\r\n\r\r", "LF for CRLF" },
		{ "{}", "\xef\xbb\xbf{}", "byte order mark" },
		{ "{ }", "{}", NULL },
		{ "{}", "{}\n\n", NULL },
		{ "\xef\xbb", "\xef\xbb\xbf", NULL },
	};
	char header[SIGNATURE_TEXT_SIZE];
	struct signature_header h;
	struct signature_set *set;
	struct err e;
	enum result r;
	size_t i;

	(void)unused;
	open_set(&set, SECRET);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
		    signature_sign(SECRET, 17, TIME_A, table[i].sent,
			strlen(table[i].sent), header, NULL),
		    RES_OK);
		assert_int_equal(
		    signature_parse(header, &h, NULL), SIGNATURE_OK);
		e.text[0] = '\0';
		r = signature_diagnose(
		    set, &h, table[i].arrived, strlen(table[i].arrived), &e);
		assert_int_equal(
		    r, table[i].words != NULL ? RES_OK : RES_UNKNOWN);
		if (table[i].words != NULL)
			assert_non_null(strstr(e.text, table[i].words));
		else
			assert_string_equal(e.text, "");
	}
	signature_close(set);
}

static void
diagnoses_with_the_second_secret(void **unused)
{
	struct signature_secret two[] = { { "whsec_new", 9, 300 },
		{ SECRET, 17, 300 } };
	struct signature_header h;
	struct signature_set *set;
	struct err e;

	(void)unused;
	assert_int_equal(signature_open(&set, two, 2, NULL), RES_OK);
	assert_int_equal(signature_parse(HEADER_A, &h, NULL), SIGNATURE_OK);
	assert_int_equal(
	    signature_diagnose(set, &h, BODY "\n", 32, &e), RES_OK);
	assert_int_equal(
	    signature_diagnose(set, &h, BODY "\n", 32, NULL), RES_OK);
	signature_close(set);
}

/*
 * With an empty key anybody could sign: the last line of defence.
 */
static void
an_empty_key_makes_no_digest(void **unused)
{
	unsigned char digest[SIGNATURE_HMAC_SIZE];
	struct signature_hmac *hmac;
	struct err e;

	(void)unused;
	assert_int_equal(signature_hmac_open(&hmac, &e), RES_OK);
	assert_int_equal(signature_hmac_end(hmac, digest, &e), RES_FAILED);
	signature_hmac_begin(hmac, "", 0);
	signature_hmac_add(hmac, BODY, 31);
	assert_int_equal(signature_hmac_end(hmac, digest, &e), RES_FAILED);
	signature_hmac_begin(hmac, NULL, 5);
	assert_int_equal(signature_hmac_end(hmac, digest, &e), RES_FAILED);
	signature_hmac_begin(hmac, "k", 1);
	assert_int_equal(signature_hmac_end(hmac, digest, &e), RES_OK);
	assert_int_equal(signature_hmac_end(hmac, digest, &e), RES_FAILED);
	signature_hmac_close(hmac);
}

static void
verdicts_have_their_names(void **unused)
{
	static const char *const names[] = { "ok", "no-signature", "malformed",
		"no-v1", "wrong-signature", "too-old", "too-new", "no-secret",
		"error", "error" };
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(
		    signature_verdict_name((enum signature_verdict)i),
		    names[i]);
}

/* By HMAC of another program. */
static void
a_secret_has_a_fingerprint(void **unused)
{
	const struct signature_secret two[] = { { "whsec_other", 11, 300 },
		{ SECRET, strlen(SECRET), 300 } };
	char out[SIGNATURE_FINGERPRINT_SIZE], other[sizeof(out)];
	struct signature_set *set;
	struct err e;

	(void)unused;
	assert_int_equal(
	    signature_fingerprint(SECRET, strlen(SECRET), out, &e), RES_OK);
	assert_string_equal(out, "ff0bc3d6");
	assert_int_equal(signature_open(&set, two, 2, &e), RES_OK);
	assert_int_equal(signature_set_fingerprint(set, 1, other, &e), RES_OK);
	assert_string_equal(other, out);
	assert_int_equal(signature_set_fingerprint(set, 0, other, &e), RES_OK);
	assert_string_not_equal(other, out);
	signature_close(set);
	assert_int_equal(signature_fingerprint("", 0, out, &e), RES_INVALID);
	assert_string_equal(out, "");
	assert_int_equal(signature_fingerprint("a b", 3, out, &e), RES_INVALID);
}

/* While a secret is rolled Stripe signs with both: both are told. */
static void
tells_all_secrets_that_match(void **unused)
{
	const struct signature_secret three[] = {
		{ "whsec_new", 9, 300 },
		{ "whsec_none", 10, 300 },
		{ "whsec_old", 9, 300 },
	};
	char a[SIGNATURE_TEXT_SIZE], b[SIGNATURE_TEXT_SIZE], both[256];
	struct signature_found found;
	struct signature_header h;
	struct signature_set *set;
	struct err e;

	(void)unused;
	assert_int_equal(signature_sign("whsec_new", 9, 1760000000, BODY,
			     strlen(BODY), a, &e),
	    RES_OK);
	assert_int_equal(signature_sign("whsec_old", 9, 1760000000, BODY,
			     strlen(BODY), b, &e),
	    RES_OK);
	(void)snprintf(both, sizeof(both), "%s%s", b, strchr(a, ','));
	assert_int_equal(signature_open(&set, three, 3, &e), RES_OK);
	assert_int_equal(signature_parse(both, &h, &e), SIGNATURE_OK);
	assert_int_equal(signature_verify(set, &h, BODY, strlen(BODY),
			     1760000001, &found, &e),
	    SIGNATURE_OK);
	assert_int_equal(found.secret, 0);
	assert_true(found.matched == 5);
	assert_int_equal(signature_parse(b, &h, &e), SIGNATURE_OK);
	assert_int_equal(signature_verify(set, &h, BODY, strlen(BODY),
			     1760000001, &found, &e),
	    SIGNATURE_OK);
	assert_int_equal(found.secret, 2);
	assert_true(found.matched == 4);
	signature_close(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_judged),
		cmocka_unit_test(signs_the_vectors),
		cmocka_unit_test(signs_no_odd_time_or_secret),
		cmocka_unit_test(a_set_is_used_many_times),
		cmocka_unit_test(the_header_is_taken_apart),
		cmocka_unit_test(nothing_is_accepted_without_a_secret),
		cmocka_unit_test(a_refused_header_is_never_accepted),
		cmocka_unit_test(says_what_happened_to_the_body),
		cmocka_unit_test(diagnoses_with_the_second_secret),
		cmocka_unit_test(an_empty_key_makes_no_digest),
		cmocka_unit_test(a_secret_has_a_fingerprint),
		cmocka_unit_test(tells_all_secrets_that_match),
		cmocka_unit_test(verdicts_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
