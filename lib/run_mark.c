/*
 * The mark of a run: made, found in the environment of a process, taken apart.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "run_impl.h"
#include "run_proc.h"

#include "banned.h"

#define MARK_NAME "STRIPEHOOK_RUN="
#define MARK_ENVIRON_MAX ((size_t)8 << 20) /* more than exec takes */
#define MARK_READ_SIZE 16384

/*
 * A process that is just being executed, or dies, shows an empty environment,
 * as does one that cleared it: only the latter still does later.
 */
#define MARK_LOOKS 4
#define MARK_LOOKS_BUSY 100 /* while it has no arguments either */
#define MARK_PAUSE_NS 2000000L

/* The number of our name space of pids: another may use the same ones. */
static uint64_t
mark_space(void)
{
	char target[64], *at;
	ssize_t n;

	n = readlink("/proc/self/ns/pid", target, sizeof(target) - 1);
	if (n <= 0)
		return 0;
	target[n] = '\0'; /* "pid:[4026531836]" */
	at = strchr(target, '[');
	return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

void
run_tag_own(struct run_tag *tag)
{
	struct run_proc p;

	memset(tag, 0, sizeof(*tag));
	tag->space = mark_space();
	tag->pid = getpid();
	if (run_proc_read(&p, tag->pid))
		tag->start = p.start;
}

void
run_mark(char out[RUN_MARK_SIZE], const char *place, uint64_t number)
{
	struct run_tag own;

	run_tag_own(&own);
	snprintf(out, RUN_MARK_SIZE,
	    MARK_NAME "%.*s:%" PRIu64 ":%ld:%" PRIu64 ":%" PRIu64,
	    RUN_PLACE_MAX, place, own.space, (long)own.pid, own.start, number);
}

/* A number and what must follow it; *at moves on. */
static bool
mark_number(const char **at, char after, uint64_t *n)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*n = strtoull(*at, &end, 10);
	if (errno != 0 || *end != after)
		return false;
	*at = end + 1;
	return true;
}

bool
run_tag_parse(struct run_tag *tag, const char *value)
{
	const char *at;
	uint64_t pid;
	size_t len = strcspn(value, ":");

	memset(tag, 0, sizeof(*tag));
	if (value[len] != ':' || len >= sizeof(tag->place))
		return false;
	memcpy(tag->place, value, len);
	at = value + len + 1;
	if (!mark_number(&at, ':', &tag->space) ||
	    !mark_number(&at, ':', &pid) ||
	    !mark_number(&at, ':', &tag->start) ||
	    !mark_number(&at, '\0', &tag->number) || pid == 0 ||
	    pid > INT32_MAX)
		return false;
	tag->pid = (pid_t)pid;
	return true;
}

/*
 * A file of its folder below /proc, with a NUL at the end; nothing where it has
 * none at the moment. false: not for us.
 */
static bool
mark_slurp(struct buf *b, pid_t pid, const char *name)
{
	char path[48];
	ssize_t n;
	int fd;

	buf_reset(b, MARK_ENVIRON_MAX);
	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return errno == ESRCH || errno == ENOENT;
	do {
		if (!buf_reserve(b, MARK_READ_SIZE))
			break;
		n = read(fd, b->data + b->len, MARK_READ_SIZE);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	close(fd);
	if (b->len > 0)
		buf_putc(b, '\0');
	return !b->failed;
}

/* Waits until it is one, and reads it. false also for a dead process. */
static bool
mark_environ(struct buf *b, pid_t pid, int most)
{
	const struct timespec pause = { 0, MARK_PAUSE_NS };
	struct run_proc p;
	int looks;

	for (looks = 0; looks < most; looks++) {
		if (looks > 0)
			nanosleep(&pause, NULL);
		if (!run_proc_read(&p, pid) || run_proc_is_over(&p) ||
		    !mark_slurp(b, pid, "cmdline"))
			return false;
		if (b->len == 0 && most > 1)
			most = MARK_LOOKS_BUSY;
		if (!mark_slurp(b, pid, "environ"))
			return false;
		if (b->len > 0)
			return true;
	}
	return false;
}

static bool
mark_find(struct run_tag *tag, const struct buf *b)
{
	const char *at = b->data;
	const char *end = b->data + b->len;
	size_t name = strlen(MARK_NAME);

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, MARK_NAME, name) == 0)
			return run_tag_parse(tag, at + name);
	return false;
}

bool
run_tag_read(struct run_tag *tag, pid_t pid, bool patient)
{
	struct buf b;
	bool found;

	buf_init(&b, MARK_ENVIRON_MAX);
	found = mark_environ(&b, pid, patient ? MARK_LOOKS : 1) &&
	    mark_find(tag, &b);
	buf_free(&b);
	return found;
}
