/*
 * Changes to a test event. A path is that of a field in the event's object,
 * or behind "event:" in the whole event: names and numbers of array elements,
 * with dots or brackets between: "items.data[0].price", "metadata[order]".
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_change.h"

#include "mem.h"

#include "banned.h"

#define STEPS_MAX 32
#define ELEMENTS_MAX 100 /* of an array that grows */

/* A path taken apart. */
struct path {
	char *text; /* owned: what the steps point into */
	char *steps[STEPS_MAX];
	size_t n;
	const char *value; /* borrowed: what stands behind '='; NULL: nothing */
};

static enum result
fault(const struct fixture_change *c, const char *what, struct err *e)
{
	static const char *const names[] = { "--override", "--add",
		"--remove" };

	err_set(e, "%s '%.100s': %s", names[c->kind], c->text, what);
	return RES_INVALID;
}

/*
 * Whether n bytes name the object: its tag, with '_' for '.' if wanted, as the
 * official tool's steps have it.
 */
static bool
is_tag(const char *name, size_t n, const char *tag)
{
	size_t i;

	if (tag == NULL || strlen(tag) != n)
		return false;
	for (i = 0; i < n; i++)
		if (name[i] != tag[i] && !(name[i] == '_' && tag[i] == '.'))
			return false;
	return true;
}

static json_t *
find_object(json_t *event, const char **tag)
{
	json_t *object =
	    json_object_get(json_object_get(event, "data"), "object");

	*tag = json_string_value(json_object_get(object, "object"));
	if (object != NULL)
		return object;
	object = json_object_get(event, "related_object");
	*tag = json_string_value(json_object_get(object, "type"));
	return object;
}

/*
 * What the path begins at, with *path set behind the name of it.
 */
static enum result
find_base(json_t *event, const struct fixture_change *c, json_t **base,
    const char **path, struct err *e)
{
	size_t n = strcspn(c->text, ":=");
	const char *tag;
	struct err why;

	*base = find_object(event, &tag);
	*path = c->text;
	if (c->text[n] == ':') {
		*path = c->text + n + 1;
		if (n == 5 && strncmp(c->text, "event", 5) == 0) {
			*base = event;
		} else if (!is_tag(c->text, n, tag)) {
			err_set(&why,
			    "this event is about '%s', so begin with that, "
			    "with event: or with neither",
			    tag != NULL ? tag : "nothing");
			return fault(c, why.text, e);
		}
	}
	if (!json_is_object(*base))
		return fault(c, "this event has no object: use event:", e);
	return RES_OK;
}

static enum result
split(const struct fixture_change *c, const char *text, struct path *p,
    struct err *e)
{
	size_t n = strcspn(text, "=");
	char *next;

	memset(p, 0, sizeof(*p));
	if (text[n] == '=' && c->kind != FIXTURE_REMOVE)
		p->value = text + n + 1;
	if (c->kind != FIXTURE_REMOVE && p->value == NULL)
		return fault(c, "no value: it is path=value", e);
	if (c->kind == FIXTURE_REMOVE && text[n] == '=')
		return fault(c, "a path alone, without a value", e);
	p->text = mem_strndup(text, n);
	for (next = p->text; *next != '\0';) {
		n = strcspn(next, ".[]");
		if (n > 0 && p->n == STEPS_MAX)
			return fault(c, "the path is too long", e);
		if (n > 0)
			p->steps[p->n++] = next;
		next += n;
		if (*next != '\0')
			*next++ = '\0';
	}
	return p->n > 0 ? RES_OK : fault(c, "no path", e);
}

static bool
is_number(const char *step, size_t *n)
{
	if (strspn(step, "0123456789") != strlen(step) || strlen(step) > 6)
		return false;
	*n = strtoul(step, NULL, 10);
	return true;
}

/*
 * What is there, or NULL. Borrowed.
 */
static json_t *
get(json_t *in, const char *step)
{
	size_t i;

	if (json_is_array(in))
		return is_number(step, &i) ? json_array_get(in, i) : NULL;
	return json_object_get(in, step);
}

/*
 * Puts value, which it takes over, there. Whether it could.
 */
static bool
set(json_t *in, const char *step, json_t *value)
{
	size_t i;

	if (json_is_object(in))
		return json_object_set_new(in, step, value) == 0;
	if (!json_is_array(in) || !is_number(step, &i) || i > ELEMENTS_MAX) {
		json_decref(value);
		return false;
	}
	while (json_array_size(in) <= i)
		json_array_append_new(in, json_null());
	return json_array_set_new(in, i, value) == 0;
}

static void
drop(json_t *in, const char *step)
{
	size_t i;

	if (json_is_object(in))
		json_object_del(in, step);
	else if (json_is_array(in) && is_number(step, &i))
		json_array_remove(in, i);
}

/*
 * The value that text stands for: JSON where it is some, else a text. What
 * was a text stays one, and so does what stands among texts, as metadata.
 */
static json_t *
make_value(const char *text, const json_t *old, bool metadata)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	const bool is_text = json_is_string(old) || metadata;

	if (json != NULL && !(is_text && json_is_number(json)) &&
	    !(metadata && json_is_boolean(json)))
		return json;
	json_decref(json);
	json = json_string(text);
	return json != NULL ? json : json_null();
}

/*
 * Goes along the path up to the last step, making objects on the way unless
 * something is to be removed. NULL where the way ends early.
 */
static json_t *
walk(json_t *in, const struct path *p, bool make)
{
	json_t *next;
	size_t i;

	for (i = 0; i + 1 < p->n && in != NULL; i++) {
		next = get(in, p->steps[i]);
		if (make && (next == NULL || json_is_null(next))) {
			if (!set(in, p->steps[i], json_object()))
				return NULL;
			next = get(in, p->steps[i]);
		}
		in = next;
	}
	return json_is_object(in) || json_is_array(in) ? in : NULL;
}

static enum result
apply(json_t *base, const struct fixture_change *c, const struct path *p,
    struct err *e)
{
	const char *last = p->steps[p->n - 1];
	json_t *in = walk(base, p, c->kind != FIXTURE_REMOVE), *old;
	bool metadata = p->n > 1 && strcmp(p->steps[p->n - 2], "metadata") == 0;

	if (c->kind == FIXTURE_REMOVE) {
		if (in != NULL)
			drop(in, last);
		return RES_OK;
	}
	old = in != NULL ? get(in, last) : NULL;
	if (c->kind == FIXTURE_ADD && old != NULL && !json_is_null(old))
		return RES_OK;
	if (in == NULL || !set(in, last, make_value(p->value, old, metadata)))
		return fault(c,
		    "the path leads through what has no members, "
		    "or beyond an array",
		    e);
	return RES_OK;
}

enum result
fixture_change(json_t *event, const struct fixture_change *changes, size_t n,
    struct err *e)
{
	enum result r = RES_OK;
	const char *text;
	json_t *base;
	struct path p;
	size_t i;

	for (i = 0; r == RES_OK && i < n; i++) {
		r = find_base(event, &changes[i], &base, &text, e);
		if (r != RES_OK)
			break;
		if ((r = split(&changes[i], text, &p, e)) == RES_OK)
			r = apply(base, &changes[i], &p, e);
		free(p.text);
	}
	return r;
}
