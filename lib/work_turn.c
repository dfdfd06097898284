/*
 * A turn of the worker with the store.
 */
#include "config.h"

#include <string.h>

#include "alarm.h"
#include "log.h"
#include "report.h"
#include "work_impl.h"

#include "banned.h"

#define TAKEN_MS 100 /* for one that is due, but its lane is taken elsewhere */

struct work_handler *
work_find(struct worker *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->conf->nhandlers; i++) {
		if (strcmp(w->handlers[i].conf->name, name) == 0)
			return &w->handlers[i];
	}
	return NULL;
}

size_t
work_count(const struct worker *w, enum work_slot_state state)
{
	size_t i, n = 0;

	for (i = 0; i < w->nslots; i++)
		n += w->slots[i].state == state;
	return n;
}

/*
 * The ends that wait for their record, side by side, as the store wants them.
 */
static size_t
collect(struct worker *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].state != WORK_SLOT_ENDED)
			continue;
		w->finishes[n] = w->slots[i].finish;
		w->ended[n++] = i;
	}
	return n;
}

/*
 * What may be claimed now: each handler up to its own limit, all together up
 * to the slots that do not run.
 */
static size_t
plan(struct worker *w, struct store_want *want)
{
	const struct conf_handler *h;
	size_t i;

	memset(want, 0, sizeof(*want));
	if (w->stops > 0 || w->fresh)
		return 0;
	for (i = 0; i < w->conf->nhandlers; i++) {
		h = w->handlers[i].conf;
		w->list[i].name = h->name;
		w->list[i].lease_ms = deliver_lease_ms(h);
		w->list[i].strict = h->strict;
		w->list[i].max = -1;
		if (h->concurrency > 0)
			w->list[i].max =
			    h->concurrency - (int)w->handlers[i].running;
	}
	want->handlers = w->list;
	want->nhandlers = w->conf->nhandlers;
	return w->nslots - work_count(w, WORK_SLOT_RUNNING);
}

static void
release(struct worker *w, size_t n)
{
	struct work_slot *slot;
	size_t i;

	for (i = 0; i < n; i++) {
		slot = &w->slots[w->ended[i]];
		report_attempt(&slot->job, &slot->finish, w->each[i]);
		if (w->each[i] == RES_OK)
			alarm_attempt(
			    w->store, w->conf, &slot->job, &slot->finish);
		deliver_end(&slot->job);
		slot->state = WORK_SLOT_FREE;
	}
}

static struct work_slot *
free_slot(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].state == WORK_SLOT_FREE)
			return &w->slots[i];
	}
	return NULL;
}

/*
 * Never more claims than free slots, and only of handlers that were asked for;
 * should a store break that, the lease ends and nothing is lost.
 */
static void
start(struct worker *w, size_t n, int64_t now_ms)
{
	struct work_handler *h;
	struct work_slot *slot;
	size_t i;

	for (i = 0; i < n; i++) {
		h = work_find(w, w->claims[i].handler);
		slot = free_slot(w);
		if (h != NULL && slot != NULL) {
			deliver_begin(&slot->job, h->conf, &w->claims[i],
			    &w->place, now_ms);
			slot->state = WORK_SLOT_RUNNING;
			h->running++;
		}
		store_claim_free(&w->claims[i]);
	}
}

/*
 * The store is left alone for a while, longer each time. A handle that failed
 * is opened anew: what was wrong may be over by then. Ends that wait for their
 * record go on waiting.
 */
static void
back_off(struct worker *w, enum result res, const struct err *e, int64_t now_ms)
{
	if (w->pause_ms == 0 || res != RES_BUSY)
		log_warning("store: %s; trying again in %lld ms", e->text,
		    (long long)(w->pause_ms > 0 ? w->pause_ms : WORK_PAUSE_MS));
	if (res != RES_BUSY && w->store != NULL) {
		store_close(w->store);
		w->store = NULL;
	}
	w->pause_ms = w->pause_ms > 0 ? w->pause_ms : WORK_PAUSE_MS;
	w->look_ms = now_ms + w->pause_ms;
	w->pause_ms *= 2;
	if (w->pause_ms > WORK_PAUSE_MAX_MS)
		w->pause_ms = WORK_PAUSE_MAX_MS;
}

enum result
work_open_store(struct worker *w, struct err *e)
{
	enum result r;

	r = store_open(&w->store, w->conf->store, STORE_WORKER, e);
	if (r == RES_OK && w->work->now_ms != NULL)
		store_set_clock(w->store, w->work->now_ms, w->work->now_arg);
	return r;
}

/*
 * A store that came back is the same place, and we are there again.
 */
static enum result
reopen(struct worker *w, struct err *e)
{
	enum result r;

	if (w->store != NULL)
		return RES_OK;
	if ((r = work_open_store(w, e)) != RES_OK)
		return r;
	(void)store_worker_enter(w->store, STORE_PRESENT_SHARED, NULL);
	w->place.mark = store_place(w->store);
	return RES_OK;
}

/*
 * When to look again: at once if there may be more, else when the next one
 * becomes due, and after WORK_LOOK_MS in any case, since a hint can be lost.
 */
static void
schedule(struct worker *w, bool more, int64_t now_ms)
{
	int64_t ms = WORK_LOOK_MS;

	w->pause_ms = 0;
	if (more)
		ms = 0;
	else if (store_next_due(w->store, w->list, w->conf->nhandlers, &ms,
		     NULL) != RES_OK ||
	    ms < 0 || ms > WORK_LOOK_MS)
		ms = WORK_LOOK_MS;
	else if (ms == 0)
		ms = TAKEN_MS;
	w->look_ms = now_ms + ms;
}

void
work_turn(struct worker *w, int64_t now_ms)
{
	struct store_want want;
	size_t nends, max, n = 0;
	enum result r;
	struct err e;

	nends = collect(w);
	max = plan(w, &want);
	if (nends == 0 && max == 0)
		return;
	r = reopen(w, &e);
	if (r == RES_OK && max > 0)
		r = store_turn(w->store, w->finishes, nends, w->each, &want,
		    w->claims, max, &n, &e);
	else if (r == RES_OK)
		r = store_finish(w->store, w->finishes, nends, w->each, &e);
	if (r != RES_OK && r != RES_EMPTY) {
		back_off(w, r, &e, now_ms);
		return;
	}
	w->idle = n == 0;
	release(w, nends);
	start(w, n, now_ms);
	schedule(w, n > 0 && n == max, now_ms);
}
