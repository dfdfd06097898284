/*
 * Private to the SQLite backend: the handle, statements, transactions and
 * files that its parts share. Its functions begin with sq_.
 *
 * Every writer, thread or process, holds the turn (an flock on PATH.turn) from
 * BEGIN to COMMIT. SQLite's own lock would do for correctness, but it hands
 * itself to whoever asks at the right moment, and some writer starves for
 * seconds.
 */
#ifndef STRIPEHOOK_STORE_SQLITE_H
#define STRIPEHOOK_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "buf.h"
#include "err.h"
#include "store.h"
#include "store_impl.h"

#define SQ_TURN_MS 5000 /* longest wait for the turn */
#define SQ_LOCK_MS 2000 /* longest wait for a lock of a foreign program */
#define SQ_CACHE 48 /* statements kept prepared */
#define SQ_PLACE_SIZE 40

struct sq_cached {
	const char *sql; /* borrowed, static: its address is the key */
	sqlite3_stmt *st; /* owned */
};

/* An event in the order of their arrival; all 0: before the first. */
struct sq_cursor {
	int64_t received_ms;
	int64_t id;
};

struct sq_store {
	struct store base; /* must be first */
	enum store_role role;
	char *path; /* owned: the database */
	char *turn_path; /* owned */
	char *wake_path; /* owned */
	char *worker_path; /* owned */
	sqlite3 *db; /* owned */
	dev_t dev; /* which file db has open */
	ino_t ino;
	int turn_fd; /* -1 until the first change */
	int wake_fd; /* -1 until asked for */
	int worker_fd; /* -1 unless we are a worker that is there */
	char place[SQ_PLACE_SIZE];
	struct sq_cursor events; /* where pruning goes on: of events */
	struct sq_cursor bodies; /* and of bodies */
	size_t ncached;
	struct sq_cached cached[SQ_CACHE];
};

/*
 * One statement on its way: values are bound in the order of the calls, an
 * error sticks in rc and makes the rest do nothing, and sq_done reports it.
 */
struct sq_query {
	struct sq_store *s; /* borrowed */
	sqlite3_stmt *st; /* NULL where it could not be prepared */
	bool cached; /* st belongs to s */
	int rc;
	int next; /* the next parameter */
};

/* store_sqlite.c */

/*
 * Makes a handle for the path of uri that has nothing open; and frees one with
 * all that it has.
 */
struct sq_store *sq_new(const char *uri, enum store_role role);
void sq_free(struct sq_store *s);

/*
 * Opens the database. RES_OK, RES_UNKNOWN where there is none, RES_FAILED.
 */
enum result sq_connect(struct sq_store *s, struct err *e);

/*
 * Milliseconds since 1970 by the clock of the store.
 */
int64_t sq_now(const struct sq_store *s);

/*
 * Opens the database again where another file has taken its place since, as
 * after "rm" and "init": what was written to the old one would be lost.
 */
enum result sq_fresh(struct sq_store *s, struct err *e);

/*
 * Tells who waits at the wake descriptor that something is due. Never fails.
 */
void sq_wake(const struct sq_store *s);

/* store_sqlite_sql.c */

/*
 * Begins a query. sql is static, and stays prepared for the life of s; or,
 * with sq_prepare_once, any text. End it with sq_done, in any case.
 */
void sq_prepare(struct sq_query *q, struct sq_store *s, const char *sql);
void sq_prepare_once(struct sq_query *q, struct sq_store *s, const char *sql);

void sq_text(struct sq_query *q, const char *text);
void sq_int(struct sq_query *q, int64_t number);
void sq_blob(struct sq_query *q, const void *p, size_t len);
void sq_null(struct sq_query *q);

/*
 * Steps to the next row. False at the end, or after an error.
 */
bool sq_row(struct sq_query *q);

/*
 * Ends the query. RES_OK, or what went wrong, with the words in e.
 */
enum result sq_done(struct sq_query *q, struct err *e);

/*
 * Steps to the end, and ends it.
 */
enum result sq_run(struct sq_query *q, struct err *e);

/*
 * The value of a column: a text that does not fit becomes "".
 */
int64_t sq_col_int(struct sq_query *q, int col);
void sq_col_text(struct sq_query *q, int col, char *dst, size_t size);

/*
 * Puts the blob of a column into b, which it makes ready. The caller frees b.
 * Where memory runs out the query has failed.
 */
void sq_col_blob(struct sq_query *q, int col, struct buf *b);

/*
 * Executes sql, which yields no rows, once; or with *number set to the one
 * number that it yields.
 */
enum result sq_exec(struct sq_store *s, const char *sql, struct err *e);
enum result sq_number(
    struct sq_store *s, const char *sql, int64_t *number, struct err *e);

/*
 * What an error of SQLite means to the caller, with the words in e.
 */
enum result sq_error(struct sq_store *s, int rc, struct err *e);

/*
 * RES_OK, or RES_FAILED for a handle that only reads.
 */
enum result sq_may_change(const struct sq_store *s, struct err *e);

/*
 * A change: takes the turn and begins; then sq_commit or sq_rollback, which
 * give the turn back. When sq_begin fails there is nothing to end.
 */
enum result sq_begin(struct sq_store *s, struct err *e);
enum result sq_commit(struct sq_store *s, struct err *e);
void sq_rollback(struct sq_store *s);

/*
 * Ends a change by its result so far: commits where it is RES_OK. Returns the
 * result of the whole.
 */
enum result sq_end(struct sq_store *s, enum result r, struct err *e);

/*
 * A look at one state of the store; end it with sq_rollback.
 */
enum result sq_begin_read(struct sq_store *s, struct err *e);

/* store_sqlite_turnfile.c */

/*
 * Takes the turn, waiting up to bound_ms. RES_OK, RES_BUSY or RES_FAILED.
 */
enum result sq_turn_take(int fd, int64_t bound_ms, struct err *e);
void sq_turn_give(int fd);

/* store_sqlite_file.c */

/*
 * Creates an empty file with mode 0640, or, where like is given, with the mode
 * and, for root, the owner of that. One that exists is left alone. RES_OK,
 * RES_INVALID where something else has the name, RES_FAILED.
 */
enum result sq_file_create(
    const char *path, const struct stat *like, struct err *e);
enum result sq_fifo_create(
    const char *path, const struct stat *like, struct err *e);

/*
 * The same as sq_file_create, and puts n bytes into it where it is empty.
 */
enum result sq_file_fill(const char *path, const struct stat *like,
    const void *p, size_t n, struct err *e);

/*
 * Opens a file to be locked, creating it where it is missing, into *fd.
 */
enum result sq_file_open(
    const char *path, const struct stat *like, int *fd, struct err *e);

/*
 * Opens a FIFO for both ends and without waiting; -1 where it is none.
 */
int sq_fifo_open(const char *path);

/*
 * Makes the names in the folder of path durable.
 */
enum result sq_file_sync_folder(const char *path, struct err *e);

/* store_sqlite_schema.c */

/*
 * Whether the open database is ours and of this program's version. RES_OK;
 * RES_UNKNOWN where it is empty; RES_INVALID.
 */
enum result sq_schema_check(struct sq_store *s, struct err *e);
enum result sq_setup(const char *uri, struct err *e);

/* store_sqlite_lane.c */

/* How a new or returning delivery stands in its lane. */
struct sq_lane {
	const char *handler; /* borrowed */
	const char *name; /* borrowed; "" for none */
};

/*
 * Whether a delivery that is due then has to wait behind others of its lane.
 */
enum result sq_lane_behind(struct sq_store *s, const struct sq_lane *lane,
    int64_t due_ms, bool *behind, struct err *e);

/*
 * Whether another delivery than id of the lane is running.
 */
enum result sq_lane_running(struct sq_store *s, const struct sq_lane *lane,
    int64_t id, bool *running, struct err *e);

/*
 * The earliest unfinished delivery of the lane into *id.
 */
enum result sq_lane_first(
    struct sq_store *s, const struct sq_lane *lane, int64_t *id, struct err *e);

/*
 * Puts the pending deliveries of the lane that are due now behind its others,
 * a hundred at most, beginning with the one that has been due for the longest;
 * *n grows by how many that were.
 */
enum result sq_lane_wait(struct sq_store *s, const struct sq_lane *lane,
    int64_t now_ms, int64_t *n, struct err *e);

/*
 * Calls one back that waits behind; calls the next one back after a delivery
 * of the lane has ended.
 */
enum result sq_lane_ready(struct sq_store *s, int64_t id, struct err *e);
enum result sq_lane_next(struct sq_store *s, const struct sq_lane *lane,
    int64_t now_ms, struct err *e);

/* store_sqlite_filter.c */

/*
 * Makes the patterns of event types known to SQL.
 */
int sq_filter_define(sqlite3 *db);

/*
 * Begins a query of the given columns over events, or over deliveries and
 * their events, that match f, the newest first. Running deliveries are left
 * out of the latter. f is borrowed until sq_done.
 */
void sq_filter_events(struct sq_query *q, struct sq_store *s,
    const char *columns, const struct store_filter *f);
void sq_filter_deliveries(struct sq_query *q, struct sq_store *s,
    const char *columns, const struct store_filter *f);

/* store_sqlite_secrets.c: inside a change; *changed: something was written */
enum result sq_secrets_note(struct sq_store *s, const struct store_event *ev,
    int64_t now_ms, bool *changed, struct err *e);

/* The verbs, each in the file of its name. */
enum result sq_put(struct store *base, const struct store_event *ev,
    bool *differs, struct err *e);
enum result sq_turn(struct store *base, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e);
enum result sq_list(struct store *base, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e);
enum result sq_show(struct store *base, const char *endpoint,
    const char *event_id, struct store_shown *out, struct err *e);
enum result sq_retry(struct store *base, const struct store_filter *f, bool dry,
    int64_t *n, struct err *e);
enum result sq_give_up(struct store *base, const char *handler, bool dry,
    int64_t *n, struct err *e);
enum result sq_stats(
    struct store *base, struct store_stats *out, struct err *e);
enum result sq_prune(struct store *base, int64_t age_ms, int64_t body_age_ms,
    int64_t limit, int64_t *n, struct err *e);
enum result sq_handlers(struct store *base,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e);
enum result sq_secrets(struct store *base,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e);
enum result sq_next_due(struct store *base, const struct store_handler *list,
    size_t n, int64_t *ms, struct err *e);
enum result sq_worker_enter(
    struct store *base, enum store_presence how, struct err *e);
void sq_worker_leave(struct store *base);
bool sq_worker_present(struct store *base);
int64_t sq_free_bytes(struct store *base);

/*
 * The columns of a store_row, and reading them; counts come apart.
 */
#define SQ_ROW_COLUMNS \
	"event.id, event.endpoint, event.event_id, event.type, event.style," \
	" event.created, event.received_ms, event.livemode, event.object_id," \
	" event.customer, event.account, event.size"
#define SQ_ROW_NCOLUMNS 12
int64_t sq_row_read(struct sq_query *q, struct store_row *row);
enum result sq_row_count(
    struct sq_store *s, int64_t event, struct store_row *row, struct err *e);

#endif
