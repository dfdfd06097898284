/*
 * One attempt: begun from a claim, judged by its handler's end.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "deliver.h"
#include "deliver_impl.h"
#include "retry.h"

#include "banned.h"

/* From KILL to the end recorded in a store that is busy. */
#define DELIVER_MARGIN_MS 30000

/* Of a run's mark: those for the number of the attempt. */
#define DELIVER_NUMBER_BITS 20

int64_t
deliver_lease_ms(const struct conf_handler *h)
{
	return ((int64_t)h->timeout + h->grace) * 1000 + DELIVER_MARGIN_MS;
}

/* Another for every attempt that this process makes. Never 0. */
static uint64_t
deliver_number(const struct store_claim *c)
{
	return (uint64_t)c->delivery << DELIVER_NUMBER_BITS |
	    ((uint64_t)c->number & ((1U << DELIVER_NUMBER_BITS) - 1));
}

static void
deliver_specify(struct run_spec *spec, const struct conf_handler *h,
    const struct store_claim *c)
{
	memset(spec, 0, sizeof(*spec));
	spec->argv = h->command;
	spec->directory = h->directory;
	spec->umask = h->umask;
	spec->input = c->body.data;
	spec->input_len = c->body.len;
	spec->timeout_ms = (int64_t)h->timeout * 1000;
	spec->grace_ms = (int64_t)h->grace * 1000;
	spec->limits.nice = h->nice;
	spec->limits.memory = h->memory;
	spec->limits.open_files = h->open_files;
	spec->limits.core = h->core;
	spec->limits.user = h->user;
}

static void
deliver_start(struct deliver_job *job, const struct event *ev,
    const struct deliver_place *place, int64_t now_ms)
{
	const struct deliver_place nowhere = { NULL, false };
	char mark[RUN_MARK_SIZE];
	struct run_spec spec;
	uint64_t number = 0;
	char **env;

	if (place == NULL)
		place = &nowhere;
	if (place->mark != NULL) {
		number = deliver_number(&job->claim);
		run_mark(mark, place->mark, number);
	}
	env = deliver_env(
	    job->handler, &job->claim, ev, number == 0 ? NULL : mark);
	deliver_specify(&spec, job->handler, &job->claim);
	spec.envp = env;
	spec.bound = place->bound;
	run_start(&job->run, &spec, now_ms);
	job->run.mark = number;
	deliver_env_free(env);
}

void
deliver_begin(struct deliver_job *job, const struct conf_handler *h,
    struct store_claim *claim, const struct deliver_place *place,
    int64_t now_ms)
{
	struct event ev;
	struct err e;

	job->handler = h;
	job->claim = *claim;
	buf_init(&claim->body, 0);
	job->unreadable = true;
	if (job->claim.body.len == 0) {
		run_refuse(&job->run, now_ms,
		    "the body of the event is no longer in the store");
	} else if (event_parse(job->claim.body.data, job->claim.body.len, &ev,
		       &e) != RES_OK) {
		run_refuse(&job->run, now_ms,
		    "the event in the store cannot be read: %.180s", e.text);
	} else if (job->claim.number > h->attempts) {
		run_refuse(&job->run, now_ms,
		    "not begun again: whoever ran it ended with it each time");
	} else {
		job->unreadable = false;
		deliver_start(job, &ev, place, now_ms);
	}
}

static enum attempt_outcome
deliver_outcome(const struct deliver_job *job)
{
	const struct run *r = &job->run;

	if (job->unreadable)
		return ATTEMPT_NEVER;
	if (r->end == RUN_EXITED && r->exit_code == 0)
		return ATTEMPT_SUCCEEDED;
	if (r->end == RUN_EXITED && r->exit_code == DELIVER_EXIT_NEVER)
		return ATTEMPT_NEVER;
	return ATTEMPT_LATER;
}

/* What becomes of a delivery that is to be repeated. */
static void
deliver_repeat(
    const struct deliver_job *job, uint32_t chance, struct store_finish *f)
{
	const struct store_claim *c = &job->claim;
	const struct conf_handler *h = job->handler;
	const struct retry_policy policy = {
		.attempts = h->attempts,
		.backoff_ms = (int64_t)h->backoff * 1000,
		.backoff_max_ms = (int64_t)h->backoff_max * 1000,
		.give_up_ms = h->give_up * 1000,
	};
	int64_t age_ms;

	age_ms = c->now_ms - c->received_ms + job->run.duration_ms;
	if (retry_over(&policy, c->number, age_ms)) {
		f->state = DELIVERY_FAILED;
		return;
	}
	f->state = DELIVERY_PENDING;
	f->delay_ms = retry_delay(&policy, c->number, chance);
}

static void
deliver_describe(const struct deliver_job *job, struct attempt *a)
{
	const struct run *r = &job->run;

	a->number = job->claim.number;
	a->started_ms = job->claim.now_ms;
	a->ended_ms = job->claim.now_ms + r->duration_ms;
	a->exit_code = r->exit_code;
	a->term_signal = r->term_signal;
	memcpy(a->reason, r->reason, sizeof(a->reason));
	memcpy(a->output, r->output, r->output_len);
	a->output_len = r->output_len;
}

uint32_t
deliver_chance(void)
{
	uint32_t n;

	/* the clock will do before the pool is ready */
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != (ssize_t)sizeof(n))
		n = (uint32_t)run_now_ms() * 2654435761U;
	return n;
}

void
deliver_judge(
    const struct deliver_job *job, uint32_t chance, struct store_finish *f)
{
	memset(f, 0, sizeof(*f));
	f->delivery = job->claim.delivery;
	f->token = job->claim.token;
	deliver_describe(job, &f->attempt);
	f->attempt.outcome = deliver_outcome(job);
	switch (f->attempt.outcome) {
	case ATTEMPT_SUCCEEDED:
		f->state = DELIVERY_SUCCEEDED;
		break;
	case ATTEMPT_NEVER:
		f->state = DELIVERY_FAILED;
		break;
	default:
		deliver_repeat(job, chance, f);
		break;
	}
}

void
deliver_end(struct deliver_job *job)
{
	run_free(&job->run);
	store_claim_free(&job->claim);
}
