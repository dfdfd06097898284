/*
 * The HTTP client against a small real server: one thread that takes one
 * connection, keeps what it hears and answers what it was told to.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "client.h"

#include "banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

struct server {
	int fd; /* listening */
	int port;
	const char *answer; /* NULL: keep silent until the peer goes */
	pthread_t thread;
	struct buf heard; /* the request; valid once joined */
};

/*
 * The length of the whole request, or 0 while its head is not complete.
 */
static size_t
request_length(const struct buf *b)
{
	const char *end = strstr(buf_text(b), "\r\n\r\n");
	const char *length = strcasestr(buf_text(b), "\r\nContent-Length:");

	if (end == NULL || length == NULL)
		return 0;
	return (size_t)(end - buf_text(b)) + 4 + strtoul(length + 17, NULL, 10);
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	char chunk[4096];
	size_t length;
	ssize_t n;
	int fd;

	if ((fd = accept(s->fd, NULL, NULL)) < 0)
		return NULL;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		buf_add(&s->heard, chunk, (size_t)n);
		length = request_length(&s->heard);
		if (length > 0 && s->heard.len >= length && s->answer != NULL)
			break;
	}
	if (s->answer != NULL)
		send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
server_start(struct server *s, const char *answer)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	buf_init(&s->heard, 1024 * 1024);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sin, &len), 0);
	s->port = ntohs(sin.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/*
 * Waits until it has answered; s->heard is the caller's to free.
 */
static void
server_end(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static enum result
post(const struct server *s, const void *body, size_t len, int timeout,
    long *status, struct buf *reply)
{
	static const char *const headers[] = { "Stripe-Signature: t=1,v1=00",
		"X-Second: yes", NULL };
	struct err e = { "" };
	enum result r;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/hook", s->port);
	r = client_post(url, headers, body, len, timeout, status, reply, &e);
	assert_int_equal(r != RES_OK, e.text[0] != '\0');
	return r;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *answer;
		enum result result;
		long status;
		const char *body;
	} cases[] = {
		{ OK_ANSWER, RES_OK, 200, "hi" },
		{ "HTTP/1.1 204 No Content\r\n\r\n", RES_OK, 204, "" },
		{ "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
		    RES_OK, 400, "no" },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n"
		  "Content-Length: 0\r\n\r\n",
		    RES_OK, 503, "" },
		/* a redirect is not followed: nobody listens there */
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		  "Content-Length: 0\r\n\r\n",
		    RES_OK, 302, "" },
		/* up to the maximum of the reply, which is 8 here */
		{ "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n0123456789ab",
		    RES_OK, 200, "01234567" },
		{ "", RES_BUSY, 0, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", RES_BUSY, 0,
		    "hi" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", RES_FAILED, 0, "" },
	};
	struct server s;
	struct buf reply;
	long status;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		server_start(&s, cases[i].answer);
		buf_init(&reply, 8);
		if (post(&s, "{}", 2, 10, &status, &reply) != cases[i].result)
			fail_msg("case %zu", i);
		assert_int_equal(status, cases[i].status);
		assert_string_equal(buf_text(&reply), cases[i].body);
		assert_false(reply.failed);
		server_end(&s);
		buf_free(&reply);
		buf_free(&s.heard);
	}
}

/*
 * The bytes arrive as they are, with the headers.
 */
static void
test_request(void **state)
{
	static const char body[] = "{\"a\":\"\0\xff\r\n\r\n\"}";
	const char *head, *end;
	struct server s;
	struct buf reply;
	long status;

	(void)state;
	server_start(&s, OK_ANSWER);
	buf_init(&reply, 100);
	assert_int_equal(
	    post(&s, body, sizeof(body), 10, &status, &reply), RES_OK);
	server_end(&s);
	head = buf_text(&s.heard);
	assert_ptr_equal(strstr(head, "POST /hook HTTP/1.1\r\n"), head);
	assert_non_null(strstr(head, "\r\nStripe-Signature: t=1,v1=00\r\n"));
	assert_non_null(strstr(head, "\r\nX-Second: yes\r\n"));
	assert_non_null(strstr(
	    head, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
	assert_null(strstr(head, "Expect:"));
	end = strstr(head, "\r\n\r\n") + 4;
	assert_int_equal(s.heard.len - (size_t)(end - head), sizeof(body));
	assert_memory_equal(end, body, sizeof(body));
	buf_free(&reply);
	buf_free(&s.heard);
}

static void
test_large_and_empty(void **state)
{
	size_t len[] = { 0, 500000 }, i;
	char *body = calloc(1, 500000);
	struct server s;
	struct buf reply;
	long status;

	(void)state;
	assert_non_null(body);
	for (i = 0; i < COUNT(len); i++) {
		server_start(&s, OK_ANSWER);
		buf_init(&reply, 100);
		assert_int_equal(
		    post(&s, body, len[i], 10, &status, &reply), RES_OK);
		assert_int_equal(status, 200);
		server_end(&s);
		assert_int_equal(s.heard.len, request_length(&s.heard));
		assert_true(s.heard.len > len[i]);
		buf_free(&reply);
		buf_free(&s.heard);
	}
	free(body);
}

static void
test_nobody(void **state)
{
	struct server s;
	struct buf reply;
	long status;

	(void)state;
	/* silent for too long */
	server_start(&s, NULL);
	buf_init(&reply, 100);
	assert_int_equal(post(&s, "{}", 2, 1, &status, &reply), RES_BUSY);
	assert_int_equal(status, 0);
	server_end(&s);
	buf_free(&s.heard);
	/* gone: its port is closed now */
	assert_int_equal(post(&s, "{}", 2, 10, &status, &reply), RES_BUSY);
	assert_int_equal(status, 0);
	buf_free(&reply);
}

static void
test_no_url(void **state)
{
	static const char *const urls[] = { "", "localhost", "/hook",
		"ftp://127.0.0.1/", "file:///etc/passwd", "http://",
		"http://127.0.0.1:999999/", "http://a b/" };
	const char *const headers[] = { NULL };
	struct buf reply;
	long status;
	size_t i;

	(void)state;
	buf_init(&reply, 100);
	for (i = 0; i < COUNT(urls); i++) {
		struct err e = { "" };

		if (client_post(urls[i], headers, "{}", 2, 5, &status, &reply,
			&e) != RES_INVALID)
			fail_msg("%s", urls[i]);
		assert_string_not_equal(e.text, "");
		assert_int_equal(reply.len, 0);
	}
	buf_free(&reply);
}

/*
 * Two at once, to a server that is slow and to nobody: each gets its own end.
 */
static void
test_crowd(void **state)
{
	static const char *const headers[] = { "X-Second: yes", NULL };
	struct client_crowd *c;
	struct client_end end;
	struct err e = { "" };
	struct server s;
	char url[64];
	int one, two, three, waits = 0;

	(void)state;
	server_start(&s, OK_ANSWER);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/hook", s.port);
	c = client_crowd_open(url, 10, 2);
	assert_non_null(c);
	assert_false(client_crowd_next(c, 0, &end));
	assert_int_equal(
	    client_crowd_post(c, headers, "one", 3, &one, &e), RES_OK);
	while (!client_crowd_next(c, 100, &end))
		assert_true(waits++ < 100);
	server_end(&s); /* nobody listens any longer */
	assert_ptr_equal(end.tag, &one);
	assert_int_equal(end.result, RES_OK);
	assert_int_equal(end.status, 200);
	assert_true(end.took_us > 0);
	assert_non_null(strstr(buf_text(&s.heard), "\r\nX-Second: yes\r\n"));
	assert_non_null(strstr(buf_text(&s.heard), "\r\n\r\none"));
	assert_int_equal(
	    client_crowd_post(c, headers, "two", 3, &two, &e), RES_OK);
	assert_int_equal(
	    client_crowd_post(c, headers, "three", 5, &three, &e), RES_OK);
	assert_int_equal(
	    client_crowd_post(c, headers, "four", 4, NULL, &e), RES_BUSY);
	while (!client_crowd_next(c, 100, &end))
		assert_true(waits++ < 100);
	assert_true(end.tag == &two || end.tag == &three);
	assert_int_equal(end.result, RES_BUSY);
	assert_string_not_equal(end.why.text, "");
	client_crowd_close(c); /* with one on its way */
	buf_free(&s.heard);
	c = client_crowd_open("localhost", 10, 1);
	assert_int_equal(
	    client_crowd_post(c, headers, "", 0, NULL, &e), RES_INVALID);
	client_crowd_close(c);
	client_crowd_close(NULL);
}

/*
 * The environment's proxies are not meant for this loopback.
 */
static int
without_proxies(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy",
		"HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_large_and_empty),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_no_url),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, without_proxies, NULL);
}
