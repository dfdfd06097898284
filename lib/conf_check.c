/*
 * Checks of a configuration against the machine it stands on, and of its
 * sections against each other.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

#define NAME_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/*
 * Who can write to a file can have the program execute what they like; and so
 * can who can replace it in its folder, unless the sticky bit keeps others'
 * files from them.
 */
static void
check_writable(const char *path, const struct stat *st, int line,
    const struct conf_place *at)
{
	if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0)
		return;
	if ((st->st_mode & S_IWOTH) != 0)
		conf_error(at, line,
		    "all users may write to %s, and so choose what is "
		    "executed\nchmod o-w it",
		    path);
	else if ((st->st_mode & S_IWGRP) != 0)
		conf_warn(at, line,
		    "the group may write to %s, and so choose what is executed",
		    path);
}

/*
 * Whether folder is one of those above path.
 */
static bool
is_above(const char *folder, const char *path)
{
	const size_t n = strlen(folder);

	return strncmp(folder, path, n) == 0 &&
	    (path[n] == '/' || folder[n - 1] == '/');
}

/*
 * Checks the folders above path, up to the root, but for those above seen
 * (may be NULL).
 */
static void
check_folders(
    const char *path, const char *seen, int line, const struct conf_place *at)
{
	char *folder = mem_strdup(path), *slash;
	struct stat st;

	while ((slash = strrchr(folder, '/')) != NULL) {
		slash[slash == folder ? 1 : 0] = '\0';
		if ((seen == NULL || !is_above(folder, seen)) &&
		    stat(folder, &st) == 0)
			check_writable(folder, &st, line, at);
		if (slash == folder)
			break;
	}
	free(folder);
}

void
conf_check_program(
    const char *what, const char *path, int line, const struct conf_place *at)
{
	const struct conf_place here = conf_topic(at, "program");
	struct stat st;
	char *real;

	at = &here;
	if (stat(path, &st) != 0) {
		conf_error(
		    at, line, "the %s %s: %s", what, path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		conf_error(
		    at, line, "the %s %s is not a regular file", what, path);
		return;
	}
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		conf_error(at, line,
		    "the %s %s may not be executed by this user: %s\nis "
		    "its mode without x?",
		    what, path, strerror(errno));
	check_writable(path, &st, line, at);
	check_folders(path, NULL, line, at);
	real = realpath(path, NULL);
	if (real != NULL && strcmp(real, path) != 0)
		check_folders(real, path, line, at);
	free(real);
}

void
conf_check_command(const char *path, int line, const struct conf_place *at)
{
	const struct conf_place here = conf_topic(at, "program");
	struct stat st;

	at = &here;
	if (path[0] != '/')
		conf_error(at, line,
		    "the command '%s' must be an absolute path, with its "
		    "arguments as further values",
		    path);
	else if (strchr(path, ' ') != NULL && stat(path, &st) != 0)
		conf_error(at, line,
		    "the command %s: %s\narguments are further values in the "
		    "braces",
		    path, strerror(errno));
	else
		conf_check_program("command", path, line, at);
}

void
conf_check_user(const char *name, int line, const struct conf_place *at)
{
	if (getpwnam(name) == NULL)
		conf_error(at, line, "there is no user '%s'", name);
	else if (geteuid() != 0)
		conf_warn(at, line,
		    "'user' is for a worker that runs as root, and this user "
		    "is not: the handler cannot be started so");
}

void
conf_check_directory(const char *path, int line, const struct conf_place *at)
{
	struct stat st;

	if (path[0] != '/')
		conf_error(at, line, "'directory' is an absolute path");
	else if (stat(path, &st) != 0)
		conf_error(
		    at, line, "the directory %s: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		conf_error(at, line, "%s is not a directory", path);
}

void
conf_check_environment(
    char *const *environment, size_t i, int line, const struct conf_place *at)
{
	const char *entry = environment[i];
	const size_t n = strspn(entry, NAME_CHARS);
	size_t j;

	if (n == 0 || (entry[0] >= '0' && entry[0] <= '9') ||
	    (entry[n] != '\0' && entry[n] != '=')) {
		conf_error(at, line,
		    "the environment has \"NAME=value\", or \"NAME\" to pass "
		    "on the program's own: entry %zu is neither",
		    i + 1);
		return;
	}
	if (strncmp(entry, "STRIPE_", 7) == 0 ||
	    strncmp(entry, "STRIPEHOOK_", 11) == 0)
		conf_error(at, line,
		    "STRIPE_ and STRIPEHOOK_ variables speak of the event and "
		    "cannot be set: '%.*s'",
		    (int)n, entry);
	else if (entry[n] == '\0' && strncmp(entry, "HTTP_", 5) == 0)
		conf_error(at, line,
		    "HTTP_ variables come from the request and are not passed "
		    "on: '%.*s'",
		    (int)n, entry);
	for (j = 0; j < i; j++)
		if (strncmp(environment[j], entry, n) == 0 &&
		    (environment[j][n] == '\0' || environment[j][n] == '='))
			conf_error(at, line,
			    "'%.*s' is in the environment twice", (int)n,
			    entry);
}

void
conf_check_owner(const char *path, int line, const struct conf_place *at)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_uid != 0 && st.st_uid != geteuid())
		conf_warn(at, line,
		    "the secret's file %s belongs to user %lu, neither root "
		    "nor this one",
		    path, (unsigned long)st.st_uid);
}

/*
 * The endpoint that has a secret of this value, or NULL.
 */
static const struct conf_endpoint *
holder(const struct conf *c, const struct secret *s)
{
	const struct conf_endpoint *ep;
	size_t i, j;

	for (i = 0; i < c->nendpoints; i++) {
		ep = &c->endpoints[i];
		for (j = 0; j < ep->nsecrets; j++)
			if (ep->secrets[j].len == s->len &&
			    memcmp(ep->secrets[j].value, s->value, s->len) == 0)
				return ep;
	}
	return NULL;
}

void
conf_check_secret(struct conf *c, struct conf_endpoint *ep, const char *source,
    int line, const struct conf_place *at)
{
	const struct conf_place here = conf_topic(at, "secret");
	const struct conf_endpoint *other;
	struct secret s;
	struct err e;

	at = &here;
	if (c->secretless)
		return;
	if (secret_load(&s, source, &e) != RES_OK) {
		conf_error(at, line, "%s", e.text);
		return;
	}
	if (s.path != NULL) {
		conf_check_owner(s.path, line, at);
		conf_watch(c, s.path);
	}
	other = holder(c, &s);
	if (other != NULL) {
		if (other == ep)
			conf_error(at, line,
			    "the endpoint has this secret twice: \"%s\"",
			    source);
		else
			conf_error(at, line,
			    "the secret \"%s\" is the same as one of the "
			    "endpoint '%s': they could not be told apart",
			    source, other->name);
		secret_free(&s);
		return;
	}
	ep->secrets[ep->nsecrets++] = s;
}

void
conf_check_whole(const struct conf *c, const struct conf_place *at)
{
	const struct conf_handler *h;
	size_t i, j;

	for (i = 0; i < c->nhandlers; i++) {
		h = &c->handlers[i];
		for (j = 0; j < h->nendpoints; j++)
			if (conf_find_endpoint(c, h->endpoints[j].text) == NULL)
				conf_error(at, h->endpoints[j].line,
				    "there is no endpoint '%s'",
				    h->endpoints[j].text);
	}
	if (c->nendpoints == 0)
		conf_error(at, 0,
		    "there is no endpoint\nendpoint \"NAME\" { secrets = { "
		    "\"file:/path\" } }");
	if (c->nhandlers == 0)
		conf_warn(at, 0, "there is no handler: every event will be %s",
		    c->unhandled == CONF_UNHANDLED_REJECT      ? "refused"
			: c->unhandled == CONF_UNHANDLED_STORE ? "stored only"
							       : "ignored");
}
