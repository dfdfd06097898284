/*
 * stripehook init: makes the store ready.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_owner.h"

#include "banned.h"

static const char roles[] =
#include "store_pgsql_roles.inc"
    ;

/*
 * Says whose a store's file is: the web server and the worker have to be able
 * to write it. Nothing for a store that is no file.
 */
static void
print_owner(const char *uri)
{
	static const char scheme[] = "sqlite:";
	const char *path = uri + strlen(scheme);
	char name[CMD_OWNER_SIZE];
	struct stat st;

	if (strncmp(uri, scheme, strlen(scheme)) != 0 || stat(path, &st) != 0)
		return;
	printf("  mode %04o, owner ", (unsigned int)(st.st_mode & 07777));
	cmd_put(cmd_user_name(st.st_uid, name), 0);
	printf(", group ");
	cmd_put(cmd_group_name(st.st_gid, name), 0);
	printf("\n  The endpoint and the worker must be able to write it and"
	       " its folder.\n");
}

/*
 * Becomes the user whom the store's file belongs to, where this is root, so
 * that what appears beside the file is that user's as well.
 */
static int
become_owner(const struct stat *st)
{
	if (geteuid() != 0 || st->st_uid == 0)
		return CMD_OK;
	return cmd_become(st->st_uid, st->st_gid);
}

static int
setup(const struct conf *c)
{
	const char *uri = c->store;
	struct err e = { "" };
	struct store *s = NULL;
	enum result before, r;

	before = store_open(&s, uri, STORE_READER, NULL);
	store_close(s);
	if ((r = store_setup(uri, &e)) != RES_OK)
		return cmd_result(r, &e);
	cmd_put(conf_store_shown(c), 0);
	if (before == RES_UNKNOWN)
		puts(": created");
	else if (before == RES_OK)
		puts(": was up to date already");
	else
		puts(": brought up to date");
	print_owner(uri);
	return CMD_OK;
}

/*
 * For those who install a new version: nothing is created.
 */
static int
upgrade(const struct conf *c)
{
	static const char scheme[] = "sqlite:";
	const char *path = c->store + strlen(scheme);
	struct stat st;
	int status;

	if (strncmp(c->store, scheme, strlen(scheme)) == 0) {
		if (stat(path, &st) != 0) {
			if (errno != ENOENT) {
				cmd_error("%s: %s", path, strerror(errno));
				return CMD_FAILED;
			}
			cmd_put(c->store, 0);
			puts(": not there, nothing to bring up to date");
			return CMD_OK;
		}
		if ((status = become_owner(&st)) != CMD_OK)
			return status;
	}
	return setup(c);
}

int
cmd_init(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "upgrade", no_argument, NULL, 'U' },
		{ "help", no_argument, NULL, 'h' },
		{ "print-roles", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	bool print_roles = false;
	struct conf c;
	bool existing = false;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (ch == 'U')
			existing = true;
		else if (ch == 'r')
			print_roles = true;
		else
			return ch == 'h' ? cmd_help(self) : cmd_usage(self);
	}
	if (optind < argc)
		return cmd_usage(self);
	if (print_roles)
		return fputs(roles, stdout) == EOF ? CMD_FAILED : CMD_OK;
	if ((status = cmd_load_secretless(g, &c)) != CMD_OK)
		return status;
	status = existing ? upgrade(&c) : setup(&c);
	conf_free(&c);
	return status;
}
