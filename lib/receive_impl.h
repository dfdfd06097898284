/*
 * What the parts of the room "receive" share: admit (from a request to
 * verified bytes), keep (from there to the store) and inline (the handlers
 * that run before the answer). Included by receive*.c only.
 */
#ifndef STRIPEHOOK_RECEIVE_IMPL_H
#define STRIPEHOOK_RECEIVE_IMPL_H

#include <stdbool.h>

#include "buf.h"
#include "conf.h"
#include "counter.h"
#include "event.h"
#include "http.h"
#include "receive.h"
#include "signature.h"
#include "store.h"

#define RECEIVE_BODY_KEEP 65536 /* bytes; the memory of more is given back */
#define RECEIVE_RETRY_AFTER 30 /* seconds */
#define RECEIVE_SECRETS_MAX 4 /* that are noted; Stripe signs with two */

struct receiver {
	const struct conf *conf; /* borrowed */
	struct signature_set *set; /* owned; NULL where it cannot verify */
	size_t *owner; /* owned: the endpoint of each secret in the set */
	char (*marks)[SIGNATURE_FINGERPRINT_SIZE]; /* owned: the fingerprint of
	    each, "" until it has verified something */
	size_t nsecrets;
	struct store *store; /* owned; NULL until needed and after a fault */
	struct counter_file *counters; /* owned; NULL: nothing is counted */
	bool looked; /* for counters: the first request does */
	bool left_work; /* the last request left some for a worker */
	struct buf body;
	const struct conf_handler **wanting; /* owned: room for all */
	struct store_new *news; /* owned: room for all */
	char (*lanes)[DELIVERY_LANE_SIZE]; /* owned: room for all */
};

/* One request on its way through. */
struct passage {
	struct receiver *r;
	const struct http_request *req;
	struct http_response *resp;
	const struct conf_endpoint *endpoint; /* whose secret verified it */
	const char *secrets[RECEIVE_SECRETS_MAX]; /* borrowed: marks of those
	    of the endpoint that did */
	size_t nsecrets;
	struct event event;
	size_t nwanting;
	struct counter_tally tally;
};

/*
 * Sets the answer of that status: its words never say why.
 */
void receive_answer(struct passage *p, int status);

/*
 * The same, and the one line in the log that tells why the request was not
 * accepted: a short name of the fault, and words for a person.
 */
void receive_refuse(
    struct passage *p, int status, const char *fault, const char *why);

/*
 * The same for a result of the store: 500 where the outcome is not known, 503
 * otherwise. A handle that failed is opened anew for the next request:
 * whatever was wrong may be over by then.
 */
void receive_refuse_store(
    struct passage *p, enum result res, const struct err *why);

/*
 * From the request to verified bytes in the receiver's body, with the
 * endpoint set. False where it was refused and answered.
 */
bool receive_admit(struct passage *p);

/*
 * From verified bytes to the store, with the event and the wanting handlers
 * set. False where the request was answered: refused, or ignored.
 */
bool receive_keep(struct passage *p);

/*
 * Runs the inline ones of the wanting handlers and answers.
 */
void receive_inline(struct passage *p);

#endif
