/*
 * Terminals: colours, width, and a bar that shows how far something is. All of
 * it only where a person looks: a file or a pipe gets none.
 */
#ifndef STRIPEHOOK_CMD_TERM_H
#define STRIPEHOOK_CMD_TERM_H

#include <stdbool.h>
#include <stdint.h>

enum cmd_color {
	CMD_PLAIN, /* back to normal */
	CMD_GREEN,
	CMD_RED,
	CMD_YELLOW,
	CMD_CYAN,
	CMD_DIM
};

/*
 * Whether colours may be written to standard output: it is a terminal that
 * knows them, and the environment does not say NO_COLOR (no-color.org) with
 * anything but an empty value.
 */
bool cmd_color_wanted(void);

/*
 * The sequence of that colour, or "" where on is false. Static.
 */
const char *cmd_color(bool on, enum cmd_color color);

/*
 * How many columns the terminal at fd has; 80 where that is not known.
 */
int cmd_term_width(int fd);

/* How far something is, on standard error. */
struct cmd_progress {
	bool on; /* a terminal is there, and there is enough to wait for */
	bool shown; /* the bar is on the screen */
	int64_t total;
	int64_t done;
	int64_t bad; /* of them */
	int64_t started_ms; /* monotonic */
	int64_t drawn_ms;
};

/*
 * Begins one for total things; more than one, or nothing is ever drawn.
 */
void cmd_progress_begin(struct cmd_progress *p, int64_t total);

/*
 * One more is done. Draws now and then.
 */
void cmd_progress_step(struct cmd_progress *p, bool bad);

/*
 * Takes the bar away, for a line to be printed or at the end. It comes back
 * with a later step.
 */
void cmd_progress_hide(struct cmd_progress *p);

#endif
