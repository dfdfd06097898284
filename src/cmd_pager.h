/*
 * Long answers go through the pager that a person has chosen, as those of git
 * and man do.
 */
#ifndef STRIPEHOOK_CMD_PAGER_H
#define STRIPEHOOK_CMD_PAGER_H

#include <sys/types.h>

struct cmd_pager {
	pid_t pid; /* 0 where there is none */
};

/*
 * Where standard output is a terminal, starts $PAGER, or less where that is
 * not set and less is there, and sends standard output to it. An empty $PAGER
 * and "cat" mean none. Ask cmd_color_wanted before. End it with
 * cmd_pager_close in any case.
 */
void cmd_pager_open(struct cmd_pager *p);

/*
 * Waits until the person has seen enough. Nothing can be printed afterwards.
 */
void cmd_pager_close(struct cmd_pager *p);

#endif
