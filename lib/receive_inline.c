/*
 * The handlers that run before the answer.
 */
#include "config.h"

#include "deliver.h"
#include "log.h"
#include "receive_impl.h"

#include "banned.h"

static void
log_attempt(const struct deliver_job *job, const struct store_finish *f,
    enum result finished, void *arg)
{
	const char *id = arg;
	const char *name = job->handler->name;
	int number = job->claim.number;

	if (finished == RES_LOST)
		log_error("%s, handler \"%s\", attempt %d: its lease ended "
			  "before it did; another has taken it",
		    id, name, number);
	else if (f->state == DELIVERY_SUCCEEDED)
		log_info("%s, handler \"%s\", attempt %d: succeeded", id, name,
		    number);
	else if (f->state == DELIVERY_FAILED)
		log_error("%s, handler \"%s\", attempt %d: %s; parked as "
			  "failed",
		    id, name, number, f->attempt.reason);
	else
		log_warning("%s, handler \"%s\", attempt %d: %s; again in "
			    "%lld s",
		    id, name, number, f->attempt.reason,
		    (long long)(f->delay_ms / 1000));
}

/*
 * Keeps only the inline ones of the wanting handlers.
 */
static size_t
narrow_to_inline(struct passage *p)
{
	const struct conf_handler **w = p->r->wanting;
	size_t i, n = 0;

	for (i = 0; i < p->nwanting; i++) {
		if (w[i]->run == CONF_RUN_INLINE)
			w[n++] = w[i];
	}
	return n;
}

void
receive_inline(struct passage *p)
{
	struct receiver *r = p->r;
	struct deliver_tally tally;
	enum result res;
	struct err e;
	size_t n;

	n = narrow_to_inline(p);
	if (n == 0) {
		receive_answer(p, 200);
		return;
	}
	res = deliver_inline(r->store, r->wanting, n, p->endpoint->name,
	    p->event.id, &tally, log_attempt, p->event.id, &e);
	if (res != RES_OK)
		receive_refuse_store(p, res, &e);
	else if (tally.failed > 0)
		receive_refuse(p, 500, "handler",
		    "not all inline handlers succeeded; Stripe's repeat runs "
		    "those that did not");
	else if (tally.busy > 0)
		receive_refuse(p, 503, "handler",
		    "an inline handler of this event, or one before it in its "
		    "lane, still runs");
	else
		receive_answer(p, 200);
}
