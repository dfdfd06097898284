/*
 * What stripehook check looks at beside the configuration itself. Each adds
 * what it finds to r; c was loaded without errors, or without its secrets.
 */
#ifndef STRIPEHOOK_CMD_CHECK_H
#define STRIPEHOOK_CMD_CHECK_H

#include <time.h>

#include "conf.h"

/*
 * The secrets, as far as they were read: whether they look like Stripe's, and
 * who could replace their files.
 */
void cmd_check_secrets(const struct conf *c, struct conf_report *r);

/*
 * Whose the handlers' programs and the folders above them are.
 */
void cmd_check_owners(const struct conf *c, struct conf_report *r);

/*
 * The store: reachable, its schema, room on its disk, its file system; what
 * waits in it without a handler or a worker; and whether Stripe's times and
 * this machine's agree.
 */
void cmd_check_store(const struct conf *c, struct conf_report *r);

/*
 * This machine's clock, which says now: by its year and the kernel's word. Asks
 * no network.
 */
void cmd_check_clock(const struct conf *c, time_t now, struct conf_report *r);

/*
 * The limits that a web server's configuration has for bodies, against
 * max-body: in this file, or with NULL in the usual ones of nginx, Apache and
 * lighttpd that speak of stripehook.
 */
void cmd_check_server(
    const struct conf *c, const char *file, struct conf_report *r);

#endif
