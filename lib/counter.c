/*
 * Counts of what came to the endpoint.
 *
 * The file: eight bytes that say what it is, then 64-bit numbers in the order
 * of the machine, which it does not leave.
 */
#include "config.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"

#include "mem.h"

#include "banned.h"

#define TRIES 50 /* to get the lock */
#define PAUSE_NS 100000

struct content {
	char magic[8];
	int64_t values[COUNTERS];
};

struct counter_file {
	int fd;
};

static const struct content empty = { .magic = "StrHcnt1" };

/* In the file as positions: never reorder, add at the end. */
static const char *const reasons[] = {
	"method",
	"content-encoding",
	"content-length",
	"memory",
	"short-body",
	"no-signature",
	"malformed",
	"no-v1",
	"wrong-signature",
	"too-old",
	"too-new",
	"no-secret",
	"error",
	"body-changed",
	"not-an-event",
	"unhandled",
	"store",
	"handler",
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

_Static_assert(COUNTER_REASONS + REASONS <= COUNTERS, "room in the file");

const void *
counter_empty(size_t *n)
{
	*n = sizeof(empty);
	return &empty;
}

const char *
counter_reason(size_t n)
{
	return n < REASONS ? reasons[n] : NULL;
}

enum counter
counter_of(const char *reason)
{
	size_t i;

	for (i = 0; i < REASONS; i++)
		if (strcmp(reasons[i], reason) == 0)
			return (enum counter)(COUNTER_REASONS + i);
	return COUNTER_OTHER;
}

static bool
load(int fd, struct content *c)
{
	return pread(fd, c, sizeof(*c), 0) == (ssize_t)sizeof(*c) &&
	    memcmp(c->magic, empty.magic, sizeof(c->magic)) == 0;
}

struct counter_file *
counter_open(const char *path)
{
	struct counter_file *f;
	struct content c;
	int fd;

	fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	if (!load(fd, &c)) {
		close(fd);
		return NULL;
	}
	f = mem_alloc(1, sizeof(*f));
	f->fd = fd;
	return f;
}

void
counter_close(struct counter_file *f)
{
	if (f == NULL)
		return;
	close(f->fd);
	free(f);
}

/*
 * Never waits for long: who holds it may have been stopped.
 */
static bool
lock(int fd)
{
	const struct timespec pause = { 0, PAUSE_NS };
	int i;

	for (i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

void
counter_add(struct counter_file *f, const struct counter_tally *t)
{
	struct content c;
	size_t i;

	if (f == NULL || !lock(f->fd))
		return;
	if (load(f->fd, &c)) {
		for (i = 0; i < COUNTERS; i++)
			c.values[i] += t->add[i];
		if (t->has_age)
			c.values[COUNTER_AGE] = t->age;
		/* One that fails is one that is not counted. */
		if (pwrite(f->fd, &c, sizeof(c), 0) == -1)
			errno = 0;
	}
	flock(f->fd, LOCK_UN);
}

bool
counter_read(const char *path, int64_t values[COUNTERS])
{
	struct content c;
	bool done;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	/* Shared, so that no half-written one is read. */
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK) {
		const struct timespec pause = { 0, PAUSE_NS };

		nanosleep(&pause, NULL);
	}
	if ((done = load(fd, &c)))
		memcpy(values, c.values, sizeof(c.values));
	close(fd);
	return done;
}
