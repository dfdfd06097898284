/*
 * Raising the program's own events.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alarm.h"
#include "log.h"
#include "mem.h"
#include "route.h"

#include "banned.h"

#define OWN_MAX 16384 /* bytes of an event of our own */

/*
 * Keeps the event with a delivery for each handler that wants it.
 */
static enum result
put(struct store *s, const struct conf *c, const struct event *ev,
    const struct buf *body, struct err *e)
{
	const size_t room = c->nhandlers;
	const struct conf_handler **wanting;
	struct store_event kept = { .endpoint = EVENT_OWN_ENDPOINT,
		.event = ev,
		.body = buf_text(body),
		.body_len = body->len };
	struct store_new *news;
	enum result r = RES_EMPTY;
	bool differs;
	size_t i;

	wanting = mem_alloc(room, sizeof(*wanting));
	news = mem_alloc(room, sizeof(*news));
	kept.ndeliveries = route_find(c, EVENT_OWN_ENDPOINT, ev->type, wanting);
	for (i = 0; i < kept.ndeliveries; i++) {
		news[i].handler = wanting[i]->name;
		news[i].lane = "";
	}
	kept.deliveries = news;
	if (kept.ndeliveries > 0)
		r = store_put(s, &kept, &differs, e);
	free(news);
	free(wanting);
	return r;
}

/* Picks one handler's row. */
struct pick {
	const char *name;
	struct store_handler_stats row;
};

static bool
pick_one(const struct store_handler_stats *row, void *arg)
{
	struct pick *p = arg;

	if (strcmp(row->name, p->name) != 0)
		return true;
	p->row = *row;
	return false;
}

/*
 * What the store counts for the handler. All 0 where it cannot be read.
 */
static void
add_counts(struct store *s, struct event_own *own)
{
	struct pick p = { .name = own->handler };

	(void)store_handlers(s, pick_one, &p, NULL);
	own->streak = p.row.streak;
	own->waiting = p.row.deliveries[DELIVERY_PENDING];
	own->parked = p.row.deliveries[DELIVERY_FAILED];
}

/*
 * Whether it was raised in this interval.
 */
static bool
raised(struct store *s, const struct event *ev)
{
	struct store_shown shown;

	if (store_show(s, EVENT_OWN_ENDPOINT, ev->id, &shown, NULL) != RES_OK)
		return false;
	store_shown_free(&shown);
	return true;
}

static enum result
raise_new(struct store *s, const struct conf *c, const struct event_own *own,
    struct event *ev, struct err *e)
{
	struct buf body;
	enum result r;

	buf_init(&body, OWN_MAX);
	r = event_own(own, &body, ev, e);
	if (r == RES_OK && raised(s, ev))
		r = RES_DUPLICATE;
	if (r == RES_OK)
		r = put(s, c, ev, &body, e);
	buf_free(&body);
	return r;
}

void
alarm_raise(struct store *s, const struct conf *c, struct event_own *own)
{
	char host[256] = "";
	struct event ev;
	enum result r;
	struct err e;

	if (s == NULL)
		return;
	(void)gethostname(host, sizeof(host) - 1);
	own->host = host;
	own->now = store_now_ms(s) / 1000;
	own->interval = c->alert_interval;
	r = raise_new(s, c, own, &ev, &e);
	if (r == RES_OK)
		log_warning("raised %s (%s)", ev.id, ev.type);
	else if (r != RES_DUPLICATE && r != RES_EMPTY)
		log_error(
		    "cannot raise %s: %s", event_own_type(own->kind), e.text);
}

void
alarm_attempt(struct store *s, const struct conf *c,
    const struct deliver_job *job, const struct store_finish *f)
{
	struct event_own own = {
		.kind = EVENT_OWN_DELIVERY_FAILED,
		.handler = job->handler->name,
		.event_id = job->claim.event_id,
		.event_endpoint = job->claim.endpoint,
		.reason = f->attempt.reason,
		.attempts = job->claim.number,
	};
	const int alert_after = job->handler->alert_after;

	if (s == NULL || f->state == DELIVERY_SUCCEEDED ||
	    strcmp(job->claim.endpoint, EVENT_OWN_ENDPOINT) == 0)
		return;
	add_counts(s, &own);
	if (f->state == DELIVERY_FAILED)
		alarm_raise(s, c, &own);
	own.kind = EVENT_OWN_HANDLER_FAILING;
	if (alert_after > 0 && own.streak >= alert_after)
		alarm_raise(s, c, &own);
}
