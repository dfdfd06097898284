/*
 * The options that there are.
 */
#include "config.h"

#include <stddef.h>

#include "conf.h"

#include "conf_impl.h"

#include "banned.h"

static const struct conf_option top_options[] = {
	{ "store", false, false },
	{ "store-password", false, false },
	{ "unhandled", false, false },
	{ "max-body", false, false },
	{ "threads", false, false },
	{ "log", false, false },
	{ "log-level", false, false },
	{ "event-types", false, false },
	{ "concurrency", false, false },
	{ "worker", false, false },
	{ "worker-program", false, false },
	{ "keep", false, false },
	{ "keep-forced", false, false },
	{ "keep-bodies", false, false },
	{ "silence", false, false },
	{ "disk-low", false, false },
	{ "alert-interval", false, false },
	{ NULL, false, false },
};

static const struct conf_option endpoint_options[] = {
	{ "secrets", true, true },
	{ "tolerance", false, false },
	{ "api-version", false, false },
	{ NULL, false, false },
};

static const struct conf_option handler_options[] = {
	{ "events", true, true },
	{ "endpoints", true, false },
	{ "command", true, true },
	{ "environment", true, false },
	{ "run", false, false },
	{ "lane", false, false },
	{ "order", false, false },
	{ "concurrency", false, false },
	{ "timeout", false, false },
	{ "grace", false, false },
	{ "attempts", false, false },
	{ "backoff", false, false },
	{ "backoff-max", false, false },
	{ "give-up", false, false },
	{ "directory", false, false },
	{ "umask", false, false },
	{ "nice", false, false },
	{ "memory", false, false },
	{ "open-files", false, false },
	{ "core", false, false },
	{ "user", false, false },
	{ "alert-after", false, false },
	{ NULL, false, false },
};

const struct conf_option *
conf_options(enum conf_kind kind)
{
	static const struct conf_option none = { NULL, false, false };

	switch (kind) {
	case CONF_TOP:
		return top_options;
	case CONF_ENDPOINT:
		return endpoint_options;
	case CONF_HANDLER:
		return handler_options;
	default:
		return &none;
	}
}

const char *
conf_kind_name(enum conf_kind kind)
{
	return kind == CONF_ENDPOINT ? "endpoint" : "handler";
}
