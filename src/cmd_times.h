/*
 * How long things took: kept one by one, told as a distribution.
 */
#ifndef STRIPEHOOK_CMD_TIMES_H
#define STRIPEHOOK_CMD_TIMES_H

#include <stddef.h>
#include <stdint.h>

/* Begin with all zeros. */
struct cmd_times {
	int64_t *us; /* owned: microseconds, in the order of their arrival */
	size_t n;
	size_t room;
};

void cmd_times_add(struct cmd_times *t, int64_t us);
void cmd_times_free(struct cmd_times *t);

/*
 * The time within which that part, in thousandths, of all was done: the least
 * one that is not below so many (nearest rank). Sorted ones only; 0 for none.
 */
int64_t cmd_times_rank(const struct cmd_times *t, int thousandths);

/*
 * Sorts and prints them on standard output: a line each for the least, some
 * percentiles and the most, in milliseconds.
 */
void cmd_times_print(struct cmd_times *t);

#endif
