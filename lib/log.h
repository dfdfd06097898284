/*
 * The one way to log. Only use cases and programs call it. Each message is
 * one line and one write, so threads and processes need no lock; control
 * characters in it are shown as \xNN, so no request can forge a line.
 */
#ifndef STRIPEHOOK_LOG_H
#define STRIPEHOOK_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * Says where messages go and under which name; call it before any thread
 * exists. Until then they go to standard error as "stripehook".
 *
 * target: "auto" (standard error, or syslog where standard error is closed or
 * /dev/null, as under spawn-fcgi), "stderr", "syslog", or "file:/path", opened
 * for appending at every message, so that rotation needs no signal.
 * Standard error that is the journal gets its <N> priorities.
 *
 * name and target are copied. Returns 0, or -1 for a target that is none of
 * these (log_valid_target tells beforehand).
 */
int log_open(const char *name, const char *target, enum log_level level);

/*
 * Whether log_open would take this target.
 */
int log_valid_target(const char *target);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
