/*
 * stripehook help: the manual, for a person at a terminal.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

#include "banned.h"

extern char **environ;

bool
cmd_show_manual(void)
{
	char man[] = "man", section[] = "1", page[] = PACKAGE_NAME;
	char *const argv[] = { man, section, page, NULL };
	posix_spawn_file_actions_t actions;
	int status = 0, failed;
	pid_t pid;

	if (!isatty(STDOUT_FILENO))
		return false;
	fflush(stdout);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	/* That there is no page is not to be seen: the usage comes instead. */
	failed = posix_spawn_file_actions_addopen(
	    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (failed == 0)
		failed = posix_spawnp(&pid, man, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed != 0)
		return false;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
