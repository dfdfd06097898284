/*
 * Jansson reads strictly first. Only where it refuses for a reason that the
 * parsers of Stripe's own libraries do not have, a mended copy is tried.
 */
#include "config.h"

#include <string.h>

#include "event_load.h"
#include "buf.h"
#include "escape.h"

#include "banned.h"

#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_ANY)

/*
 * A lone surrogate has the code of a syntax error. Real ones come here too:
 * then nothing is mended and the first error stays.
 */
static bool
may_be_mended(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key:
	case json_error_duplicate_key:
	case json_error_invalid_syntax:
		return true;
	default:
		return false;
	}
}

static enum result
load_mended(json_t **root, const void *body, size_t len, struct event_mend *m,
    json_error_t *error)
{
	enum json_error_code why;
	struct buf copy;

	buf_init(&copy, len);
	buf_add(&copy, body, len);
	if (copy.failed) {
		buf_free(&copy);
		return RES_FAILED;
	}
	event_mend(copy.data, copy.len, m);
	why = json_error_code(error);
	if (m->places > 0 || why == json_error_duplicate_key)
		*root = json_loadb(copy.data, copy.len, LOAD_FLAGS, error);
	buf_free(&copy);
	return *root != NULL ? RES_OK : RES_INVALID;
}

/*
 * Jansson quotes up to 20 bytes of the body.
 */
static void
explain(const json_error_t *error, const char *body, size_t len, struct err *e)
{
	const char *what = "not JSON";
	struct buf words;

	if (json_error_code(error) == json_error_stack_overflow)
		what = "nested too deeply";
	else if (json_error_code(error) == json_error_invalid_utf8)
		what = "not UTF-8";
	else if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
		what = "not JSON, it begins with a byte order mark";
	buf_init(&words, ERR_TEXT_MAX);
	escape_line(&words, error->text, strlen(error->text));
	err_set(e, "%s: %s at line %d, byte %d", what, buf_text(&words),
	    error->line, error->position);
	buf_free(&words);
}

enum result
event_load(json_t **root, const void *body, size_t len, struct event_mend *m,
    struct err *e)
{
	json_error_t error;
	enum result r = RES_INVALID;

	memset(m, 0, sizeof(*m));
	*root = NULL;
	if (len == 0) {
		err_set(e, "not JSON: the body is empty");
		return RES_INVALID;
	}
	*root =
	    json_loadb(body, len, LOAD_FLAGS | JSON_REJECT_DUPLICATES, &error);
	if (*root != NULL)
		return RES_OK;
	if (may_be_mended(&error))
		r = load_mended(root, body, len, m, &error);
	if (r == RES_FAILED)
		err_set(e, "out of memory for %zu bytes of JSON", len);
	else if (r == RES_INVALID)
		explain(&error, body, len, e);
	return r;
}
