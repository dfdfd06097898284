/*
 * The environment of a handler, made from nothing.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deliver_impl.h"
#include "mem.h"

#include "banned.h"

/* What every handler gets of the program's own, and what if there is none. */
static const struct env_own {
	const char *name;
	const char *value; /* NULL: then not at all */
} env_owns[] = {
	{ "PATH", "/usr/local/bin:/usr/bin:/bin" },
	{ "HOME", "/" },
	{ "LANG", "C.UTF-8" },
	{ "TZ", NULL },
};

struct env {
	char **vars; /* owned, NULL-terminated */
	size_t n;
};

/* Takes var, a "NAME=value", over; it replaces one of the same name. */
static void
env_take(struct env *env, char *var)
{
	size_t i, len;

	len = strcspn(var, "=") + 1;
	for (i = 0; i < env->n; i++)
		if (strncmp(env->vars[i], var, len) == 0)
			break;
	if (i < env->n) {
		free(env->vars[i]);
		env->vars[i] = var;
		return;
	}
	env->vars = mem_resize(env->vars, env->n + 2, sizeof(*env->vars));
	env->vars[env->n++] = var;
	env->vars[env->n] = NULL;
}

static void
env_set(struct env *env, const char *name, const char *value)
{
	size_t size = strlen(name) + 1 + strlen(value) + 1;
	char *var;

	var = mem_alloc(size, 1);
	snprintf(var, size, "%s=%s", name, value);
	env_take(env, var);
}

static void
env_set_number(struct env *env, const char *name, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	env_set(env, name, digits);
}

/* The program's own, or the other value, or nothing where that is NULL. */
static void
env_pass(struct env *env, const char *name, const char *other)
{
	const char *value;

	value = getenv(name);
	if (value == NULL)
		value = other;
	if (value != NULL)
		env_set(env, name, value);
}

static void
env_add_configured(struct env *env, char *const *entries)
{
	for (; entries != NULL && *entries != NULL; entries++) {
		if (strchr(*entries, '=') != NULL)
			env_take(env, mem_strdup(*entries));
		else
			env_pass(env, *entries, NULL);
	}
}

static void
env_add_event(struct env *env, const struct event *ev)
{
	env_set(env, "STRIPE_EVENT_ID", ev->id);
	env_set(env, "STRIPE_EVENT_TYPE", ev->type);
	env_set_number(env, "STRIPE_EVENT_CREATED", ev->created);
	env_set(env, "STRIPE_EVENT_STYLE", event_style_name(ev->style));
	env_set(env, "STRIPE_OBJECT", ev->object);
	env_set(env, "STRIPE_OBJECT_ID", ev->object_id);
	env_set(env, "STRIPE_OBJECT_URL", ev->object_url);
	env_set(env, "STRIPE_ACCOUNT", ev->account);
	env_set(env, "STRIPE_CONTEXT", ev->context);
	env_set(env, "STRIPE_LIVEMODE", ev->livemode ? "true" : "false");
	env_set(env, "STRIPE_API_VERSION", ev->api_version);
	env_set(env, "STRIPE_CUSTOMER", ev->customer);
	env_set(env, "STRIPE_SNAPSHOT_EVENT", ev->snapshot_event);
}

char **
deliver_env(const struct conf_handler *h, const struct store_claim *c,
    const struct event *ev, const char *mark)
{
	struct env env = { NULL, 0 };
	char key[DELIVER_KEY_SIZE];
	size_t i;

	for (i = 0; i < sizeof(env_owns) / sizeof(env_owns[0]); i++)
		env_pass(&env, env_owns[i].name, env_owns[i].value);
	env_add_configured(&env, h->environment);
	if (mark != NULL)
		env_take(&env, mem_strdup(mark));
	env_add_event(&env, ev);
	env_set(&env, "STRIPEHOOK_ENDPOINT", c->endpoint);
	env_set(&env, "STRIPEHOOK_HANDLER", h->name);
	env_set_number(&env, "STRIPEHOOK_ATTEMPT", c->number);
	deliver_key(c->endpoint, h->name, ev->id, key);
	env_set(&env, "STRIPEHOOK_IDEMPOTENCY_KEY", key);
	return env.vars;
}

void
deliver_env_free(char **env)
{
	char **var;

	for (var = env; var != NULL && *var != NULL; var++)
		free(*var);
	free(env);
}
