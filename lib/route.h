/*
 * Which handlers want an event. Pure: configuration and event in, handlers
 * out.
 */
#ifndef STRIPEHOOK_ROUTE_H
#define STRIPEHOOK_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "delivery.h"
#include "event.h"

/*
 * Whether the handler wants events of this type that came to this endpoint.
 * The program's own events (event_own.h), which come to EVENT_OWN_ENDPOINT,
 * are wanted by patterns that begin with EVENT_OWN_PREFIX alone, whatever
 * endpoints the handler serves; and such patterns want nothing else.
 */
bool route_wants(
    const struct conf_handler *h, const char *endpoint, const char *type);

/*
 * Fills out (room for c->nhandlers pointers) with the handlers that want it,
 * in the order of the configuration, and returns how many. Borrowed from c.
 */
size_t route_find(const struct conf *c, const char *endpoint, const char *type,
    const struct conf_handler **out);

/*
 * The lane of an event for a handler: deliveries of one handler with the same
 * one never run at the same time. lane gets the customer's id, the object's
 * id, or "" where the handler asks for none or the event has neither. A
 * handler with the customer's lane falls back to the object.
 */
void route_lane(const struct conf_handler *h, const struct event *ev,
    char lane[DELIVERY_LANE_SIZE]);

/*
 * Adds warnings to r: patterns that match no known type (with the nearest
 * known ones), handlers that no event can reach, types that Stripe expects a
 * synchronous answer to.
 */
void route_check(const struct conf *c, struct conf_report *r);

/*
 * The same for what does its work twice: patterns of a handler that another
 * one of it covers, and handlers that execute the same command for the same
 * events. Not for every start of a program: it costs some milliseconds.
 */
void route_check_overlap(const struct conf *c, struct conf_report *r);

#endif
