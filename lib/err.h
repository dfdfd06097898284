/*
 * Results and error texts: the one error idiom of the whole program.
 *
 * A function that can fail returns an enum result that says what its caller
 * can do about it, and puts the words into a struct err that the caller owns.
 * Nothing is allocated to report an error, and nothing below the use cases
 * prints one.
 */
#ifndef STRIPEHOOK_ERR_H
#define STRIPEHOOK_ERR_H

#define ERR_TEXT_MAX 512

enum result {
	RES_OK = 0,
	RES_DUPLICATE, /* it was there before: nothing was changed */
	RES_EMPTY, /* there is nothing to do at the moment */
	RES_UNKNOWN, /* no such thing */
	RES_LOST, /* what was held has passed to another */
	RES_BUSY, /* not now: the same call may work later */
	RES_UNCERTAIN, /* it may or may not have happened */
	RES_INVALID, /* what was given is at fault */
	RES_FAILED /* anything else; the words say what */
};

struct err {
	char text[ERR_TEXT_MAX]; /* always terminated; cut when too long */
};

/*
 * Puts the formatted words into e, replacing what it held. e may be NULL.
 */
void err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Puts the formatted words and ": " before what e holds, for a caller who
 * knows more than the place where it failed. e may be NULL.
 */
void err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The English name of a result, for messages and tests. Never NULL.
 */
const char *result_name(enum result r);

#endif
