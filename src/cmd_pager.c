/*
 * Long answers go through a pager.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_pager.h"

#include "banned.h"

/* Less quits by itself where all fits, keeps colours, leaves the screen. */
#define LESS "FRX"

/*
 * In the child.
 */
static void
execute(const char *pager)
{
	setenv("LESS", LESS, 0);
	if (pager != NULL)
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
	else
		execlp("less", "less", (char *)NULL);
	execlp("cat", "cat", (char *)NULL);
	_exit(127);
}

static bool
is_wanted(const char *pager)
{
	return isatty(STDOUT_FILENO) &&
	    (pager == NULL || (pager[0] != '\0' && strcmp(pager, "cat") != 0));
}

void
cmd_pager_open(struct cmd_pager *p)
{
	FILE *f;

	p->terminal = -1;
	if (!is_wanted(getenv("PAGER")) || (f = tmpfile()) == NULL)
		return;
	fflush(stdout);
	p->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (p->terminal != -1 && dup2(fileno(f), STDOUT_FILENO) == -1) {
		close(p->terminal);
		p->terminal = -1;
	}
	fclose(f);
}

void
cmd_pager_close(struct cmd_pager *p)
{
	pid_t pid;
	int in;

	if (p->terminal == -1)
		return;
	fflush(stdout);
	in = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	dup2(p->terminal, STDOUT_FILENO);
	close(p->terminal);
	p->terminal = -1;
	if (in == -1)
		return;
	lseek(in, 0, SEEK_SET);
	if ((pid = fork()) == 0) {
		dup2(in, STDIN_FILENO);
		execute(getenv("PAGER"));
	}
	close(in);
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for the pager */
	while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	signal(SIGINT, SIG_DFL);
}
