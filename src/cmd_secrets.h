/*
 * stripehook secrets add.
 */
#ifndef STRIPEHOOK_CMD_SECRETS_H
#define STRIPEHOOK_CMD_SECRETS_H

#include "conf.h"

/*
 * Reads a secret from standard input, or at a terminal from a prompt, and
 * writes it into a file of its own, at path, or with NULL beside the
 * endpoint's others. Says what to put into the configuration, which stays as
 * it is. Returns an enum cmd_exit.
 */
int cmd_secrets_add(
    const struct conf *c, const struct conf_endpoint *ep, const char *path);

/*
 * Asks at the terminal that is standard input, without showing what is typed.
 * A line without its end into value, at most size - 1 bytes. False at its end,
 * where it is longer, or after a signal that ends programs; the terminal is
 * then as it was.
 */
bool cmd_secrets_prompt(const char *question, char *value, size_t size);

#endif
