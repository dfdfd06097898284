/*
 * Signing secrets and where they come from. A secret is the whole text that
 * Stripe shows, "whsec_" included, taken as bytes.
 */
#ifndef STRIPEHOOK_SECRET_H
#define STRIPEHOOK_SECRET_H

#include <stddef.h>

#include "err.h"

#define SECRET_MAX 512 /* bytes; Stripe's have about 40 */

struct secret {
	char *source; /* owned: "file:/path", as written in the configuration */
	char *path; /* owned: the file read, NULL where there was none */
	char *value; /* owned; cleansed by secret_free */
	size_t len; /* never 0 once loaded */
};

/*
 * Loads a secret from source: "file:/absolute/path", "env:NAME" or
 * "credential:NAME" (a file below $CREDENTIALS_DIRECTORY, as systemd gives).
 * One line end at the end is taken off.
 *
 * RES_OK, and s is the caller's to free with secret_free; or RES_INVALID with
 * the reason in e and s empty: unknown form, cannot be read, a file that all
 * may read, empty, only blanks, blanks or control characters inside, too long.
 * The words never hold the value.
 */
enum result secret_load(struct secret *s, const char *source, struct err *e);

/*
 * Whether value can be a secret: not NULL, not empty, no blank or control
 * character in it. Checked again at every use.
 */
int secret_usable(const char *value, size_t len);

/*
 * Cleanses and frees what s owns.
 */
void secret_free(struct secret *s);

#endif
