/*
 * The values of a configuration's options, as libConfuse has them.
 */
#include "config.h"

#include <confuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

/*
 * libConfuse's callbacks for a value: every one is kept as a text with its
 * line, and what it means is decided afterwards, with all that is at fault.
 */
static int
keep_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_text *t = mem_alloc(1, sizeof(*t));

	(void)opt;
	t->text = mem_strdup(value);
	t->line = cfg->line;
	*(void **)result = t;
	return 0;
}

static void
free_value(void *value)
{
	struct conf_text *t = value;

	free(t->text);
	free(t);
}

/*
 * Every option is a list of texts to libConfuse: it takes bare values for
 * lists, and the scan has seen to the braces.
 */
size_t
conf_value_options(cfg_opt_t *out, enum conf_kind kind)
{
	const struct conf_option *o = conf_options(kind);
	size_t i;

	for (i = 0; o[i].name != NULL; i++)
		out[i] = (cfg_opt_t)CFG_PTR_LIST_CB(
		    o[i].name, NULL, CFGF_NONE, keep_value, free_value);
	out[i] = (cfg_opt_t)CFG_END();
	return i;
}

const struct conf_text *
conf_value_at(const struct conf_reader *rd, const char *name, size_t i)
{
	return cfg_getnptr(rd->cfg, name, (unsigned int)i);
}

size_t
conf_value_count(const struct conf_reader *rd, const char *name)
{
	return cfg_size(rd->cfg, name);
}

const struct conf_text *
conf_value(const struct conf_reader *rd, const char *name)
{
	const struct conf_text *t;

	if (conf_value_count(rd, name) == 0)
		return NULL;
	t = conf_value_at(rd, name, 0);
	return t->text[0] != '\0' ? t : NULL;
}

void
conf_value_beside(const struct conf_reader *rd, const char *name, size_t i,
    const char *scheme)
{
	const size_t n = strlen(scheme);
	struct conf_text *t;
	char *text;
	size_t size;

	if (rd->at->folder == NULL || i >= conf_value_count(rd, name))
		return;
	t = cfg_getnptr(rd->cfg, name, (unsigned int)i);
	if (strncmp(t->text, scheme, n) != 0 ||
	    strncmp(t->text + n, "./", 2) != 0)
		return;
	size = strlen(rd->at->folder) + strlen(t->text) + 1;
	text = mem_alloc(size, 1);
	(void)snprintf(
	    text, size, "%s%s%s", scheme, rd->at->folder, t->text + n + 1);
	free(t->text);
	t->text = text;
}

void
conf_value_check_empty(const struct conf_reader *rd, enum conf_kind kind)
{
	const struct conf_option *o;

	for (o = conf_options(kind); o->name != NULL; o++)
		if (!o->list && conf_value_count(rd, o->name) > 0 &&
		    conf_value(rd, o->name) == NULL)
			conf_error(rd->at, conf_value_at(rd, o->name, 0)->line,
			    "'%s' is empty", o->name);
}

void
conf_value_number(const struct conf_reader *rd, const char *name, int64_t lo,
    int64_t hi, int64_t *out)
{
	const struct conf_text *t = conf_value(rd, name);
	long long number;
	char *end;

	if (t == NULL)
		return;
	number = strtoll(t->text, &end, 10);
	if (strspn(t->text, "-0123456789") != strlen(t->text) || *end != '\0') {
		conf_error(rd->at, t->line, "'%s' is a whole number, not '%s'",
		    name, t->text);
		return;
	}
	/* What is too large for long long is too large here, too. */
	if (number < lo || number > hi) {
		conf_error(rd->at, t->line,
		    "'%s' must be from %lld to %lld, not %s", name,
		    (long long)lo, (long long)hi, t->text);
		return;
	}
	*out = number;
}

void
conf_value_int(
    const struct conf_reader *rd, const char *name, int lo, int hi, int *out)
{
	int64_t number = *out;

	conf_value_number(rd, name, lo, hi, &number);
	*out = (int)number;
}

int
conf_value_choice(const struct conf_reader *rd, const char *name,
    const char *const *choices, int dflt)
{
	const struct conf_text *t = conf_value(rd, name);
	char all[128];
	size_t len = 0;
	int i;

	if (t == NULL)
		return dflt;
	for (i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], t->text) == 0)
			return i;
	for (i = 0; choices[i] != NULL && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len,
		    "%s\"%s\"", i == 0 ? "" : " or ", choices[i]);
	conf_error(rd->at, t->line, "'%s' is %s, not '%s'", name, all, t->text);
	return dflt;
}

char *
conf_value_text(
    const struct conf_reader *rd, const char *name, const char *dflt)
{
	const struct conf_text *t = conf_value(rd, name);

	if (t != NULL)
		return mem_strdup(t->text);
	return dflt != NULL ? mem_strdup(dflt) : NULL;
}

char **
conf_value_array(const struct conf_reader *rd, const char *name)
{
	const size_t n = conf_value_count(rd, name);
	char **array = mem_alloc(n + 1, sizeof(*array));
	size_t i;

	for (i = 0; i < n; i++)
		array[i] = mem_strdup(conf_value_at(rd, name, i)->text);
	return array;
}

struct conf_text *
conf_value_list(const struct conf_reader *rd, const char *name, size_t *n)
{
	struct conf_text *list;
	size_t i;

	*n = conf_value_count(rd, name);
	list = mem_alloc(*n, sizeof(*list));
	for (i = 0; i < *n; i++) {
		list[i].text = mem_strdup(conf_value_at(rd, name, i)->text);
		list[i].line = conf_value_at(rd, name, i)->line;
	}
	return list;
}
