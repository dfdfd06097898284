/*
 * Handing a request straight to the endpoint program, as a web server does
 * with CGI/1.1 (RFC 3875).
 */
#ifndef STRIPEHOOK_CMD_CGI_H
#define STRIPEHOOK_CMD_CGI_H

#include <stddef.h>

#include "err.h"

/* One request. All borrowed. */
struct cmd_cgi {
	const char *path; /* the program */
	const char *conf; /* for it; NULL: the default, or what this program
	    has in its own environment */
	const char *signature; /* the Stripe-Signature header */
	const void *body;
	size_t len;
	int timeout; /* seconds until it is killed */
};

/*
 * Executes the program with this program's own environment and the variables
 * of a request. Its error output goes where ours goes. RES_OK with *status
 * set, whatever it is; RES_INVALID where it cannot be executed; RES_BUSY
 * where it took too long; RES_FAILED where it did not answer as CGI demands.
 */
enum result cmd_cgi_post(
    const struct cmd_cgi *cgi, long *status, struct err *e);

#endif
