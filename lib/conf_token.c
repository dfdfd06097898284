/*
 * The tokens of a configuration file.
 */
#include "config.h"

#include <string.h>

#include "conf.h"

#include "conf_impl.h"

#include "banned.h"

#define WORD_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"_-./:@%~&!?|<>[]^`"

void
conf_blank(char *from, const char *end)
{
	for (; from < end; from++)
		if (*from != '\n')
			*from = ' ';
}

static void
skip_block_comment(struct conf_scanner *s)
{
	char *end = strstr(s->next + 2, "*/");
	const int line = s->line;
	char *p;

	if (end == NULL) {
		conf_error(s->at, line,
		    "the comment that begins here is not closed: \"*/\" is "
		    "missing");
		end = s->next + strlen(s->next);
	} else {
		end += 2;
	}
	for (p = s->next; p < end; p++)
		if (*p == '\n')
			s->line++;
	conf_blank(s->next, end);
	s->next = end;
}

/*
 * Goes on to the next token and turns comments into blanks on the way.
 */
static void
skip_space(struct conf_scanner *s)
{
	size_t n;

	for (;;) {
		s->next += strspn(s->next, " \t\r");
		if (*s->next == '\n') {
			s->line++;
			s->next++;
		} else if (*s->next == '#' || strncmp(s->next, "//", 2) == 0) {
			n = strcspn(s->next, "\n");
			conf_blank(s->next, s->next + n);
			s->next += n;
		} else if (strncmp(s->next, "/*", 2) == 0) {
			skip_block_comment(s);
		} else {
			return;
		}
	}
}

/*
 * What is wrong with the string between p and end (its content), or NULL.
 * Only double quotes have escapes and libConfuse's ${NAME}.
 */
static const char *
string_fault(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '$' && p[1] == '{')
			return "${...} is not replaced, because the programs "
			       "that read this file have different "
			       "environments: write the value itself (or "
			       "\\${ for the characters)";
		if (*p != '\\')
			continue;
		if (p + 1 == end || strchr("\"\\$nt", *++p) == NULL)
			return "a backslash in double quotes is written \\\\; "
			       "other than that there are \\\" \\$ \\n \\t";
	}
	return NULL;
}

/*
 * Reads a string, which ends in its line: a quote forgotten would swallow
 * half the file otherwise.
 */
static void
take_string(struct conf_scanner *s, struct conf_token *t)
{
	const char quote = *s->next;
	char *p = s->next + 1;

	while (*p != quote && *p != '\n' && *p != '\0') {
		if (*p == '\\' && p[1] != '\n' && p[1] != '\0' &&
		    (quote == '"' || p[1] == '\'' || p[1] == '\\'))
			p++;
		p++;
	}
	t->kind = CONF_TOKEN_STRING;
	if (*p != quote) {
		t->fault = "the string is not closed in its line";
	} else {
		if (quote == '"')
			t->fault = string_fault(t->p + 1, p);
		p++;
	}
	t->len = (size_t)(p - t->p);
}

struct conf_token
conf_take(struct conf_scanner *s)
{
	struct conf_token t = { .kind = CONF_TOKEN_WORD };

	skip_space(s);
	t.p = s->next;
	t.line = s->line;
	t.len = strspn(s->next, WORD_CHARS);
	if (t.len == 0) {
		if (*s->next == '"' || *s->next == '\'') {
			take_string(s, &t);
		} else if (*s->next == '\0') {
			t.kind = CONF_TOKEN_END;
		} else {
			t.kind = CONF_TOKEN_SIGN;
			t.len = 1;
		}
	}
	s->next += t.len;
	return t;
}

void
conf_give_back(struct conf_scanner *s, const struct conf_token *t)
{
	s->next = t->p;
	s->line = t->line;
}

bool
conf_is_sign(const struct conf_token *t, char c)
{
	return t->kind == CONF_TOKEN_SIGN && *t->p == c;
}

bool
conf_is_text(const struct conf_token *t)
{
	return t->kind == CONF_TOKEN_WORD || t->kind == CONF_TOKEN_STRING;
}
