/*
 * The web server's side: CGI or FastCGI behind one interface. libfcgi lives
 * here.
 */
#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"
#include "mem.h"

#include "banned.h"

#define RESPONSE_MAX 131072 /* bytes, headers included */
#define SIGNATURE_NAME "HTTP_STRIPE_SIGNATURE"
#define STOP_REPEAT_MS 20 /* how often sleeping threads are woken to stop */
#define LOOK_MS 1000 /* how often stale is asked */
#define SLOW_MS 3000 /* how long a stop waits for a peer that still sends */
#define DRAIN_MAX 67108864 /* bytes; who announces more is cut off */
#define DRAIN_MS 1000 /* how long to wait for what nobody wants */

enum gateway_kind
gateway_kind(void)
{
	if (FCGX_IsCGI() == 0)
		return GATEWAY_FASTCGI;
	return getenv("GATEWAY_INTERFACE") != NULL ? GATEWAY_CGI : GATEWAY_NONE;
}

/* CGI ------------------------------------------------------------------- */

static size_t
cgi_read(void *arg, void *p, size_t n)
{
	size_t got = 0, *total = arg;
	ssize_t r;

	while (got < n) {
		r = read(STDIN_FILENO, (char *)p + got, n - got);
		if (r == 0 || (r == -1 && errno != EINTR))
			break;
		if (r > 0)
			got += (size_t)r;
	}
	*total += got;
	return got;
}

/*
 * Reads what a refusal left unread: where standard input is a socket, as under
 * Apache's mod_cgid, ending with unread bytes in it resets the connection, and
 * the server loses the answer.
 */
static void
cgi_drain(size_t left)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char buffer[8192];
	ssize_t r = 1;

	while (left > 0 && r > 0 && poll(&in, 1, DRAIN_MS) == 1) {
		r = read(STDIN_FILENO, buffer,
		    left < sizeof(buffer) ? left : sizeof(buffer));
		if (r > 0)
			left -= (size_t)r;
	}
}

/*
 * How much of a body may be left after so many bytes. Where the server has
 * taken chunks apart and knows no length, as Apache's mod_cgid, nobody knows.
 */
static size_t
cgi_left(const char *content_length, size_t total)
{
	size_t length = 0;

	if (content_length == NULL || *content_length == '\0')
		length =
		    getenv("HTTP_TRANSFER_ENCODING") != NULL ? DRAIN_MAX : 0;
	else if (http_content_length(content_length, DRAIN_MAX, &length) !=
	    HTTP_LENGTH_OK)
		length = 0;
	return length > total ? length - total : 0;
}

static int
cgi_write(const char *p, size_t n)
{
	ssize_t r;

	while (n > 0) {
		r = write(STDOUT_FILENO, p, n);
		if (r == -1 && errno != EINTR)
			return -1;
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

enum result
gateway_cgi(const struct gateway *g, struct err *e)
{
	size_t total = 0;
	struct http_request req = {
		.method = getenv("REQUEST_METHOD"),
		.content_length = getenv("CONTENT_LENGTH"),
		.content_encoding = getenv("HTTP_CONTENT_ENCODING"),
		.signature = getenv(SIGNATURE_NAME),
		.remote_addr = getenv("REMOTE_ADDR"),
		.uri = getenv("REQUEST_URI"),
		.read = cgi_read,
		.read_arg = &total,
	};
	struct http_response resp;
	struct buf out;
	void *state;
	int written;

	/* A web server that hangs up must not kill us between two commits. */
	(void)signal(SIGPIPE, SIG_IGN);
	state = g->open(g->arg);
	if (state == NULL) {
		err_set(e, "cannot make what a request needs");
		return RES_FAILED;
	}
	http_response_init(&resp);
	buf_init(&out, RESPONSE_MAX);
	g->serve(state, &req, &resp);
	http_response_format(&resp, &out);
	if (g->settled != NULL)
		g->settled(state);
	written = cgi_write(buf_text(&out), out.len);
	if (written == -1)
		err_set(e, "cannot write the answer: %s", strerror(errno));
	else
		cgi_drain(cgi_left(req.content_length, total));
	buf_free(&out);
	http_response_free(&resp);
	g->close(state);
	return written == 0 ? RES_OK : RES_FAILED;
}

/* FastCGI --------------------------------------------------------------- */

struct pool;

struct worker {
	pthread_t thread;
	struct pool *pool; /* borrowed */
	atomic_bool ended;
	struct buf signature; /* a repeated header, joined */
	struct buf out;
};

struct pool {
	const struct gateway *g; /* borrowed */
	struct worker *workers; /* owned */
	int n;
};

static size_t
fastcgi_read(void *arg, void *p, size_t n)
{
	FCGX_Request *fcgi = arg;
	size_t got = 0;
	int want, r;

	while (got < n) {
		want = n - got > 65536 ? 65536 : (int)(n - got);
		r = FCGX_GetStr((char *)p + got, want, fcgi->in);
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

/*
 * Reads the end of a body, be it only the record that says so: on a kept
 * connection libfcgi would take it for a broken beginning of the next request,
 * and hang up.
 */
static void
fastcgi_drain(FCGX_Request *fcgi)
{
	char buffer[8192];
	size_t left;

	(void)FCGX_FFlush(fcgi->out);
	for (left = DRAIN_MAX; left > sizeof(buffer); left -= sizeof(buffer)) {
		if (fastcgi_read(fcgi, buffer, sizeof(buffer)) < sizeof(buffer))
			return;
	}
	fcgi->keepConnection = 0;
}

/*
 * The value of a variable; one that came several times, as some servers pass
 * on a repeated header, joined with commas, as RFC 9110 section 5.3 says and
 * other servers do.
 */
static const char *
param_joined(FCGX_Request *fcgi, const char *name, struct buf *joined)
{
	const size_t n = strlen(name);
	const char *first = NULL, *value;
	char **p;

	buf_reset(joined, HTTP_HEADER_MAX);
	for (p = fcgi->envp; p != NULL && *p != NULL; p++) {
		if (strncmp(*p, name, n) != 0 || (*p)[n] != '=')
			continue;
		value = *p + n + 1;
		if (first == NULL) {
			first = value;
			continue;
		}
		if (joined->len == 0)
			buf_puts(joined, first);
		buf_putc(joined, ',');
		buf_puts(joined, value);
	}
	if (joined->failed)
		return ","; /* too long to be anybody's: holds nothing */
	return joined->len > 0 ? buf_text(joined) : first;
}

static void
serve_one(struct worker *w, void *state, FCGX_Request *fcgi,
    struct http_response *resp)
{
	struct http_request req = {
		.method = FCGX_GetParam("REQUEST_METHOD", fcgi->envp),
		.content_length = FCGX_GetParam("CONTENT_LENGTH", fcgi->envp),
		.content_encoding =
		    FCGX_GetParam("HTTP_CONTENT_ENCODING", fcgi->envp),
		.signature = param_joined(fcgi, SIGNATURE_NAME, &w->signature),
		.remote_addr = FCGX_GetParam("REMOTE_ADDR", fcgi->envp),
		.uri = FCGX_GetParam("REQUEST_URI", fcgi->envp),
		.read = fastcgi_read,
		.read_arg = fcgi,
	};

	http_response_reset(resp);
	w->pool->g->serve(state, &req, resp);
	http_response_format(resp, &w->out);
	(void)FCGX_PutStr(buf_text(&w->out), (int)w->out.len, fcgi->out);
	if (fcgi->keepConnection)
		fastcgi_drain(fcgi);
}

/*
 * Waits for a connection, and takes it. libfcgi does not repeat a read that a
 * signal interrupted, so the waiting is done here: SIGUSR1 is let through only
 * while there is no peer yet, and SIGUSR2, which a stop sends to end its
 * patience, only while a peer sends its parameters. No lock around accept: it
 * also waits for a silent peer, and would make all others wait too. The socket
 * does not block, since another thread may have taken the connection.
 */
static int
accept_one(FCGX_Request *fcgi)
{
	struct pollfd in = { .events = POLLIN };
	sigset_t set, usr2;
	int r;

	(void)pthread_sigmask(SIG_BLOCK, NULL, &set);
	(void)sigdelset(&set, SIGUSR1);
	(void)sigemptyset(&usr2);
	(void)sigaddset(&usr2, SIGUSR2);
	do {
		in.fd = fcgi->ipcFd >= 0 ? fcgi->ipcFd : STDIN_FILENO;
		/* Interrupted: accept knows of the stop, but it would first
		 * wait for the next request of a kept connection. */
		if (ppoll(&in, 1, NULL, &set) == -1 && fcgi->ipcFd >= 0)
			FCGX_Free(fcgi, 1);
		(void)pthread_sigmask(SIG_UNBLOCK, &usr2, NULL);
		errno = 0; /* or a stop would be told with an old one */
		r = FCGX_Accept_r(fcgi);
		(void)pthread_sigmask(SIG_BLOCK, &usr2, NULL);
	} while (r == -EAGAIN || r == -EWOULDBLOCK);
	return r;
}

/*
 * Out of descriptors or memory: the connection stays in the queue of the
 * socket, so wait a little for others to end.
 */
static bool
accept_may_recover(int r)
{
	const struct timespec pause = { .tv_nsec = 50000000 };

	if (r != -EMFILE && r != -ENFILE && r != -ENOBUFS && r != -ENOMEM)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	const struct gateway *g = w->pool->g;
	struct http_response resp;
	FCGX_Request fcgi;
	void *state;
	int r;

	state = g->open(g->arg);
	http_response_init(&resp);
	if (state != NULL && FCGX_InitRequest(&fcgi, STDIN_FILENO, 0) == 0) {
		for (;;) {
			r = accept_one(&fcgi);
			if (r == 0) {
				serve_one(w, state, &fcgi, &resp);
				FCGX_Finish_r(&fcgi);
				if (g->settled != NULL)
					g->settled(state);
			} else if (!accept_may_recover(r))
				break;
		}
		FCGX_Free(&fcgi, 1);
	}
	http_response_free(&resp);
	if (state != NULL)
		g->close(state);
	atomic_store(&w->ended, true);
	return NULL;
}

static int
count_ended(struct pool *pool)
{
	int i, n = 0;

	for (i = 0; i < pool->n; i++)
		n += atomic_load(&pool->workers[i].ended);
	return n;
}

/*
 * Waits for one of the signals, at most ms milliseconds. 0 when it was none.
 */
static int
await_signal(const sigset_t *set, int ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };
	int sig;

	sig = sigtimedwait(set, NULL, &ts);
	return sig > 0 ? sig : 0;
}

static bool
is_stop(int sig)
{
	return sig == SIGTERM || sig == SIGINT;
}

/*
 * Until something ends the serving: RES_OK to stop, RES_LOST to start afresh.
 * A thread that ended by itself means that the web server's side is broken,
 * or that somebody sent SIGUSR1, which libfcgi takes for a stop.
 */
static enum result
watch(struct pool *pool, const sigset_t *set)
{
	const struct gateway *g = pool->g;
	int sig;

	for (;;) {
		sig = await_signal(set, LOOK_MS);
		if (is_stop(sig) || count_ended(pool) > 0)
			return RES_OK;
		if (g->stale(g->arg, sig == SIGHUP))
			return RES_LOST;
	}
}

/*
 * Wakes sleeping threads again and again until all have ended: one that was
 * just about to sleep misses the first signal.
 */
static enum result
wind_down(struct pool *pool, const sigset_t *set, enum result why)
{
	int i, sig, ms, stops = why == RES_OK;

	FCGX_ShutdownPending();
	for (ms = 0; count_ended(pool) < pool->n; ms += STOP_REPEAT_MS) {
		for (i = 0; i < pool->n; i++) {
			if (atomic_load(&pool->workers[i].ended))
				continue;
			(void)pthread_kill(pool->workers[i].thread, SIGUSR1);
			if (ms >= SLOW_MS)
				(void)pthread_kill(
				    pool->workers[i].thread, SIGUSR2);
		}
		sig = await_signal(set, STOP_REPEAT_MS);
		if (is_stop(sig) && ++stops > 1)
			_exit(1);
	}
	return why == RES_LOST && stops > 0 ? RES_OK : why;
}

static void
worker_start(struct pool *pool, struct worker *w, struct err *e)
{
	int r;

	w->pool = pool;
	atomic_init(&w->ended, false);
	buf_init(&w->signature, (size_t)HTTP_HEADER_MAX * 2);
	buf_init(&w->out, RESPONSE_MAX);
	r = pthread_create(&w->thread, NULL, worker_main, w);
	if (r != 0) {
		err_set(e, "cannot start a thread: %s", strerror(r));
		return;
	}
	pool->n++;
}

/*
 * Does nothing but interrupt.
 */
static void
interrupted(int sig)
{
	(void)sig;
}

enum result
gateway_fastcgi(const struct gateway *g, struct err *e)
{
	struct sigaction interrupt = { .sa_handler = interrupted };
	struct pool pool = { .g = g };
	sigset_t set, old, usr1;
	enum result r;
	int i;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	usr1 = set;
	(void)sigaddset(&usr1, SIGUSR1);
	(void)sigaddset(&usr1, SIGUSR2);
	(void)pthread_sigmask(SIG_BLOCK, &usr1, &old);
	(void)sigemptyset(&interrupt.sa_mask);
	(void)sigaction(SIGUSR2, &interrupt, NULL);
	(void)fcntl(
	    STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	if (FCGX_Init() != 0) {
		err_set(e, "the FastCGI library cannot be initialised");
		return RES_FAILED;
	}
	pool.workers = mem_alloc((size_t)g->threads, sizeof(*pool.workers));
	for (i = 0; i < g->threads && pool.n == i; i++)
		worker_start(&pool, &pool.workers[i], e);
	r = pool.n < g->threads ? RES_FAILED : watch(&pool, &set);
	r = wind_down(&pool, &set, r);
	for (i = 0; i < pool.n; i++) {
		(void)pthread_join(pool.workers[i].thread, NULL);
		buf_free(&pool.workers[i].signature);
		buf_free(&pool.workers[i].out);
	}
	free(pool.workers);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}
