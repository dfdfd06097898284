/*
 * Whether what must stay private lies where a web server shows files: the
 * configuration, secrets, the store and the log. A file that the server
 * refuses today is shown after the next change of its own configuration, or
 * of a .htaccess.
 */
#ifndef STRIPEHOOK_EXPOSED_H
#define STRIPEHOOK_EXPOSED_H

#include "conf.h"

/*
 * Adds an error to r for each of c's private files that lies below a folder
 * which the web server says it serves: $DOCUMENT_ROOT and
 * $CONTEXT_DOCUMENT_ROOT (Apache's mod_alias and mod_userdir), which it gives
 * to a CGI program. Without them nothing is found.
 */
void exposed_check(const struct conf *c, struct conf_report *r);

/*
 * The same without a web server that tells: a warning for those that lie
 * below a folder that looks like one. A folder does if its name is one that
 * web servers' folders usually have.
 */
void exposed_guess(const struct conf *c, struct conf_report *r);

#endif
