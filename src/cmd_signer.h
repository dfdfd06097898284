/*
 * Whose secret a command signs with: one from a source, or that of an
 * endpoint of the configuration.
 */
#ifndef STRIPEHOOK_CMD_SIGNER_H
#define STRIPEHOOK_CMD_SIGNER_H

#include <stdbool.h>

#include "cmd.h"
#include "conf.h"
#include "secret.h"

struct cmd_signer {
	const struct secret *secret; /* borrowed from one of the next two */
	struct conf conf; /* owned; empty unless have_conf */
	struct secret own; /* owned; empty where the endpoint's is used */
	bool have_conf;
	const struct conf_endpoint *endpoint; /* borrowed from conf; NULL where
	    a source was given */
};

/*
 * Finds the secret: source, else the first one of the endpoint; both NULL:
 * of the only endpoint. CMD_OK, and s is the caller's to close; otherwise the
 * reason was printed.
 */
int cmd_signer_open(struct cmd_signer *s, const struct cmd_global *g,
    const char *source, const char *endpoint);
void cmd_signer_close(struct cmd_signer *s);

#endif
