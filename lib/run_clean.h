/*
 * What every child does between fork and exec, for run and detach. Makes
 * system calls only, and changes nothing but its own process.
 */
#ifndef STRIPEHOOK_RUN_CLEAN_H
#define STRIPEHOOK_RUN_CLEAN_H

/*
 * Gives every signal its default action and blocks none. 0, or -1 with errno.
 */
int run_clean_signals(void);

/*
 * Closes all descriptors from first on.
 */
void run_clean_descriptors(int first);

#endif
