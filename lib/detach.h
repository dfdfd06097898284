/*
 * Starting a program that goes on by itself when we end.
 */
#ifndef STRIPEHOOK_DETACH_H
#define STRIPEHOOK_DETACH_H

#include "err.h"

/*
 * Executes path (absolute) with argv (NULL-terminated) in a session of its own, with "/" as its directory, descriptors 0 to 2 on /dev/null, all others
 * closed and default signals, as nobody's child: a web server must not wait
 * for it, nor end it with us. envp is all the environment that it gets. Safe in
 * a process with threads. RES_OK once it is executed, or RES_FAILED with the
 * reason.
 */
enum result detach(
    const char *path, char *const *argv, char *const *envp, struct err *e);

#endif
