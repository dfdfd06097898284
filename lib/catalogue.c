/*
 * The list of published event types.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"

#include "buf.h"
#include "mem.h"
#include "near.h"
#include "pattern.h"

#include "banned.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define SUGGEST_MAX 8

static const struct catalogue_type builtin[] = {
#define CATALOGUE_TYPE(name, style, object) { name, style, object },
#include "catalogue_types.def"
#undef CATALOGUE_TYPE
};

void
catalogue_init(struct catalogue *c)
{
	memset(c, 0, sizeof(*c));
	c->types = builtin;
	c->n = sizeof(builtin) / sizeof(builtin[0]);
}

void
catalogue_free(struct catalogue *c)
{
	free(c->own);
	free(c->text);
	catalogue_init(c);
}

static int
compare_types(const void *a, const void *b)
{
	const struct catalogue_type *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
compare_name(const void *name, const void *type)
{
	return strcmp(name, ((const struct catalogue_type *)type)->name);
}

const struct catalogue_type *
catalogue_find(const struct catalogue *c, const char *name)
{
	return bsearch(name, c->types, c->n, sizeof(*c->types), compare_name);
}

/*
 * Reads one line of a list into t, which then points into it. RES_EMPTY where
 * it holds no type.
 */
static enum result
parse_line(char *line, struct catalogue_type *t, struct err *e)
{
	char *style, *object = NULL;

	line[strcspn(line, "#\r\n")] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return RES_EMPTY;
	style = strchr(line, '\t');
	if (style != NULL) {
		*style++ = '\0';
		object = strchr(style, '\t');
	}
	if (object != NULL)
		*object++ = '\0';
	if (!pattern_valid(line) || strchr(line, '*') != NULL) {
		err_set(e, "'%s' is no name of an event type", line);
		return RES_INVALID;
	}
	t->name = line;
	t->object = object != NULL && object[0] != '\0' ? object : "-";
	t->style = strncmp(line, "v2.", 3) == 0 ? EVENT_THIN : EVENT_SNAPSHOT;
	if (style == NULL || style[0] == '\0')
		return RES_OK;
	if (strcmp(style, "snapshot") != 0 && strcmp(style, "thin") != 0) {
		err_set(e, "the style is \"snapshot\" or \"thin\", not '%s'",
		    style);
		return RES_INVALID;
	}
	t->style = style[0] == 't' ? EVENT_THIN : EVENT_SNAPSHOT;
	return RES_OK;
}

/*
 * Takes text apart into types. *n becomes how many; line says where it failed.
 */
static enum result
parse_text(char *text, struct catalogue_type **types, size_t *n, int *line,
    struct err *e)
{
	struct catalogue_type t;
	enum result res;
	char *next;

	*types = NULL;
	*n = 0;
	for (*line = 1; text != NULL; text = next, ++*line) {
		next = strchr(text, '\n');
		if (next != NULL)
			*next++ = '\0';
		res = parse_line(text, &t, e);
		if (res == RES_INVALID)
			return res;
		if (res == RES_EMPTY)
			continue;
		*types = mem_resize(*types, *n + 1, sizeof(**types));
		(*types)[(*n)++] = t;
	}
	return RES_OK;
}

/*
 * Reads a whole file of moderate size. The caller frees *text.
 */
static enum result
read_file(const char *path, char **text, struct err *e)
{
	char part[4096];
	struct buf b;
	FILE *fp;
	size_t n;
	int fault;

	fp = fopen(path, "re");
	if (fp == NULL) {
		err_set(e, "%s: %s", path, strerror(errno));
		return RES_INVALID;
	}
	buf_init(&b, FILE_MAX_BYTES);
	while ((n = fread(part, 1, sizeof(part), fp)) > 0 && !b.failed)
		buf_add(&b, part, n);
	fault = ferror(fp) ? errno : 0;
	fclose(fp);
	if (fault != 0)
		err_set(e, "%s: %s", path, strerror(fault));
	else if (b.failed)
		err_set(e, "%s: larger than %d bytes", path, FILE_MAX_BYTES);
	else if (memchr(buf_text(&b), '\0', b.len) != NULL)
		err_set(e, "%s: not a text file", path);
	else {
		*text = mem_strdup(buf_text(&b));
		buf_free(&b);
		return RES_OK;
	}
	buf_free(&b);
	return RES_INVALID;
}

/*
 * Joins the types of c and n more, sorted; of two with one name the later
 * one, from the file, stays.
 */
static void
merge(struct catalogue *c, const struct catalogue_type *more, size_t n)
{
	struct catalogue_type *all;
	size_t i, kept = 0;

	all = mem_alloc(c->n + n, sizeof(*all));
	for (i = 0; i < n; i++)
		if (kept == 0 || strcmp(all[kept - 1].name, more[i].name) != 0)
			all[kept++] = more[i];
	n = kept;
	for (i = 0; i < c->n; i++)
		if (bsearch(c->types[i].name, all, n, sizeof(*all),
			compare_name) == NULL)
			all[kept++] = c->types[i];
	qsort(all, kept, sizeof(*all), compare_types);
	c->own = all;
	c->types = all;
	c->n = kept;
}

enum result
catalogue_load(struct catalogue *c, const char *path, struct err *e)
{
	struct catalogue_type *types;
	enum result res;
	size_t n;
	char *text;
	int line;

	if (c->text != NULL) {
		err_set(e, "%s: a list was added before", path);
		return RES_INVALID;
	}
	res = read_file(path, &text, e);
	if (res != RES_OK)
		return res;
	res = parse_text(text, &types, &n, &line, e);
	if (res == RES_OK) {
		if (n > 0) {
			qsort(types, n, sizeof(*types), compare_types);
			merge(c, types, n);
		}
		c->text = text;
	} else {
		err_prefix(e, "%s:%d", path, line);
		free(text);
	}
	free(types);
	return res;
}

size_t
catalogue_suggest(
    const struct catalogue *c, const char *name, const char **near, size_t n)
{
	int scores[SUGGEST_MAX] = { 0 }, score;
	size_t i, j, found = 0;

	if (n > SUGGEST_MAX)
		n = SUGGEST_MAX;
	for (i = 0; i < c->n && n > 0; i++) {
		score = near_score(name, c->types[i].name);
		if (score < 0 || (found == n && score >= scores[n - 1]))
			continue;
		j = found < n ? found++ : n - 1;
		for (; j > 0 && scores[j - 1] > score; j--) {
			scores[j] = scores[j - 1];
			near[j] = near[j - 1];
		}
		scores[j] = score;
		near[j] = c->types[i].name;
	}
	while (found > 1 && scores[found - 1] > scores[0])
		found--;
	return found;
}
