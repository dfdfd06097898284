/*
 * The program's own events: facts in, JSON out.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "event_own.h"
#include "escape.h"

#include "banned.h"

/* As many bytes of a handler's name as an id takes: it has room for more. */
#define HANDLER_MAX 128

static const struct kind {
	const char *type;
	const char *object; /* its object tag */
	const char *word; /* in ids */
} kinds[] = {
	[EVENT_OWN_DELIVERY_FAILED] = { "stripehook.delivery.failed",
	    "stripehook.delivery", "delivery_failed" },
	[EVENT_OWN_HANDLER_FAILING] = { "stripehook.handler.failing",
	    "stripehook.handler", "handler_failing" },
	[EVENT_OWN_SILENCE] = { "stripehook.silence", "stripehook.silence",
	    "silence" },
	[EVENT_OWN_DISK_LOW] = { "stripehook.disk.low", "stripehook.disk",
	    "disk_low" },
};

bool
event_is_own(const char *type)
{
	return strncmp(type, EVENT_OWN_PREFIX, sizeof(EVENT_OWN_PREFIX) - 1) ==
	    0;
}

const char *
event_own_type(enum event_own_kind kind)
{
	return kinds[kind].type;
}

static bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/*
 * The interval stands in the id by its first second, not by its number: a
 * number would come again after the interval was configured anew, and an
 * alarm be taken for one that was.
 */
static void
make_id(const struct event_own *own, char id[EVENT_ID_SIZE])
{
	const int64_t interval = own->interval > 0 ? own->interval : 1;
	const int64_t begin = own->now - own->now % interval;
	char handler[HANDLER_MAX + 1];
	size_t i;

	(void)snprintf(handler, sizeof(handler), "%s",
	    own->handler != NULL ? own->handler : "");
	for (i = 0; handler[i] != '\0'; i++)
		if (!is_safe(handler[i]))
			handler[i] = '_';
	(void)snprintf(id, EVENT_ID_SIZE, "evt_stripehook_%s_%s%s%" PRId64,
	    kinds[own->kind].word, handler, handler[0] != '\0' ? "_" : "",
	    begin);
}

/*
 * A JSON string of s, or null. Names of hosts and words of the system need not
 * be UTF-8: then they are shown escaped.
 */
static json_t *
text(const char *s)
{
	struct buf b;
	json_t *json;

	if (s == NULL)
		return json_null();
	json = json_string(s);
	if (json != NULL)
		return json;
	buf_init(&b, SIZE_MAX);
	escape_line(&b, s, strlen(s));
	json = json_string(buf_text(&b));
	buf_free(&b);
	return json;
}

static const char *
name(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : "-";
}

static void
describe_silence(const struct event_own *own, struct buf *out)
{
	const int64_t seconds = own->now - own->last_received;

	if (own->last_received <= 0)
		buf_puts(out, "No event has ever arrived");
	else if (seconds < 120)
		buf_printf(out, "No event has arrived for %" PRId64 " seconds",
		    seconds);
	else
		buf_printf(out, "No event has arrived for %" PRId64 " minutes",
		    seconds / 60);
}

/*
 * What has happened, in a sentence.
 */
static void
describe(const struct event_own *own, struct buf *out)
{
	switch (own->kind) {
	case EVENT_OWN_DELIVERY_FAILED:
		buf_printf(out,
		    "The delivery of %s to the handler %s was given up after "
		    "%d attempt%s: %s",
		    name(own->event_id), name(own->handler), own->attempts,
		    own->attempts == 1 ? "" : "s", name(own->reason));
		break;
	case EVENT_OWN_HANDLER_FAILING:
		buf_printf(out,
		    "The handler %s has failed %" PRId64
		    " times in a row, the last time with: %s",
		    name(own->handler), own->streak, name(own->reason));
		break;
	case EVENT_OWN_SILENCE:
		describe_silence(own, out);
		break;
	case EVENT_OWN_DISK_LOW:
		buf_printf(out,
		    "The disk of the store has %" PRId64
		    " MiB left, less than %" PRId64,
		    own->bytes_free / 1048576, own->bytes_limit / 1048576);
		break;
	}
}

/*
 * data.object.id: what the event is about, and so the lane of its deliveries.
 */
static void
identify(const struct event_own *own, struct buf *out)
{
	if (own->kind == EVENT_OWN_DELIVERY_FAILED)
		buf_printf(
		    out, "%s/%s", name(own->event_id), name(own->handler));
	else if (own->kind == EVENT_OWN_HANDLER_FAILING)
		buf_puts(out, name(own->handler));
	else
		buf_puts(out, name(own->host));
}

/*
 * Sets key to the text that fill makes of own.
 */
static int
set_made(json_t *json, const char *key, const struct event_own *own,
    void (*fill)(const struct event_own *own, struct buf *out))
{
	struct buf b;
	int failed;

	buf_init(&b, SIZE_MAX);
	fill(own, &b);
	failed =
	    b.failed ? -1 : json_object_set_new(json, key, text(buf_text(&b)));
	buf_free(&b);
	return failed;
}

static int
set_text(json_t *json, const char *key, const char *s)
{
	return json_object_set_new(json, key, text(s));
}

static int
set_number(json_t *json, const char *key, int64_t number)
{
	return json_object_set_new(json, key, json_integer(number));
}

/*
 * The facts that a kind has. Returns how many could not be set.
 */
static int
set_facts(json_t *json, const struct event_own *own)
{
	int failed = 0;

	if (own->kind == EVENT_OWN_DELIVERY_FAILED) {
		failed += set_text(json, "event", own->event_id);
		failed += set_text(json, "endpoint", own->event_endpoint);
		failed += set_number(json, "attempts", own->attempts);
	}
	if (own->kind == EVENT_OWN_HANDLER_FAILING)
		failed += set_number(json, "streak", own->streak);
	if (own->kind == EVENT_OWN_DELIVERY_FAILED ||
	    own->kind == EVENT_OWN_HANDLER_FAILING) {
		failed += set_text(json, "handler", own->handler);
		failed += set_text(json, "reason", own->reason);
		failed += set_number(json, "waiting", own->waiting);
		failed += set_number(json, "parked", own->parked);
	}
	if (own->kind == EVENT_OWN_SILENCE)
		failed += json_object_set_new(json, "last_received",
		    own->last_received > 0 ? json_integer(own->last_received)
					   : json_null());
	if (own->kind == EVENT_OWN_DISK_LOW) {
		failed += set_number(json, "bytes_free", own->bytes_free);
		failed += set_number(json, "bytes_limit", own->bytes_limit);
	}
	return failed;
}

/*
 * The object that the event carries, or NULL where memory ran out.
 */
static json_t *
make_object(const struct event_own *own)
{
	json_t *json = json_object();
	int failed = 0;

	failed += set_made(json, "id", own, identify);
	failed += set_text(json, "object", kinds[own->kind].object);
	failed += set_made(json, "summary", own, describe);
	failed += set_text(json, "host", own->host);
	failed += set_facts(json, own);
	if (failed == 0)
		return json;
	json_decref(json);
	return NULL;
}

/*
 * No alarm is a test, so livemode is true: a handler that leaves test events
 * alone hears of it.
 */
static json_t *
make_event(const struct event_own *own)
{
	char id[EVENT_ID_SIZE];

	make_id(own, id);
	return json_pack("{s:s, s:s, s:n, s:I, s:{s:o}, s:b, s:i, s:n, s:s}",
	    "id", id, "object", "event", "api_version", "created",
	    (json_int_t)own->now, "data", "object", make_object(own),
	    "livemode", 1, "pending_webhooks", 0, "request", "type",
	    kinds[own->kind].type);
}

static int
append(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return 0;
}

enum result
event_own(const struct event_own *own, struct buf *out, struct event *ev,
    struct err *e)
{
	const size_t begin = out->len;
	json_t *json = make_event(own);
	int failed;

	failed = json == NULL ||
	    json_dump_callback(json, append, out, JSON_INDENT(2)) != 0 ||
	    out->failed;
	json_decref(json);
	/* What was just made can be read, if memory suffices. */
	if (!failed &&
	    event_parse(out->data + begin, out->len - begin, ev, NULL) ==
		RES_OK)
		return RES_OK;
	err_set(e, "out of memory for an event of type %s",
	    event_own_type(own->kind));
	return RES_FAILED;
}
