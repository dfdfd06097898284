/*
 * stripehook metrics: counts and states for Prometheus, in its text format
 * (version 0.0.4). No label has values that grow with the events.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_time.h"
#include "counter.h"
#include "mem.h"
#include "store.h"

#include "banned.h"

/* All that is told. */
struct metrics {
	struct store_stats st;
	struct store_handler_stats *handlers; /* owned */
	size_t n;
	bool worker;
	int64_t free_bytes;
	int64_t now_ms;
};

static void
head(const char *name, const char *type, const char *help)
{
	printf("# HELP stripehook_%s %s\n# TYPE stripehook_%s %s\n", name, help,
	    name, type);
}

static void
one(const char *name, const char *type, const char *help, int64_t value)
{
	head(name, type, help);
	printf("stripehook_%s %" PRId64 "\n", name, value);
}

/*
 * Milliseconds as seconds.
 */
static void
one_ms(const char *name, const char *help, int64_t ms)
{
	head(name, "gauge", help);
	printf("stripehook_%s %.3f\n", name, (double)ms / 1000);
}

/*
 * The beginning of a line of a handler, with room for more labels.
 */
static void
of_handler(const char *name, const char *handler)
{
	printf("stripehook_%s{handler=\"", name);
	for (; *handler != '\0'; handler++) {
		if (*handler == '\n') {
			printf("\\n");
			continue;
		}
		if (*handler == '"' || *handler == '\\')
			putchar('\\');
		putchar(*handler);
	}
	putchar('"');
}

static void
print_refused(const int64_t values[COUNTERS])
{
	const char *reason;
	size_t i;

	head("requests_refused_total", "counter",
	    "Requests that were not accepted, by the reason in the log.");
	for (i = 0; (reason = counter_reason(i)) != NULL; i++)
		printf("stripehook_requests_refused_total{reason=\"%s\"} "
		       "%" PRId64 "\n",
		    reason, values[COUNTER_REASONS + i]);
	printf("stripehook_requests_refused_total{reason=\"other\"} %" PRId64
	       "\n",
	    values[COUNTER_OTHER]);
}

static void
print_counters(const struct conf *c)
{
	char *path = store_counters(c->store);
	int64_t v[COUNTERS];
	bool known = path != NULL && counter_read(path, v);

	one("counters_available", "gauge",
	    "Whether the endpoint has a file to count in.", known);
	if (!known && path != NULL)
		cmd_error("%s: cannot be read, so the endpoint's counts are "
			  "missing: \"stripehook init\" makes the file",
		    path);
	free(path);
	if (!known)
		return;
	one("requests_total", "counter", "Requests to the endpoint.",
	    v[COUNTER_REQUESTS]);
	one("requests_verified_total", "counter",
	    "Requests whose signature was genuine and in time.",
	    v[COUNTER_VERIFIED]);
	print_refused(v);
	one("events_stored_total", "counter", "Events that were kept.",
	    v[COUNTER_STORED]);
	one("events_duplicate_total", "counter",
	    "Events that came again and were there already.",
	    v[COUNTER_DUPLICATE]);
	one("events_ignored_total", "counter",
	    "Events that no handler wanted, and that were not kept.",
	    v[COUNTER_IGNORED]);
	one("signature_age_seconds", "gauge",
	    "Age of the last genuine signature when it came: network, queues "
	    "and the difference of the clocks; negative where ours is behind.",
	    v[COUNTER_AGE]);
}

static void
print_store(const struct metrics *m)
{
	int64_t oldest = m->st.oldest_due_ms;

	one("events", "gauge", "Events in the store.", m->st.events);
	one("queue_due", "gauge",
	    "Deliveries that are due and wait for the worker.", m->st.due);
	one_ms("queue_oldest_seconds",
	    "How long the longest waiting delivery has been due.",
	    oldest > 0 && oldest < m->now_ms ? m->now_ms - oldest : 0);
	one_ms("last_received_timestamp_seconds",
	    "When the last event was received; 0 for never.",
	    m->st.last_received_ms);
	one("store_bytes", "gauge", "Size of the store on disk.", m->st.bytes);
	if (m->free_bytes >= 0)
		one("store_free_bytes", "gauge",
		    "Bytes that are free on the disk of the store.",
		    m->free_bytes);
	one("worker_present", "gauge", "Whether a worker is there.", m->worker);
}

static void
print_states(const struct metrics *m)
{
	size_t i;
	int j;

	head("deliveries", "gauge", "Deliveries in the store, by state.");
	for (i = 0; i < m->n; i++)
		for (j = 0; j < DELIVERY_STATES; j++) {
			of_handler("deliveries", m->handlers[i].name);
			printf(",state=\"%s\"} %" PRId64 "\n",
			    delivery_state_name((enum delivery_state)j),
			    m->handlers[i].deliveries[j]);
		}
	head("deliveries_parked_total", "counter",
	    "Deliveries that were given up.");
	for (i = 0; i < m->n; i++) {
		of_handler("deliveries_parked_total", m->handlers[i].name);
		printf("} %" PRId64 "\n", m->handlers[i].parked);
	}
	head("handler_failures_in_a_row", "gauge",
	    "Attempts that failed since the last that succeeded.");
	for (i = 0; i < m->n; i++) {
		of_handler("handler_failures_in_a_row", m->handlers[i].name);
		printf("} %" PRId64 "\n", m->handlers[i].streak);
	}
}

static void
print_attempts(const struct metrics *m)
{
	size_t i;

	head("attempts_total", "counter", "Attempts that have ended.");
	for (i = 0; i < m->n; i++) {
		of_handler("attempts_total", m->handlers[i].name);
		printf(",outcome=\"succeeded\"} %" PRId64 "\n",
		    m->handlers[i].attempts_succeeded);
		of_handler("attempts_total", m->handlers[i].name);
		printf(",outcome=\"failed\"} %" PRId64 "\n",
		    m->handlers[i].attempts_failed);
	}
}

static void
print_durations(const struct metrics *m)
{
	static const int64_t bounds[] = STORE_TIMED_BOUNDS;
	static const char name[] = "handler_duration_seconds";
	const struct store_handler_stats *h;
	size_t i, j;

	head(name, "histogram", "How long attempts took.");
	for (i = 0; i < m->n; i++) {
		h = &m->handlers[i];
		for (j = 0; j < STORE_TIMED; j++) {
			of_handler("handler_duration_seconds_bucket", h->name);
			printf(",le=\"%g\"} %" PRId64 "\n",
			    (double)bounds[j] / 1000, h->timed_le[j]);
		}
		of_handler("handler_duration_seconds_bucket", h->name);
		printf(",le=\"+Inf\"} %" PRId64 "\n", h->timed);
		of_handler("handler_duration_seconds_sum", h->name);
		printf("} %.3f\n", (double)h->timed_ms / 1000);
		of_handler("handler_duration_seconds_count", h->name);
		printf("} %" PRId64 "\n", h->timed);
	}
}

static bool
keep(const struct store_handler_stats *h, void *arg)
{
	struct metrics *m = arg;

	m->handlers = mem_resize(m->handlers, m->n + 1, sizeof(*m->handlers));
	m->handlers[m->n++] = *h;
	return true;
}

/*
 * All is read before anything is printed: half an answer would be taken for a
 * whole one.
 */
static enum result
look(const struct conf *c, struct metrics *m, struct err *e)
{
	struct store *s;
	enum result r;

	m->now_ms = cmd_time_now();
	if ((r = store_open(&s, c->store, STORE_READER, e)) != RES_OK)
		return r;
	if ((r = store_stats(s, &m->st, e)) == RES_OK) {
		r = store_handlers(s, keep, m, e);
		m->worker = store_worker_present(s);
		m->free_bytes = store_free_bytes(s);
	}
	store_close(s);
	return r == RES_EMPTY ? RES_OK : r;
}

static int
run(const struct cmd_global *g)
{
	struct metrics m = { .n = 0 };
	struct err e = { "" };
	struct conf c;
	enum result r;

	if (cmd_load_secretless(g, &c) != CMD_OK)
		return CMD_FAILED;
	if ((r = look(&c, &m, &e)) == RES_OK) {
		head("build_info", "gauge", "The version of the program.");
		printf("stripehook_build_info{version=\"%s\"} 1\n",
		    PACKAGE_VERSION);
		print_counters(&c);
		print_store(&m);
		/* A family without a line is none. */
		if (m.n > 0) {
			print_states(&m);
			print_attempts(&m);
			print_durations(&m);
		}
	}
	free(m.handlers);
	conf_free(&c);
	return r == RES_OK ? CMD_OK : cmd_result(r, &e);
}

int
cmd_metrics(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int ch;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (ch == 'h')
			return cmd_help(self);
		return cmd_usage(self);
	}
	if (optind < argc)
		return cmd_usage(self);
	return run(g);
}
