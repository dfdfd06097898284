/*
 * What test events are made of: object templates and what each event type
 * changes in them. Written for stripehook after the field names of Stripe's
 * API reference; the values are invented.
 *
 * A template is JSON with single quotes for double ones. In its strings,
 * "<pi_>" stands for a random id with that prefix, the same one throughout an
 * event. As a whole string, "<now>", "<now+60>" and "<now-60>" stand for a
 * time in seconds since 1970, "<live>" for the event's livemode.
 */
#ifndef STRIPEHOOK_FIXTURE_OBJECTS_H
#define STRIPEHOOK_FIXTURE_OBJECTS_H

#include <stdbool.h>

struct fixture_object {
	const char *tag; /* "payment_intent" */
	const char *id; /* "<pi_>"; NULL for a singleton, which has none */
	const char *path; /* where the API serves it, without the id; NULL: it
	    follows from the tag */
	const char *json; /* the template; NULL: none, the bare minimum */
	bool no_livemode; /* the object has no such field */
	bool thin_no_id; /* thin events refer to it by its URL only */
};

struct fixture_type {
	const char *type;
	const char *patch; /* what it changes in the template, or NULL */
	const char *previous; /* data.previous_attributes, or NULL */
};

/*
 * The entry of that tag or type, or NULL. Static.
 */
const struct fixture_object *fixture_object_find(const char *tag);
const struct fixture_type *fixture_type_find(const char *type);

#endif
