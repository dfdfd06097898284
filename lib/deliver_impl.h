/*
 * What the parts of deliver share. Included by deliver*.c and their test.
 */
#ifndef STRIPEHOOK_DELIVER_IMPL_H
#define STRIPEHOOK_DELIVER_IMPL_H

#include "conf.h"
#include "event.h"
#include "store.h"

/*
 * The environment of a handler for an attempt, NULL-terminated, each name
 * once; what comes later here replaces what came before:
 *	PATH HOME LANG TZ	the program's own, or a default (TZ: none)
 *	the configuration's	"NAME=value", or "NAME" for the program's own
 *	STRIPEHOOK_RUN		mark, in whole; not at all where that is NULL
 *	STRIPE_* STRIPEHOOK_*	the event and the attempt. A fact that the
 *				event lacks is there, and empty, so that
 *				scripts with "set -u" can ask for it
 * The caller frees it with deliver_env_free.
 */
char **deliver_env(const struct conf_handler *h, const struct store_claim *c,
    const struct event *ev, const char *mark);
void deliver_env_free(char **env); /* env may be NULL */

/*
 * Stripe allows 255 characters. Ours has fewer, so that a handler that makes
 * several calls can add a word to tell them apart.
 */
#define DELIVER_KEY_MAX 200
#define DELIVER_KEY_SIZE (DELIVER_KEY_MAX + 1)

/*
 * The idempotency key for a handler's own calls to Stripe: the same for every
 * attempt, another for every other event, handler or endpoint. It is
 * "endpoint:handler:event-id"; where that is too long or not printable ASCII
 * it is cut, made printable, and ends in "~" and the hexadecimal FNV-1a hash,
 * of 128 bits, of the whole.
 */
void deliver_key(const char *endpoint, const char *handler,
    const char *event_id, char key[DELIVER_KEY_SIZE]);

#endif
