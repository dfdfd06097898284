/*
 * Working: the loop.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if HAVE_SYS_SIGNALFD_H
#include <sys/signalfd.h>
#endif

#include "log.h"
#include "mem.h"
#include "notify.h"
#include "work_impl.h"

#include "banned.h"

#define LEFTOVERS_WAIT_MS 5000
#define FDS_BESIDES 2 /* the wake descriptor and the signals' */

/* Signals ------------------------------------------------------------------ */

/*
 * They stay blocked and are taken one by one: no handler, no global. Where the
 * system can make them wake a poll it does; elsewhere the next look finds them.
 */
static void
signals_open(struct worker *w)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	size_t i;

	(void)sigemptyset(&w->signals);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)sigaddset(&w->signals, wanted[i]);
	(void)sigprocmask(SIG_BLOCK, &w->signals, NULL);
	w->signal_fd = -1;
#if HAVE_SYS_SIGNALFD_H
	w->signal_fd = signalfd(-1, &w->signals, SFD_CLOEXEC | SFD_NONBLOCK);
#endif
}

static void
signals_close(struct worker *w)
{
	if (w->signal_fd != -1)
		(void)close(w->signal_fd);
	/* They stay blocked: one that comes while we execute ourselves again
	 * waits for who comes after us. */
}

static void
stop(struct worker *w, int64_t now_ms)
{
	size_t i;

	w->stops++;
	notify_stopping();
	log_info("stopping: %zu handlers still run",
	    work_count(w, WORK_SLOT_RUNNING));
	for (i = 0; w->stops > 1 && i < w->nslots; i++) {
		if (w->slots[i].state == WORK_SLOT_RUNNING)
			run_stop(&w->slots[i].job.run, now_ms);
	}
}

/*
 * The service manager hears of it in any case, and that it is over where
 * nothing comes of it.
 */
static void
afresh(struct worker *w)
{
	notify_reloading();
	if (w->work->stale(w->work->arg, true))
		w->fresh = true;
	else
		notify_ready("working");
}

static void
signals_take(struct worker *w, int64_t now_ms)
{
	const struct timespec none = { 0, 0 };
	int sig;

	while ((sig = sigtimedwait(&w->signals, NULL, &none)) > 0) {
		if (sig == SIGCHLD)
			w->sweep = true;
		else if (sig != SIGHUP)
			stop(w, now_ms);
		else
			afresh(w);
	}
}

/* Handlers ----------------------------------------------------------------- */

/*
 * Steps what runs. Returns whether anything has ended.
 */
static bool
step(struct worker *w, int64_t now_ms)
{
	struct work_slot *slot;
	bool any = false;
	size_t i;

	for (i = 0; i < w->nslots; i++) {
		slot = &w->slots[i];
		if (slot->state != WORK_SLOT_RUNNING ||
		    !run_step(&slot->job.run, now_ms))
			continue;
		deliver_judge(&slot->job, deliver_chance(), &slot->finish);
		slot->state = WORK_SLOT_ENDED;
		work_find(w, slot->job.handler->name)->running--;
		w->sweep = any = true;
	}
	return any;
}

/*
 * What outlived its handler, or left it by setsid.
 */
static void
sweep(struct worker *w)
{
	const struct run **live;
	size_t i, n = 0;

	if (!w->sweep)
		return;
	w->sweep = false;
	live = mem_alloc(w->nslots, sizeof(*live));
	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].state == WORK_SLOT_RUNNING)
			live[n++] = &w->slots[i].job.run;
	}
	n = run_sweep(live, n);
	if (n > 0) {
		log_warning("killed %zu processes that a handler had left", n);
		w->sweep = true;
	}
	free(live);
}

/* The loop ----------------------------------------------------------------- */

static int64_t
clock_ms(const struct worker *w)
{
	return w->work->now_ms != NULL ? w->work->now_ms(w->work->now_arg)
				       : run_now_ms();
}

static int
earliest(int64_t now_ms, int64_t at_ms, int timeout_ms)
{
	int64_t ms = at_ms > now_ms ? at_ms - now_ms : 0;

	if (timeout_ms < 0 || ms < timeout_ms)
		return (int)ms;
	return timeout_ms;
}

/*
 * Whether the time of the next look matters: not while all slots run, nor for
 * one who only waits for what runs.
 */
static bool
looks(const struct worker *w)
{
	if (work_count(w, WORK_SLOT_ENDED) > 0)
		return true;
	return w->stops == 0 && !w->fresh &&
	    work_count(w, WORK_SLOT_RUNNING) < w->nslots;
}

void
work_sleep(struct worker *w)
{
	const int64_t now_ms = clock_ms(w);
	const int wake = w->store != NULL ? store_wake_fd(w->store) : -1;
	struct pollfd *fds = w->fds;
	int timeout_ms = -1;
	size_t i, n = FDS_BESIDES;

	fds[0] = (struct pollfd){ .fd = wake, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = w->signal_fd, .events = POLLIN };
	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].state == WORK_SLOT_RUNNING)
			n += run_poll(
			    &w->slots[i].job.run, fds + n, now_ms, &timeout_ms);
	}
	timeout_ms = earliest(now_ms, w->tick_ms, timeout_ms);
	if (looks(w))
		timeout_ms = earliest(now_ms, w->look_ms, timeout_ms);
	if (w->sweep)
		timeout_ms = 0;
	w->news = poll(fds, (nfds_t)n, timeout_ms) > 0 &&
	    (fds[0].revents & POLLIN) != 0;
	if (w->news)
		store_wake_clear(w->store);
}

/*
 * Whether there is nothing left to do for one who was told to stop or to start
 * afresh.
 */
static bool
wound_down(const struct worker *w)
{
	if (w->stops == 0 && !w->fresh)
		return false;
	if (work_count(w, WORK_SLOT_FREE) == w->nslots)
		return true;
	/* The store does not come back: leases end, and runs are repeated. */
	return w->stops > 0 && work_count(w, WORK_SLOT_RUNNING) == 0 &&
	    (w->stops > 1 || w->pause_ms >= WORK_PAUSE_MAX_MS);
}

/*
 * Whether one who works until idle may leave. After it has said that it is
 * gone it looks once more: an endpoint that put something in between saw it
 * still there and started nobody.
 */
static bool
may_leave(struct worker *w)
{
	int64_t ms = -1;

	if (!w->work->until_idle || work_count(w, WORK_SLOT_FREE) != w->nslots)
		return false;
	if (w->pause_ms >= WORK_PAUSE_MAX_MS)
		return true; /* the store does not come back: the next one's */
	if (!w->idle || w->store == NULL)
		return false;
	if (store_next_due(w->store, w->list, w->conf->nhandlers, &ms, NULL) ==
		RES_OK &&
	    ms >= 0 && ms <= w->work->linger_ms)
		return false;
	work_prune_all(w);
	store_worker_leave(w->store);
	if (store_next_due(w->store, w->list, w->conf->nhandlers, &ms, NULL) !=
		RES_OK ||
	    ms != 0)
		return true;
	return store_worker_enter(w->store, STORE_PRESENT_ALONE, NULL) !=
	    RES_OK;
}

bool
work_round(struct worker *w)
{
	const int64_t now_ms = clock_ms(w);
	bool ended;

	signals_take(w, now_ms);
	ended = step(w, now_ms);
	sweep(w);
	if (now_ms >= w->tick_ms)
		work_house(w, now_ms);
	if (now_ms >= w->look_ms || (w->pause_ms == 0 && (ended || w->news)))
		work_turn(w, now_ms);
	return !may_leave(w) && !wound_down(w);
}

/* Begin and end ------------------------------------------------------------ */

static void
allocate(struct worker *w)
{
	const struct conf *c = w->conf;
	size_t i;

	w->nslots = (size_t)c->concurrency;
	w->slots = mem_alloc(w->nslots, sizeof(*w->slots));
	w->claims = mem_alloc(w->nslots, sizeof(*w->claims));
	w->finishes = mem_alloc(w->nslots, sizeof(*w->finishes));
	w->each = mem_alloc(w->nslots, sizeof(*w->each));
	w->ended = mem_alloc(w->nslots, sizeof(*w->ended));
	w->fds = mem_alloc(FDS_BESIDES + 2 * w->nslots, sizeof(*w->fds));
	w->handlers = mem_alloc(c->nhandlers, sizeof(*w->handlers));
	w->list = mem_alloc(c->nhandlers, sizeof(*w->list));
	for (i = 0; i < c->nhandlers; i++)
		w->handlers[i].conf = &c->handlers[i];
}

static void
release_all(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].state != WORK_SLOT_FREE)
			deliver_end(&w->slots[i].job);
	}
	store_close(w->store);
	free(w->slots);
	free(w->claims);
	free(w->finishes);
	free(w->each);
	free(w->ended);
	free(w->fds);
	free(w->handlers);
	free(w->list);
}

/* What a service waits for before it begins: RES_BUSY until it may. */
static enum result
open_patiently(struct worker *w, struct err *e)
{
	return w->store != NULL ? RES_OK : work_open_store(w, e);
}

static enum result
enter_patiently(struct worker *w, struct err *e)
{
	return store_worker_enter(w->store, STORE_PRESENT_SHARED, e);
}

/*
 * Tries once a second. RES_OK also where we were told to stop: w->stops says
 * so.
 */
static enum result
await(struct worker *w, enum result (*attempt)(struct worker *, struct err *),
    struct err *e)
{
	const struct timespec pause = { .tv_sec = 1 };
	bool told = false;
	enum result r;
	int sig;

	while ((r = attempt(w, e)) == RES_BUSY) {
		if (!told)
			log_info("waiting: %s", e->text);
		told = true;
		sig = sigtimedwait(&w->signals, NULL, &pause);
		if (sig == SIGTERM || sig == SIGINT) {
			w->stops++;
			return RES_OK;
		}
	}
	return r;
}

/*
 * One who works until idle wants to be alone and gives way; a service waits
 * for such a one to leave, and for a store that is not there yet.
 */
static enum result
enter(struct worker *w, struct err *e)
{
	enum result r;

	if (w->work->until_idle) {
		r = work_open_store(w, e);
		return r != RES_OK
		    ? r
		    : store_worker_enter(w->store, STORE_PRESENT_ALONE, e);
	}
	r = await(w, open_patiently, e);
	return r == RES_OK && w->stops == 0 ? await(w, enter_patiently, e) : r;
}

static enum result
begin(struct worker *w, struct err *e)
{
	enum result r;
	size_t n;

	if ((r = enter(w, e)) != RES_OK || w->store == NULL)
		return r;
	w->started = store_now_ms(w->store) / 1000;
	w->place.mark = store_place(w->store);
	w->place.bound = true;
	run_adopt();
	n = run_leftovers(w->place.mark, LEFTOVERS_WAIT_MS);
	if (n > 0)
		log_warning(
		    "killed %zu processes that a worker before left", n);
	return RES_OK;
}

enum result
work_open(struct worker *w, const struct work *work, struct err *e)
{
	enum result r;

	*w = (struct worker){ .work = work, .conf = work->conf, .news = true };
	signals_open(w);
	allocate(w);
	r = begin(w, e);
	return r == RES_OK || r == RES_BUSY ? r : RES_FAILED;
}

void
work_close(struct worker *w)
{
	release_all(w);
	signals_close(w);
}

enum result
work_run(const struct work *work, struct err *e)
{
	struct worker w;
	enum result r;

	r = work_open(&w, work, e);
	if (r == RES_OK) {
		notify_ready("working");
		while (work_round(&w))
			work_sleep(&w);
		if (w.fresh && w.stops == 0) {
			notify_reloading();
			r = RES_LOST;
		}
	}
	work_close(&w);
	return r;
}
