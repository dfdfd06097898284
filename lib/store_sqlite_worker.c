/*
 * SQLite backend: the lock that says that a worker is there. One of fcntl(2)
 * and not of flock(2), since that can be asked about without being taken: two
 * that looked by locking would each take the other for a worker.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite.h"

#include "banned.h"

/* Of the handle; elsewhere of the process, which then has one worker only. */
#ifdef F_OFD_SETLK
#define LOCK_SET F_OFD_SETLK
#define LOCK_GET F_OFD_GETLK
#else
#define LOCK_SET F_SETLK
#define LOCK_GET F_GETLK
#endif

/* From the first byte to the last. */
static struct flock
whole_file(short type)
{
	struct flock l;

	memset(&l, 0, sizeof(l));
	l.l_type = type;
	l.l_whence = SEEK_SET;
	return l;
}

static enum result
lock(struct sq_store *s, enum store_presence how, struct err *e)
{
	struct flock l =
	    whole_file(how == STORE_PRESENT_ALONE ? F_WRLCK : F_RDLCK);

	if (fcntl(s->worker_fd, LOCK_SET, &l) != -1)
		return RES_OK;
	if (errno == EAGAIN || errno == EACCES) {
		err_set(e, "another worker is at work on %s", s->path);
		return RES_BUSY;
	}
	err_set(e, "%s cannot be locked: %s", s->worker_path, strerror(errno));
	return RES_FAILED;
}

enum result
sq_worker_enter(struct store *base, enum store_presence how, struct err *e)
{
	struct sq_store *s = (struct sq_store *)base;
	struct stat st;
	enum result r;

	if ((r = sq_may_change(s, e)) != RES_OK)
		return r;
	sq_worker_leave(base);
	if (stat(s->path, &st) == -1) {
		err_set(e, "%s: %s", s->path, strerror(errno));
		return RES_FAILED;
	}
	r = sq_file_open(s->worker_path, &st, &s->worker_fd, e);
	if (r == RES_OK && (r = lock(s, how, e)) != RES_OK)
		sq_worker_leave(base);
	return r;
}

void
sq_worker_leave(struct store *base)
{
	struct sq_store *s = (struct sq_store *)base;

	if (s->worker_fd != -1)
		close(s->worker_fd);
	s->worker_fd = -1;
}

bool
sq_worker_present(struct store *base)
{
	struct sq_store *s = (struct sq_store *)base;
	struct flock l = whole_file(F_WRLCK);
	bool present;
	int fd;

	if (s->worker_fd != -1)
		return true;
	fd = open(s->worker_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	/* Whoever enters makes the file. */
	if (fd == -1)
		return errno != ENOENT;
	present = fcntl(fd, LOCK_GET, &l) == -1 || l.l_type != F_UNLCK;
	close(fd);
	return present;
}
