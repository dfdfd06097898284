/*
 * stripehook check: whose files it all depends on.
 */
#include "config.h"

#include <sys/stat.h>

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_check.h"
#include "cmd_owner.h"
#include "mem.h"

#include "banned.h"

#define SECRET_SHORT 24 /* bytes; Stripe's have 38 and more */

/* Files that are looked at for one line of the configuration. */
struct owners {
	struct conf_report *report; /* borrowed */
	const char *file; /* borrowed */
	int line;
	const char *code; /* static */
	const char *means; /* static: what who can change them can so do */
	const uid_t *also; /* a user who may own them; may be NULL */
};

static void
check_owner(const struct owners *o, const char *path, const struct stat *st)
{
	char name[CMD_OWNER_SIZE];

	if (st->st_uid == 0 || st->st_uid == geteuid() ||
	    (o->also != NULL && st->st_uid == *o->also))
		return;
	conf_report_add(o->report, CONF_WARNING, o->file, o->line,
	    "%s belongs to %s, who can so %s\nchown it to root", path,
	    cmd_user_name(st->st_uid, name), o->means);
	conf_report_mark(o->report, o->code, 0);
}

static void
check_folder_mode(
    const struct owners *o, const char *path, const struct stat *st)
{
	if ((st->st_mode & (S_IWOTH | S_IWGRP)) == 0 ||
	    (st->st_mode & S_ISVTX) != 0)
		return;
	conf_report_add(o->report, CONF_WARNING, o->file, o->line,
	    "%s may write to %s, and so %s\nchmod go-w it",
	    (st->st_mode & S_IWOTH) != 0 ? "all users" : "the group", path,
	    o->means);
	conf_report_mark(o->report, o->code, 0);
}

/*
 * Whether folder is one of those above path, or path itself.
 */
static bool
is_on(const char *folder, const char *path)
{
	const size_t n = strlen(folder);

	return strncmp(folder, path, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/' || folder[n - 1] == '/');
}

/*
 * Looks at a file and the folders above it, but for those on seen (may be
 * NULL); at the modes of the folders where modes is set.
 */
static void
check_path(
    const struct owners *o, const char *path, const char *seen, bool modes)
{
	char *part = mem_strdup(path), *slash = part;
	struct stat st;

	for (;;) {
		if ((seen == NULL || !is_on(part, seen)) &&
		    stat(part, &st) == 0) {
			check_owner(o, part, &st);
			if (modes && S_ISDIR(st.st_mode))
				check_folder_mode(o, part, &st);
		}
		slash = strrchr(part, '/');
		if (slash == NULL || (slash == part && part[1] == '\0'))
			break;
		slash[slash == part ? 1 : 0] = '\0';
	}
	free(part);
}

/*
 * The same by all names that lead to it.
 */
static void
check_file(const struct owners *o, const char *path, bool modes)
{
	char *real = realpath(path, NULL);

	if (path[0] == '/')
		check_path(o, path, NULL, modes);
	if (real != NULL && strcmp(real, path) != 0)
		check_path(o, real, path, modes);
	free(real);
}

static void
check_looks(const struct conf *c, const struct secret *s, int line,
    struct conf_report *r)
{
	if (strncmp(s->value, "whsec_", 6) == 0) {
		if (s->len >= SECRET_SHORT)
			return;
		conf_report_add(r, CONF_WARNING, c->path, line,
		    "the secret \"%s\" has only %zu bytes\n"
		    "copy all of the signing secret that Stripe shows",
		    s->source, s->len);
	} else {
		conf_report_add(r, CONF_WARNING, c->path, line,
		    "the secret \"%s\" %s\n"
		    "the signing secret of a webhook endpoint begins with "
		    "whsec_",
		    s->source,
		    strncmp(s->value + 1, "k_", 2) == 0
			? "is an API key, and nothing is signed with that"
			: "does not look like one of Stripe's");
	}
	conf_report_mark(r, "secret", 0);
}

void
cmd_check_secrets(const struct conf *c, struct conf_report *r)
{
	const struct conf_endpoint *ep;
	struct owners o = { r, c->path, 0, "secret",
		"replace a secret and sign events", NULL };
	size_t i, j;

	for (i = 0; i < c->nendpoints; i++) {
		ep = &c->endpoints[i];
		/* None is missing where the configuration has no error. */
		for (j = 0; j < ep->nsecrets && j < ep->nsources; j++) {
			o.line = ep->sources[j].line;
			check_looks(c, &ep->secrets[j], o.line, r);
			if (ep->secrets[j].path != NULL)
				check_file(&o, ep->secrets[j].path, true);
		}
	}
}

void
cmd_check_owners(const struct conf *c, struct conf_report *r)
{
	struct owners o = { r, c->path, 0, "program", "choose what is executed",
		NULL };
	const struct conf_handler *h;
	struct passwd *pw;
	uid_t user;
	size_t i;

	for (i = 0; i < c->nhandlers; i++) {
		h = &c->handlers[i];
		pw = h->user != NULL ? getpwnam(h->user) : NULL;
		if (pw != NULL)
			user = pw->pw_uid;
		o.also = pw != NULL ? &user : NULL;
		o.line = h->command_line;
		check_file(&o, h->command[0], false);
	}
}
