/*
 * The deliveries of one event whose handlers run before the answer.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deliver.h"
#include "mem.h"

#include "banned.h"

#define INLINE_FINISH_TRIES 4
#define INLINE_FINISH_PAUSE_MS 50 /* doubled each time */
#define INLINE_LANE_WAIT_MS 5000 /* in all; Stripe should not wait longer */
#define INLINE_LANE_PAUSE_MS 50

/* One event's inline deliveries, from claim to tally. */
struct inline_batch {
	struct store *store; /* borrowed */
	const struct conf_handler *const *handlers; /* borrowed */
	size_t nhandlers;
	bool *known; /* owned: which handlers are settled and counted */
	bool *lost; /* owned: which handlers' claims passed to another */
	bool lane_taken; /* something waits for its lane */
	struct deliver_job *jobs; /* owned */
	bool *over; /* owned: which jobs were ended */
	size_t njobs;
	struct deliver_tally *tally;
	void (*each)(const struct deliver_job *job,
	    const struct store_finish *f, enum result finished, void *arg);
	void *arg;
	enum result res; /* the first finish that was not recorded */
	struct err *e;
};

static void
inline_pause(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

static size_t
inline_handler(const struct inline_batch *b, const char *name)
{
	size_t i;

	for (i = 0; i < b->nhandlers; i++)
		if (strcmp(b->handlers[i]->name, name) == 0)
			break;
	return i;
}

static enum result
inline_claim(struct inline_batch *b, const char *endpoint, const char *event_id,
    struct store_claim *claims, size_t *n)
{
	struct store_handler *wanted;
	struct store_want want;
	enum result res;
	size_t i, nwanted = 0;

	wanted = mem_alloc(b->nhandlers, sizeof(*wanted));
	for (i = 0; i < b->nhandlers; i++) {
		if (b->known[i] || b->lost[i])
			continue;
		wanted[nwanted].name = b->handlers[i]->name;
		wanted[nwanted].lease_ms = deliver_lease_ms(b->handlers[i]);
		wanted[nwanted].max = -1;
		wanted[nwanted].strict = b->handlers[i]->strict;
		nwanted++;
	}
	want.handlers = wanted;
	want.nhandlers = nwanted;
	want.endpoint = endpoint;
	want.event_id = event_id;
	*n = 0;
	res = store_claim(b->store, &want, claims, b->nhandlers, n, b->e);
	free(wanted);
	return res;
}

/* All that can be claimed is started at once. */
static enum result
inline_begin(struct inline_batch *b, const char *endpoint, const char *event_id)
{
	/* this thread waits for them, and they end with it */
	const struct deliver_place place = { .mark = NULL, .bound = true };
	struct store_claim *claims;
	enum result res;
	size_t i, h, n;

	claims = mem_alloc(b->nhandlers, sizeof(*claims));
	res = inline_claim(b, endpoint, event_id, claims, &n);
	for (i = 0; i < n; i++) {
		h = inline_handler(b, claims[i].handler);
		if (h < b->nhandlers)
			deliver_begin(&b->jobs[b->njobs++], b->handlers[h],
			    &claims[i], &place, run_now_ms());
		store_claim_free(&claims[i]);
	}
	free(claims);
	return res == RES_EMPTY ? RES_OK : res;
}

/* A store that is busy is given a moment: nobody else can record this. */
static enum result
inline_finish(
    struct inline_batch *b, const struct store_finish *f, struct err *e)
{
	enum result res, each = RES_OK;
	int try, pause_ms = INLINE_FINISH_PAUSE_MS;

	for (try = 1;; try++) {
		res = store_finish(b->store, f, 1, &each, e);
		if (res != RES_BUSY && res != RES_UNCERTAIN)
			break;
		if (try == INLINE_FINISH_TRIES)
			break;
		inline_pause(pause_ms);
		pause_ms *= 2;
	}
	return res == RES_OK ? each : res;
}

static void
inline_count(struct deliver_tally *tally, enum delivery_state state)
{
	if (state == DELIVERY_SUCCEEDED)
		tally->succeeded++;
	else
		tally->failed++;
}

static void
inline_end(struct inline_batch *b, struct deliver_job *job)
{
	struct store_finish f;
	size_t h = inline_handler(b, job->handler->name);
	enum result finished;
	struct err e;

	e.text[0] = '\0';
	deliver_judge(job, deliver_chance(), &f);
	finished = inline_finish(b, &f, &e);
	if (finished == RES_OK) {
		b->known[h] = true;
		inline_count(b->tally, f.state);
	} else if (finished == RES_LOST) {
		b->lost[h] = true;
	} else if (b->res == RES_OK) {
		b->res = finished;
		err_set(b->e, "%s", e.text);
	}
	if (b->each != NULL)
		b->each(job, &f, finished, b->arg);
	deliver_end(job);
}

/* Steps all jobs until each has ended; records each as it ends. */
static void
inline_wait(struct inline_batch *b)
{
	struct pollfd *fds;
	size_t i, nfds, left;
	int timeout_ms;

	fds = mem_alloc(b->njobs, 2 * sizeof(*fds));
	for (;;) {
		timeout_ms = -1;
		nfds = left = 0;
		for (i = 0; i < b->njobs; i++) {
			struct run *r = &b->jobs[i].run;

			if (b->over[i])
				continue;
			if (run_step(r, run_now_ms())) {
				inline_end(b, &b->jobs[i]);
				b->over[i] = true;
				continue;
			}
			left++;
			nfds +=
			    run_poll(r, fds + nfds, run_now_ms(), &timeout_ms);
		}
		if (left == 0)
			break;
		/* an error here is a signal: the next turn looks anyway */
		poll(fds, (nfds_t)nfds, timeout_ms);
	}
	free(fds);
}

static void
inline_count_shown(struct inline_batch *b, const struct delivery *d)
{
	size_t h = inline_handler(b, d->handler);

	if (h == b->nhandlers || b->known[h])
		return;
	if (d->state == DELIVERY_RUNNING || d->state == DELIVERY_PENDING) {
		if (d->state == DELIVERY_PENDING)
			b->lane_taken = true;
		b->tally->busy++;
		return;
	}
	b->known[h] = true;
	inline_count(b->tally, d->state);
}

/* What could not be claimed, or was lost, has its state in the store. */
static enum result
inline_look_up(
    struct inline_batch *b, const char *endpoint, const char *event_id)
{
	struct store_shown shown;
	enum result res;
	size_t i;

	for (i = 0; i < b->nhandlers && b->known[i]; i++)
		continue;
	if (i == b->nhandlers)
		return RES_OK;
	res = store_show(b->store, endpoint, event_id, &shown, b->e);
	if (res != RES_OK)
		return res;
	for (i = 0; i < shown.ndeliveries; i++)
		inline_count_shown(b, &shown.deliveries[i]);
	store_shown_free(&shown);
	return RES_OK;
}

static enum result
inline_round(struct inline_batch *b, const char *endpoint, const char *event_id)
{
	enum result res;

	b->njobs = 0;
	b->tally->busy = 0;
	b->lane_taken = false;
	memset(b->over, 0, b->nhandlers * sizeof(*b->over));
	res = inline_begin(b, endpoint, event_id);
	if (res != RES_OK)
		return res;
	inline_wait(b);
	if (b->res != RES_OK)
		return b->res;
	return inline_look_up(b, endpoint, event_id);
}

enum result
deliver_inline(struct store *s, const struct conf_handler *const *handlers,
    size_t nhandlers, const char *endpoint, const char *event_id,
    struct deliver_tally *tally,
    void (*each)(const struct deliver_job *job, const struct store_finish *f,
	enum result finished, void *arg),
    void *arg, struct err *e)
{
	struct inline_batch b = { .store = s,
		.handlers = handlers,
		.nhandlers = nhandlers,
		.tally = tally,
		.each = each,
		.arg = arg,
		.res = RES_OK,
		.e = e };
	int64_t until_ms = run_now_ms() + INLINE_LANE_WAIT_MS;
	enum result res;

	memset(tally, 0, sizeof(*tally));
	b.known = mem_alloc(nhandlers, sizeof(*b.known));
	b.lost = mem_alloc(nhandlers, sizeof(*b.lost));
	b.over = mem_alloc(nhandlers, sizeof(*b.over));
	b.jobs = mem_alloc(nhandlers, sizeof(*b.jobs));
	/* Two events of one object often come together: wait for the lane. */
	while ((res = inline_round(&b, endpoint, event_id)) == RES_OK &&
	    b.lane_taken && run_now_ms() < until_ms)
		inline_pause(INLINE_LANE_PAUSE_MS);
	free(b.jobs);
	free(b.over);
	free(b.lost);
	free(b.known);
	return res;
}
