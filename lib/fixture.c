/*
 * Test events: an object from its template, changed as the type tells, inside
 * a snapshot event; or a reference to it inside a thin one.
 *
 * Field names and styles: Stripe's API reference, "The Event object" and
 * "Event notifications (thin events)".
 */
#include "config.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "event.h"
#include "fixture_change.h"
#include "fixture_objects.h"
#include "fixture_template.h"
#include "mem.h"

#include "banned.h"

#define ID_LETTERS 24 /* as Stripe's snapshot ids have */
#define ID_LETTERS_THIN 50

/* One event in the making. */
struct maker {
	const struct fixture *f;
	struct fixture_maker *ids;
};

/*
 * The object tag that the event is about: the first where several are
 * possible. false where none is known.
 */
static bool
find_tag(const struct fixture *f, char tag[EVENT_TYPE_SIZE])
{
	size_t n;

	if (f->object == NULL || strcmp(f->object, "-") == 0)
		return false;
	n = strcspn(f->object, "|");
	if (n == 0 || n >= EVENT_TYPE_SIZE)
		return false;
	memcpy(tag, f->object, n);
	tag[n] = '\0';
	return true;
}

/*
 * For a type that nobody knows: what stands before its last dot.
 */
static void
guess_tag(const struct fixture *f, char tag[EVENT_TYPE_SIZE])
{
	const char *dot = strrchr(f->type, '.');

	mem_copy(tag, EVENT_TYPE_SIZE, f->type);
	if (dot != NULL && dot > f->type)
		tag[dot - f->type] = '\0';
}

static json_t *
make_bare(struct maker *m, const char *tag, const struct fixture_object *o)
{
	json_t *json = json_object();

	if (o == NULL || o->id != NULL)
		json_object_set_new(json, "id",
		    fixture_expand_string(m->ids, o ? o->id : "<obj_>"));
	json_object_set_new(json, "object", json_string(tag));
	json_object_set_new(json, "created", json_integer(m->f->now));
	if (o == NULL || !o->no_livemode)
		json_object_set_new(
		    json, "livemode", json_boolean(m->f->livemode));
	return json;
}

static json_t *
make_object(struct maker *m, const char *tag)
{
	const struct fixture_object *o = fixture_object_find(tag);
	const struct fixture_type *t = fixture_type_find(m->f->type);
	json_t *template, *patch, *out;

	if (o == NULL || o->json == NULL)
		return make_bare(m, tag, o);
	template = fixture_template_load(o->json);
	if (t != NULL && (patch = fixture_template_load(t->patch)) != NULL) {
		json_object_update_recursive(template, patch);
		json_decref(patch);
	}
	out = fixture_expand(m->ids, template);
	json_decref(template);
	return out;
}

/*
 * data.previous_attributes, or NULL for types that have none.
 */
static json_t *
make_previous(struct maker *m, const json_t *object)
{
	const struct fixture_type *t = fixture_type_find(m->f->type);
	const char *dot = strrchr(m->f->type, '.');

	if (dot == NULL || strcmp(dot, ".updated") != 0)
		return NULL;
	if (t != NULL && t->previous != NULL)
		return fixture_template_expand(m->ids, t->previous);
	if (json_object_get(object, "metadata") != NULL)
		return fixture_template_expand(
		    m->ids, "{'metadata': {'order_id': '6734'}}");
	return json_object();
}

static json_t *
make_data(struct maker *m)
{
	char tag[EVENT_TYPE_SIZE];
	json_t *data, *object, *previous;

	if (!find_tag(m->f, tag))
		guess_tag(m->f, tag);
	object = make_object(m, tag);
	previous = make_previous(m, object);
	data = json_object();
	json_object_set_new(data, "object", object);
	if (previous != NULL)
		json_object_set_new(data, "previous_attributes", previous);
	return data;
}

/*
 * The id that was asked for, or a fresh one.
 */
static json_t *
make_event_id(struct maker *m, const char *prefix, int letters)
{
	struct buf b;
	json_t *json;

	if (m->f->id != NULL)
		return json_string(m->f->id);
	buf_init(&b, EVENT_ID_SIZE);
	buf_puts(&b, prefix);
	fixture_add_letters(m->ids, &b, letters);
	json = json_string(buf_text(&b));
	buf_free(&b);
	return json;
}

static json_t *
make_snapshot(struct maker *m)
{
	const struct fixture *f = m->f;
	const char *version = f->api_version;
	json_t *json = json_object();

	json_object_set_new(json, "id", make_event_id(m, "evt_", ID_LETTERS));
	json_object_set_new(json, "object", json_string("event"));
	if (f->account != NULL)
		json_object_set_new(json, "account", json_string(f->account));
	json_object_set_new(json, "api_version",
	    json_string(version != NULL ? version : FIXTURE_API_VERSION));
	if (f->account != NULL)
		json_object_set_new(json, "context", json_string(f->account));
	json_object_set_new(json, "created", json_integer(f->now));
	json_object_set_new(json, "data", make_data(m));
	json_object_set_new(json, "livemode", json_boolean(f->livemode));
	json_object_set_new(json, "pending_webhooks", json_integer(1));
	json_object_set_new(json, "request",
	    fixture_template_expand(
		m->ids, "{'id': null, 'idempotency_key': null}"));
	json_object_set_new(json, "type", json_string(f->type));
	return json;
}

/*
 * Appends the path below which the API serves objects of that tag:
 * "checkout.session" is at /v1/checkout/sessions.
 */
static void
add_path(struct maker *m, const char *tag, const struct fixture_object *o,
    struct buf *out)
{
	size_t n;

	if (o != NULL && o->path != NULL) {
		fixture_expand_ids(m->ids, o->path, out);
		return;
	}
	buf_puts(out, strncmp(tag, "v2.", 3) == 0 ? "/" : "/v1/");
	n = strlen(tag);
	for (; *tag != '\0'; tag++)
		buf_putc(out, *tag == '.' ? '/' : *tag);
	if (n > 1 && tag[-1] == 'y') {
		out->len--;
		buf_puts(out, "ies");
	} else {
		buf_putc(out, 's');
	}
}

static json_t *
make_reference(struct maker *m)
{
	char tag[EVENT_TYPE_SIZE];
	const struct fixture_object *o;
	json_t *json, *id = NULL;
	struct buf url;

	if (!find_tag(m->f, tag))
		return json_null();
	o = fixture_object_find(tag);
	buf_init(&url, EVENT_TEXT_SIZE);
	add_path(m, tag, o, &url);
	json = json_object();
	if (o == NULL || (o->id != NULL && !o->thin_no_id)) {
		id =
		    fixture_expand_string(m->ids, o != NULL ? o->id : "<obj_>");
		buf_printf(&url, "/%s", json_string_value(id));
		json_object_set_new(json, "id", id);
	}
	json_object_set_new(json, "type", json_string(tag));
	json_object_set_new(json, "url", json_string(buf_text(&url)));
	buf_free(&url);
	return json;
}

/*
 * Whether the same happening has a snapshot event as well.
 */
static bool
has_twin(const char *type)
{
	const struct catalogue_type *twin;
	struct catalogue c;
	bool found;

	if (strncmp(type, "v1.", 3) != 0)
		return false;
	catalogue_init(&c);
	twin = catalogue_find(&c, type + 3);
	found = twin != NULL && twin->style == EVENT_SNAPSHOT;
	catalogue_free(&c);
	return found;
}

static json_t *
make_thin(struct maker *m)
{
	const struct fixture *f = m->f;
	time_t now = (time_t)f->now;
	char created[40] = "";
	struct tm tm;
	json_t *json = json_object();

	if (gmtime_r(&now, &tm) != NULL)
		strftime(
		    created, sizeof(created), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	json_object_set_new(json, "id",
	    make_event_id(
		m, f->livemode ? "evt_" : "evt_test_", ID_LETTERS_THIN));
	json_object_set_new(json, "object", json_string("v2.core.event"));
	if (f->account != NULL)
		json_object_set_new(json, "context", json_string(f->account));
	json_object_set_new(json, "created", json_string(created));
	json_object_set_new(json, "livemode", json_boolean(f->livemode));
	json_object_set_new(json, "reason",
	    fixture_template_expand(m->ids,
		"{'type': 'request', 'request': {'id': '<req_>',"
		" 'idempotency_key': '<key_>'}}"));
	json_object_set_new(json, "related_object", make_reference(m));
	if (has_twin(f->type))
		json_object_set_new(json, "snapshot_event",
		    fixture_expand_string(m->ids, "<evt_>"));
	json_object_set_new(json, "type", json_string(f->type));
	return json;
}

/*
 * Printable ASCII without blanks, as event_parse demands of ids and types.
 */
static bool
is_name(const char *s, size_t max)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (s[n] <= ' ' || s[n] > '~' || n >= max)
			return false;
	return n > 0;
}

static enum result
check(const struct fixture *f, struct err *e)
{
	if (f->type == NULL || !is_name(f->type, EVENT_TYPE_SIZE - 1))
		err_set(e, "no event can have this type");
	else if (f->id != NULL && !is_name(f->id, EVENT_ID_SIZE - 1))
		err_set(e, "no event can have this id");
	else if (f->account != NULL && !is_name(f->account, EVENT_ID_SIZE - 1))
		err_set(e, "no account can have this id");
	else if (f->api_version != NULL && !is_name(f->api_version, 63))
		err_set(e, "no API version can have this name");
	else if (f->now < 0 || f->now > 253402300799)
		err_set(e, "no event can have this time");
	else
		return RES_OK;
	return RES_INVALID;
}

static int
dump(const char *text, size_t n, void *arg)
{
	buf_add(arg, text, n);
	return 0;
}

enum result
fixture_event(const struct fixture *f, struct buf *out, struct err *e)
{
	struct fixture_maker ids = {
		.random = f->seed, .now = f->now, .livemode = f->livemode
	};
	struct maker m = { .f = f, .ids = &ids };
	enum result r;
	json_t *json;
	int failed;

	if (check(f, e) != RES_OK)
		return RES_INVALID;
	json = f->style == EVENT_THIN ? make_thin(&m) : make_snapshot(&m);
	if ((r = fixture_change(json, f->changes, f->nchanges, e)) != RES_OK) {
		json_decref(json);
		return r;
	}
	failed = json_dump_callback(json, dump, out, JSON_INDENT(2));
	json_decref(json);
	if (failed || out->failed) {
		err_set(e, "the event does not fit into memory");
		return RES_FAILED;
	}
	return RES_OK;
}
