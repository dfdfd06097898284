/*
 * What the worker does once a second besides its work.
 */
#include "config.h"

#include "log.h"
#include "notify.h"
#include "run.h"
#include "work_impl.h"

#include "banned.h"

#define DAY_MS (INT64_C(86400) * 1000)
#define PRUNE_STEP 200 /* events at once: writers wait no longer for it */
#define PRUNE_STEPS_MAX 50 /* for one who leaves */
#define PRUNE_MORE_MS 200 /* until the next step while there is more */
#define PRUNE_REST_MS 60000
#define CHECK_MS 60000 /* between two looks at what calls for an alarm */

/*
 * One step. Returns whether there may be more.
 */
static bool
prune_step(struct worker *w)
{
	const struct conf *c = w->conf;
	enum result r;
	struct err e;
	int64_t n = 0;

	if (w->store == NULL)
		return false;
	r = store_prune(w->store, c->keep * DAY_MS,
	    c->keep_bodies > 0 ? c->keep_bodies * DAY_MS : -1, PRUNE_STEP, &n,
	    &e);
	if (r != RES_OK && r != RES_EMPTY && r != RES_BUSY)
		log_warning("cannot prune: %s", e.text);
	return r == RES_OK && n >= PRUNE_STEP;
}

void
work_prune_all(struct worker *w)
{
	int i;

	for (i = 0; i < PRUNE_STEPS_MAX && prune_step(w); i++)
		continue;
}

void
work_house(struct worker *w, int64_t now_ms)
{
	w->tick_ms = now_ms + WORK_LOOK_MS;
	notify_alive();
	if (w->stops > 0)
		return;
	if (!w->fresh && w->work->stale(w->work->arg, false))
		w->fresh = true;
	if (now_ms >= w->prune_ms)
		w->prune_ms =
		    now_ms + (prune_step(w) ? PRUNE_MORE_MS : PRUNE_REST_MS);
	if (now_ms >= w->check_ms) {
		w->check_ms = now_ms + CHECK_MS;
		work_alarm_state(w);
	}
}
