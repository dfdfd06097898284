/*
 * The PostgreSQL backend: what only a server can do to it. Many at once,
 * connections that end, locks that are held, a standby that is silent, roles.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "pgsql_server.h"

#include "banned.h"

#define THREADS 4
#define EVENTS 60 /* of each thread that puts */
#define LANES 7

/* A store of a test. */
struct place {
	char uri[CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;
};

static int
setup(void **state)
{
	struct place *p = mem_alloc(1, sizeof(*p));

	pgsql_make(p->uri);
	assert_int_equal(store_setup(p->uri, &p->e), RES_OK);
	assert_int_equal(
	    store_open(&p->s, p->uri, STORE_ENDPOINT, &p->e), RES_OK);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	store_close(p->s);
	pgsql_drop(p->uri);
	free(p);
	return 0;
}

static enum result
put(struct store *s, const char *id, const char *lane, struct err *e)
{
	struct store_new d[] = { { "one", lane, 0 }, { "two", lane, 0 } };
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct store_event se = { "shop", ev, id, strlen(id), d, 2, NULL, 0 };
	enum result r;
	bool differs;

	mem_copy(ev->id, sizeof(ev->id), id);
	mem_copy(ev->type, sizeof(ev->type), "invoice.paid");
	r = store_put(s, &se, &differs, e);
	free(ev);
	return r;
}

/* Many at once ---------------------------------------------------------- */

/* What all threads of a test share. */
struct crowd {
	const char *uri;
	pthread_mutex_t lock;
	int running[2][LANES]; /* by handler and lane */
	int done;
	int overlaps;
	int failures;
	int next; /* number of a thread that puts */
	bool strict;
};

static void
note(struct crowd *c, const struct store_claim *claim, int by)
{
	int h = strcmp(claim->handler, "two") == 0;
	int lane = claim->lane[0] - '0';

	pthread_mutex_lock(&c->lock);
	c->running[h][lane] += by;
	if (c->running[h][lane] > 1)
		c->overlaps++;
	if (by < 0)
		c->done++;
	pthread_mutex_unlock(&c->lock);
}

static void
fails(struct crowd *c, enum result r, const struct err *e)
{
	pthread_mutex_lock(&c->lock);
	c->failures++;
	pthread_mutex_unlock(&c->lock);
	print_message("# %s: %s\n", result_name(r), e->text);
}

static void *
producer(void *arg)
{
	struct crowd *c = arg;
	char id[32], lane[2] = "0";
	struct store *s;
	enum result r;
	struct err e;
	int i, me;

	pthread_mutex_lock(&c->lock);
	me = c->next++;
	pthread_mutex_unlock(&c->lock);
	if ((r = store_open(&s, c->uri, STORE_ENDPOINT, &e)) != RES_OK) {
		fails(c, r, &e);
		return NULL;
	}
	for (i = 0; i < EVENTS; i++) {
		/* Every third is put by two of them. */
		(void)snprintf(id, sizeof(id), "evt_%d_%d",
		    i % 3 == 0 ? me / 2 : me + 100, i);
		lane[0] = (char)('0' + i % LANES);
		r = put(s, id, lane, &e);
		if (r != RES_OK && r != RES_DUPLICATE)
			fails(c, r, &e);
	}
	store_close(s);
	return NULL;
}

static enum result
work_once(struct crowd *c, struct store *s, struct err *e)
{
	struct store_handler h[] = { { "one", 60000, 2, false },
		{ "two", 60000, -1, c->strict } };
	struct store_want want = { .handlers = h, .nhandlers = 2 };
	static _Thread_local struct store_finish f[3];
	struct store_claim claims[3];
	enum result r, each[3];
	size_t i, n;

	if ((r = store_claim(s, &want, claims, 3, &n, e)) != RES_OK)
		return r;
	for (i = 0; i < n; i++) {
		note(c, &claims[i], 1);
		f[i].delivery = claims[i].delivery;
		f[i].token = claims[i].token;
		f[i].state = DELIVERY_SUCCEEDED;
		f[i].attempt.outcome = ATTEMPT_SUCCEEDED;
	}
	for (i = 0; i < n; i++)
		note(c, &claims[i], -1);
	r = store_finish(s, f, n, each, e);
	for (i = 0; i < n; i++) {
		if (r == RES_OK && each[i] != RES_OK)
			fails(c, each[i], e);
		store_claim_free(&claims[i]);
	}
	return r;
}

static void *
worker(void *arg)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	const int all = 2 * (THREADS * EVENTS - EVENTS / 3 * THREADS / 2);
	struct crowd *c = arg;
	int idle, done = 0;
	struct store *s;
	enum result r;
	struct err e;

	if ((r = store_open(&s, c->uri, STORE_WORKER, &e)) != RES_OK) {
		fails(c, r, &e);
		return NULL;
	}
	for (idle = 0; done < all && idle < 4000; idle++) {
		r = work_once(c, s, &e);
		if (r == RES_EMPTY)
			nanosleep(&pause, NULL);
		else if (r == RES_OK)
			idle = 0;
		else
			fails(c, r, &e);
		pthread_mutex_lock(&c->lock);
		done = c->done;
		pthread_mutex_unlock(&c->lock);
	}
	store_close(s);
	return NULL;
}

static void
crowd(struct place *p, bool strict)
{
	struct crowd *c = mem_alloc(1, sizeof(*c));
	pthread_t threads[2 * THREADS];
	int i;

	c->uri = p->uri;
	c->strict = strict;
	pthread_mutex_init(&c->lock, NULL);
	for (i = 0; i < 2 * THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i % 2 == 0 ? producer : worker, c),
		    0);
	for (i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(c->failures, 0);
	assert_int_equal(c->overlaps, 0);
	assert_int_equal(pgsql_number(pgsql_database(p->uri),
			     "SELECT count(*) FROM stripehook.delivery"
			     " WHERE state <> 2 OR attempts <> 1"),
	    0);
	assert_int_equal(pgsql_number(pgsql_database(p->uri),
			     "SELECT count(*) FROM stripehook.delivery"),
	    c->done);
	assert_int_equal(pgsql_number(pgsql_database(p->uri),
			     "SELECT sum(succeeded) FROM"
			     " stripehook.handler_now WHERE pending = 0"
			     " AND running = 0"),
	    c->done);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void
t_crowd(void **state)
{
	crowd(*state, false);
}

static void
t_crowd_strict(void **state)
{
	crowd(*state, true);
}

static void
wait_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Connections that end ---------------------------------------------------- */

static void
end_connections(const char *uri, const char *how)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(pg_%s_backend(pid)) FROM pg_stat_activity WHERE"
	    " datname = '%s' AND pid <> pg_backend_pid()",
	    how, pgsql_database(uri));
	(void)pgsql_number("postgres", sql);
}

/* The one connection of the store, until its process is gone. */
static void
close_it(const char *uri)
{
	pid_t pid = pgsql_number("postgres",
	    "SELECT pid FROM pg_stat_activity"
	    " WHERE application_name = 'stripehook'");

	end_connections(uri, "terminate");
	while (kill(pid, 0) == 0 || errno == EPERM)
		wait_ms(1);
}

/* A server that was restarted meanwhile costs no request. */
static void
t_closed_meanwhile(void **state)
{
	struct store_claim claim;
	struct place *p = *state;
	struct store_handler h = { "one", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	size_t n;
	int i;

	for (i = 0; i < 3; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "evt_%d", i);
		assert_int_equal(put(p->s, id, id, &p->e), RES_OK);
		close_it(p->uri);
		assert_int_equal(
		    store_claim(p->s, &want, &claim, 1, &n, &p->e), RES_OK);
		store_claim_free(&claim);
		close_it(p->uri);
	}
}

/* While it is away: busy, with a pause between attempts; then as before. */
static void
t_away(void **state)
{
	struct place *p = *state;
	enum result r = RES_BUSY;
	char sql[128];
	int i;

	(void)snprintf(sql, sizeof(sql),
	    "ALTER DATABASE %s ALLOW_CONNECTIONS false",
	    pgsql_database(p->uri));
	pgsql_execute("postgres", sql);
	end_connections(p->uri, "terminate");
	for (i = 0; i < 20; i++) {
		r = put(p->s, "evt_1", "", &p->e);
		assert_true(r == RES_BUSY || r == RES_UNCERTAIN);
		assert_non_null(strstr(p->e.text, "PostgreSQL: "));
	}
	(void)snprintf(sql, sizeof(sql),
	    "ALTER DATABASE %s ALLOW_CONNECTIONS true", pgsql_database(p->uri));
	pgsql_execute("postgres", sql);
	for (i = 0; i < 200 && (r = put(p->s, "evt_1", "", &p->e)) != RES_OK;
	     i++) {
		assert_int_equal(r, RES_BUSY);
		wait_ms(50);
	}
	assert_int_equal(r, RES_OK);
}

/* Until every session has heard of it. */
static void
set_read_only(const char *value)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql),
	    "ALTER SYSTEM SET default_transaction_read_only = %s", value);
	pgsql_execute("postgres", sql);
	pgsql_execute("postgres", "SELECT pg_reload_conf()");
	(void)snprintf(sql, sizeof(sql),
	    "SELECT (current_setting('default_transaction_read_only') = '%s')"
	    "::int",
	    value);
	while (pgsql_number("postgres", sql) == 0)
		wait_ms(10);
}

/*
 * The server is a standby by now: busy, and the connection is made anew, to
 * the primary where there is one.
 */
static void
t_read_only(void **state)
{
	struct place *p = *state;
	enum result r = RES_BUSY;
	int i;

	assert_int_equal(put(p->s, "evt_1", "", &p->e), RES_OK);
	set_read_only("on");
	assert_int_equal(put(p->s, "evt_2", "", &p->e), RES_BUSY);
	assert_non_null(strstr(p->e.text, "25006"));
	/* It is not connected to at all. */
	assert_int_equal(put(p->s, "evt_2", "", &p->e), RES_BUSY);
	assert_null(strstr(p->e.text, "25006"));
	/* Not even by us, but for a session that says otherwise. */
	assert_int_equal(
	    setenv("PGOPTIONS", "-c default_transaction_read_only=off", 1), 0);
	pgsql_execute(
	    "postgres", "ALTER SYSTEM RESET default_transaction_read_only");
	pgsql_execute("postgres", "SELECT pg_reload_conf()");
	assert_int_equal(unsetenv("PGOPTIONS"), 0);
	for (i = 0; i < 200 && (r = put(p->s, "evt_2", "", &p->e)) != RES_OK;
	     i++)
		wait_ms(50);
	assert_int_equal(r, RES_OK);
}

/* Who holds a lock for longer than we wait. */
static void
t_lock(void **state)
{
	struct place *p = *state;
	PGconn *db = pgsql_connect(pgsql_database(p->uri));

	pgsql_on(
	    db, "BEGIN; LOCK TABLE stripehook.event IN ACCESS EXCLUSIVE MODE");
	assert_int_equal(put(p->s, "evt_1", "", &p->e), RES_BUSY);
	assert_non_null(strstr(p->e.text, "55P03"));
	pgsql_on(db, "ROLLBACK");
	PQfinish(db);
	assert_int_equal(put(p->s, "evt_1", "", &p->e), RES_OK);
}

/* A put that waits for its standby, in a thread. */
struct waiting {
	struct place *p;
	const char *id;
	enum result r;
};

static void *
put_and_wait(void *arg)
{
	struct waiting *w = arg;

	w->r = put(w->p->s, w->id, "", &w->p->e);
	return NULL;
}

/*
 * The standby does not answer, and the wait for it is ended. The event is here
 * and maybe not there: nobody may be told that it is safe.
 */
static void
uncertain(struct place *p, const char *id, const char *how)
{
	struct waiting w = { p, id, RES_OK };
	pthread_t thread;

	pgsql_execute(
	    "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'none'");
	pgsql_execute("postgres", "SELECT pg_reload_conf()");
	assert_int_equal(pthread_create(&thread, NULL, put_and_wait, &w), 0);
	while (pgsql_number("postgres",
		   "SELECT count(*) FROM pg_stat_activity"
		   " WHERE wait_event = 'SyncRep'") == 0)
		wait_ms(10);
	end_connections(p->uri, how);
	pthread_join(thread, NULL);
	pgsql_execute(
	    "postgres", "ALTER SYSTEM RESET synchronous_standby_names");
	pgsql_execute("postgres", "SELECT pg_reload_conf()");
	assert_int_equal(w.r, RES_UNCERTAIN);
	/* The repeat settles it. */
	assert_int_equal(put(p->s, id, "", &p->e), RES_DUPLICATE);
}

static void
t_uncertain(void **state)
{
	uncertain(*state, "evt_1", "terminate");
	uncertain(*state, "evt_2", "cancel");
}

/* Roles ------------------------------------------------------------------ */

static struct store *
open_as(const struct place *p, const char *user, enum store_role role)
{
	char uri[2 * CONTRACT_URI_SIZE];
	struct store *s;
	struct err e;

	(void)snprintf(uri, sizeof(uri), "%s user=%s", p->uri, user);
	assert_int_equal(store_open(&s, uri, role, &e), RES_OK);
	return s;
}

static bool
ignore(const struct store_row *row, void *arg)
{
	(void)row;
	(void)arg;
	return true;
}

/* What a role may: one letter each, in the order of the verbs below. */
static void
rights(const struct place *p, const char *user, const char *expected)
{
	struct store_handler h = { "one", 1000, -1, false };
	struct store_want want = { .handlers = &h, .nhandlers = 1 };
	struct store *s = open_as(p, user, STORE_TOOL);
	struct store_filter any = STORE_FILTER_ANY;
	struct store_shown shown;
	struct store_stats stats;
	struct store_claim claim;
	char got[16] = "";
	struct err e;
	int64_t n;
	size_t m;

#define TRY(letter, call) \
	if ((call) != RES_FAILED) \
	(void)snprintf(got + strlen(got), 2, "%s", letter)
	TRY("p", put(s, user, user, &e));
	m = 0;
	TRY("c", store_claim(s, &want, &claim, 1, &m, &e));
	if (m == 1)
		store_claim_free(&claim);
	want.endpoint = "shop";
	want.event_id = "evt_1";
	m = 0;
	TRY("i", store_claim(s, &want, &claim, 1, &m, &e));
	if (m == 1)
		store_claim_free(&claim);
	TRY("s", store_show(s, "shop", "evt_1", &shown, &e));
	store_shown_free(&shown);
	TRY("l", store_list(s, &any, ignore, NULL, &e));
	TRY("n", store_stats(s, &stats, &e));
	TRY("r", store_retry(s, &any, false, &n, &e));
	TRY("g", store_give_up(s, "none", false, &n, &e));
	TRY("x", store_prune(s, 1000000, -1, 9, &n, &e));
#undef TRY
	store_close(s);
	assert_string_equal(got, expected);
}

static char *
read_roles(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], *text = mem_alloc(1, 16384);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/lib/store_pgsql_roles.sql",
	    srcdir == NULL ? "." : srcdir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, 16383, f) > 0);
	fclose(f);
	return text;
}

static void
t_roles(void **state)
{
	struct place *p = *state;
	char *roles = read_roles();
	int i;

	assert_int_equal(put(p->s, "evt_1", "", &p->e), RES_OK);
	for (i = 0; i < 2; i++)
		pgsql_execute(pgsql_database(p->uri), roles);
	free(roles);
	pgsql_execute("postgres",
	    "CREATE USER e IN ROLE stripehook_endpoint;"
	    "CREATE USER w IN ROLE stripehook_worker;"
	    "CREATE USER r IN ROLE stripehook_reader;"
	    "CREATE USER o IN ROLE stripehook_operator;"
	    "CREATE USER nobody_at_all");
	rights(p, "e", "pis");
	rights(p, "w", "pcislnx");
	rights(p, "r", "sln");
	rights(p, "o", "pslnrgx");
	/* Nobody reads or changes a table but by what was granted. */
	assert_int_equal(pgsql_number(pgsql_database(p->uri),
			     "SELECT count(*) FROM pg_class WHERE"
			     " relnamespace = 'stripehook'::regnamespace"
			     " AND relkind = 'r' AND (relname <> 'meta' AND"
			     " has_table_privilege('e', oid, 'SELECT') OR"
			     " has_table_privilege('w', oid, 'INSERT') OR"
			     " has_table_privilege('o', oid, 'UPDATE') OR"
			     " has_table_privilege('e', oid, 'DELETE'))"),
	    0);
	pgsql_execute(pgsql_database(p->uri),
	    "DROP USER e, w, r, o, nobody_at_all; DROP OWNED BY"
	    " stripehook_endpoint, stripehook_worker, stripehook_reader,"
	    " stripehook_operator; DROP ROLE stripehook_endpoint,"
	    " stripehook_worker, stripehook_reader, stripehook_operator");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(t_crowd),
		TEST(t_crowd_strict),
		TEST(t_closed_meanwhile),
		TEST(t_away),
		TEST(t_read_only),
		TEST(t_lock),
		TEST(t_uncertain),
		TEST(t_roles),
	};

	(void)argc;
	pgsql_with_server(argv[0]);
	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
