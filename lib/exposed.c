/*
 * Whether what must stay private lies where a web server shows files.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exposed.h"

#include "mem.h"

#include "banned.h"

/* Names of folders that web servers show. Not "www", which has homes too. */
static const char *const shown_names[] = { "public_html", "htdocs", "httpdocs",
	"httpsdocs", "html", "wwwroot", "webroot", "docroot", "cgi-bin" };

/*
 * The path without symbolic links, which the caller frees; of a file that is
 * not there yet, by way of its folder. NULL where neither is.
 */
static char *
resolve(const char *path)
{
	char *real = realpath(path, NULL), *folder, *whole;
	const char *slash = strrchr(path, '/');
	size_t size;

	if (real != NULL || slash == NULL)
		return real;
	folder = mem_strndup(path, (size_t)(slash - path) + 1);
	real = realpath(folder, NULL);
	free(folder);
	if (real == NULL)
		return NULL;
	size = strlen(real) + strlen(slash) + 1;
	whole = mem_alloc(size, 1);
	(void)snprintf(whole, size, "%s%s", real, slash);
	free(real);
	return whole;
}

/*
 * Whether path is folder or lies below it; both are absolute and resolved.
 * Nothing counts as below the root, which ends in its slash: who shows it
 * shows everything anyway.
 */
static bool
is_below(const char *path, const char *folder)
{
	const size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

static void
look_below(const struct conf *c, const char *what, const char *path,
    struct conf_report *r)
{
	static const char *const roots[] = { "DOCUMENT_ROOT",
		"CONTEXT_DOCUMENT_ROOT" };
	char *real = resolve(path), *root;
	const char *value;
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(roots) / sizeof(roots[0]) && !found; i++) {
		value = getenv(roots[i]);
		if (real == NULL || value == NULL || value[0] != '/')
			continue;
		root = realpath(value, NULL);
		found = root != NULL && is_below(real, root);
		if (found) {
			conf_report_add(r, CONF_ERROR, c->path, 0,
			    "%s %s lies below %s, which the web server shows "
			    "to everybody\nmove it out of there, see "
			    "stripehook-hosting(7)",
			    what, path, root);
			conf_report_mark(r, "exposed", 0);
		}
		free(root);
	}
	free(real);
}

/*
 * The part of path up to the end of the first folder with such a name, as a
 * length; 0 where there is none.
 */
static size_t
shown_part(const char *path)
{
	const char *at = path, *end;
	size_t i, n;

	while ((at = strchr(at, '/')) != NULL) {
		at++;
		end = strchr(at, '/');
		if (end == NULL)
			break;
		n = (size_t)(end - at);
		for (i = 0; i < sizeof(shown_names) / sizeof(shown_names[0]);
		     i++)
			if (strlen(shown_names[i]) == n &&
			    strncmp(shown_names[i], at, n) == 0)
				return (size_t)(end - path);
	}
	return 0;
}

static void
look_like(const struct conf *c, const char *what, const char *path,
    struct conf_report *r)
{
	char *real = resolve(path);
	size_t n = real != NULL ? shown_part(real) : 0;

	if (n > 0) {
		conf_report_add(r, CONF_WARNING, c->path, 0,
		    "%s %s lies below %.*s, which looks like a folder that a "
		    "web server shows to everybody\nif it is one, move it out "
		    "of there",
		    what, path, (int)n, real);
		conf_report_mark(r, "exposed", 0);
	}
	free(real);
}

/*
 * Shows look every private file of c, and what it is.
 */
static void
each_private(const struct conf *c,
    void (*look)(const struct conf *c, const char *what, const char *path,
	struct conf_report *r),
    struct conf_report *r)
{
	const struct conf_endpoint *ep;
	const char *path;
	size_t i, j;

	look(c, "the configuration", c->path, r);
	path = strchr(c->store, ':');
	if (path != NULL && path[1] == '/')
		look(c, "the store", path + 1, r);
	if (strncmp(c->log, "file:", 5) == 0)
		look(c, "the log", c->log + 5, r);
	for (i = 0; i < c->nendpoints; i++) {
		ep = &c->endpoints[i];
		for (j = 0; j < ep->nsecrets; j++)
			if (ep->secrets[j].path != NULL)
				look(c, "the secret", ep->secrets[j].path, r);
	}
}

void
exposed_check(const struct conf *c, struct conf_report *r)
{
	if (getenv("DOCUMENT_ROOT") != NULL ||
	    getenv("CONTEXT_DOCUMENT_ROOT") != NULL)
		each_private(c, look_below, r);
}

void
exposed_guess(const struct conf *c, struct conf_report *r)
{
	each_private(c, look_like, r);
}
