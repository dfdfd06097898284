/*
 * Whose secret a command signs with.
 */
#include "config.h"

#include <string.h>

#include "cmd_signer.h"

#include "banned.h"

static int
open_endpoint(
    struct cmd_signer *s, const struct cmd_global *g, const char *name)
{
	int status;

	if ((status = cmd_load(g, &s->conf)) != CMD_OK)
		return status;
	s->have_conf = true;
	if (name != NULL) {
		s->endpoint = conf_find_endpoint(&s->conf, name);
		if (s->endpoint == NULL)
			cmd_error("%s: no endpoint \"%s\"", g->conf, name);
	} else if (s->conf.nendpoints == 1) {
		s->endpoint = &s->conf.endpoints[0];
	} else {
		cmd_error("%s has %zu endpoints: choose one with -e", g->conf,
		    s->conf.nendpoints);
	}
	if (s->endpoint == NULL)
		return CMD_FAILED;
	s->secret = &s->endpoint->secrets[0];
	return CMD_OK;
}

int
cmd_signer_open(struct cmd_signer *s, const struct cmd_global *g,
    const char *source, const char *endpoint)
{
	struct err e = { "" };
	int status;

	memset(s, 0, sizeof(*s));
	if (source != NULL) {
		s->secret = &s->own;
		if (secret_load(&s->own, source, &e) == RES_OK)
			return CMD_OK;
		cmd_error("%s", e.text);
		return CMD_FAILED;
	}
	if ((status = open_endpoint(s, g, endpoint)) != CMD_OK)
		cmd_signer_close(s);
	return status;
}

void
cmd_signer_close(struct cmd_signer *s)
{
	if (s->have_conf)
		conf_free(&s->conf);
	secret_free(&s->own);
	memset(s, 0, sizeof(*s));
}
