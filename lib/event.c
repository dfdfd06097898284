/*
 * The facts of an event, taken out of its JSON.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "event.h"
#include "buf.h"
#include "escape.h"
#include "event_load.h"
#include "event_time.h"
#include "mem.h"

#include "banned.h"

#define INT64_END 9223372036854775808.0 /* the first that does not fit */
#define QUOTE_MAX 32 /* bytes of the body in an error text */

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/*
 * The string that v is, or "" where it is none or holds a control character:
 * a NUL would cut it, a newline forge a line, and what was mended has a NUL.
 */
static const char *
plain(const json_t *v)
{
	const char *s;
	size_t i, n;

	s = json_string_value(v);
	n = json_string_length(v);
	for (i = 0; i < n; i++) {
		if (is_control(s[i]))
			return "";
	}
	return s != NULL ? s : "";
}

/*
 * Takes an optional fact; what does not fit counts as absent.
 */
static void
take(char *dst, size_t size, const json_t *obj, const char *key)
{
	(void)mem_copy(dst, size, plain(json_object_get(obj, key)));
}

/*
 * Takes a fact without which the event is none.
 */
static enum result
demand(
    char *dst, size_t size, const json_t *root, const char *key, struct err *e)
{
	const json_t *v = json_object_get(root, key);
	const char *s = json_string_value(v);
	size_t i, n = json_string_length(v);

	if (v == NULL) {
		err_set(e, "no %s at the top level", key);
		return RES_INVALID;
	}
	if (s == NULL || n == 0) {
		err_set(
		    e, "%s is %s", key, s == NULL ? "not a string" : "empty");
		return RES_INVALID;
	}
	for (i = 0; i < n; i++) {
		if (is_control(s[i]) || s[i] == ' ') {
			err_set(e,
			    "%s holds a blank or control character or "
			    "half a surrogate pair at its byte %zu",
			    key, i);
			return RES_INVALID;
		}
	}
	if (mem_copy(dst, size, s) != 0) {
		err_set(e, "%s has %zu bytes, more than %zu", key, n, size - 1);
		return RES_INVALID;
	}
	return RES_OK;
}

static enum result
take_style(struct event *ev, const json_t *root, struct err *e)
{
	const json_t *v = json_object_get(root, "object");
	const char *s = plain(v);
	struct buf quote;
	size_t n;

	if (strcmp(s, "event") == 0 || strcmp(s, "v2.core.event") == 0) {
		ev->style = s[0] == 'e' ? EVENT_SNAPSHOT : EVENT_THIN;
		return RES_OK;
	}
	if (!json_is_string(v)) {
		err_set(e,
		    "%s object at the top level: neither a snapshot nor "
		    "a thin event",
		    v == NULL ? "no" : "no usable");
		return RES_INVALID;
	}
	n = json_string_length(v);
	buf_init(&quote, (size_t)QUOTE_MAX * 8);
	escape_line(
	    &quote, json_string_value(v), n < QUOTE_MAX ? n : QUOTE_MAX);
	err_set(e,
	    "object is \"%s\"%s, neither \"event\" nor "
	    "\"v2.core.event\"",
	    buf_text(&quote), n > QUOTE_MAX ? "..." : "");
	buf_free(&quote);
	return RES_INVALID;
}

/*
 * A whole number, also one written with a fraction of zero, as JavaScript
 * would take it.
 */
static bool
whole_number(const json_t *v, int64_t *value)
{
	double d;

	if (json_is_integer(v)) {
		*value = json_integer_value(v);
		return true;
	}
	d = json_real_value(v);
	if (!json_is_real(v) || !(d >= -INT64_END && d < INT64_END))
		return false;
	*value = (int64_t)d;
	return (double)*value == d;
}

static enum result
take_created(struct event *ev, const json_t *root, struct err *e)
{
	const json_t *v = json_object_get(root, "created");
	bool good;

	if (v == NULL) {
		err_set(e, "no created at the top level");
		return RES_INVALID;
	}
	if (ev->style == EVENT_SNAPSHOT) {
		good = whole_number(v, &ev->created);
		(void)snprintf(ev->created_text, sizeof(ev->created_text),
		    "%" PRId64, ev->created);
	} else {
		good = mem_copy(ev->created_text, sizeof(ev->created_text),
			   plain(v)) == 0 &&
		    event_time_parse(ev->created_text, &ev->created);
	}
	if (good)
		return RES_OK;
	err_set(e, "created is not %s",
	    ev->style == EVENT_SNAPSHOT
		? "a whole number of seconds within 64 bits"
		: "an RFC 3339 time");
	return RES_INVALID;
}

static void
take_object(struct event *ev, const json_t *obj, const char *tag)
{
	const json_t *customer;

	take(ev->object, sizeof(ev->object), obj, tag);
	take(ev->object_id, sizeof(ev->object_id), obj, "id");
	customer = json_object_get(obj, "customer");
	if (strcmp(ev->object, "customer") == 0)
		take(ev->customer, sizeof(ev->customer), obj, "id");
	else if (json_is_object(customer))
		take(ev->customer, sizeof(ev->customer), customer, "id");
	else
		take(ev->customer, sizeof(ev->customer), obj, "customer");
}

static void
take_request(struct event *ev, const json_t *request)
{
	take(ev->request_id, sizeof(ev->request_id), request, "id");
	take(ev->idempotency_key, sizeof(ev->idempotency_key), request,
	    "idempotency_key");
}

static void
take_snapshot(struct event *ev, const json_t *root)
{
	const json_t *request = json_object_get(root, "request");

	if (!whole_number(json_object_get(root, "pending_webhooks"),
		&ev->pending_webhooks))
		ev->pending_webhooks = -1;
	take(ev->api_version, sizeof(ev->api_version), root, "api_version");
	take(ev->account, sizeof(ev->account), root, "account");
	take_object(ev,
	    json_object_get(json_object_get(root, "data"), "object"), "object");
	/* API versions before 2017-05-25 have the id alone. */
	if (json_is_string(request))
		take(ev->request_id, sizeof(ev->request_id), root, "request");
	else
		take_request(ev, request);
}

static void
take_thin(struct event *ev, const json_t *root)
{
	const json_t *related = json_object_get(root, "related_object");
	const char *url = plain(json_object_get(related, "url"));

	take_object(ev, related, "type");
	/* A handler will put it behind https://api.stripe.com. */
	if ((strncmp(url, "/v1/", 4) == 0 || strncmp(url, "/v2/", 4) == 0) &&
	    strchr(url, ' ') == NULL)
		(void)mem_copy(ev->object_url, sizeof(ev->object_url), url);
	take_request(
	    ev, json_object_get(json_object_get(root, "reason"), "request"));
	take(ev->snapshot_event, sizeof(ev->snapshot_event), root,
	    "snapshot_event");
}

static enum result
take_facts(struct event *ev, const json_t *root, struct err *e)
{
	enum result r;

	if (!json_is_object(root)) {
		err_set(e, "the body is JSON, but not an object");
		return RES_INVALID;
	}
	r = take_style(ev, root, e);
	if (r == RES_OK)
		r = demand(ev->id, sizeof(ev->id), root, "id", e);
	if (r == RES_OK)
		r = demand(ev->type, sizeof(ev->type), root, "type", e);
	if (r == RES_OK)
		r = take_created(ev, root, e);
	if (r != RES_OK)
		return r;
	ev->livemode = json_is_true(json_object_get(root, "livemode"));
	take(ev->context, sizeof(ev->context), root, "context");
	if (ev->style == EVENT_SNAPSHOT)
		take_snapshot(ev, root);
	else
		take_thin(ev, root);
	return RES_OK;
}

enum result
event_parse(const void *body, size_t len, struct event *ev, struct err *e)
{
	struct event_mend mend;
	enum result r;
	json_t *root;

	memset(ev, 0, sizeof(*ev));
	ev->pending_webhooks = -1;
	r = event_load(&root, body, len, &mend, e);
	if (r != RES_OK)
		return r;
	if (mend.twice != NULL) {
		err_set(e, "%s is given twice at the top level", mend.twice);
		r = RES_INVALID;
	} else {
		r = take_facts(ev, root, e);
	}
	json_decref(root);
	return r;
}

bool
event_same(const void *a, size_t alen, const void *b, size_t blen)
{
	json_t *one = NULL, *other = NULL;
	struct event_mend mend_one, mend_other;
	bool same = false;

	if (event_load(&one, a, alen, &mend_one, NULL) == RES_OK &&
	    event_load(&other, b, blen, &mend_other, NULL) == RES_OK) {
		(void)json_object_del(one, "pending_webhooks");
		(void)json_object_del(other, "pending_webhooks");
		same = json_equal(one, other) &&
		    mend_one.trace == mend_other.trace;
	}
	json_decref(one);
	json_decref(other);
	return same;
}

const char *
event_style_name(enum event_style style)
{
	return style == EVENT_THIN ? "thin" : "snapshot";
}

const char *
event_train(const char *version)
{
	const char *dot = strchr(version, '.');

	return dot != NULL ? dot + 1 : version;
}
