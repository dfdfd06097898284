/*
 * Where things are in the portable build, which nobody installs: it takes the
 * place of conf_default.c there.
 *
 * The configuration is looked for in one place only, the folder "stripehook"
 * in the home folder: never beside the program, which a web server may show.
 * What the home folder is the environment need not tell (Apache's suexec takes
 * HOME away, and passes no SetEnv on), and a static program had better not ask
 * the C library for it. So it is the highest folder above the program that
 * belongs to the program's owner. Folders of others, or that others may write
 * to, end the search: what they hold is not ours to trust.
 */
#include "config.h"

#include <sys/auxv.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

#define PLACE "/stripehook/stripehook.conf"

/*
 * The program's file, absolute, which the caller frees; NULL where nobody
 * tells. What it was executed as serves where /proc is not there.
 */
static char *
find_program(void)
{
	const char *name;
	char *path;

	path = realpath("/proc/self/exe", NULL);
	if (path != NULL)
		return path;
	name = (const char *)getauxval(AT_EXECFN);
	return name != NULL ? realpath(name, NULL) : NULL;
}

/*
 * The home folder of the program's owner, which the caller frees; NULL where
 * there is none. A program of root is installed for all, and has no home.
 */
static char *
find_home(const char *program)
{
	char *folder = mem_strdup(program), *home = NULL, *slash;
	struct stat st;
	uid_t owner;

	owner = stat(program, &st) == 0 ? st.st_uid : 0;
	while (owner != 0 && (slash = strrchr(folder, '/')) > folder) {
		*slash = '\0';
		if (stat(folder, &st) != 0 || st.st_uid != owner ||
		    (st.st_mode & S_IWOTH) != 0)
			break;
		free(home);
		home = mem_strdup(folder);
	}
	free(folder);
	return home;
}

const char *
conf_default_path(void)
{
	const char *path = getenv("STRIPEHOOK_CONFIG");
	char *program, *home = NULL, *found;
	size_t size;

	if (path != NULL && path[0] != '\0')
		return path;
	program = find_program();
	if (program != NULL)
		home = find_home(program);
	if (home != NULL) {
		size = strlen(home) + sizeof(PLACE);
		found = mem_alloc(size, 1);
		(void)snprintf(found, size, "%s" PLACE, home);
		/* Kept where it is looked for the next time. */
		(void)setenv("STRIPEHOOK_CONFIG", found, 1);
		free(found);
		path = getenv("STRIPEHOOK_CONFIG");
	}
	free(home);
	free(program);
	return path != NULL && path[0] != '\0' ? path : STRIPEHOOK_CONFIG_PATH;
}

char *
conf_default_store(const struct conf_place *at)
{
	static const char form[] = "sqlite:%s/events.db";
	const char *folder = at->folder != NULL ? at->folder : "";
	const size_t size = sizeof(form) + strlen(folder);
	char *uri = mem_alloc(size, 1);

	(void)snprintf(uri, size, form, folder);
	return uri;
}

char *
conf_default_worker(void)
{
	char *program = find_program();

	return program != NULL ? program : mem_strdup(STRIPEHOOK_WORKER_PATH);
}
