/*
 * SQLite backend: the handle.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store_sqlite.h"
#include "store_sqlite_follow.h"

#include "mem.h"

#include "banned.h"

#define SCHEME "sqlite:"
#define SUFFIX_ROOM 16 /* for "-journal" and the like */

static enum result
check_uri(const char *uri, struct err *e)
{
	const char *path = uri + strlen(SCHEME);
	size_t len = strlen(path);

	if (path[0] != '/') {
		err_set(e,
		    "\"%.200s\": the path must be absolute, as in "
		    "sqlite:/var/lib/stripehook/events.db",
		    uri);
		return RES_INVALID;
	}
	if (path[len - 1] == '/' || len > PATH_MAX - SUFFIX_ROOM) {
		err_set(e, "\"%.200s\": that cannot be a file", uri);
		return RES_INVALID;
	}
	return RES_OK;
}

static char *
join(const char *path, const char *suffix)
{
	struct buf b;

	buf_init(&b, PATH_MAX);
	buf_puts(&b, path);
	buf_puts(&b, suffix);
	return b.data;
}

static char *
counters(const char *uri)
{
	return join(uri + strlen(SCHEME), ".counters");
}

struct sq_store *
sq_new(const char *uri, enum store_role role)
{
	struct sq_store *s = mem_alloc(1, sizeof(*s));

	s->role = role;
	s->path = mem_strdup(uri + strlen(SCHEME));
	s->turn_path = join(s->path, ".turn");
	s->wake_path = join(s->path, ".wake");
	s->worker_path = join(s->path, ".worker");
	s->turn_fd = -1;
	s->wake_fd = -1;
	s->worker_fd = -1;
	return s;
}

static void
disconnect(struct sq_store *s)
{
	size_t i;

	for (i = 0; i < s->ncached; i++)
		sqlite3_finalize(s->cached[i].st);
	s->ncached = 0;
	/*
	 * The last writer leaves -wal and -shm, so that who may only read can
	 * still do so; but empty, or the next to open would read all of it.
	 * While programs run, the log keeps its size: writing where there are
	 * blocks already is the faster commit.
	 */
	if (s->db != NULL && s->role != STORE_READER)
		sq_exec(s, "PRAGMA journal_size_limit=0", NULL);
	sqlite3_close(s->db);
	s->db = NULL;
	if (s->turn_fd != -1)
		close(s->turn_fd);
	s->turn_fd = -1;
}

void
sq_free(struct sq_store *s)
{
	disconnect(s);
	if (s->wake_fd != -1)
		close(s->wake_fd);
	if (s->worker_fd != -1)
		close(s->worker_fd);
	free(s->path);
	free(s->turn_path);
	free(s->wake_path);
	free(s->worker_path);
	free(s);
}

static void
close_store(struct store *base)
{
	sq_free((struct sq_store *)base);
}

int64_t
sq_now(const struct sq_store *s)
{
	struct timespec ts;

	if (s->base.now_ms != NULL)
		return s->base.now_ms(s->base.now_arg);
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
now_ms(struct store *base)
{
	return sq_now((struct sq_store *)base);
}

/* Which file the path names now. */
static enum result
identify(const struct sq_store *s, struct stat *st, struct err *e)
{
	if (stat(s->path, st) == 0) {
		if (S_ISREG(st->st_mode))
			return RES_OK;
		err_set(e, "%s is not a regular file", s->path);
		return RES_INVALID;
	}
	if (errno == ENOENT || errno == ENOTDIR) {
		err_set(e, "there is no store at %s: run \"stripehook init\"",
		    s->path);
		return RES_UNKNOWN;
	}
	err_set(e, "%s: %s", s->path, strerror(errno));
	return RES_FAILED;
}

enum result
sq_connect(struct sq_store *s, struct err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX, on = 1, rc;
	struct stat st;
	enum result r;

	if ((r = identify(s, &st, e)) != RES_OK)
		return r;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->events = s->bodies = (struct sq_cursor){ 0, 0 };
	(void)snprintf(s->place, sizeof(s->place), "%llx-%llx",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	flags |= s->role == STORE_READER ? SQLITE_OPEN_READONLY
					 : SQLITE_OPEN_READWRITE;
	rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
	if (rc != SQLITE_OK)
		return sq_error(s, rc, e);
	if ((rc = sq_filter_define(s->db)) != SQLITE_OK)
		return sq_error(s, rc, e);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, SQ_LOCK_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	if (s->role != STORE_READER && sqlite3_db_readonly(s->db, "main")) {
		err_set(e, "%s cannot be written by this user (id %ld)",
		    s->path, (long)geteuid());
		return RES_FAILED;
	}
	return RES_OK;
}

/*
 * How hard commits are. With a rollback journal EXTRA also makes its removal,
 * which is the commit, durable; with a write-ahead log it is FULL. NORMAL is
 * safe with the latter only: the log is synced before it is copied into the
 * database and before it begins anew, and by each commit of the others, so a
 * power cut takes the last commits of workers and nothing that came before.
 */
static enum result
set_synchronous(struct sq_store *s, struct err *e)
{
	static const char sql[] = "PRAGMA journal_mode";
	char mode[16] = "";
	struct sq_query q;
	enum result r;

	if (s->role == STORE_WORKER) {
		sq_prepare_once(&q, s, sql);
		if (sq_row(&q))
			sq_col_text(&q, 0, mode, sizeof(mode));
		if ((r = sq_done(&q, e)) != RES_OK)
			return r;
	}
	return sq_exec(s,
	    strcmp(mode, "wal") == 0 ? "PRAGMA synchronous=NORMAL"
				     : "PRAGMA synchronous=EXTRA",
	    e);
}

static enum result
set_options(struct sq_store *s, struct err *e)
{
	enum result r;

	if (s->role == STORE_READER)
		return RES_OK;
	/* A worker's cache holds the indexes of a deep queue. */
	if (s->role == STORE_WORKER &&
	    (r = sq_exec(s, "PRAGMA cache_size=-16384", e)) != RES_OK)
		return r;
	return set_synchronous(s, e);
}

/* Opens, and makes sure that it is what we think. */
static enum result
connect_checked(struct sq_store *s, struct err *e)
{
	enum result r;

	if ((r = sq_connect(s, e)) == RES_OK &&
	    (r = sq_schema_check(s, e)) == RES_OK)
		r = set_options(s, e);
	if (r != RES_OK)
		disconnect(s);
	return r;
}

static enum result
open_store(
    struct store **base, const char *uri, enum store_role role, struct err *e)
{
	struct sq_store *s = sq_new(uri, role);
	enum result r;

	if ((r = connect_checked(s, e)) != RES_OK) {
		sq_free(s);
		return r;
	}
	*base = &s->base;
	return RES_OK;
}

enum result
sq_fresh(struct sq_store *s, struct err *e)
{
	struct stat st;
	enum result r;

	if ((r = identify(s, &st, e)) == RES_OK) {
		if (s->db != NULL && st.st_dev == s->dev && st.st_ino == s->ino)
			return RES_OK;
		disconnect(s);
		r = connect_checked(s, e);
	}
	return r == RES_OK || r == RES_BUSY ? r : RES_FAILED;
}

void
sq_wake(const struct sq_store *s)
{
	int fd;

	/* Both ends are open here, so nobody gone can mean SIGPIPE. */
	if ((fd = sq_fifo_open(s->wake_path)) == -1)
		return;
	/* A full one is readable already. */
	if (write(fd, "", 1) == -1)
		errno = 0;
	close(fd);
}

static int
wake_fd(struct store *base)
{
	struct sq_store *s = (struct sq_store *)base;

	if (s->wake_fd == -1)
		s->wake_fd = sq_fifo_open(s->wake_path);
	return s->wake_fd;
}

static void
wake_clear(struct store *base)
{
	struct sq_store *s = (struct sq_store *)base;
	char drop[256];

	if (s->wake_fd == -1)
		return;
	while (read(s->wake_fd, drop, sizeof(drop)) > 0)
		;
}

static const char *
place(struct store *base)
{
	return ((struct sq_store *)base)->place;
}

const struct store_ops store_sqlite_ops = {
	.scheme = "sqlite",
	.check_uri = check_uri,
	.setup = sq_setup,
	.open = open_store,
	.close = close_store,
	.now_ms = now_ms,
	.put = sq_put,
	.turn = sq_turn,
	.list = sq_list,
	.counters = counters,
	.follow = sq_follow,
	.show = sq_show,
	.retry = sq_retry,
	.give_up = sq_give_up,
	.stats = sq_stats,
	.prune = sq_prune,
	.handlers = sq_handlers,
	.secrets = sq_secrets,
	.next_due = sq_next_due,
	.worker_enter = sq_worker_enter,
	.worker_leave = sq_worker_leave,
	.worker_present = sq_worker_present,
	.place = place,
	.free_bytes = sq_free_bytes,
	.wake_fd = wake_fd,
	.wake_clear = wake_clear,
};
