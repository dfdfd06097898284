/*
 * Long answers go through a pager.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

void
cmd_pager_open(struct cmd_pager *p)
{
	const char *pager = getenv("PAGER");
	int fds[2];

	p->pid = 0;
	if (!isatty(STDOUT_FILENO) ||
	    (pager != NULL &&
		(pager[0] == '\0' || strcmp(pager, "cat") == 0)) ||
	    pipe2(fds, O_CLOEXEC) != 0)
		return;
	fflush(stdout);
	if ((p->pid = fork()) == 0) {
		dup2(fds[0], STDIN_FILENO);
		execute(pager);
	}
	close(fds[0]);
	if (p->pid > 0)
		dup2(fds[1], STDOUT_FILENO);
	else
		p->pid = 0;
	close(fds[1]);
	if (p->pid > 0) {
		/* Ctrl-C is for the pager; one that was left is no news. */
		signal(SIGINT, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
	}
}

void
cmd_pager_close(struct cmd_pager *p)
{
	int null;

	if (p->pid == 0)
		return;
	fflush(stdout);
	clearerr(stdout);
	/* Its input ends when nobody has the pipe any longer. */
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) != -1) {
		dup2(null, STDOUT_FILENO);
		close(null);
	} else {
		close(STDOUT_FILENO);
	}
	while (waitpid(p->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	p->pid = 0;
}
