/*
 * The web server's side: CGI or FastCGI behind one interface, decided by what
 * descriptor 0 is. The program opens no socket itself: whoever starts it hands
 * over a listening one, so requests wait in it during a restart.
 *
 * Sources: RFC 3875 (CGI/1.1), the FastCGI specification 1.0.
 */
#ifndef STRIPEHOOK_GATEWAY_H
#define STRIPEHOOK_GATEWAY_H

#include <stdbool.h>

#include "err.h"
#include "http.h"

struct gateway {
	int threads; /* how many serve FastCGI requests; at least 1 */
	/*
	 * Makes and ends what one thread needs. The result is given to serve;
	 * NULL from open means that the process cannot go on.
	 */
	void *(*open)(void *arg);
	void (*close)(void *state);
	/*
	 * Answers one request. May run for seconds; is never interrupted by
	 * a stop.
	 */
	void (*serve)(void *state, const struct http_request *req,
	    struct http_response *resp);
	/*
	 * May be NULL. Called after serve with its state once the answer is
	 * decided, for what Stripe need not wait for: with FastCGI after the
	 * answer was sent; with CGI before, since a web server may end the
	 * process when its output ends (Apache's mod_cgid sends SIGTERM).
	 */
	void (*settled)(void *state);
	/*
	 * Asked about once a second, and at SIGHUP with forced set: whether
	 * the process shall finish what it has in hand and start afresh.
	 */
	bool (*stale)(void *arg, bool forced);
	void *arg; /* borrowed; for open and stale */
};

enum gateway_kind {
	GATEWAY_NONE, /* started by neither: from a shell, say */
	GATEWAY_CGI, /* GATEWAY_INTERFACE is set */
	GATEWAY_FASTCGI /* descriptor 0 is a listening socket */
};

/*
 * How the program was started.
 */
enum gateway_kind gateway_kind(void);

/*
 * Serves one request from the environment and standard input, answers on
 * standard output. RES_OK, or RES_FAILED where the answer could not be
 * written.
 */
enum result gateway_cgi(const struct gateway *g, struct err *e);

/*
 * Serves requests until told to stop. SIGTERM and SIGINT: RES_OK once every
 * request in hand is answered; a second one ends the process at once. SIGHUP
 * or stale: RES_LOST, likewise, and the caller executes itself again on the
 * same descriptor 0. RES_FAILED where it could not begin.
 */
enum result gateway_fastcgi(const struct gateway *g, struct err *e);

#endif
