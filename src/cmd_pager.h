/*
 * Long answers go through the pager that a person has chosen, as those of git
 * and man do.
 */
#ifndef STRIPEHOOK_CMD_PAGER_H
#define STRIPEHOOK_CMD_PAGER_H

struct cmd_pager {
	int terminal; /* owned: standard output as it was; -1 for no pager */
};
#define CMD_PAGER_NONE \
	{ \
		.terminal = -1 \
	}

/*
 * Where standard output is a terminal, sends it to a file without a name, for
 * $PAGER, or for less where that is not set and less is there. An empty $PAGER
 * and "cat" mean none. Ask cmd_color_wanted before.
 *
 * It is a file and not a pipe, so that nothing, such as a look into the store,
 * waits while a person reads.
 */
void cmd_pager_open(struct cmd_pager *p);

/*
 * Shows what was printed and waits until the person has seen enough. p may be
 * one that was never opened.
 */
void cmd_pager_close(struct cmd_pager *p);

#endif
