/*
 * Making deliveries: claim, execute the handler, judge how it ended, finish.
 * The contract of a handler, from stripehook-handler(7), lives here.
 */
#ifndef STRIPEHOOK_DELIVER_H
#define STRIPEHOOK_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"
#include "run.h"
#include "store.h"

#define DELIVER_EXIT_NEVER 100 /* a handler's "never again" */

/* One claimed delivery in execution. */
struct deliver_job {
	const struct conf_handler *handler; /* borrowed */
	struct store_claim claim; /* owned once begun */
	bool unreadable; /* the stored event is none: nothing was executed, and
	    nothing will help */
	struct run run;
};

/*
 * The lease that a claim for this handler needs, in milliseconds: the time
 * until it is surely over.
 */
int64_t deliver_lease_ms(const struct conf_handler *h);

/* Where and how a handler is executed besides its configuration. */
struct deliver_place {
	const char *mark; /* borrowed: store_place, for run_mark; NULL: its
	    processes get no mark */
	bool bound; /* as in struct run_spec */
};

/*
 * Begins the attempt: takes claim over (leaving it empty) and starts the
 * handler. place may be NULL: no mark, not bound. now_ms is of run_now_ms. What
 * cannot be started has ended at once. End it with deliver_end.
 */
void deliver_begin(struct deliver_job *job, const struct conf_handler *h,
    struct store_claim *claim, const struct deliver_place *place,
    int64_t now_ms);

/*
 * Judges a job whose run has ended and fills f for store_finish. chance is any
 * 32-bit number, for the backoff.
 */
void deliver_judge(
    const struct deliver_job *job, uint32_t chance, struct store_finish *f);

/*
 * Any 32-bit number, for deliver_judge. Never blocks: it only spreads the load.
 */
uint32_t deliver_chance(void);

/*
 * Releases what the job owns; stops the handler first where it still runs.
 */
void deliver_end(struct deliver_job *job);

/* What came of an event's inline deliveries. */
struct deliver_tally {
	size_t succeeded; /* now or before */
	size_t failed; /* to be repeated, or parked */
	size_t busy; /* running elsewhere, or their lane is */
};

/*
 * Makes all deliveries of one event whose handlers run inline and that have
 * not succeeded yet, at the same time, and waits for them; up to 5 seconds for
 * a lane that another event of the same object holds. They are killed if the
 * calling thread dies, and carry no mark. handlers are the
 * inline ones that want the event; one that the event has no delivery for (it
 * was configured later) counts nowhere. RES_OK, and tally says what came of
 * them; else a result of the store: RES_UNKNOWN where it has no such event,
 * and where an end could not be recorded that result, after all have ended. A
 * delivery whose end is not recorded is repeated when its lease is over.
 *
 * each (may be NULL) is told of every ended attempt, for the log, and what
 * store_finish said to it.
 */
enum result deliver_inline(struct store *s,
    const struct conf_handler *const *handlers, size_t nhandlers,
    const char *endpoint, const char *event_id, struct deliver_tally *tally,
    void (*each)(const struct deliver_job *job, const struct store_finish *f,
	enum result finished, void *arg),
    void *arg, struct err *e);

#endif
