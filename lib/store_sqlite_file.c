/*
 * SQLite backend: the files beside the database. Their modes are set by name
 * and not left to the umask, which belongs to the process as a whole.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite.h"

#include "mem.h"

#include "banned.h"

#define FILE_MODE 0640

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? mem_strdup("/")
			     : mem_strndup(path, (size_t)(slash - path));
}

static enum result
create_failed(const char *path, struct err *e)
{
	int number = errno;
	char *folder = folder_of(path);

	if (number == ENOENT)
		err_set(e,
		    "the folder %s does not exist: create it, writable "
		    "for the user of the web server",
		    folder);
	else if (number == EACCES || number == EROFS)
		err_set(e,
		    "%s cannot be created: %s: the folder %s must be "
		    "writable by this user",
		    path, strerror(number), folder);
	else
		err_set(e, "%s cannot be created: %s", path, strerror(number));
	free(folder);
	return number == ENOSPC || number == EDQUOT ? RES_BUSY : RES_FAILED;
}

static enum result
mode_failed(const char *path, struct err *e)
{
	err_set(e, "mode and owner of %s: %s", path, strerror(errno));
	return RES_FAILED;
}

static enum result
check_kind(const char *path, mode_t kind, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return create_failed(path, e);
	if ((st.st_mode & S_IFMT) == kind)
		return RES_OK;
	err_set(e, "%s exists and is not a %s", path,
	    kind == S_IFIFO ? "FIFO" : "regular file");
	return RES_INVALID;
}

/* Gives fd the mode, and for root the owner, of like; 0640 without one. */
static int
set_mode(int fd, const struct stat *like)
{
	mode_t mode = like == NULL ? FILE_MODE : like->st_mode & 0666;

	if (like != NULL && geteuid() == 0 &&
	    fchown(fd, like->st_uid, like->st_gid) == -1)
		return -1;
	return fchmod(fd, mode);
}

enum result
sq_file_create(const char *path, const struct stat *like, struct err *e)
{
	enum result r = RES_OK;
	int fd;

	/*
	 * O_EXCL also keeps us from opening a database that is in use:
	 * closing it would drop SQLite's locks on it.
	 */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    FILE_MODE);
	if (fd == -1 && errno == EEXIST)
		return check_kind(path, S_IFREG, e);
	if (fd == -1)
		return create_failed(path, e);
	if (set_mode(fd, like) == -1)
		r = mode_failed(path, e);
	close(fd);
	return r;
}

int
sq_fifo_open(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -1;
}

enum result
sq_fifo_create(const char *path, const struct stat *like, struct err *e)
{
	enum result r = RES_OK;
	int fd;

	if (mkfifo(path, FILE_MODE) == -1)
		return errno == EEXIST ? check_kind(path, S_IFIFO, e)
				       : create_failed(path, e);
	fd = sq_fifo_open(path);
	if (fd == -1 || set_mode(fd, like) == -1)
		r = mode_failed(path, e);
	if (fd != -1)
		close(fd);
	return r;
}

enum result
sq_file_open(const char *path, const struct stat *like, int *fd, struct err *e)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	enum result r;

	*fd = open(path, flags);
	if (*fd == -1 && errno == ENOENT) {
		if ((r = sq_file_create(path, like, e)) != RES_OK)
			return r;
		*fd = open(path, flags);
	}
	if (*fd != -1)
		return RES_OK;
	err_set(e, "%s: %s: it must be writable by this user", path,
	    strerror(errno));
	return RES_FAILED;
}

enum result
sq_file_fill(const char *path, const struct stat *like, const void *p, size_t n,
    struct err *e)
{
	enum result r;
	struct stat st;
	int fd;

	if ((r = sq_file_open(path, like, &fd, e)) != RES_OK)
		return r;
	if (fstat(fd, &st) == 0 && st.st_size == 0 &&
	    write(fd, p, n) != (ssize_t)n) {
		err_set(e, "%s: %s", path, strerror(errno));
		r = RES_BUSY;
	}
	close(fd);
	return r;
}

enum result
sq_file_sync_folder(const char *path, struct err *e)
{
	char *folder = folder_of(path);
	enum result r = RES_OK;
	int fd;

	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* EINVAL: this file system cannot, and needs not. */
	if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL)) {
		err_set(e, "%s: %s", folder, strerror(errno));
		r = RES_FAILED;
	}
	if (fd != -1)
		close(fd);
	free(folder);
	return r;
}
