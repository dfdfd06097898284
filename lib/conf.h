/*
 * The configuration, read with libConfuse and checked as a whole: every
 * mistake is reported with file and line, all of them in one run. Read-only
 * after loading. libConfuse keeps global state: only one thread may load at a
 * time.
 */
#ifndef STRIPEHOOK_CONF_H
#define STRIPEHOOK_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "delivery.h"
#include "err.h"
#include "secret.h"

enum conf_unhandled {
	CONF_UNHANDLED_REJECT, /* 400, as in Stripe's guide: the default */
	CONF_UNHANDLED_IGNORE, /* 200 and a log line */
	CONF_UNHANDLED_STORE /* 200, kept without deliveries */
};

enum conf_worker {
	CONF_WORKER_SERVICE, /* somebody else starts it: the default */
	CONF_WORKER_ON_DEMAND /* the endpoint starts it when there is work */
};

enum conf_run { CONF_RUN_QUEUED, CONF_RUN_INLINE };

enum conf_lane { CONF_LANE_OBJECT, CONF_LANE_CUSTOMER, CONF_LANE_NONE };

/* A text of the configuration and the line where it stands. */
struct conf_text {
	char *text; /* owned */
	int line;
};

struct conf_endpoint {
	char name[DELIVERY_NAME_SIZE];
	int line;
	struct secret *secrets; /* owned */
	size_t nsecrets; /* at least 1; 0 where they were not read */
	struct conf_text *sources; /* owned: where the secrets are kept, as
	    written, also where they were not read */
	size_t nsources;
	int64_t tolerance; /* seconds, both ways; at least 1 */
	char *api_version; /* owned; NULL: not compared */
};

struct conf_handler {
	char name[DELIVERY_NAME_SIZE];
	int line;
	struct conf_text *events; /* owned: patterns, at least 1 */
	size_t nevents;
	struct conf_text *endpoints; /* owned: names; none means all */
	size_t nendpoints;
	char **command; /* owned, NULL-terminated; [0] is an absolute path */
	int command_line; /* where it stands */
	char **environment; /* owned, NULL-terminated: "NAME=value", or "NAME"
	    to pass on the program's own */
	enum conf_run run;
	enum conf_lane lane;
	int timeout; /* seconds until TERM */
	int grace; /* seconds from TERM to KILL */
	int attempts; /* then it is parked */
	int backoff; /* seconds before the second attempt */
	int backoff_max; /* seconds */
	int64_t give_up; /* seconds after the event arrived; 0: never */
	char *directory; /* owned; NULL: "/" */
	int umask; /* octal in the file; 022 */
	int concurrency; /* at once in one worker; 0: as many as it may */
	bool strict; /* order = "strict": a lane waits for its failures */
	int nice; /* 0 to 19 */
	int64_t memory; /* bytes of address space; 0: no limit */
	int64_t open_files; /* 0: no limit of its own */
	int64_t core; /* bytes; 0: no core dumps */
	char *user; /* owned; NULL: as the worker */
	int alert_after; /* failures in a row; 0: never */
};

struct conf {
	char *path; /* owned: the file it came from */
	char *store; /* owned: "sqlite:/path", or "postgresql:..." with the
	    password: never show it but through conf_store_shown */
	enum conf_unhandled unhandled;
	size_t max_body; /* bytes */
	int threads;
	char *log; /* owned: a target for log_open */
	int log_level; /* enum log_level */
	enum conf_worker worker;
	char *worker_program; /* owned: absolute path */
	int concurrency; /* handlers at once in one worker */
	int keep; /* days that a finished event is kept */
	int keep_bodies; /* days that its body is; 0: as long as it */
	int64_t silence; /* seconds without an event until the alarm; 0: none */
	int64_t disk_low; /* bytes free below which the alarm comes; 0: none */
	int64_t alert_interval; /* seconds: one alarm of a kind in this time */
	struct catalogue catalogue;
	bool secretless; /* secrets were not read: nothing can be verified */
	struct conf_endpoint *endpoints; /* owned, at least 1 */
	size_t nendpoints;
	struct conf_handler *handlers; /* owned */
	size_t nhandlers;
	char **watch; /* owned, NULL-terminated: files whose content makes the
	    configuration: itself, secrets, event types */
};

enum conf_severity { CONF_ERROR, CONF_WARNING };

/* A topic that findings are known by: "syntax"; NULL stands for "other". */
struct conf_finding {
	enum conf_severity severity;
	const char *code; /* static: its topic */
	char *file; /* owned */
	int line; /* 0: the file as a whole */
	int column; /* in bytes, from 1; 0: not known */
	char *text; /* owned: what is wrong, and often "; " and what to do */
	size_t message_len; /* how much of the text says what is wrong */
};

struct conf_report {
	struct conf_finding *findings; /* owned, in the order of the lines */
	size_t n;
	size_t errors; /* how many of them are errors */
};

/*
 * Where the configuration is when nobody says: $STRIPEHOOK_CONFIG, else the
 * path that configure was given; in the portable build, before that one,
 * stripehook/stripehook.conf in the home folder of the program's owner.
 * Borrowed, never NULL. Called before any thread exists.
 */
const char *conf_default_path(void);

/*
 * Reads and checks the file at path into c, adding what it finds to r (which
 * conf_report_init made ready). RES_OK when r holds no error (warnings may be
 * there), and c is the caller's to free with conf_free; RES_INVALID otherwise,
 * and c is empty.
 */
enum result conf_load(struct conf *c, const char *path, struct conf_report *r);

/*
 * The same for those who verify nothing, such as the worker: secrets are
 * neither read nor checked nor watched, since they may not be theirs to read.
 * No endpoint has any then.
 */
enum result conf_load_secretless(
    struct conf *c, const char *path, struct conf_report *r);

void conf_free(struct conf *c);

/*
 * What may be shown of the store: a file's path, else the kind. Borrowed from
 * c.
 */
const char *conf_store_shown(const struct conf *c);

void conf_report_init(struct conf_report *r);
void conf_report_free(struct conf_report *r);

/*
 * What to do about a finding, or "". Borrowed from f.
 */
const char *conf_finding_hint(const struct conf_finding *f);

/*
 * Adds one finding; file is copied. What stands behind the first newline of
 * the text is the hint, and the newline becomes "; ". conf_report_mark gives
 * the last finding its topic (static) and its column.
 */
void conf_report_mark(struct conf_report *r, const char *code, int column);
void conf_report_add(struct conf_report *r, enum conf_severity severity,
    const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * A number that changes when the content of any watched file does; 0 is never
 * returned. A file that cannot be read counts with its absence.
 */
uint64_t conf_fingerprint(const struct conf *c);

/*
 * The handler or endpoint of that name, or NULL. Borrowed from c.
 */
const struct conf_handler *conf_find_handler(
    const struct conf *c, const char *name);
const struct conf_endpoint *conf_find_endpoint(
    const struct conf *c, const char *name);

#endif
