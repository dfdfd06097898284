/*
 * The program's own events, and the sample handler that mails them.
 */
#include "config.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "catalogue.h"
#include "event_own.h"

#include "banned.h"

#define NOW 1800000123

static const struct event_own failed = { .kind = EVENT_OWN_DELIVERY_FAILED,
	.now = NOW,
	.interval = 3600,
	.host = "shop1.example",
	.handler = "fulfil.1_a-b",
	.event_id = "evt_1",
	.event_endpoint = "live",
	.reason = "exit code 1: \"C:\\x\"",
	.attempts = 12,
	.waiting = 3,
	.parked = 4 };

static const struct {
	struct event_own own;
	const char *id;
	const char *type;
	const char *object;
	const char *object_id;
	const char *parts[6]; /* of the body, ended by NULL */
} cases[] = {
	{ { .kind = EVENT_OWN_DELIVERY_FAILED,
	      .now = NOW,
	      .interval = 3600,
	      .host = "h",
	      .handler = "fulfil.1_a-b",
	      .event_id = "evt_1",
	      .event_endpoint = "live",
	      .reason = "exit code 1",
	      .attempts = 12,
	      .waiting = 3,
	      .parked = 4 },
	    "evt_stripehook_delivery_failed_fulfil.1_a-b_1800000000",
	    "stripehook.delivery.failed", "stripehook.delivery",
	    "evt_1/fulfil.1_a-b",
	    { "\"event\": \"evt_1\",\n      \"endpoint\": \"live\",\n"
	      "      \"attempts\": 12,\n      \"handler\": \"fulfil.1_a-b\"",
		"\"waiting\": 3,\n      \"parked\": 4\n", "\"host\": \"h\"",
		"The delivery of evt_1 to the handler fulfil.1_a-b was given "
		"up after 12 attempts: exit code 1\"",
		NULL } },
	{ { .kind = EVENT_OWN_DELIVERY_FAILED, .now = 7, .attempts = 1 },
	    "evt_stripehook_delivery_failed_7", "stripehook.delivery.failed",
	    "stripehook.delivery", "-/-",
	    { "\"event\": null", "\"host\": null", "1 attempt: -\"", NULL } },
	{ { .kind = EVENT_OWN_HANDLER_FAILING,
	      .now = NOW,
	      .interval = 60,
	      .handler = "a b\n",
	      .streak = 5,
	      .reason = "bad \xff",
	      .waiting = 1 },
	    "evt_stripehook_handler_failing_a_b__1800000120",
	    "stripehook.handler.failing", "stripehook.handler", "",
	    { "\"streak\": 5,", "\"reason\": \"bad \\\\xff\"",
		"failed 5 times in a row", NULL } },
	{ { .kind = EVENT_OWN_SILENCE,
	      .now = NOW,
	      .interval = 3600,
	      .host = "h",
	      .last_received = NOW - 5400 },
	    "evt_stripehook_silence_1800000000", "stripehook.silence",
	    "stripehook.silence", "h",
	    { "\"last_received\": 1799994723\n", "for 90 minutes\"", NULL } },
	{ { .kind = EVENT_OWN_SILENCE,
	      .now = NOW,
	      .interval = 1,
	      .host = "h",
	      .last_received = NOW - 119 },
	    "evt_stripehook_silence_1800000123", "stripehook.silence",
	    "stripehook.silence", "h", { "for 119 seconds\"", NULL } },
	{ { .kind = EVENT_OWN_SILENCE, .now = NOW, .interval = 3600 },
	    "evt_stripehook_silence_1800000000", "stripehook.silence",
	    "stripehook.silence", "-",
	    { "\"last_received\": null\n", "No event has ever arrived\"",
		NULL } },
	{ { .kind = EVENT_OWN_DISK_LOW,
	      .now = NOW,
	      .interval = 3600,
	      .host = "h",
	      .bytes_free = 52428800,
	      .bytes_limit = 104857600 },
	    "evt_stripehook_disk_low_1800000000", "stripehook.disk.low",
	    "stripehook.disk", "h",
	    { "\"bytes_free\": 52428800,\n      \"bytes_limit\": 104857600\n",
		"has 50 MiB left, less than 100\"", NULL } },
};

static void
test_cases(void **state)
{
	struct event ev;
	struct err e;
	struct buf b;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, SIZE_MAX);
		buf_puts(&b, "before"); /* it appends */
		assert_int_equal(event_own(&cases[i].own, &b, &ev, &e), RES_OK);
		assert_int_equal(memcmp(b.data, "before{", 7), 0);
		assert_string_equal(ev.id, cases[i].id);
		assert_string_equal(ev.type, cases[i].type);
		assert_string_equal(ev.object, cases[i].object);
		assert_string_equal(ev.object_id, cases[i].object_id);
		assert_int_equal(ev.style, EVENT_SNAPSHOT);
		assert_int_equal(ev.created, cases[i].own.now);
		assert_true(ev.livemode);
		assert_string_equal(ev.api_version, "");
		assert_string_equal(ev.customer, "");
		for (j = 0; cases[i].parts[j] != NULL; j++)
			if (strstr(b.data, cases[i].parts[j]) == NULL)
				fail_msg("%s: %s", cases[i].parts[j], b.data);
		buf_free(&b);
	}
}

static void
id_of(struct event_own own, int64_t now, char id[EVENT_ID_SIZE])
{
	struct event ev;
	struct err e;
	struct buf b;

	own.now = now;
	buf_init(&b, SIZE_MAX);
	assert_int_equal(event_own(&own, &b, &ev, &e), RES_OK);
	buf_free(&b);
	memcpy(id, ev.id, EVENT_ID_SIZE);
}

/*
 * One id for an interval, another for the next, and for all else that is
 * another.
 */
static void
test_interval(void **state)
{
	char first[EVENT_ID_SIZE], id[EVENT_ID_SIZE];
	struct event_own own = failed;

	(void)state;
	id_of(own, 7200, first);
	id_of(own, 10799, id);
	assert_string_equal(id, first);
	id_of(own, 7199, id);
	assert_string_not_equal(id, first);
	id_of(own, 10800, id);
	assert_string_not_equal(id, first);
	own.handler = "other";
	id_of(own, 7200, id);
	assert_string_not_equal(id, first);
	own.handler = failed.handler;
	own.kind = EVENT_OWN_HANDLER_FAILING;
	id_of(own, 7200, id);
	assert_string_not_equal(id, first);
	own.kind = EVENT_OWN_DELIVERY_FAILED;
	own.event_id = "evt_2";
	own.reason = "another";
	id_of(own, 7200, id);
	assert_string_equal(id, first);
	/* The number of an interval would be the same as before. */
	own.interval = 3600 * 2;
	id_of(own, 7200 * 2, id);
	assert_string_not_equal(id, first);
}

/*
 * Names beyond all measure, and no room.
 */
static void
test_bounds(void **state)
{
	char long_id[EVENT_ID_SIZE], long_name[1000], id[EVENT_ID_SIZE];
	struct event_own own = failed;
	struct event ev;
	struct err e;
	struct buf b;

	(void)state;
	memset(long_id, 'i', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	own.event_id = long_id;
	own.handler = long_name;
	id_of(own, INT64_MAX, id);
	assert_true(strlen(id) < 255);
	assert_non_null(strrchr(id, '_'));
	assert_string_equal(strrchr(id, '_'), "_9223372036854774000");
	buf_init(&b, 100);
	assert_int_equal(event_own(&failed, &b, &ev, &e), RES_FAILED);
	assert_non_null(strstr(e.text, "memory"));
	buf_free(&b);
}

/* Of Jansson's allocations: how many succeed before one that does not. */
static long left;

static void *
limited(size_t n)
{
	return left-- != 0 ? malloc(n) : NULL;
}

/*
 * The n-th allocation fails: the whole event or none.
 */
static void
test_memory(void **state)
{
	struct buf whole, b;
	struct event ev;
	enum result res = RES_FAILED;
	struct err e;
	long n, lost = 0;

	(void)state;
	buf_init(&whole, SIZE_MAX);
	assert_int_equal(event_own(&failed, &whole, &ev, &e), RES_OK);
	json_set_alloc_funcs(limited, free);
	for (n = 0, left = -1; left < 0; n++) {
		left = n;
		buf_init(&b, SIZE_MAX);
		e.text[0] = '\0';
		res = event_own(&failed, &b, &ev, &e);
		if (res == RES_OK) {
			assert_string_equal(b.data, whole.data);
			assert_string_equal(ev.object, "stripehook.delivery");
		} else {
			assert_int_equal(res, RES_FAILED);
			assert_non_null(strstr(e.text, "memory"));
			lost++;
		}
		buf_free(&b);
	}
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(res, RES_OK);
	assert_true(n > 50 && lost > 50);
	buf_free(&whole);
}

static void
test_types(void **state)
{
	static const char *const none[] = { "", "stripehook", "stripehooks.x",
		"*", "*.stripehook.x", "invoice.paid" };
	const struct catalogue_type *t;
	struct catalogue c;
	struct event ev;
	struct err e;
	struct buf b;
	size_t i;

	(void)state;
	catalogue_init(&c);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(
		    event_own_type(cases[i].own.kind), cases[i].type);
		assert_true(event_is_own(cases[i].type));
		t = catalogue_find(&c, cases[i].type);
		assert_non_null(t);
		buf_init(&b, SIZE_MAX);
		assert_int_equal(event_own(&cases[i].own, &b, &ev, &e), RES_OK);
		assert_int_equal(t->style, ev.style);
		assert_string_equal(t->object, ev.object);
		buf_free(&b);
	}
	assert_true(event_is_own("stripehook.*"));
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(event_is_own(none[i]));
	catalogue_free(&c);
}

/* A folder with the event, and a sendmail that keeps what it is given. */
struct mail {
	char dir[64];
	char event[96];
	char sendmail[96];
	char sent[96];
};

static void
write_file(const char *path, const char *text, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	assert_int_equal(close(fd), 0);
}

static int
setup_mail(void **state)
{
	static struct mail m;
	char script[256];
	struct event ev;
	struct err e;
	struct buf b;

	(void)snprintf(m.dir, sizeof(m.dir), "/tmp/t-event-own.XXXXXX");
	assert_non_null(mkdtemp(m.dir));
	(void)snprintf(m.event, sizeof(m.event), "%s/event", m.dir);
	(void)snprintf(m.sendmail, sizeof(m.sendmail), "%s/sendmail", m.dir);
	(void)snprintf(m.sent, sizeof(m.sent), "%s/sent", m.dir);
	buf_init(&b, SIZE_MAX);
	assert_int_equal(event_own(&failed, &b, &ev, &e), RES_OK);
	write_file(m.event, b.data, b.len, 0600);
	buf_free(&b);
	(void)snprintf(script, sizeof(script),
	    "#!/bin/sh\necho \"args $*\" >%s\ncat >>%s\n", m.sent, m.sent);
	write_file(m.sendmail, script, strlen(script), 0700);
	*state = &m;
	return 0;
}

static int
teardown_mail(void **state)
{
	const struct mail *m = *state;

	(void)unlink(m->event);
	(void)unlink(m->sendmail);
	(void)unlink(m->sent);
	(void)rmdir(m->dir);
	return 0;
}

/*
 * Runs the sample with this sendmail, and with an addressee or none. Returns
 * its exit code.
 */
static int
run_sample(const struct mail *m, const char *sendmail, bool addressed)
{
	const char *srcdir = getenv("srcdir");
	char path[512], program[128];
	char *argv[] = { path, NULL };
	char *envp[] = { program,
		(char[]){ "PATH=/usr/local/bin:/usr/bin:/bin" },
		(char[]){ "STRIPE_EVENT_TYPE=stripehook.delivery.failed" },
		(char[]){ "STRIPE_EVENT_ID=evt_x" },
		addressed ? (char[]){ "MAIL_TO=a@b.example" } : NULL, NULL };
	int fd, status;
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s/conf/handlers/mail.sh",
	    srcdir != NULL ? srcdir : ".");
	(void)snprintf(program, sizeof(program), "SENDMAIL=%s", sendmail);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		fd = open(m->event, O_RDONLY);
		if (fd == -1 || dup2(fd, 0) == -1)
			_exit(99);
		fd = open("/dev/null", O_WRONLY);
		if (fd == -1 || dup2(fd, 1) == -1 || dup2(fd, 2) == -1)
			_exit(99);
		execve(path, argv, envp);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_mail(void **state)
{
	static const char wanted[] =
	    "args -t -i\n"
	    "To: a@b.example\n"
	    "Subject: stripehook.delivery.failed on shop1.example\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n"
	    "Auto-Submitted: auto-generated\n"
	    "\n"
	    "The delivery of evt_1 to the handler fulfil.1_a-b was given up "
	    "after 12 attempts: exit code 1: \"C:\\x\".\n"
	    "\n"
	    "id: evt_1/fulfil.1_a-b\n"
	    "object: stripehook.delivery\n"
	    "summary: The delivery of evt_1 to the handler fulfil.1_a-b was "
	    "given up after 12 attempts: exit code 1: \"C:\\x\"\n"
	    "host: shop1.example\n"
	    "event: evt_1\n"
	    "endpoint: live\n"
	    "attempts: 12\n"
	    "handler: fulfil.1_a-b\n"
	    "reason: exit code 1: \"C:\\x\"\n"
	    "waiting: 3\n"
	    "parked: 4\n"
	    "\n"
	    "The event: stripehook show evt_x\n"
	    "All that was given up: stripehook list --state failed\n";
	const struct mail *m = *state;
	char text[4096];
	size_t n;
	FILE *fp;

	assert_int_equal(run_sample(m, m->sendmail, true), 0);
	fp = fopen(m->sent, "r");
	assert_non_null(fp);
	n = fread(text, 1, sizeof(text) - 1, fp);
	(void)fclose(fp);
	text[n] = '\0';
	assert_string_equal(text, wanted);
	/* What fails is repeated: neither 0 nor 100. */
	assert_int_equal(run_sample(m, "/bin/false", true), 1);
	n = (size_t)run_sample(m, m->sendmail, false);
	assert_true(n == 1 || n == 2 || n == 127);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_types),
		cmocka_unit_test_setup_teardown(
		    test_mail, setup_mail, teardown_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
