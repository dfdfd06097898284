/*
 * The configured secrets one by one, for commands that go on where some cannot
 * be read. Never shown: only where they are kept, and fingerprints.
 */
#ifndef STRIPEHOOK_CMD_SECRET_H
#define STRIPEHOOK_CMD_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "secret.h"
#include "signature.h"

struct cmd_secret {
	const struct conf_endpoint *endpoint; /* borrowed */
	size_t position; /* among those of its endpoint, from 1 */
	const struct conf_text *source; /* borrowed */
	bool loaded;
	struct secret secret; /* owned; empty unless loaded */
	char fingerprint[SIGNATURE_FINGERPRINT_SIZE]; /* "" unless loaded */
	struct err why; /* why it was not loaded */
};

struct cmd_secrets {
	struct cmd_secret *list; /* owned */
	size_t n;
	size_t loaded; /* how many of them were */
};

/*
 * Loads the secrets of an endpoint of c, or with NULL of all. c may have been
 * loaded without its secrets, and is borrowed until cmd_secrets_free.
 */
void cmd_secrets_load(struct cmd_secrets *s, const struct conf *c,
    const struct conf_endpoint *only);
void cmd_secrets_free(struct cmd_secrets *s);

#endif
