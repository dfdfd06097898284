/*
 * Templates of test events: random ids and placeholders.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_template.h"
#include "buf.h"
#include "mem.h"

#include "banned.h"

#define LETTERS 24 /* as Stripe's ids have */
#define TEXT_MAX 512

/*
 * splitmix64 (Vigna 2015): small, and good enough for ids in tests.
 */
static uint64_t
maker_random(struct fixture_maker *m)
{
	uint64_t z = (m->random += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

void
fixture_add_letters(struct fixture_maker *m, struct buf *out, int n)
{
	static const char letters[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (; n > 0; n--)
		buf_putc(out, letters[maker_random(m) % (sizeof(letters) - 1)]);
}

/*
 * The id with the prefix of n bytes, the same one whenever it is asked for.
 */
static const char *
maker_id(struct fixture_maker *m, const char *prefix, size_t n)
{
	struct fixture_id *made;
	struct buf b;
	size_t i;

	for (i = 0; i < m->nids; i++)
		if (strlen(m->ids[i].prefix) == n &&
		    memcmp(m->ids[i].prefix, prefix, n) == 0)
			return m->ids[i].id;
	if (m->nids == FIXTURE_IDS || n >= sizeof(m->ids[0].prefix))
		return "";
	made = &m->ids[m->nids++];
	memcpy(made->prefix, prefix, n);
	made->prefix[n] = '\0';
	buf_init(&b, sizeof(made->id) - 1);
	if (m->livemode && strcmp(made->prefix, "cs_test_") == 0)
		buf_puts(&b, "cs_live_");
	else
		buf_puts(&b, made->prefix);
	fixture_add_letters(m, &b, LETTERS);
	mem_copy(made->id, sizeof(made->id), buf_text(&b));
	buf_free(&b);
	return made->id;
}

void
fixture_expand_ids(struct fixture_maker *m, const char *s, struct buf *out)
{
	const char *open, *close;

	while ((open = strchr(s, '<')) != NULL &&
	    (close = strchr(open, '>')) != NULL) {
		buf_add(out, s, (size_t)(open - s));
		buf_puts(
		    out, maker_id(m, open + 1, (size_t)(close - open - 1)));
		s = close + 1;
	}
	buf_puts(out, s);
}

json_t *
fixture_expand_string(struct fixture_maker *m, const char *s)
{
	struct buf b;
	json_t *json;

	if (strcmp(s, "<live>") == 0)
		return json_boolean(m->livemode);
	if (strncmp(s, "<now", 4) == 0)
		return json_integer(m->now + strtoll(s + 4, NULL, 10));
	buf_init(&b, TEXT_MAX);
	fixture_expand_ids(m, s, &b);
	json = json_string(buf_text(&b));
	buf_free(&b);
	return json;
}

/*
 * A copy of a template with its placeholders replaced. The depth is that of
 * our own templates.
 */
json_t *
fixture_expand(struct fixture_maker *m, json_t *in)
{
	const char *key;
	json_t *out, *value;
	size_t i;

	if (json_is_string(in))
		return fixture_expand_string(m, json_string_value(in));
	if (json_is_array(in)) {
		out = json_array();
		json_array_foreach(in, i, value)
		    json_array_append_new(out, fixture_expand(m, value));
		return out;
	}
	if (!json_is_object(in))
		return json_deep_copy(in);
	out = json_object();
	json_object_foreach(in, key, value)
	    json_object_set_new(out, key, fixture_expand(m, value));
	return out;
}

json_t *
fixture_template_load(const char *text)
{
	char *copy, *p;
	json_t *json;

	if (text == NULL)
		return NULL;
	copy = mem_strdup(text);
	for (p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(copy, JSON_REJECT_DUPLICATES, NULL);
	free(copy);
	return json;
}

json_t *
fixture_template_expand(struct fixture_maker *m, const char *text)
{
	json_t *template, *out;

	if ((template = fixture_template_load(text)) == NULL)
		return NULL;
	out = fixture_expand(m, template);
	json_decref(template);
	return out;
}
