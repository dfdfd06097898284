/*
 * Private to the PostgreSQL backend: the handle, statements and the link that
 * its parts share. Its functions begin with pg_store_ or pgs_.
 *
 * The link is always in pipeline mode (libpq, "Pipeline Mode"): what belongs
 * together is sent at once, is one transaction that ends at the sync, and is
 * one round trip. What it does stands in functions of the database
 * (store_pgsql_1.sql).
 */
#ifndef STRIPEHOOK_STORE_PGSQL_H
#define STRIPEHOOK_STORE_PGSQL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "store.h"
#include "store_impl.h"
#include "store_secret.h"

#define PGS_CACHE 32 /* statements kept prepared */
#define PGS_PARAMS 24 /* of one statement */
#define PGS_NUMBER_SIZE 24
#define PGS_PLACE_SIZE 40
#define PGS_WAIT_MS 20000 /* longest wait for an answer of the server */

/* The types of parameters: PostgreSQL's, include/catalog/pg_type.h. */
enum pgs_type {
	PGS_BOOL = 16,
	PGS_BYTEA = 17,
	PGS_INT8 = 20,
	PGS_INT4 = 23,
	PGS_TEXT = 25,
	PGS_BOOL_ARRAY = 1000,
	PGS_INT4_ARRAY = 1007,
	PGS_TEXT_ARRAY = 1009,
	PGS_INT8_ARRAY = 1016
};

/* A connection that is made again when it is lost. */
struct pgs_link {
	PGconn *db; /* owned; NULL while there is none */
	const char *prepared[PGS_CACHE]; /* borrowed, static: the address is
	    the key, the index the name */
	size_t nprepared;
	size_t nsure; /* so many are known to have been prepared */
	bool warned; /* the server warned since the last sync was sent */
	int64_t again_ms; /* no new attempt before, by the monotonic clock */
	int64_t pause_ms; /* until the attempt after that */
	struct err why; /* that it could not be made */
};

struct pgs_store {
	struct store base; /* must be first */
	enum store_role role;
	char *conninfo; /* owned: what libpq understands; it may hold a
	    password */
	struct pgs_link link;
	struct pgs_link ear; /* a worker's: presence and wake-ups */
	bool entered; /* a worker that is there */
	enum store_presence how; /* in which way */
	char place[PGS_PLACE_SIZE];
	int64_t ahead_ms; /* of the monotonic clock: the server's */
	int64_t after_ms[2]; /* where pruning goes on: of events, of bodies */
	int64_t after_id[2];
};

/* One statement with its parameters, to be sent. */
struct pgs_query {
	const char *sql;
	bool once; /* not kept prepared */
	int n;
	Oid types[PGS_PARAMS];
	const char *values[PGS_PARAMS]; /* NULL for NULL */
	int lengths[PGS_PARAMS];
	int formats[PGS_PARAMS];
	char numbers[PGS_PARAMS][PGS_NUMBER_SIZE];
	struct buf arrays[8]; /* owned: texts of array parameters */
	int narrays;
	bool failed; /* a parameter was too much */
};

/* store_pgsql_query.c */

/*
 * Begins a statement. sql is static, and stays prepared while the link lives;
 * with pgs_query_once it is any text, borrowed until it was sent. Parameters
 * are added in their order, all borrowed until then. End it with
 * pgs_query_free.
 */
void pgs_query(struct pgs_query *q, const char *sql);
void pgs_query_once(struct pgs_query *q, const char *sql);
void pgs_query_free(struct pgs_query *q);

void pgs_text(struct pgs_query *q, const char *text);
void pgs_int8(struct pgs_query *q, int64_t number);
void pgs_int4(struct pgs_query *q, int number);
void pgs_bool(struct pgs_query *q, bool value);
void pgs_bytea(struct pgs_query *q, const void *p, size_t len);

/*
 * The clock of a test, or NULL: then the server's counts.
 */
void pgs_now(struct pgs_query *q, const struct pgs_store *s);

/*
 * An array of which at(arg, i) is the i-th of n; of numbers or texts.
 */
void pgs_int8_array(struct pgs_query *q, size_t n,
    int64_t (*at)(const void *arg, size_t i), const void *arg);
void pgs_text_array(struct pgs_query *q, size_t n,
    const char *(*at)(const void *arg, size_t i), const void *arg);

/*
 * A column of a row; what does not fit, or is NULL, becomes 0, false or "".
 * Results are in binary format. pgs_col_buf makes b ready; the caller frees
 * it; false where memory ran out.
 */
int64_t pgs_col_int(const PGresult *res, int row, int col);
void pgs_col_text(
    const PGresult *res, int row, int col, char *dst, size_t size);
bool pgs_col_buf(const PGresult *res, int row, int col, struct buf *b);

/* store_pgsql_link.c */

/*
 * Milliseconds by a clock that nobody sets.
 */
int64_t pgs_monotonic_ms(void);

/*
 * Makes sure that there is a connection, as far as can be seen. RES_OK;
 * RES_BUSY where the server cannot be reached now; RES_UNKNOWN or RES_INVALID
 * where the database has no schema of ours, or another version's.
 */
enum result pgs_link_open(
    struct pgs_store *s, struct pgs_link *l, struct err *e);
void pgs_link_close(struct pgs_link *l);

/*
 * Connects without looking at the schema.
 */
enum result pgs_link_connect(
    struct pgs_store *s, struct pgs_link *l, struct err *e);

/*
 * Sends a statement; ends what was sent as one transaction. Nothing is waited
 * for. RES_OK, RES_BUSY where the connection is gone, RES_FAILED.
 */
enum result pgs_send(
    struct pgs_link *l, const struct pgs_query *q, struct err *e);
enum result pgs_sync(struct pgs_link *l, struct err *e);

/*
 * Waits for the result of the next statement that was sent: rows, owned by
 * the caller (PQclear). An error ends the transaction: RES_FAILED, RES_BUSY,
 * or RES_UNCERTAIN where the connection was lost after the sync.
 */
enum result pgs_result(struct pgs_link *l, PGresult **res, struct err *e);

/*
 * Reads on to the end of the transaction, and says what became of it: r, the
 * first error so far, or RES_OK when it was committed.
 */
enum result pgs_end(struct pgs_link *l, enum result r, struct err *e);

/*
 * One statement as a transaction of its own.
 */
enum result pgs_run(
    struct pgs_link *l, struct pgs_query *q, PGresult **res, struct err *e);

/* store_pgsql_schema.c */

/*
 * Whether the schema is there and of this version; sets the place of s. RES_OK,
 * RES_UNKNOWN, RES_INVALID.
 */
enum result pgs_schema_check(
    struct pgs_store *s, struct pgs_link *l, struct err *e);

/* store_pgsql_filter.c */

/*
 * Begins a query of the given columns over events, or over deliveries and
 * their events without running ones, that match f, the newest first. sql is
 * the caller's to free, after q.
 */
void pgs_filter_events(struct pgs_query *q, struct buf *sql,
    const char *columns, const struct store_filter *f);
void pgs_filter_deliveries(struct pgs_query *q, struct buf *sql,
    const char *before, const char *after, const struct store_filter *f);

/* store_pgsql_put.c */

/*
 * Tells the workers that something is due. What comes of it nobody has to know.
 */
void pgs_wake(struct pgs_link *l);

/* store_pgsql_read.c */

/*
 * A statement that changes nothing: as pgs_run, with the results of the store.
 */
enum result pgs_read(
    struct pgs_store *s, struct pgs_query *q, PGresult **res, struct err *e);

/*
 * Reads a store_row, whose columns a query has first and in the order of the
 * structure.
 */
void pgs_row_read(const PGresult *res, int row, struct store_row *out);

/* store_pgsql.c */

/*
 * Makes a handle for uri that is not connected; and frees one.
 */
struct pgs_store *pgs_new(const char *uri, enum store_role role);
void pgs_free(struct pgs_store *s);

/*
 * RES_OK, or RES_FAILED for a handle that only reads.
 */
enum result pgs_may_change(const struct pgs_store *s, struct err *e);

/* The verbs, each in the file of its name. */
enum result pgs_setup(const char *uri, struct err *e);
enum result pgs_put(struct store *base, const struct store_event *ev,
    bool *differs, struct err *e);
enum result pgs_turn(struct store *base, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e);
enum result pgs_list(struct store *base, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e);
enum result pgs_show(struct store *base, const char *endpoint,
    const char *event_id, struct store_shown *out, struct err *e);
enum result pgs_retry(struct store *base, const struct store_filter *f,
    bool dry, int64_t *n, struct err *e);
enum result pgs_give_up(struct store *base, const char *handler, bool dry,
    int64_t *n, struct err *e);
enum result pgs_stats(
    struct store *base, struct store_stats *out, struct err *e);
enum result pgs_prune(struct store *base, int64_t age_ms, int64_t body_age_ms,
    int64_t limit, int64_t *n, struct err *e);
enum result pgs_handlers(struct store *base,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e);
enum result pgs_next_due(struct store *base, const struct store_handler *list,
    size_t n, int64_t *ms, struct err *e);
enum result pgs_worker_enter(
    struct store *base, enum store_presence how, struct err *e);
void pgs_worker_leave(struct store *base);
bool pgs_worker_present(struct store *base);
enum result pgs_follow(struct store *base, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e);
enum result pgs_secrets(struct store *base,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e);
int pgs_wake_fd(struct store *base);
void pgs_wake_clear(struct store *base);

#endif
