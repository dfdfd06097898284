/*
 * stripehook check: the store.
 */
#include "config.h"

#ifdef __linux__
#include <sys/vfs.h>
#endif

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_check.h"
#include "event_own.h"
#include "mem.h"
#include "store.h"

#include "banned.h"

#define SCHEME "sqlite:"
#define MEBIBYTE (1024 * 1024)
#define EVENTS_ASKED 20 /* the newest, for their times */
#define CLOCK_SLACK_MS 5000

/* What a handler's row in the store is held against. */
struct leftover {
	const struct conf *conf; /* borrowed */
	struct conf_report *report; /* borrowed */
	int64_t waiting; /* deliveries for handlers that are configured */
};

static bool
check_handler(const struct store_handler_stats *h, void *arg)
{
	const int64_t waiting =
	    h->deliveries[DELIVERY_PENDING] + h->deliveries[DELIVERY_RUNNING];
	struct leftover *l = arg;

	if (conf_find_handler(l->conf, h->name) != NULL)
		l->waiting += waiting;
	else if (waiting > 0) {
		conf_report_add(l->report, CONF_WARNING, l->conf->path, 0,
		    "for a handler '%s' that is not configured wait %lld "
		    "deliveries: they are kept until it is\n"
		    "\"stripehook prune --handler\" gives them up",
		    h->name, (long long)waiting);
		conf_report_mark(l->report, "queue", 0);
	}
	return true;
}

/*
 * Deliveries that nobody makes: their handler is gone, or the worker is.
 */
static void
check_queue(const struct conf *c, struct store *s, struct conf_report *report)
{
	struct leftover l = { .conf = c, .report = report };

	(void)store_handlers(s, check_handler, &l, NULL);
	if (l.waiting == 0 || c->worker != CONF_WORKER_SERVICE ||
	    store_worker_present(s))
		return;
	conf_report_add(report, CONF_WARNING, c->path, 0,
	    "there is no worker, and deliveries wait (%lld)\n"
	    "start stripehook-worker, see its manual page",
	    (long long)l.waiting);
	conf_report_mark(report, "worker", 0);
}

static void
check_disk(const struct conf *c, struct store *s, struct conf_report *r)
{
	const int64_t bytes = store_free_bytes(s);

	if (bytes < 0 || bytes >= c->disk_low)
		return;
	conf_report_add(r, CONF_WARNING, c->path, 0,
	    "the store's disk has %lld MiB free, less than disk-low (%lld)\n"
	    "make room: once it is full, events are refused until it is not",
	    (long long)(bytes / MEBIBYTE), (long long)(c->disk_low / MEBIBYTE));
	conf_report_mark(r, "disk", 0);
}

/*
 * How far an event was received before Stripe made it, at most, in *arg.
 */
static bool
compare_times(const struct store_row *row, void *arg)
{
	const int64_t before_ms = row->created * 1000 - row->received_ms;
	int64_t *most_ms = arg;

	if (strcmp(row->endpoint, EVENT_OWN_ENDPOINT) != 0 &&
	    before_ms > *most_ms)
		*most_ms = before_ms;
	return true;
}

/*
 * Stripe's own times tell of a clock that is behind, without any network.
 */
static void
check_times(const struct conf *c, struct store *s, struct conf_report *r)
{
	struct store_filter f = STORE_FILTER_ANY;
	int64_t most_ms = 0;

	f.limit = EVENTS_ASKED;
	(void)store_list(s, &f, compare_times, &most_ms, NULL);
	if (most_ms <= CLOCK_SLACK_MS)
		return;
	conf_report_add(r, CONF_WARNING, c->path, 0,
	    "an event was received %lld seconds before Stripe made it: this "
	    "machine's clock is behind, or was\nrun an NTP client",
	    (long long)(most_ms / 1000));
	conf_report_mark(r, "clock", 0);
}

#ifdef __linux__

/*
 * The name of a file system on which processes of several machines cannot
 * share memory, as a write-ahead log needs; NULL for others.
 */
static const char *
network_file_system(const char *folder)
{
	/* Magic numbers: statfs(2). */
	static const struct {
		unsigned int magic;
		const char *name;
	} known[] = {
		{ 0x6969, "NFS" },
		{ 0x517b, "SMB" },
		{ 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB" },
		{ 0x5346414f, "AFS" },
		{ 0x73757245, "Coda" },
		{ 0x00c36400, "Ceph" },
		{ 0x01021997, "9P" },
		{ 0x0bd00bd0, "Lustre" },
		{ 0x01161970, "GFS2" },
		{ 0x7461636f, "OCFS2" },
	};
	struct statfs fs;
	size_t i;

	if (statfs(folder, &fs) == -1)
		return NULL;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((unsigned int)fs.f_type == known[i].magic)
			return known[i].name;
	return NULL;
}

#else

static const char *
network_file_system(const char *folder)
{
	(void)folder;
	return NULL;
}

#endif

/*
 * Whether a database has a rollback journal, by its byte 18. Source: the
 * SQLite file format, "File format version numbers".
 */
static bool
has_rollback_journal(const char *path)
{
	unsigned char version = 0;
	bool found = false;
	int fd;

	/* Nothing of ours has it open, so no lock is lost by closing it. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return false;
	if (pread(fd, &version, 1, 18) == 1)
		found = version == 1;
	close(fd);
	return found;
}

static void
check_file_system(const struct conf *c, struct conf_report *r)
{
	const char *path = c->store + strlen(SCHEME), *name;
	char *folder;

	if (strncmp(c->store, SCHEME, strlen(SCHEME)) != 0)
		return;
	folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	name = network_file_system(folder[0] != '\0' ? folder : "/");
	free(folder);
	if (name != NULL)
		conf_report_add(r, CONF_WARNING, c->path, 0,
		    "the store is on a network file system (%s), where SQLite "
		    "can neither be fast nor rely on locks\n"
		    "move it to a disk of this machine",
		    name);
	else if (has_rollback_journal(path))
		conf_report_add(r, CONF_WARNING, c->path, 0,
		    "the store has a rollback journal, which is slower than a "
		    "write-ahead log\n"
		    "run \"stripehook init\", which asks for the other again");
	else
		return;
	conf_report_mark(r, "store", 0);
}

static void
check_open_store(const struct conf *c, struct store *s, struct conf_report *r)
{
	check_queue(c, s, r);
	check_disk(c, s, r);
	check_times(c, s, r);
}

void
cmd_check_store(const struct conf *c, struct conf_report *r)
{
	struct err e = { "" };
	struct store *s = NULL;
	enum result res;

	check_file_system(c, r);
	res = store_open(&s, c->store, STORE_READER, &e);
	/* One that is not there yet is no mistake of the configuration. */
	if (res == RES_OK)
		check_open_store(c, s, r);
	else if (res == RES_UNKNOWN)
		conf_report_add(r, CONF_WARNING, c->path, 0,
		    "there is no store at %s yet\nrun \"stripehook init\"",
		    c->store);
	else
		conf_report_add(r, res == RES_BUSY ? CONF_WARNING : CONF_ERROR,
		    c->path, 0, "store: %s", e.text);
	if (res != RES_OK)
		conf_report_mark(r, "store", 0);
	store_close(s);
}
