/*
 * Reading the JSON of an event, as tolerant as Stripe's own libraries.
 */
#ifndef STRIPEHOOK_EVENT_LOAD_H
#define STRIPEHOOK_EVENT_LOAD_H

#include <stddef.h>

#include <jansson.h>

#include "err.h"
#include "event_mend.h"

/*
 * Reads len bytes as one JSON value. RES_OK, *root is the caller's to
 * json_decref and m says what had to be mended; RES_INVALID where it is not
 * JSON, not UTF-8 or nested too deeply; RES_FAILED where memory ran out; with
 * the reason in e.
 */
enum result event_load(json_t **root, const void *body, size_t len,
    struct event_mend *m, struct err *e);

#endif
