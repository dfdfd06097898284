/*
 * What the parts of the room "work" share: the loop (work.c), a turn with the
 * store (work_turn.c), housekeeping (work_house.c) and alarms of silence and a
 * full disk (work_alarm.c). Included by work*.c only.
 */
#ifndef STRIPEHOOK_WORK_IMPL_H
#define STRIPEHOOK_WORK_IMPL_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deliver.h"
#include "store.h"
#include "work.h"

#define WORK_LOOK_MS 1000 /* between two looks when no hint comes */
#define WORK_PAUSE_MS 250 /* after the store was busy; doubled each time */
#define WORK_PAUSE_MAX_MS 8000

enum work_slot_state {
	WORK_SLOT_FREE,
	WORK_SLOT_RUNNING,
	WORK_SLOT_ENDED /* its end is not yet recorded */
};

struct work_slot {
	enum work_slot_state state;
	struct deliver_job job; /* valid unless free */
	struct store_finish finish; /* valid once ended */
};

/* What the worker remembers of a handler; one for each in the configuration. */
struct work_handler {
	const struct conf_handler *conf; /* borrowed */
	size_t running;
};

struct worker {
	const struct work *work; /* borrowed */
	const struct conf *conf; /* borrowed */
	struct store *store; /* owned; NULL while it cannot be opened */
	struct deliver_place place;
	struct work_slot *slots; /* owned: conf->concurrency of them */
	size_t nslots;
	struct work_handler *handlers; /* owned: conf->nhandlers of them */
	struct store_handler *list; /* owned: the same, for the store */
	struct store_claim *claims; /* owned: nslots of them */
	struct store_finish *finishes; /* owned: nslots of them */
	enum result *each; /* owned: nslots of them */
	size_t *ended; /* owned: slots that the finishes belong to */
	struct pollfd *fds; /* owned: room for all that it sleeps on */
	sigset_t signals; /* those that it waits for; blocked */
	int signal_fd; /* readable when one is pending; -1: none such */
	int stops; /* how often it was told to stop */
	bool fresh; /* it shall start afresh once nothing runs */
	bool idle; /* the last turn found nothing to claim */
	bool news; /* the store hinted at new work */
	bool sweep; /* a child has ended: look for strays */
	int64_t look_ms; /* when to look for work next; monotonic */
	int64_t tick_ms; /* when housekeeping is next; monotonic */
	int64_t prune_ms; /* when pruning is next; monotonic */
	int64_t check_ms; /* when alarms are looked at next; monotonic */
	int64_t pause_ms; /* how long the store is left alone after a fault */
	int64_t started; /* seconds since 1970, by the store's clock */
};

/*
 * The loop in its parts, for work_run and for tests that set the clock by hand.
 * Makes w, which borrows work and blocks the signals that work_run names.
 * Results of work_run; the caller ends w with work_close in any case.
 */
enum result work_open(struct worker *w, const struct work *work, struct err *e);
void work_close(struct worker *w);

/*
 * Once round: does all that is to be done at this moment, and waits for
 * nothing. Returns whether there is more to come.
 */
bool work_round(struct worker *w);

/*
 * Sleeps until something happens or, by a clock that goes on, is due.
 */
void work_sleep(struct worker *w);

/*
 * Opens the store, which is not open. Results of store_open.
 */
enum result work_open_store(struct worker *w, struct err *e);

/*
 * Records what has ended and claims what is due, in one transaction, and
 * starts it. Sets when to look next.
 */
void work_turn(struct worker *w, int64_t now_ms);

/*
 * How many slots are in that state.
 */
size_t work_count(const struct worker *w, enum work_slot_state state);

/*
 * What is to be done once a second: a changed configuration, a step of pruning,
 * alarms, the service manager's watchdog.
 */
void work_house(struct worker *w, int64_t now_ms);

/*
 * Prunes to the end, within a bound of steps: for one who leaves.
 */
void work_prune_all(struct worker *w);

/*
 * Raises the alarms of silence and a full disk where they are due.
 */
void work_alarm_state(struct worker *w);

/*
 * The worker's own record of a handler, or NULL.
 */
struct work_handler *work_find(struct worker *w, const char *name);

#endif
