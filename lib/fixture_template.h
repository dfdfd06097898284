/*
 * Fills the templates of test events (fixture_objects.h): random ids, times,
 * livemode.
 */
#ifndef STRIPEHOOK_FIXTURE_TEMPLATE_H
#define STRIPEHOOK_FIXTURE_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define FIXTURE_IDS 16 /* different prefixes within one event */

struct fixture_id {
	char prefix[32];
	char id[64];
};

/* What one event's templates are filled with. */
struct fixture_maker {
	uint64_t random; /* state of the generator: begin with a seed */
	int64_t now; /* seconds since 1970 */
	bool livemode;
	size_t nids;
	struct fixture_id ids[FIXTURE_IDS];
};

/*
 * Appends n random letters and digits to out.
 */
void fixture_add_letters(struct fixture_maker *m, struct buf *out, int n);

/*
 * Appends s to out with every "<prefix>" replaced by its id.
 */
void fixture_expand_ids(
    struct fixture_maker *m, const char *s, struct buf *out);

/*
 * The JSON value that a template's string stands for, and a copy of a whole
 * template with all its strings so replaced. The caller owns the result.
 */
json_t *fixture_expand_string(struct fixture_maker *m, const char *s);
json_t *fixture_expand(struct fixture_maker *m, json_t *in);

/*
 * Reads a template, without and with replacing its placeholders. NULL where
 * text is NULL or memory ran out; the caller owns the result.
 */
json_t *fixture_template_load(const char *text);
json_t *fixture_template_expand(struct fixture_maker *m, const char *text);

#endif
