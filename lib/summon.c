/*
 * Starting a worker from the endpoint, where no daemon may run.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detach.h"
#include "mem.h"
#include "summon.h"

#include "banned.h"

#define LINGER "60" /* seconds: repeats that are due so soon are awaited */

/*
 * Variables of the request (RFC 3875 section 4.1, and what servers add): a
 * handler must not find them, since anybody can set some of them.
 */
static bool
of_request(const char *variable)
{
	static const char *const prefixes[] = { "HTTP_", "REQUEST_", "REMOTE_",
		"SERVER_", "SCRIPT_", "CONTENT_", "REDIRECT_", "SSL_",
		"QUERY_STRING=", "PATH_INFO=", "PATH_TRANSLATED=", "AUTH_TYPE=",
		"GATEWAY_INTERFACE=", "DOCUMENT_ROOT=", "CONTEXT_", "FCGI_" };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/*
 * The pointers are owned by the caller, the texts are not.
 */
static char **
environment(void)
{
	char **envp;
	size_t i, n = 0;

	for (i = 0; environ[i] != NULL; i++)
		continue;
	envp = mem_alloc(i + 1, sizeof(*envp));
	for (i = 0; environ[i] != NULL; i++) {
		if (!of_request(environ[i]))
			envp[n++] = environ[i];
	}
	return envp;
}

enum result
summon_worker(const struct conf *c, struct err *e)
{
	/* The portable program, which is all of us, goes by this name. */
	char name[] = PACKAGE_NAME "-worker";
	char until_idle[] = "--until-idle", linger[] = "--linger";
	char seconds[] = LINGER, option[] = "-c";
	char *argv[] = { name, option, NULL, until_idle, linger, seconds,
		NULL };
	char **envp;
	enum result r;

	/* It does not start in our folder. */
	argv[2] = realpath(c->path, NULL);
	if (argv[2] == NULL) {
		err_set(e, "%s: %s", c->path, strerror(errno));
		return RES_FAILED;
	}
	envp = environment();
	r = detach(c->worker_program, argv, envp, e);
	free(envp);
	free(argv[2]);
	return r;
}
