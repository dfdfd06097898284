/*
 * The store: where every event and delivery is kept, and the only place where
 * the programs meet. One interface for all backends, in queue verbs.
 *
 * A handle belongs to one thread. The store owns the clock of leases and due
 * times; callers give durations. Times it gives out are in milliseconds since
 * 1970. Every change is one transaction; when a call returns RES_OK to a
 * handle opened as STORE_ENDPOINT, the change is on disk (fsync'ed).
 *
 * Results that every call may give besides those it names:
 *	RES_BUSY	the store is locked, or the disk is full: nothing was
 *			changed, the same call may work later
 *	RES_UNCERTAIN	the commit was sent and its outcome is not known
 *	RES_FAILED	anything else; nothing was changed
 * all with the words in e (may be NULL).
 */
#ifndef STRIPEHOOK_STORE_H
#define STRIPEHOOK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "delivery.h"
#include "err.h"
#include "event.h"

enum store_role {
	STORE_ENDPOINT, /* puts: durable before it returns */
	STORE_WORKER, /* claims and finishes: a finish lost in a power cut
	    repeats an attempt, and loses nothing */
	STORE_TOOL, /* a person's command: as durable as the endpoint */
	STORE_READER /* never changes anything */
};

struct store; /* opaque */

/*
 * Whether the URI names a backend that is there: "sqlite:" and an absolute
 * path, or "postgresql:" and what libpq understands ("postgres:" means the
 * same). RES_OK or RES_INVALID with the reason in e, which never repeats a
 * password.
 */
enum result store_check_uri(const char *uri, struct err *e);

/*
 * Creates what the URI names, or brings an older schema up to date; safe to
 * repeat. Files get mode 0640, whatever the umask. RES_OK, with words in e that
 * are not "" where the file system slows the store down; RES_INVALID where a
 * newer version of the program wrote it, or it is not ours.
 */
enum result store_setup(const char *uri, struct err *e);

/*
 * Opens an existing store. RES_OK and *s is the caller's to close; RES_UNKNOWN
 * where there is none (run "stripehook init"); RES_INVALID where its schema is
 * not the one of this program, or it is not ours.
 */
enum result store_open(
    struct store **s, const char *uri, enum store_role role, struct err *e);
void store_close(struct store *s); /* s may be NULL */

/*
 * The store's clock, in milliseconds since 1970: what the times that it gives
 * out are to be compared with. And another in its place: for tests.
 */
int64_t store_now_ms(struct store *s);
void store_set_clock(struct store *s, int64_t (*now_ms)(void *arg), void *arg);

/* A delivery to be made with its event. */
struct store_new {
	const char *handler;
	const char *lane; /* "" for none */
	int64_t delay_ms; /* before any claim without an event id */
};

/* An event to be kept. All borrowed. */
struct store_event {
	const char *endpoint;
	const struct event *event;
	const void *body;
	size_t body_len;
	const struct store_new *deliveries; /* may be none */
	size_t ndeliveries;
	const char *const *secrets; /* fingerprints of those that verified it */
	size_t nsecrets; /* may be none */
};

/*
 * Keeps an event and its deliveries, all or nothing. RES_OK: on disk.
 * RES_DUPLICATE: the endpoint has this event id already, nothing was changed;
 * *differs then says whether the bytes kept are others.
 */
enum result store_put(struct store *s, const struct store_event *ev,
    bool *differs, struct err *e);

/* A handler whose deliveries may be claimed, and how. */
struct store_handler {
	const char *name;
	int64_t lease_ms; /* timeout, grace and a margin */
	int max; /* at most this many claims now; negative: no limit */
	bool strict; /* a lane waits for its earlier deliveries, also for those
	    that wait for their retry */
};

/* What to claim. All borrowed. */
struct store_want {
	const struct store_handler *handlers;
	size_t nhandlers;
	/*
	 * Both NULL: whatever is due, the longest due first. Both set: that
	 * event's deliveries only, pending ones also before they are due.
	 */
	const char *endpoint;
	const char *event_id;
};

/* A delivery handed out. */
struct store_claim {
	int64_t delivery;
	int64_t token; /* proves the claim to finish */
	int number; /* of this attempt; 1 for the first, and for the first
	    after a retry by hand of what had finished */
	int64_t received_ms; /* when the event arrived */
	int64_t now_ms; /* by the store's clock, at the claim */
	char endpoint[DELIVERY_NAME_SIZE];
	char event_id[EVENT_ID_SIZE];
	char handler[DELIVERY_NAME_SIZE];
	char lane[DELIVERY_LANE_SIZE];
	struct buf body; /* owned by the claim; empty where the body was
	    dropped */
};
void store_claim_free(struct store_claim *c);

/* How a claimed delivery ended. */
struct store_finish {
	int64_t delivery;
	int64_t token;
	enum delivery_state state; /* SUCCEEDED, FAILED, or PENDING to be
	    repeated after delay_ms */
	int64_t delay_ms;
	struct attempt attempt; /* number and times are the store's matter but
	    for ended_ms - started_ms, which is kept as the duration */
};

/*
 * Claims up to max deliveries into claims and sets *n. The attempt is counted
 * and recorded in the same transaction, so that an event that kills its
 * handler's machine cannot go round for ever. A running delivery whose lease
 * is over is claimed again; its open attempt becomes ATTEMPT_LOST. No two
 * deliveries of one handler in one lane are ever running. It may hand out fewer
 * than there are where very many had to be passed over. RES_OK (*n above 0)
 * or RES_EMPTY. The caller frees each claim.
 */
enum result store_claim(struct store *s, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e);

/*
 * Records how claims ended, n of them in one transaction. each[i] (may be
 * NULL) becomes RES_OK, or RES_LOST where the token no longer matches: that
 * one changed nothing.
 */
enum result store_finish(struct store *s, const struct store_finish *finishes,
    size_t n, enum result *each, struct err *e);

/*
 * store_finish and then store_claim in one transaction: a turn of the worker.
 * Results as of store_claim.
 */
enum result store_turn(struct store *s, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e);

/* Which events or deliveries; every NULL, 0 or negative means "any". */
struct store_filter {
	const char *endpoint;
	const char *event_id;
	const char *type; /* a pattern (pattern.h) */
	const char *handler;
	int state; /* enum delivery_state, or -1; begin with
	    STORE_FILTER_ANY */
	const char *object_id;
	const char *customer;
	const char *account;
	const char *text; /* bytes somewhere in the body; one that was dropped
	    has none */
	int64_t since_ms; /* received then or later */
	int64_t until_ms; /* received before */
	int64_t limit; /* at most this many, the newest first */
};
#define STORE_FILTER_ANY \
	{ \
		.state = -1 \
	}

/* An event as it is listed. Borrowed for the time of the call. */
struct store_row {
	char endpoint[DELIVERY_NAME_SIZE];
	char id[EVENT_ID_SIZE];
	char type[EVENT_TYPE_SIZE];
	enum event_style style;
	int64_t created; /* seconds since 1970, Stripe's */
	int64_t received_ms;
	bool livemode;
	char object_id[EVENT_ID_SIZE];
	char customer[EVENT_ID_SIZE];
	char account[EVENT_ID_SIZE];
	int64_t size; /* bytes of the body */
	int64_t deliveries[DELIVERY_STATES]; /* how many in each state */
};

/*
 * Calls each for every matching event, the newest first, until it returns
 * false. RES_OK or RES_EMPTY.
 */
enum result store_list(struct store *s, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e);

/* One event with all that happened to it. */
struct store_shown {
	struct store_row row;
	struct buf body; /* the exact bytes; empty where dropped */
	struct delivery *deliveries; /* owned */
	size_t ndeliveries;
	struct attempt *attempts; /* owned: those of the first delivery in
	    order, then those of the second ... */
	size_t *nattempts; /* owned: how many of them each delivery has */
};

/*
 * Reads one event into out. endpoint NULL: the one endpoint that has this id;
 * RES_INVALID where several have it, with their names in e. RES_OK, and out is
 * the caller's to free with store_shown_free; or RES_UNKNOWN.
 */
enum result store_show(struct store *s, const char *endpoint,
    const char *event_id, struct store_shown *out, struct err *e);
void store_shown_free(struct store_shown *out);

/*
 * Makes matching deliveries that are failed, succeeded or pending due now, and
 * gives failed ones a fresh count of attempts; running ones are left alone. *n
 * becomes how many; with dry, how many it would be. RES_OK or RES_EMPTY.
 */
enum result store_retry(struct store *s, const struct store_filter *f, bool dry,
    int64_t *n, struct err *e);

/*
 * Parks as failed what is pending for a handler, such as one that is not
 * configured any more: it can still be retried, and its events be pruned.
 * Running ones are left alone. *n becomes how many; with dry, how many it would
 * be. RES_OK or RES_EMPTY.
 */
enum result store_give_up(
    struct store *s, const char *handler, bool dry, int64_t *n, struct err *e);

/*
 * Sets *ms to the time until something may be claimed for these handlers: 0
 * for now, -1 where nothing waits. Deliveries whose lane is taken or whose
 * handler is at its maximum may make it too short, never too long. RES_OK.
 */
enum result store_next_due(struct store *s, const struct store_handler *list,
    size_t n, int64_t *ms, struct err *e);

enum store_presence {
	STORE_PRESENT_SHARED, /* one of several workers that may be there */
	STORE_PRESENT_ALONE /* the only one */
};

/*
 * Says that a worker is there, until store_worker_leave, store_close or the
 * end of the process. RES_OK; RES_BUSY where one is there and ALONE was asked
 * for, or one that is alone.
 */
enum result store_worker_enter(
    struct store *s, enum store_presence how, struct err *e);
void store_worker_leave(struct store *s);

/*
 * Whether a worker is there. True also where it cannot be found out. A worker
 * that leaves looks for work once more after store_worker_leave, so who asks
 * after its own put and hears false has to start one, and else need not.
 */
bool store_worker_present(struct store *s);

/*
 * A short text without blanks or colons that is the same for all who open this
 * store on this machine, and no other. Borrowed from s.
 */
const char *store_place(struct store *s);

/*
 * Bytes free for the store on its disk, or -1 where that is not known.
 */
int64_t store_free_bytes(struct store *s);

struct store_stats {
	int64_t events;
	int64_t deliveries[DELIVERY_STATES];
	int64_t due; /* pending and due now */
	int64_t oldest_due_ms; /* when the longest waiting one became due; 0
	    for none */
	int64_t last_received_ms; /* 0 for none */
	int64_t bytes; /* size of the store on disk, 0 where not known */
};

/*
 * Counts. RES_OK.
 */
enum result store_stats(
    struct store *s, struct store_stats *out, struct err *e);

/*
 * Deletes up to limit events that arrived more than age_ms ago (negative: leave
 * events) and have no unfinished delivery, and drops the bodies of such older
 * than body_age_ms (negative: leave bodies). *n becomes how many rows were
 * changed; call it again while it is limit. RES_OK or RES_EMPTY. Done in small
 * steps, each a transaction of its own, so that it holds nobody up; a worker's
 * handle looks at a bounded number of rows in a call, and goes on there in the
 * next.
 */
enum result store_prune(struct store *s, int64_t age_ms, int64_t body_age_ms,
    int64_t limit, int64_t *n, struct err *e);

/*
 * A descriptor that becomes readable soon after a put by anyone, or -1. A
 * hint: losing one costs a poll interval. Owned by s. store_wake_clear reads
 * it empty.
 */
int store_wake_fd(struct store *s);
void store_wake_clear(struct store *s);

#include "store_look.h"

#endif
