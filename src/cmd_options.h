/*
 * The options of a command, taken out of the text that explains them: for
 * completion and for suggestions.
 */
#ifndef STRIPEHOOK_CMD_OPTIONS_H
#define STRIPEHOOK_CMD_OPTIONS_H

#include <stddef.h>

#include "cmd.h"

struct cmd_option {
	char letter; /* '\0' for none */
	char name[32]; /* without dashes */
	char arg[32]; /* "FILE"; "" for none */
	char help[128]; /* what it does; "" where that is on the next line */
};

/*
 * Takes the next option off *text, which begins as the options of a struct
 * cmd. Whether there was one.
 */
bool cmd_option_next(const char **text, struct cmd_option *o);

/*
 * After a command line that was at fault: where one of its words is near to an
 * option of the command and no option itself, says so on standard error.
 */
void cmd_option_suggest(const struct cmd *c, int argc, char **argv);

#endif
