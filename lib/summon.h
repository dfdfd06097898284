/*
 * Starting a worker from the endpoint, where no daemon may run.
 */
#ifndef STRIPEHOOK_SUMMON_H
#define STRIPEHOOK_SUMMON_H

#include "conf.h"
#include "err.h"

/*
 * Executes the configured worker, to run until nothing is due any more, as a
 * process of its own that the web server does not wait for. It gets our
 * environment without what belongs to the request. Safe in a process with
 * threads. RES_OK once it is executed; two at once do no harm, one of them
 * goes.
 */
enum result summon_worker(const struct conf *c, struct err *e);

#endif
