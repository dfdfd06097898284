/*
 * The handlers that run before the answer.
 */
#include "config.h"

#include "deliver.h"
#include "alarm.h"
#include "receive_impl.h"
#include "report.h"

#include "banned.h"

static void
report(const struct deliver_job *job, const struct store_finish *f,
    enum result finished, void *arg)
{
	struct receiver *r = arg;

	report_attempt(job, f, finished);
	if (finished == RES_OK)
		alarm_attempt(r->store, r->conf, job, f);
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
	r->left_work = n < p->nwanting;
	if (n == 0) {
		receive_answer(p, 200);
		return;
	}
	res = deliver_inline(r->store, r->wanting, n, p->endpoint->name,
	    p->event.id, &tally, report, r, &e);
	if (tally.failed > 0)
		r->left_work = true; /* their repeats */
	if (res != RES_OK)
		receive_refuse_store(p, res, &e);
	else if (tally.failed > 0)
		receive_refuse(p, 500, "handler",
		    "not all inline handlers succeeded; those that did not "
		    "run again, by Stripe's repeat or the worker");
	else if (tally.busy > 0)
		receive_refuse(p, 503, "handler",
		    "an inline handler of this event, or one before it in its "
		    "lane, still runs");
	else
		receive_answer(p, 200);
}
