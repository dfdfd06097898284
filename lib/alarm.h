/*
 * Raising the program's own events: what a person should hear of, kept like
 * any other event, with a delivery for each handler that maps it.
 */
#ifndef STRIPEHOOK_ALARM_H
#define STRIPEHOOK_ALARM_H

#include "conf.h"
#include "deliver.h"
#include "event_own.h"
#include "store.h"

/*
 * Keeps the event of these facts, adding host, now (by the store's clock, so
 * that all agree on the interval) and interval, unless one of its kind and
 * handler was raised in this interval, or nobody wants it. Says so in the log.
 * s may be NULL: then nothing is done.
 */
void alarm_raise(struct store *s, const struct conf *c, struct event_own *own);

/*
 * For an attempt whose end was recorded: raises that its delivery was parked,
 * where it was, and that its handler fails, where its failures in a row, as
 * the store counts them for everybody, call for it. Never for an event of our
 * own: an alarm about an alarm would go round for ever.
 */
void alarm_attempt(struct store *s, const struct conf *c,
    const struct deliver_job *job, const struct store_finish *f);

#endif
