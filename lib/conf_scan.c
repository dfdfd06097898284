/*
 * The form of a configuration file: see conf_impl.h for why it is looked at
 * before libConfuse reads it.
 *
 *	file      = { statement }
 *	statement = name "=" value
 *	          | name "=" "{" [ value { "," value } [ "," ] ] "}"
 *	          | kind title "{" { statement } "}"
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"
#include "near.h"

#include "banned.h"

#define DEPTH_MAX 8
#define NAME_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* A section while it is scanned. */
struct block {
	enum conf_kind kind;
	int depth; /* 0: the file itself */
	int line; /* where it begins */
	int seen[CONF_OPTIONS_MAX]; /* line of each option, 0 for none */
};

static void scan_block(struct conf_scanner *s, struct block *b);

/*
 * Whether t is the name of the next statement rather than a value.
 */
static bool
is_next_statement(struct conf_scanner *s, const struct conf_token *t)
{
	struct conf_token after;

	if (t->kind != CONF_TOKEN_WORD)
		return false;
	after = conf_take(s);
	conf_give_back(s, &after);
	return conf_is_sign(&after, '=');
}

/*
 * Gives up a statement that begins at from, with last as its last token: it is
 * over with its line and the braces opened in it, or with the section.
 */
static void
drop_line(struct conf_scanner *s, char *from, const struct conf_token *last)
{
	struct conf_token t = *last;
	const int line = last->line;
	int open = 0;

	for (; open > 0 || t.line == line; t = conf_take(s)) {
		if (t.kind == CONF_TOKEN_END)
			break;
		if (conf_is_sign(&t, '{'))
			open++;
		else if (conf_is_sign(&t, '}') && open-- == 0)
			break;
	}
	conf_give_back(s, &t);
	conf_blank(from, s->next);
}

/*
 * Reports a token that cannot stand where it stands.
 */
static void
unexpected(const struct conf_scanner *s, const struct conf_token *t,
    const char *wanted)
{
	if (t->kind == CONF_TOKEN_END)
		conf_token_error(
		    s, t, "the file ends where %s is missing", wanted);
	else if (conf_is_text(t)) /* not shown: it may be a secret */
		conf_token_error(
		    s, t, "a text stands where %s is missing", wanted);
	else
		conf_token_error(s, t, "'%c' stands where %s is missing%s",
		    *t->p, wanted,
		    strchr("{}=,", *t->p) != NULL
			? ""
			: " (texts with signs in them are written in quotes)");
}

/*
 * Scans a list behind its opening brace. Returns whether it is good.
 */
static bool
scan_list(struct conf_scanner *s, const struct conf_token *name, size_t *n)
{
	bool good = true, comma = true;
	struct conf_token t;

	for (*n = 0;;) {
		t = conf_take(s);
		if (conf_is_sign(&t, '}'))
			return good;
		if (t.kind == CONF_TOKEN_END || is_next_statement(s, &t)) {
			conf_give_back(s, &t);
			conf_token_error(s, name,
			    "the list of '%.*s' is not closed: '}' is missing",
			    (int)name->len, name->p);
			return false;
		}
		if (conf_is_sign(&t, ',') && !comma) {
			comma = true;
		} else if (conf_is_text(&t) && comma) {
			comma = false;
			++*n;
			if (t.fault != NULL) {
				conf_token_error(s, &t, "%s", t.fault);
				good = false;
			}
		} else {
			unexpected(s, &t, comma ? "a value" : "',' or '}'");
			good = false;
			comma = !conf_is_text(&t);
		}
	}
}

/*
 * The option of that name, and in *index its number; or NULL.
 */
static const struct conf_option *
find_option(enum conf_kind kind, const struct conf_token *name, size_t *index)
{
	const struct conf_option *o = conf_options(kind);

	for (*index = 0; o[*index].name != NULL; ++*index)
		if (strlen(o[*index].name) == name->len &&
		    memcmp(o[*index].name, name->p, name->len) == 0)
			return &o[*index];
	return NULL;
}

/*
 * Reports an unknown option with the nearest one of its section, or with the
 * section where it belongs.
 */
static void
unknown_option(const struct conf_scanner *s, enum conf_kind kind,
    const struct conf_token *name)
{
	const struct conf_option *o = conf_options(kind);
	const char *nearest = NULL;
	char text[64];
	size_t i;
	int k, score, best = 0;

	(void)snprintf(text, sizeof(text), "%.*s", (int)name->len, name->p);
	for (i = 0; o[i].name != NULL; i++) {
		score = near_score(text, o[i].name);
		if (score >= 0 && (nearest == NULL || score < best)) {
			nearest = o[i].name;
			best = score;
		}
	}
	for (k = CONF_TOP; k < CONF_STRANGE; k++)
		if (find_option((enum conf_kind)k, name, &i) != NULL) {
			conf_token_error(s, name,
			    "unknown option '%s' here\nit belongs %s", text,
			    k == CONF_TOP	    ? "outside of the sections"
				: k == CONF_HANDLER ? "into a handler"
						    : "into an endpoint");
			return;
		}
	if (strcmp(text, "endpoint") == 0 || strcmp(text, "handler") == 0)
		conf_token_error(
		    s, name, "'%s' is a section: %s \"NAME\" {", text, text);
	else if (nearest != NULL)
		conf_token_error(s, name,
		    "unknown option '%s'\ndid you mean '%s'?", text, nearest);
	else
		conf_token_error(s, name, "unknown option '%s'", text);
}

/*
 * Whether the option may stand here, once, with n values in braces or not.
 */
static bool
check_option(struct conf_scanner *s, struct block *b,
    const struct conf_token *name, bool braces, size_t n)
{
	const struct conf_option *o;
	size_t i;

	if (b->kind == CONF_STRANGE)
		return false;
	o = find_option(b->kind, name, &i);
	if (o == NULL) {
		unknown_option(s, b->kind, name);
		return false;
	}
	if (b->seen[i] != 0) {
		conf_token_error(s, name, "'%s' was given before, in line %d",
		    o->name, b->seen[i]);
		return false;
	}
	b->seen[i] = name->line;
	if (braces && !o->list) {
		conf_token_error(
		    s, name, "'%s' takes one value, without braces", o->name);
		return false;
	}
	if (n == 0) {
		conf_token_error(s, name,
		    "'%s' has no value\ngive one or leave it out", o->name);
		return false;
	}
	return true;
}

/*
 * Scans what stands behind "name =".
 */
static void
scan_value(
    struct conf_scanner *s, struct block *b, const struct conf_token *name)
{
	struct conf_token t = conf_take(s);
	const bool braces = conf_is_sign(&t, '{');
	bool good = true;
	size_t n = 1;

	if (braces) {
		good = scan_list(s, name, &n);
	} else if (!conf_is_text(&t)) {
		unexpected(s, &t, "a value");
		(void)check_option(s, b, name, false, 1);
		drop_line(s, name->p, &t);
		return;
	} else if (t.line > name->line && is_next_statement(s, &t)) {
		conf_give_back(s, &t);
		conf_token_error(
		    s, name, "'%.*s' has no value", (int)name->len, name->p);
		good = false;
	} else if (t.fault != NULL) {
		conf_token_error(s, &t, "%s", t.fault);
		good = false;
	}
	/* A faulty value may have a wrong name besides. */
	if (!check_option(s, b, name, braces, good ? n : 1) || !good)
		conf_blank(name->p, s->next);
}

/*
 * Keeps a section; its title is checked.
 */
static void
add_section(struct conf_scanner *s, enum conf_kind kind, int line,
    const char *title, size_t len)
{
	struct conf_scan *out = s->out;
	struct conf_section *c;
	size_t i;
	const char *what = conf_kind_name(kind);
	bool good = len > 0 && len < DELIVERY_NAME_SIZE &&
	    strspn(title, NAME_CHARS) >= len;

	if (!good)
		conf_error(s->at, line,
		    "the %s needs a name of up to %d letters, digits, '_', '.' "
		    "and '-': %s \"NAME\" {",
		    what, DELIVERY_NAME_SIZE - 1, what);
	for (i = 0; i < out->n && good; i++)
		if (out->sections[i].kind == kind &&
		    strlen(out->sections[i].title) == len &&
		    memcmp(out->sections[i].title, title, len) == 0) {
			conf_error(s->at, line,
			    "there is the %s '%s' already, in line %d", what,
			    out->sections[i].title, out->sections[i].line);
			break;
		}
	out->sections =
	    mem_resize(out->sections, out->n + 1, sizeof(*out->sections));
	c = &out->sections[out->n++];
	c->kind = kind;
	c->line = line;
	c->title = mem_strndup(title, good ? len : 0);
}

/*
 * The kind of section that name stands for here; CONF_STRANGE, with the reason
 * reported, for none.
 */
static enum conf_kind
section_kind(struct conf_scanner *s, const struct block *b,
    const struct conf_token *name)
{
	enum conf_kind kind;

	for (kind = CONF_ENDPOINT; kind != CONF_STRANGE; kind++)
		if (strlen(conf_kind_name(kind)) == name->len &&
		    memcmp(conf_kind_name(kind), name->p, name->len) == 0)
			break;
	if (b->kind == CONF_TOP && kind != CONF_STRANGE)
		return kind;
	s->out->broken = true;
	if (b->kind == CONF_STRANGE)
		return CONF_STRANGE;
	if (b->depth > 0)
		conf_token_error(s, name,
		    "the section '%.*s' stands inside of another one\nis a "
		    "'}' missing before it?",
		    (int)name->len, name->p);
	else
		conf_token_error(s, name,
		    "unknown section '%.*s'\nthere are endpoint and handler",
		    (int)name->len, name->p);
	return CONF_STRANGE;
}

/*
 * Reports the options that a section must have and has not.
 */
static void
check_required(const struct conf_scanner *s, const struct block *b, int line)
{
	const struct conf_option *o = conf_options(b->kind);
	size_t i;

	for (i = 0; o[i].name != NULL; i++)
		if (o[i].required && b->seen[i] == 0)
			conf_error(s->at, line, "the %s has no '%s'",
			    conf_kind_name(b->kind), o[i].name);
}

/*
 * Scans a section; t is the token behind its kind.
 */
static void
scan_section(struct conf_scanner *s, const struct block *b,
    const struct conf_token *name, struct conf_token t)
{
	const struct conf_token title = t;
	const size_t quotes = t.kind == CONF_TOKEN_STRING ? 1 : 0;
	const enum conf_kind kind = section_kind(s, b, name);
	struct block inner = { .kind = kind, .depth = b->depth + 1 };

	if (conf_is_text(&t))
		t = conf_take(s);
	if (!conf_is_sign(&t, '{')) {
		unexpected(s, &t, "'{'");
		drop_line(s, name->p, &t);
		return;
	}
	if (title.fault != NULL)
		conf_token_error(s, &title, "%s", title.fault);
	else if (kind != CONF_STRANGE)
		add_section(s, kind, name->line, title.p + quotes,
		    conf_is_text(&title) ? title.len - 2 * quotes : 0);
	if (conf_is_text(&title))
		conf_blank(title.p, title.p + title.len);
	scan_block(s, &inner);
	check_required(s, &inner, name->line);
	if (kind == CONF_STRANGE || title.fault != NULL)
		conf_blank(name->p, s->next);
}

static void
scan_statement(
    struct conf_scanner *s, struct block *b, const struct conf_token *name)
{
	struct conf_token t = conf_take(s);
	struct conf_token after;
	size_t i;

	if (conf_is_sign(&t, '=')) {
		scan_value(s, b, name);
		return;
	}
	after = t;
	if (conf_is_text(&t)) {
		after = conf_take(s);
		conf_give_back(s, &after);
	}
	if (conf_is_sign(&after, '{') &&
	    find_option(b->kind, name, &i) == NULL) {
		scan_section(s, b, name, t);
		return;
	}
	if (conf_is_sign(&t, '('))
		conf_token_error(
		    s, &t, "there are no functions such as include() here");
	else
		conf_token_error(s, name, "'=' is missing after '%.*s'",
		    (int)name->len, name->p);
	drop_line(s, name->p, &t);
}

static void
scan_stray(
    struct conf_scanner *s, const struct block *b, const struct conf_token *t)
{
	if (conf_is_sign(t, '}') && b->depth == 0) {
		conf_token_error(s, t, "'}' without a section to close");
		conf_blank(t->p, t->p + 1);
		return;
	}
	if (conf_is_sign(t, ';'))
		conf_token_error(s, t, "there is no ';' at the end of a line");
	else if (conf_is_sign(t, ','))
		conf_token_error(s, t,
		    "several values are written in braces: { \"a\", \"b\" }");
	else
		unexpected(s, t, "the name of an option");
	drop_line(s, t->p, t);
}

static void
scan_block(struct conf_scanner *s, struct block *b)
{
	struct conf_token t;

	b->line = s->line;
	if (b->depth > DEPTH_MAX) {
		conf_error(s->at, s->line, "sections are nested too deeply");
		s->next += strlen(s->next);
	}
	for (;;) {
		t = conf_take(s);
		if (t.kind == CONF_TOKEN_END) {
			/* Deeper ones are in a section that is none. */
			if (b->depth == 1)
				conf_error(s->at, b->line,
				    "the section that begins here is not "
				    "closed: '}' is missing");
			return;
		}
		if (conf_is_sign(&t, '}') && b->depth > 0)
			return;
		if (t.kind == CONF_TOKEN_WORD)
			scan_statement(s, b, &t);
		else
			scan_stray(s, b, &t);
	}
}

void
conf_scan(struct conf_scan *out, char *text, const struct conf_place *at)
{
	struct conf_scanner s = {
		.out = out, .at = at, .text = text, .next = text, .line = 1
	};

	struct block b = { .kind = CONF_TOP };

	memset(out, 0, sizeof(*out));
	scan_block(&s, &b);
}

void
conf_scan_free(struct conf_scan *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->sections[i].title);
	free(s->sections);
	memset(s, 0, sizeof(*s));
}
