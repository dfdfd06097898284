/*
 * JSON written another way: a descent through the text that writes while it
 * reads.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "reshape.h"

#include "mem.h"
#include "reshape_string.h"

#include "banned.h"

#define DEPTH_MAX 200

struct writer {
	const char *p; /* the next byte to be read */
	const char *end;
	struct buf *out; /* borrowed */
	const struct reshape *how; /* borrowed */
	int depth;
	enum reshape_state state;
};

/* A member of an object that is put in order: where it was written to. */
struct member {
	const char *key; /* borrowed: with its quotes */
	size_t key_len;
	size_t at; /* in out */
	size_t len;
};

static bool read_value(struct writer *w);

/*
 * Ends the work: early where nothing is left.
 */
static bool
stop(struct writer *w)
{
	w->state = w->p == w->end ? RESHAPE_ENDS_EARLY : RESHAPE_BROKEN;
	return false;
}

/*
 * Passes over blanks, which stay where the layout is kept.
 */
static void
skip_blanks(struct writer *w)
{
	const char *from = w->p;

	while (
	    w->p < w->end && strchr(" \t\r\n", *w->p) != NULL && *w->p != '\0')
		w->p++;
	if (w->how->layout == RESHAPE_LAYOUT_KEEP)
		buf_add(w->out, from, (size_t)(w->p - from));
}

static bool
next_is(const struct writer *w, char c)
{
	return w->p < w->end && *w->p == c;
}

/*
 * Takes a sign over, or stops.
 */
static bool
take(struct writer *w, char c)
{
	if (!next_is(w, c))
		return stop(w);
	w->p++;
	buf_putc(w->out, c);
	return true;
}

/*
 * Begins a line of a layout that has lines.
 */
static void
new_line(struct writer *w)
{
	const char *step = "  ";
	int i;

	switch (w->how->layout) {
	case RESHAPE_LAYOUT_TWO:
		break;
	case RESHAPE_LAYOUT_FOUR:
		step = "    ";
		break;
	case RESHAPE_LAYOUT_TAB:
		step = "\t";
		break;
	default:
		return;
	}
	buf_putc(w->out, '\n');
	for (i = 0; i < w->depth; i++)
		buf_puts(w->out, step);
}

static bool
read_string(struct writer *w)
{
	size_t n;

	if (!next_is(w, '"'))
		return stop(w);
	n = reshape_string_length(w->p, (size_t)(w->end - w->p));
	if (n == 0) {
		/* Its end is missing, or something in it is wrong. */
		w->p = w->end;
		return stop(w);
	}
	reshape_string(w->out, w->p, n, w->how);
	w->p += n;
	return true;
}

/*
 * A number or one of the three words: as it stands.
 */
static bool
read_word(struct writer *w)
{
	static const char chars[] = "+-.0123456789Eabcdefghijklmnopqrstuvwxyz";
	const char *from = w->p;

	while (w->p < w->end && *w->p != '\0' && strchr(chars, *w->p) != NULL)
		w->p++;
	if (w->p == from)
		return stop(w);
	buf_add(w->out, from, (size_t)(w->p - from));
	return true;
}

static bool
read_member(struct writer *w)
{
	if (!read_string(w))
		return false;
	skip_blanks(w);
	if (!take(w, ':'))
		return false;
	if (w->how->layout != RESHAPE_LAYOUT_KEEP &&
	    w->how->layout != RESHAPE_LAYOUT_COMPACT)
		buf_putc(w->out, ' ');
	return read_value(w);
}

static int
rank(const struct member *m)
{
	if (m->key_len == 4 && memcmp(m->key, "\"id\"", 4) == 0)
		return 0;
	if (m->key_len == 8 && memcmp(m->key, "\"object\"", 8) == 0)
		return 1;
	return 2;
}

static int
compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
	int d = rank(x) - rank(y);

	/* The closing quote is less than any letter. */
	return d != 0 ? d : memcmp(x->key, y->key, n);
}

/*
 * Writes the members anew in their order. All that stands between any two of
 * them is the same, since the layout is not kept.
 */
static void
put_in_order(struct writer *w, struct member *m, size_t n)
{
	const char *old = w->out->data;
	size_t i, gap, gap_len;
	struct buf b;

	if (n < 2 || w->out->failed)
		return;
	gap = m[0].at + m[0].len;
	gap_len = m[1].at - gap;
	buf_init(&b, w->out->max);
	buf_add(&b, old, m[0].at);
	qsort(m, n, sizeof(*m), compare);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_add(&b, old + gap, gap_len);
		buf_add(&b, old + m[i].at, m[i].len);
	}
	if (b.failed)
		w->out->failed = true;
	else
		memcpy(w->out->data, b.data, b.len);
	buf_free(&b);
}

/*
 * Notes the member that was written from at on.
 */
static void
note(struct writer *w, struct member **m, size_t n, const char *key, size_t at)
{
	if (w->how->order == RESHAPE_ORDER_KEEP || w->state != RESHAPE_OK)
		return;
	/* Room is made by powers of two. */
	if ((n & (n - 1)) == 0)
		*m = mem_resize(*m, n == 0 ? 1 : 2 * n, sizeof(**m));
	(*m)[n].key = key;
	(*m)[n].key_len = reshape_string_length(key, (size_t)(w->end - key));
	(*m)[n].at = at;
	(*m)[n].len = w->out->len - at;
}

/*
 * The items of a list or an object behind its opening sign, and the closing
 * one.
 */
static bool
read_items(struct writer *w, char close)
{
	struct member *members = NULL;
	const char *from;
	size_t n = 0, at;
	bool good;

	do {
		if (n > 0 && w->how->layout == RESHAPE_LAYOUT_SPACED)
			buf_putc(w->out, ' ');
		new_line(w);
		skip_blanks(w);
		from = w->p;
		at = w->out->len;
		good = close == '}' ? read_member(w) : read_value(w);
		if (good && close == '}')
			note(w, &members, n, from, at);
		skip_blanks(w);
		n++;
	} while (good && next_is(w, ',') && take(w, ','));
	if (good && members != NULL)
		put_in_order(w, members, n);
	free(members);
	return good;
}

static bool
read_group(struct writer *w, char open, char close)
{
	bool good;

	if (w->depth == DEPTH_MAX) {
		w->state = RESHAPE_BROKEN;
		return false;
	}
	(void)take(w, open);
	skip_blanks(w);
	if (next_is(w, close))
		return take(w, close);
	w->depth++;
	good = read_items(w, close);
	w->depth--;
	if (!good)
		return false;
	if (!next_is(w, close))
		return stop(w);
	new_line(w);
	return take(w, close);
}

static bool
read_value(struct writer *w)
{
	skip_blanks(w);
	if (next_is(w, '{'))
		return read_group(w, '{', '}');
	if (next_is(w, '['))
		return read_group(w, '[', ']');
	return next_is(w, '"') ? read_string(w) : read_word(w);
}

enum reshape_state
reshape_json(
    struct buf *out, const char *json, size_t len, const struct reshape *how)
{
	struct writer w = {
		.p = json,
		.end = json + len,
		.out = out,
		.how = how,
		.state = RESHAPE_OK,
	};

	if (read_value(&w)) {
		skip_blanks(&w);
		if (w.p != w.end)
			w.state = RESHAPE_BROKEN;
	}
	return w.state;
}
