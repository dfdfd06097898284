/*
 * JSON written another way: its blanks, its escapes and the order of its keys
 * are what programs between Stripe and us change when they read a body and
 * write it again. Works on the text, so numbers, repeated keys and all that
 * is not asked for stay as they are. Grammar: RFC 8259.
 */
#ifndef STRIPEHOOK_RESHAPE_H
#define STRIPEHOOK_RESHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum reshape_layout {
	RESHAPE_LAYOUT_KEEP,
	RESHAPE_LAYOUT_TWO, /* a line each, indented by two blanks: Stripe's */
	RESHAPE_LAYOUT_COMPACT, /* no blanks at all */
	RESHAPE_LAYOUT_SPACED, /* one line, a blank behind ',' and ':' */
	RESHAPE_LAYOUT_FOUR, /* indented by four blanks */
	RESHAPE_LAYOUT_TAB,
	RESHAPE_LAYOUTS
};

enum reshape_escapes {
	RESHAPE_ESCAPES_KEEP,
	RESHAPE_ESCAPES_NONE, /* only those that JSON demands */
	RESHAPE_ESCAPES_ASCII, /* what is not ASCII as \uxxxx */
	RESHAPE_ESCAPES_UPPER, /* the same as \uXXXX */
	RESHAPE_ESCAPES
};

enum reshape_slashes {
	RESHAPE_SLASHES_KEEP,
	RESHAPE_SLASHES_PLAIN, /* "/" */
	RESHAPE_SLASHES_ESCAPED, /* "\/" */
	RESHAPE_SLASHES
};

enum reshape_order {
	RESHAPE_ORDER_KEEP,
	RESHAPE_ORDER_STRIPE, /* id, object, then by name: as the objects of
	    Stripe's API mostly are */
	RESHAPE_ORDERS
};

struct reshape {
	enum reshape_layout layout;
	enum reshape_escapes escapes;
	enum reshape_slashes slashes;
	enum reshape_order order; /* an order needs a layout */
};

enum reshape_state {
	RESHAPE_OK,
	RESHAPE_ENDS_EARLY, /* it is JSON as far as it goes, and not at its
	    end */
	RESHAPE_BROKEN /* it is no JSON, or nested too deeply */
};

/*
 * Appends one JSON value of len bytes to out, written the way of how. What
 * stands before and behind the value is left out, unless the layout is kept.
 * What out holds is of no use where the result is not RESHAPE_OK; that memory
 * ran out shows in out.
 */
enum reshape_state reshape_json(
    struct buf *out, const char *json, size_t len, const struct reshape *how);

#endif
