/*
 * The one way to log.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "escape.h"
#include "log.h"
#include "mem.h"

#include "banned.h"

/*
 * Escaped at most fourfold, a line stays below PIPE_BUF: one write, one line.
 */
#define LOG_TEXT_MAX 900
#define FILE_PREFIX "file:"

enum sink { SINK_STDERR, SINK_JOURNAL, SINK_SYSLOG, SINK_FILE };

/* Set once by log_open, before any thread exists. */
static struct {
	char name[32];
	char path[1024];
	enum sink sink;
	enum log_level level;
} state = { .name = "stripehook", .level = LOG_LEVEL_INFO };

static const struct {
	const char *word;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

/*
 * systemd names the device and inode of the journal's stream, so that a
 * program whose standard error was redirected since can tell
 * (systemd.exec(5), JOURNAL_STREAM).
 */
static bool
stderr_is_journal(const struct stat *st)
{
	const char *want;
	char have[64];

	want = getenv("JOURNAL_STREAM");
	(void)snprintf(have, sizeof(have), "%ju:%ju", (uintmax_t)st->st_dev,
	    (uintmax_t)st->st_ino);
	return want != NULL && strcmp(want, have) == 0;
}

static enum sink
choose_sink(bool automatic)
{
	struct stat st, null;

	if (fstat(STDERR_FILENO, &st) == -1)
		return automatic ? SINK_SYSLOG : SINK_STDERR;
	if (stderr_is_journal(&st))
		return SINK_JOURNAL;
	if (automatic && S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 &&
	    st.st_rdev == null.st_rdev)
		return SINK_SYSLOG;
	return SINK_STDERR;
}

int
log_valid_target(const char *target)
{
	const size_t n = sizeof(FILE_PREFIX) - 1;

	if (strncmp(target, FILE_PREFIX, n) == 0)
		return target[n] == '/' &&
		    strlen(target + n) < sizeof(state.path);
	return strcmp(target, "auto") == 0 || strcmp(target, "stderr") == 0 ||
	    strcmp(target, "syslog") == 0;
}

int
log_open(const char *name, const char *target, enum log_level level)
{
	if (!log_valid_target(target))
		return -1;
	(void)mem_copy(state.name, sizeof(state.name), name);
	state.level = level;
	if (strncmp(target, FILE_PREFIX, sizeof(FILE_PREFIX) - 1) == 0) {
		state.sink = SINK_FILE;
		(void)mem_copy(state.path, sizeof(state.path),
		    target + sizeof(FILE_PREFIX) - 1);
	} else if (strcmp(target, "syslog") == 0)
		state.sink = SINK_SYSLOG;
	else
		state.sink = choose_sink(strcmp(target, "auto") == 0);
	if (state.sink == SINK_SYSLOG)
		openlog(state.name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	return 0;
}

/*
 * Standard error gets what cannot be written elsewhere: a message is worth
 * more than its place.
 */
static void
write_line(const char *line, size_t n)
{
	int fd = -1;

	if (state.sink == SINK_FILE)
		fd = open(state.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		    0640);
	(void)!write(fd != -1 ? fd : STDERR_FILENO, line, n);
	if (fd != -1)
		(void)close(fd);
}

static void
stamp(struct buf *line)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return;
	buf_printf(line, "%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

static void log_message(enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_message(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	struct buf line;
	int saved = errno;

	if (level > state.level)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	buf_init(&line, LOG_TEXT_MAX * 5);
	if (state.sink == SINK_JOURNAL)
		buf_printf(&line, "<%d>", levels[level].priority);
	else if (state.sink != SINK_SYSLOG) {
		stamp(&line);
		buf_printf(&line, "%s[%ld]: ", state.name, (long)getpid());
	}
	if (state.sink == SINK_STDERR || state.sink == SINK_FILE)
		buf_printf(&line, "%s: ", levels[level].word);
	escape_line(&line, text, strlen(text));
	if (state.sink == SINK_SYSLOG)
		syslog(levels[level].priority, "%s", buf_text(&line));
	else {
		buf_putc(&line, '\n');
		write_line(buf_text(&line), line.len);
	}
	buf_free(&line);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
