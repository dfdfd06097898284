/*
 * From verified bytes to the store: read, route, keep.
 */
#include "config.h"

#include <string.h>

#include "deliver.h"
#include "log.h"
#include "receive_impl.h"
#include "route.h"

#include "banned.h"

static bool
parse(struct passage *p)
{
	struct event *ev = &p->event;
	const char *want = p->endpoint->api_version;
	enum result r;
	struct err e;

	r = event_parse(buf_text(&p->r->body), p->r->body.len, ev, &e);
	if (r != RES_OK) {
		/* A shortage of ours is no fault of the event's. */
		receive_refuse(
		    p, r == RES_INVALID ? 400 : 503, "not-an-event", e.text);
		return false;
	}
	if (want != NULL && ev->api_version[0] != '\0' &&
	    strcmp(event_train(want), event_train(ev->api_version)) != 0)
		log_warning("%s (%s): API version %s, but endpoint \"%s\" is "
			    "configured for %s; passed on as it is",
		    ev->id, ev->type, ev->api_version, p->endpoint->name, want);
	return true;
}

/*
 * Whether the event is to be kept. A ping always is: it has no handler, and a
 * person wants to see that it arrived.
 */
static bool
wanted(struct passage *p)
{
	struct receiver *r = p->r;
	const struct event *ev = &p->event;
	struct err e;

	p->nwanting =
	    route_find(r->conf, p->endpoint->name, ev->type, r->wanting);
	if (p->nwanting > 0 || r->conf->unhandled == CONF_UNHANDLED_STORE ||
	    strcmp(ev->type, EVENT_PING) == 0)
		return true;
	if (r->conf->unhandled == CONF_UNHANDLED_IGNORE) {
		receive_answer(p, 200);
		p->tally.add[COUNTER_IGNORED]++;
		log_info("ignored %s (%s): no handler of endpoint \"%s\" "
			 "wants it",
		    ev->id, ev->type, p->endpoint->name);
		return false;
	}
	err_set(&e,
	    "%s (%s): no handler of endpoint \"%s\" wants it; remove the type "
	    "from the endpoint at Stripe, add a handler, or set unhandled",
	    ev->id, ev->type, p->endpoint->name);
	receive_refuse(p, 400, "unhandled", e.text);
	return false;
}

/*
 * A delivery that runs inline is left to this request for the time of its
 * lease; should we die first, a worker finds it then.
 */
static void
plan(struct passage *p)
{
	struct receiver *r = p->r;
	const struct conf_handler *h;
	size_t i;

	for (i = 0; i < p->nwanting; i++) {
		h = r->wanting[i];
		route_lane(h, &p->event, r->lanes[i]);
		r->news[i].handler = h->name;
		r->news[i].lane = r->lanes[i];
		r->news[i].delay_ms =
		    h->run == CONF_RUN_INLINE ? deliver_lease_ms(h) : 0;
	}
}

/*
 * The id is known, the bytes are others: what Stripe varies from one delivery
 * to the next is fine, anything else is an incident that a person must see.
 */
static void
compare_duplicate(struct passage *p)
{
	const struct buf *body = &p->r->body;
	struct store_shown shown;
	struct err e;

	if (store_show(p->r->store, p->endpoint->name, p->event.id, &shown,
		&e) != RES_OK) {
		log_warning("%s: cannot compare with what is stored: %s",
		    p->event.id, e.text);
		return;
	}
	if (shown.body.len > 0 &&
	    !event_same(buf_text(&shown.body), shown.body.len, buf_text(body),
		body->len))
		log_error("ALARM: %s (%s) came again at endpoint \"%s\" with "
			  "other content under a valid signature; the first "
			  "one stays",
		    p->event.id, p->event.type, p->endpoint->name);
	store_shown_free(&shown);
}

static bool
put(struct passage *p)
{
	struct receiver *r = p->r;
	const struct store_event ev = {
		.endpoint = p->endpoint->name,
		.event = &p->event,
		.body = buf_text(&r->body),
		.body_len = r->body.len,
		.deliveries = r->news,
		.ndeliveries = p->nwanting,
		.secrets = p->secrets,
		.nsecrets = p->nsecrets,
	};
	enum result res = RES_OK;
	bool differs = false;
	struct err e;

	if (r->store == NULL)
		res = store_open(&r->store, r->conf->store, STORE_ENDPOINT, &e);
	if (res == RES_OK) {
		plan(p);
		res = store_put(r->store, &ev, &differs, &e);
	}
	if (res != RES_OK && res != RES_DUPLICATE) {
		receive_refuse_store(p, res, &e);
		return false;
	}
	p->tally.add[res == RES_OK ? COUNTER_STORED : COUNTER_DUPLICATE]++;
	if (differs)
		compare_duplicate(p);
	log_info("%s %s (%s) at endpoint \"%s\", %zu deliveries",
	    res == RES_OK ? "stored" : "duplicate", p->event.id, p->event.type,
	    p->endpoint->name, res == RES_OK ? p->nwanting : 0);
	return true;
}

bool
receive_keep(struct passage *p)
{
	return parse(p) && wanted(p) && put(p);
}
