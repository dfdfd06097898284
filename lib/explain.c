/*
 * Why a signature does not fit a body: undoing changes until it does.
 */
#include "config.h"

#include <string.h>

#include "explain.h"

#include "buf.h"
#include "explain_undo.h"
#include "reshape.h"

#include "banned.h"

/* An indented body may have many times the size of a compact one. */
#define GROWTH 16
#define ROOM 4096

static const char *const layout_words[RESHAPE_LAYOUTS] = {
	[RESHAPE_LAYOUT_TWO] = "the JSON was written with other blanks: it was "
			       "signed with an indentation of two",
	[RESHAPE_LAYOUT_COMPACT] = "the JSON was written with other blanks: it "
				   "was signed without any",
	[RESHAPE_LAYOUT_SPACED] = "the JSON was written with other blanks: it "
				  "was signed as one line with some",
	[RESHAPE_LAYOUT_FOUR] = "the JSON was written with other blanks: it "
				"was signed with an indentation of four",
	[RESHAPE_LAYOUT_TAB] = "the JSON was written with other blanks: it was "
			       "signed with an indentation of tabs",
};
static const char *const escape_words[RESHAPE_ESCAPES] = {
	[RESHAPE_ESCAPES_NONE] = "characters became \\u escapes",
	[RESHAPE_ESCAPES_ASCII] = "\\u escapes were changed, or became the "
				  "characters that they stand for",
	[RESHAPE_ESCAPES_UPPER] = "\\u escapes with upper-case digits were "
				  "changed, or became the characters that they "
				  "stand for",
};
static const char *const slash_words[RESHAPE_SLASHES] = {
	[RESHAPE_SLASHES_PLAIN] = "slashes were escaped",
	[RESHAPE_SLASHES_ESCAPED] = "escaped slashes became plain ones",
};
static const char newline_words[] = "the final newline was cut off";

/* What is asked for. */
struct quest {
	struct signature_set *set; /* borrowed */
	const struct signature_header *h; /* borrowed */
	struct explain *out; /* borrowed */
};

static bool
fits(const struct quest *q, const struct buf *b)
{
	struct signature_found found;
	struct err e;

	/* At the time of the signature, so that its age does not matter. */
	if (b->failed ||
	    signature_verify(q->set, q->h, buf_text(b), b->len, q->h->t, &found,
		&e) != SIGNATURE_OK)
		return false;
	q->out->secret = found.secret;
	return true;
}

static void
tell(const struct quest *q, const char *words)
{
	if (words != NULL && q->out->nchanges < EXPLAIN_CHANGES_MAX)
		q->out->changes[q->out->nchanges++] = words;
}

/*
 * One change of bytes.
 */
static bool
try_one(const struct quest *q, const char *body, size_t len)
{
	const struct explain_undo *undos;
	struct buf b;
	size_t i, n;
	bool good;

	undos = explain_undos(&n);
	for (i = 0; i < n; i++) {
		buf_init(&b, len * 2 + ROOM);
		good = undos[i].undo(&b, body, len) && fits(q, &b);
		buf_free(&b);
		if (good) {
			tell(q, undos[i].words);
			return true;
		}
	}
	return false;
}

/*
 * Two, of which the last one is undone first.
 */
static bool
try_two(const struct quest *q, const char *body, size_t len)
{
	const struct explain_undo *undos;
	struct buf b;
	size_t i, n;
	bool good;

	undos = explain_undos(&n);
	for (i = 0; i < n; i++) {
		buf_init(&b, len * 2 + ROOM);
		good = undos[i].undo(&b, body, len) && !b.failed &&
		    try_one(q, buf_text(&b), b.len);
		buf_free(&b);
		if (good) {
			tell(q, undos[i].words);
			return true;
		}
	}
	return false;
}

static int
changes_of(const struct reshape *how)
{
	return (how->layout != 0) + (how->escapes != 0) + (how->slashes != 0) +
	    (how->order != 0);
}

/*
 * Writes the JSON another way, with and without a newline at its end.
 */
static bool
try_shape(const struct quest *q, const char *body, size_t len,
    const struct reshape *how)
{
	bool good = false, newline = false;
	struct buf b;

	buf_init(&b, len * GROWTH + ROOM);
	if (reshape_json(&b, body, len, how) == RESHAPE_OK) {
		good = fits(q, &b);
		if (!good) {
			buf_putc(&b, '\n');
			newline = good = fits(q, &b);
		}
	}
	buf_free(&b);
	if (!good)
		return false;
	tell(q, layout_words[how->layout]);
	tell(q, escape_words[how->escapes]);
	tell(q, slash_words[how->slashes]);
	tell(q, how->order != 0 ? "the keys were sorted" : NULL);
	tell(q, newline ? newline_words : NULL);
	return true;
}

/*
 * The n-th of all ways to write JSON. False where there is none.
 */
static bool
nth_shape(struct reshape *how, int n)
{
	how->layout = (enum reshape_layout)(n % RESHAPE_LAYOUTS);
	n /= RESHAPE_LAYOUTS;
	how->escapes = (enum reshape_escapes)(n % RESHAPE_ESCAPES);
	n /= RESHAPE_ESCAPES;
	how->slashes = (enum reshape_slashes)(n % RESHAPE_SLASHES);
	n /= RESHAPE_SLASHES;
	how->order = (enum reshape_order)n;
	return n < RESHAPE_ORDERS;
}

/*
 * All ways, those with the fewest changes first.
 */
static bool
try_shapes(const struct quest *q, const char *body, size_t len)
{
	const struct reshape keep = { .layout = RESHAPE_LAYOUT_KEEP };
	struct reshape how;
	struct buf b;
	int i, changes;
	bool json;

	buf_init(&b, len + ROOM);
	json = reshape_json(&b, body, len, &keep) == RESHAPE_OK;
	buf_free(&b);
	for (changes = 1; json && changes <= 4; changes++)
		for (i = 0; nth_shape(&how, i); i++) {
			if (changes_of(&how) != changes ||
			    (how.order != RESHAPE_ORDER_KEEP &&
				how.layout == RESHAPE_LAYOUT_KEEP))
				continue;
			if (try_shape(q, body, len, &how))
				return true;
		}
	return false;
}

/*
 * The same where bytes were changed after the JSON was.
 */
static bool
try_bytes_and_shapes(const struct quest *q, const char *body, size_t len)
{
	const struct explain_undo *undos;
	struct buf b;
	size_t i, n;
	bool good;

	undos = explain_undos(&n);
	for (i = 0; i < n; i++) {
		if (!undos[i].before_json)
			continue;
		buf_init(&b, len + ROOM);
		good = undos[i].undo(&b, body, len) && !b.failed &&
		    try_shapes(q, buf_text(&b), b.len);
		buf_free(&b);
		if (good) {
			tell(q, undos[i].words);
			return true;
		}
	}
	return false;
}

static bool
ends_early(const char *body, size_t len)
{
	const struct reshape keep = { .layout = RESHAPE_LAYOUT_KEEP };
	enum reshape_state state;
	struct buf b;

	buf_init(&b, len + ROOM);
	state = reshape_json(&b, body, len, &keep);
	buf_free(&b);
	return state == RESHAPE_ENDS_EARLY;
}

enum result
explain_body(struct signature_set *set, const struct signature_header *h,
    const void *body, size_t len, struct explain *out)
{
	const struct quest q = { set, h, out };

	memset(out, 0, sizeof(*out));
	out->ends_early = ends_early(body, len);
	if (try_one(&q, body, len) || try_two(&q, body, len) ||
	    try_shapes(&q, body, len) || try_bytes_and_shapes(&q, body, len))
		return RES_OK;
	return RES_UNKNOWN;
}
