/*
 * The options of a command, taken out of the text that explains them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cmd_options.h"
#include "near.h"

#include "banned.h"

#define HELP_COLUMN 23

/*
 * Copies up to n bytes into dst; too long ones are cut.
 */
static void
copy(char *dst, size_t size, const char *s, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(dst, s, n);
	dst[n] = '\0';
}

/*
 * Whether the line, of n bytes, begins an option.
 */
static bool
parse(const char *line, size_t n, struct cmd_option *o)
{
	const char *end = line + n, *s;
	size_t len;

	memset(o, 0, sizeof(*o));
	s = line + strspn(line, " ");
	if (s >= end || *s != '-' || s - line > 6)
		return false;
	if (s[1] != '-') {
		o->letter = s[1];
		s += 4; /* "-x, " */
	}
	if (s + 2 >= end || strncmp(s, "--", 2) != 0)
		return false;
	s += 2;
	len = strcspn(s, " \n");
	copy(o->name, sizeof(o->name), s, len);
	s += len;
	if (*s == ' ' && s[1] != ' ' && s[1] != '\n') {
		s++;
		len = strcspn(s, " \n");
		copy(o->arg, sizeof(o->arg), s, len);
		s += len;
	}
	if (s > end)
		return true;
	s += strspn(s, " ");
	if (s < end && s - line >= HELP_COLUMN)
		copy(o->help, sizeof(o->help), s, (size_t)(end - s));
	return true;
}

bool
cmd_option_next(const char **text, struct cmd_option *o)
{
	const char *line;
	size_t n, m;

	while (**text != '\0') {
		line = *text;
		n = strcspn(line, "\n");
		*text += n + (line[n] == '\n');
		if (!parse(line, n, o))
			continue;
		if (o->help[0] == '\0') { /* it is on the next line */
			line = *text;
			n = strcspn(line, "\n");
			m = strspn(line, " ");
			if (m >= HELP_COLUMN && m < n)
				copy(o->help, sizeof(o->help), line + m, n - m);
		}
		return true;
	}
	return false;
}

/*
 * Whether the n bytes of name are an option, or begin one.
 */
static bool
is_option(const struct cmd *c, const char *name, size_t n)
{
	const char *text = c->options;
	struct cmd_option o;

	if (n <= 4 && strncmp("help", name, n) == 0)
		return true;
	while (cmd_option_next(&text, &o))
		if (strncmp(o.name, name, n) == 0)
			return true;
	return false;
}

void
cmd_option_suggest(const struct cmd *c, int argc, char **argv)
{
	const char *text = c->options;
	char name[sizeof(((struct cmd_option *)NULL)->name)];
	struct cmd_option o, near = { .name = "" };
	int i, score, best = 0;
	size_t n;

	for (i = 1; i < argc; i++) {
		if (argv[i] == NULL || strcmp(argv[i], "--") == 0)
			return;
		n = strcspn(argv[i], "=");
		if (strncmp(argv[i], "--", 2) == 0 && n - 2 < sizeof(name) &&
		    !is_option(c, argv[i] + 2, n - 2))
			break;
	}
	if (i >= argc)
		return;
	copy(name, sizeof(name), argv[i] + 2, n - 2);
	while (cmd_option_next(&text, &o)) {
		score = near_score(name, o.name);
		if (score >= 0 && (near.name[0] == '\0' || score < best)) {
			near = o;
			best = score;
		}
	}
	if (near.name[0] != '\0')
		cmd_error("no such option: --%s; did you mean --%s?", name,
		    near.name);
}
