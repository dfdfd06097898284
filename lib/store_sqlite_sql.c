/*
 * SQLite backend: statements, transactions, and what errors mean.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "store_sqlite.h"

#include "mem.h"

#include "banned.h"

static void
prepare(struct sq_query *q, const char *sql, unsigned int flags)
{
	q->rc = sqlite3_prepare_v3(q->s->db, sql, -1, flags, &q->st, NULL);
}

void
sq_prepare_once(struct sq_query *q, struct sq_store *s, const char *sql)
{
	*q = (struct sq_query){ .s = s, .next = 1 };
	prepare(q, sql, 0);
}

void
sq_prepare(struct sq_query *q, struct sq_store *s, const char *sql)
{
	size_t i;

	*q = (struct sq_query){ .s = s, .next = 1 };
	for (i = 0; i < s->ncached && s->cached[i].sql != sql; i++)
		;
	if (i < s->ncached && !sqlite3_stmt_busy(s->cached[i].st)) {
		q->st = s->cached[i].st;
		q->cached = true;
		return;
	}
	if (i < s->ncached || i == SQ_CACHE) {
		prepare(q, sql, 0);
		return;
	}
	prepare(q, sql, SQLITE_PREPARE_PERSISTENT);
	if (q->rc == SQLITE_OK) {
		s->cached[s->ncached].sql = sql;
		s->cached[s->ncached++].st = q->st;
		q->cached = true;
	}
}

void
sq_text(struct sq_query *q, const char *text)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(
		    q->st, q->next++, text, -1, SQLITE_STATIC);
}

void
sq_int(struct sq_query *q, int64_t number)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->st, q->next++, number);
}

void
sq_blob(struct sq_query *q, const void *p, size_t len)
{
	/* A NULL pointer would bind NULL, which means a dropped body. */
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_blob64(
		    q->st, q->next++, len == 0 ? "" : p, len, SQLITE_STATIC);
}

void
sq_null(struct sq_query *q)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_null(q->st, q->next++);
}

bool
sq_row(struct sq_query *q)
{
	if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
		q->rc = sqlite3_step(q->st);
	return q->rc == SQLITE_ROW;
}

enum result
sq_done(struct sq_query *q, struct err *e)
{
	enum result r = RES_OK;

	if (q->rc != SQLITE_OK && q->rc != SQLITE_ROW && q->rc != SQLITE_DONE)
		r = sq_error(q->s, q->rc, e);
	if (q->cached) {
		sqlite3_reset(q->st);
		sqlite3_clear_bindings(q->st);
	} else
		sqlite3_finalize(q->st);
	q->st = NULL;
	return r;
}

enum result
sq_run(struct sq_query *q, struct err *e)
{
	while (sq_row(q))
		;
	return sq_done(q, e);
}

int64_t
sq_col_int(struct sq_query *q, int col)
{
	return sqlite3_column_int64(q->st, col);
}

void
sq_col_text(struct sq_query *q, int col, char *dst, size_t size)
{
	const char *text;

	text = (const char *)sqlite3_column_text(q->st, col);
	mem_copy(dst, size, text == NULL ? "" : text);
}

void
sq_col_blob(struct sq_query *q, int col, struct buf *b)
{
	const void *p = sqlite3_column_blob(q->st, col);
	size_t len = (size_t)sqlite3_column_bytes(q->st, col);

	buf_init(b, len);
	if (p != NULL)
		buf_add(b, p, len);
	if (b->failed || (p == NULL && len > 0))
		q->rc = SQLITE_NOMEM;
}

enum result
sq_exec(struct sq_store *s, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? RES_OK : sq_error(s, rc, e);
}

enum result
sq_number(struct sq_store *s, const char *sql, int64_t *number, struct err *e)
{
	struct sq_query q;

	sq_prepare_once(&q, s, sql);
	*number = sq_row(&q) ? sq_col_int(&q, 0) : 0;
	return sq_done(&q, e);
}

/* An input or output error: one of writing may pass, as a full disk does. */
static enum result
io_error(struct sq_store *s, int rc, struct err *e)
{
	int number = sqlite3_system_errno(s->db);
	bool writing = rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_SHMSIZE ||
	    rc == SQLITE_IOERR_SHMOPEN || rc == SQLITE_IOERR_FSYNC ||
	    rc == SQLITE_IOERR_DIR_FSYNC || rc == SQLITE_IOERR_TRUNCATE;

	err_set(e, "%s cannot be %s: %s (SQLite error %d)", s->path,
	    writing ? "written" : "used",
	    number != 0 ? strerror(number) : "input/output error", rc);
	return writing ? RES_BUSY : RES_FAILED;
}

enum result
sq_error(struct sq_store *s, int rc, struct err *e)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(e, "%s is locked by another program", s->path);
		return RES_BUSY;
	case SQLITE_FULL:
		err_set(e, "%s cannot be written: the disk is full", s->path);
		return RES_BUSY;
	case SQLITE_NOMEM:
		err_set(e, "%s: out of memory", s->path);
		return RES_BUSY;
	case SQLITE_IOERR:
		return io_error(s, rc, e);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		err_set(e,
		    "%s: %s: it, its -wal and -shm and their folder "
		    "must be %s by this user",
		    s->path, sqlite3_errmsg(s->db),
		    s->role == STORE_READER ? "readable" : "writable");
		return RES_FAILED;
	case SQLITE_CORRUPT:
		err_set(e, "%s is damaged: %s: see \"PRAGMA integrity_check\"",
		    s->path, sqlite3_errmsg(s->db));
		return RES_FAILED;
	default:
		err_set(e, "%s: %s (SQLite error %d)", s->path,
		    sqlite3_errmsg(s->db), rc);
		return RES_FAILED;
	}
}

static enum result
open_turn(struct sq_store *s, struct err *e)
{
	struct stat st;

	if (s->turn_fd != -1)
		return RES_OK;
	if (stat(s->path, &st) == -1) {
		err_set(e, "%s: %s", s->path, strerror(errno));
		return RES_FAILED;
	}
	return sq_file_open(s->turn_path, &st, &s->turn_fd, e);
}

enum result
sq_may_change(const struct sq_store *s, struct err *e)
{
	if (s->role != STORE_READER)
		return RES_OK;
	err_set(e, "%s was opened for reading only", s->path);
	return RES_FAILED;
}

enum result
sq_begin(struct sq_store *s, struct err *e)
{
	static const char sql[] = "BEGIN IMMEDIATE";
	struct sq_query q;
	enum result r;

	if ((r = sq_may_change(s, e)) != RES_OK ||
	    (r = sq_fresh(s, e)) != RES_OK || (r = open_turn(s, e)) != RES_OK)
		return r;
	if ((r = sq_turn_take(s->turn_fd, SQ_TURN_MS, e)) != RES_OK) {
		err_prefix(e, "%s", s->turn_path);
		return r;
	}
	sq_prepare(&q, s, sql);
	if ((r = sq_run(&q, e)) != RES_OK)
		sq_turn_give(s->turn_fd);
	return r;
}

/*
 * What a failed commit means. A write that failed has not put the mark of a
 * commit into the log; after a failed sync it may be there or not.
 */
static enum result
commit_error(struct sq_store *s, int rc, struct err *e)
{
	enum result r = sq_error(s, rc, e);

	if ((rc & 0xff) != SQLITE_IOERR || rc == SQLITE_IOERR_WRITE)
		return r;
	err_prefix(e, "it is not known whether the change was kept");
	return RES_UNCERTAIN;
}

enum result
sq_commit(struct sq_store *s, struct err *e)
{
	static const char sql[] = "COMMIT";
	struct sq_query q;
	enum result r;

	sq_prepare(&q, s, sql);
	while (sq_row(&q))
		;
	if (q.rc == SQLITE_DONE) {
		r = sq_done(&q, e);
		sq_turn_give(s->turn_fd);
		return r;
	}
	r = commit_error(s, q.rc, e);
	sq_done(&q, NULL);
	sq_rollback(s);
	return r;
}

void
sq_rollback(struct sq_store *s)
{
	static const char sql[] = "ROLLBACK";
	struct sq_query q;

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(s->db)) {
		sq_prepare(&q, s, sql);
		sq_run(&q, NULL);
	}
	if (s->turn_fd != -1)
		sq_turn_give(s->turn_fd);
}

enum result
sq_end(struct sq_store *s, enum result r, struct err *e)
{
	if (r == RES_OK)
		return sq_commit(s, e);
	sq_rollback(s);
	return r;
}

enum result
sq_begin_read(struct sq_store *s, struct err *e)
{
	static const char sql[] = "BEGIN";
	struct sq_query q;
	enum result r;

	if ((r = sq_fresh(s, e)) != RES_OK)
		return r;
	sq_prepare(&q, s, sql);
	return sq_run(&q, e);
}
