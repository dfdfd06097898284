/*
 * The configured secrets one by one.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd_secret.h"
#include "mem.h"

#include "banned.h"

static void
load(struct cmd_secrets *s, const struct conf_endpoint *ep, size_t i)
{
	struct cmd_secret *one = &s->list[s->n++];

	one->endpoint = ep;
	one->position = i + 1;
	one->source = &ep->sources[i];
	if (secret_load(&one->secret, one->source->text, &one->why) != RES_OK)
		return;
	if (signature_fingerprint(one->secret.value, one->secret.len,
		one->fingerprint, &one->why) != RES_OK) {
		secret_free(&one->secret);
		return;
	}
	one->loaded = true;
	s->loaded++;
}

void
cmd_secrets_load(struct cmd_secrets *s, const struct conf *c,
    const struct conf_endpoint *only)
{
	const struct conf_endpoint *ep;
	size_t i, j, n = 0;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < c->nendpoints; i++)
		n += c->endpoints[i].nsources;
	s->list = mem_alloc(n, sizeof(*s->list));
	for (i = 0; i < c->nendpoints; i++) {
		ep = &c->endpoints[i];
		for (j = 0; j < ep->nsources; j++)
			if (only == NULL || only == ep)
				load(s, ep, j);
	}
}

void
cmd_secrets_free(struct cmd_secrets *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		secret_free(&s->list[i].secret);
	free(s->list);
	memset(s, 0, sizeof(*s));
}
