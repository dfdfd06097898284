/*
 * Test events: every known type is one that event_parse reads as what it was
 * meant to be, and the common ones say what their type tells.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "catalogue.h"
#include "event.h"
#include "fixture.h"

#include "banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1793000000
#define NOW_TEXT "2026-10-26T07:33:20.000Z"

static const char *const no_id[] = { "balance", "balance_settings",
	"billing.alert_triggered", "cash_balance",
	"entitlements.active_entitlement_summary", "tax.settings" };

static struct fixture
snapshot(const char *type, const char *object)
{
	struct fixture f = { .type = type,
		.style = EVENT_SNAPSHOT,
		.object = object,
		.now = NOW,
		.seed = 42 };

	return f;
}

static struct fixture
thin(const char *type, const char *object)
{
	struct fixture f = snapshot(type, object);

	f.style = EVENT_THIN;
	return f;
}

/*
 * Builds it and reads it again; body is the caller's to free.
 */
static void
build(const struct fixture *f, struct buf *body, struct event *ev)
{
	struct err e = { "" };

	buf_init(body, 1024 * 1024);
	if (fixture_event(f, body, &e) != RES_OK)
		fail_msg("%s: %s", f->type, e.text);
	if (event_parse(body->data, body->len, ev, &e) != RES_OK)
		fail_msg("%s: %s\n%s", f->type, e.text, buf_text(body));
}

static json_t *
build_json(const struct fixture *f)
{
	struct event ev;
	struct buf body;
	json_t *json;

	build(f, &body, &ev);
	json = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	buf_free(&body);
	return json;
}

static bool
is_no_id(const char *tag)
{
	size_t i;

	for (i = 0; i < COUNT(no_id); i++)
		if (strcmp(no_id[i], tag) == 0)
			return true;
	return false;
}

static void
check_snapshot(const struct catalogue_type *t, const struct event *ev)
{
	char tag[EVENT_TYPE_SIZE];

	assert_true(strlen(t->object) < sizeof(tag));
	snprintf(
	    tag, sizeof(tag), "%.*s", (int)strcspn(t->object, "|"), t->object);
	assert_string_equal(ev->object, tag);
	if (is_no_id(tag))
		assert_string_equal(ev->object_id, "");
	else
		assert_string_not_equal(ev->object_id, "");
	assert_string_equal(ev->api_version, FIXTURE_API_VERSION);
	assert_string_equal(ev->created_text, "1793000000");
	assert_int_equal(ev->pending_webhooks, 1);
}

static void
check_thin(const struct catalogue *c, const struct catalogue_type *t,
    const struct event *ev)
{
	const struct catalogue_type *twin = NULL;

	assert_string_equal(ev->created_text, NOW_TEXT);
	assert_string_equal(ev->api_version, "");
	if (strncmp(t->name, "v1.", 3) == 0)
		twin = catalogue_find(c, t->name + 3);
	assert_int_equal(ev->snapshot_event[0] != '\0', twin != NULL);
	if (strcmp(t->object, "-") == 0) {
		assert_string_equal(ev->object, "");
		assert_string_equal(ev->object_url, "");
		return;
	}
	assert_string_equal(ev->object, t->object);
	assert_int_equal(ev->object_id[0] == '\0',
	    is_no_id(t->object) || strcmp(t->object, "discount") == 0);
	assert_string_not_equal(ev->object_url, "");
	if (ev->object_id[0] != '\0')
		assert_non_null(strstr(ev->object_url, ev->object_id));
}

static void
test_every_type(void **state)
{
	struct catalogue c;
	size_t i, snapshots = 0;

	(void)state;
	catalogue_init(&c);
	assert_true(c.n > 500);
	for (i = 0; i < c.n; i++) {
		const struct catalogue_type *t = &c.types[i];
		struct fixture f = snapshot(t->name, t->object);
		struct event ev;
		struct buf body;

		f.style = t->style;
		f.seed = i;
		build(&f, &body, &ev);
		assert_int_equal(ev.style, t->style);
		assert_string_equal(ev.type, t->name);
		assert_int_equal(ev.created, NOW);
		assert_false(ev.livemode);
		assert_int_equal(strncmp(ev.id, "evt_", 4), 0);
		/* no placeholder is left, and none lacked its id */
		assert_null(strpbrk(body.data, "<>"));
		assert_null(strstr(body.data, "_\""));
		if (t->style == EVENT_SNAPSHOT) {
			check_snapshot(t, &ev);
			snapshots++;
		} else {
			check_thin(&c, t, &ev);
		}
		buf_free(&body);
	}
	assert_int_equal(snapshots, 279);
	catalogue_free(&c);
}

static void
test_previous_attributes(void **state)
{
	struct catalogue c;
	size_t i;

	(void)state;
	catalogue_init(&c);
	for (i = 0; i < c.n; i++) {
		const struct catalogue_type *t = &c.types[i];
		struct fixture f = snapshot(t->name, t->object);
		json_t *json, *data, *previous, *object, *value;
		const char *key, *dot = strrchr(t->name, '.');

		if (t->style != EVENT_SNAPSHOT)
			continue;
		json = build_json(&f);
		data = json_object_get(json, "data");
		object = json_object_get(data, "object");
		previous = json_object_get(data, "previous_attributes");
		if ((strcmp(dot, ".updated") == 0) != json_is_object(previous))
			fail_msg("%s", t->name);
		json_object_foreach(previous, key, value)
		{
			/* what changed is there, and is not the same */
			assert_non_null(json_object_get(object, key));
			assert_false(
			    json_equal(value, json_object_get(object, key)));
		}
		json_decref(json);
	}
	catalogue_free(&c);
}

/* What common types tell: a member of data.object and its value as JSON. */
static const struct {
	const char *type, *object, *member, *value;
} facts[] = {
	{ "payment_intent.succeeded", "payment_intent", "status",
	    "\"succeeded\"" },
	{ "payment_intent.succeeded", "payment_intent", "amount_received",
	    "2099" },
	{ "payment_intent.succeeded", "payment_intent", "canceled_at", "null" },
	{ "payment_intent.created", "payment_intent", "status",
	    "\"requires_payment_method\"" },
	{ "payment_intent.payment_failed", "payment_intent", "status",
	    "\"requires_payment_method\"" },
	{ "charge.succeeded", "charge", "paid", "true" },
	{ "charge.succeeded", "charge", "captured", "true" },
	{ "charge.failed", "charge", "paid", "false" },
	{ "charge.failed", "charge", "status", "\"failed\"" },
	{ "charge.failed", "charge", "failure_code", "\"card_declined\"" },
	{ "charge.refunded", "charge", "refunded", "true" },
	{ "charge.refunded", "charge", "amount_refunded", "2099" },
	{ "refund.created", "refund", "status", "\"succeeded\"" },
	{ "charge.dispute.created", "dispute", "status", "\"needs_response\"" },
	{ "charge.dispute.created", "dispute", "reason", "\"fraudulent\"" },
	{ "checkout.session.completed", "checkout.session", "status",
	    "\"complete\"" },
	{ "checkout.session.completed", "checkout.session", "payment_status",
	    "\"paid\"" },
	{ "checkout.session.expired", "checkout.session", "status",
	    "\"expired\"" },
	{ "checkout.session.expired", "checkout.session", "payment_status",
	    "\"unpaid\"" },
	{ "customer.created", "customer", "object", "\"customer\"" },
	{ "customer.deleted", "customer", "email", "\"jane@example.com\"" },
	{ "customer.subscription.created", "subscription", "status",
	    "\"active\"" },
	{ "customer.subscription.deleted", "subscription", "status",
	    "\"canceled\"" },
	{ "customer.subscription.deleted", "subscription", "ended_at",
	    "1793000000" },
	{ "invoice.created", "invoice", "status", "\"draft\"" },
	{ "invoice.finalized", "invoice", "status", "\"open\"" },
	{ "invoice.paid", "invoice", "status", "\"paid\"" },
	{ "invoice.paid", "invoice", "amount_paid", "1500" },
	{ "invoice.paid", "invoice", "amount_remaining", "0" },
	{ "invoice.payment_failed", "invoice", "status", "\"open\"" },
	{ "invoice.payment_failed", "invoice", "attempted", "true" },
	{ "invoice.payment_failed", "invoice", "attempt_count", "1" },
	{ "payout.paid", "payout", "status", "\"paid\"" },
	{ "payout.failed", "payout", "status", "\"failed\"" },
	{ "payout.failed", "payout", "failure_code", "\"account_closed\"" },
	{ "setup_intent.succeeded", "setup_intent", "status", "\"succeeded\"" },
	{ "payment_intent.succeeded", "payment_intent", "created",
	    "1793000000" },
	{ "payment_intent.succeeded", "payment_intent", "livemode", "false" },
};

static void
test_facts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(facts); i++) {
		struct fixture f = snapshot(facts[i].type, facts[i].object);
		json_t *json = build_json(&f), *want, *is;

		want = json_loads(facts[i].value, JSON_DECODE_ANY, NULL);
		is = json_object_get(
		    json_object_get(json_object_get(json, "data"), "object"),
		    facts[i].member);
		if (!json_equal(want, is))
			fail_msg("%s: %s", facts[i].type, facts[i].member);
		json_decref(want);
		json_decref(json);
	}
}

/*
 * Objects refer to each other by ids of the right kind.
 */
static void
test_references(void **state)
{
	static const struct {
		const char *type, *object, *member, *prefix;
	} refs[] = {
		{ "payment_intent.succeeded", "payment_intent", "latest_charge",
		    "ch_" },
		{ "payment_method.attached", "payment_method", "customer",
		    "cus_" },
		{ "refund.created", "refund", "charge", "ch_" },
		{ "charge.dispute.created", "dispute", "charge", "ch_" },
		{ "checkout.session.completed", "checkout.session",
		    "payment_intent", "pi_" },
		{ "checkout.session.completed", "checkout.session", "id",
		    "cs_test_" },
		{ "setup_intent.succeeded", "setup_intent", "payment_method",
		    "pm_" },
		{ "invoice.paid", "invoice", "customer", "cus_" },
		{ "price.created", "price", "product", "prod_" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refs); i++) {
		struct fixture f = snapshot(refs[i].type, refs[i].object);
		json_t *json = build_json(&f);
		const char *is = json_string_value(json_object_get(
		    json_object_get(json_object_get(json, "data"), "object"),
		    refs[i].member));

		assert_non_null(is);
		assert_int_equal(
		    strncmp(is, refs[i].prefix, strlen(refs[i].prefix)), 0);
		assert_int_equal(strlen(is), strlen(refs[i].prefix) + 24);
		json_decref(json);
	}
}

static void
test_thin_urls(void **state)
{
	static const struct {
		const char *type, *object, *url;
	} urls[] = {
		{ "v1.payment_intent.succeeded", "payment_intent",
		    "/v1/payment_intents/pi_" },
		{ "v1.checkout.session.completed", "checkout.session",
		    "/v1/checkout/sessions/cs_test_" },
		{ "v1.billing.meter.created", "billing.meter",
		    "/v1/billing/meters/obj_" },
		{ "v1.balance.available", "balance", "/v1/balance" },
		{ "v1.tax.settings.updated", "tax.settings",
		    "/v1/tax/settings" },
		{ "v1.capability.updated", "capability", "/v1/accounts/acct_" },
		{ "v1.identity.verification_session.created",
		    "identity.verification_session",
		    "/v1/identity/verification_sessions/obj_" },
		{ "v2.core.account.created", "v2.core.account",
		    "/v2/core/accounts/obj_" },
		{ EVENT_PING, "v2.core.event_destination",
		    "/v2/core/event_destinations/ed_" },
		{ "v1.invented.policy.created", "policy", "/v1/policies/obj_" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(urls); i++) {
		struct fixture f = thin(urls[i].type, urls[i].object);
		struct event ev;
		struct buf body;

		build(&f, &body, &ev);
		if (strncmp(ev.object_url, urls[i].url, strlen(urls[i].url)) !=
		    0)
			fail_msg("%s: %s", urls[i].type, ev.object_url);
		buf_free(&body);
	}
}

/*
 * Both styles give an object the same kind of id.
 */
static void
test_same_ids_in_both_styles(void **state)
{
	struct catalogue c;
	size_t i, n = 0;

	(void)state;
	catalogue_init(&c);
	for (i = 0; i < c.n; i++) {
		const struct catalogue_type *t = &c.types[i];
		struct fixture fs = snapshot(t->name, t->object);
		struct fixture ft = thin("v1.any.type", t->object);
		struct event a, b;
		struct buf body;
		size_t prefix;

		if (t->style != EVENT_SNAPSHOT ||
		    strcmp(t->name, "invoice.upcoming") == 0)
			continue;
		build(&fs, &body, &a);
		buf_free(&body);
		build(&ft, &body, &b);
		buf_free(&body);
		if (a.object_id[0] == '\0' || b.object_id[0] == '\0')
			continue;
		prefix = strlen(a.object_id) - 24;
		assert_int_equal(strlen(a.object_id), strlen(b.object_id));
		assert_memory_equal(a.object_id, b.object_id, prefix);
		n++;
	}
	assert_true(n > 200);
	catalogue_free(&c);
}

static void
test_random_ids(void **state)
{
	struct fixture f = snapshot("customer.created", "customer");
	struct buf a, b, c;
	struct event ea, eb, ec;

	(void)state;
	build(&f, &a, &ea);
	build(&f, &b, &eb);
	f.seed = 43;
	build(&f, &c, &ec);
	assert_string_equal(a.data, b.data);
	assert_string_not_equal(ea.id, ec.id);
	assert_string_not_equal(ea.object_id, ec.object_id);
	assert_int_equal(strlen(ea.id), 28);
	assert_string_equal(ea.customer, ea.object_id);
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
}

static void
test_what_was_asked_for(void **state)
{
	static const char head[] = "{\n  \"id\": \"evt_mine\",\n";
	struct fixture f =
	    snapshot("checkout.session.completed", "checkout.session");
	struct event ev;
	struct buf body;

	(void)state;
	f.id = "evt_mine";
	f.account = "acct_1";
	f.api_version = "2024-06-20";
	f.livemode = true;
	build(&f, &body, &ev);
	assert_string_equal(ev.id, "evt_mine");
	assert_string_equal(ev.account, "acct_1");
	assert_string_equal(ev.context, "acct_1");
	assert_string_equal(ev.api_version, "2024-06-20");
	assert_true(ev.livemode);
	assert_int_equal(strncmp(ev.object_id, "cs_live_", 8), 0);
	/* as Stripe lays it out */
	assert_ptr_equal(strstr(body.data, head), body.data);
	buf_free(&body);
	f.type = "v1.invoice.paid";
	f.object = "invoice";
	f.style = EVENT_THIN;
	build(&f, &body, &ev);
	assert_string_equal(ev.id, "evt_mine");
	assert_string_equal(ev.account, "");
	assert_string_equal(ev.context, "acct_1");
	assert_true(ev.livemode);
	assert_string_not_equal(ev.request_id, "");
	buf_free(&body);
}

static void
test_unknown_types(void **state)
{
	struct fixture f = snapshot("teapot.short.stout", NULL);
	struct event ev;
	struct buf body;

	(void)state;
	build(&f, &body, &ev);
	assert_string_equal(ev.object, "teapot.short");
	assert_string_not_equal(ev.object_id, "");
	buf_free(&body);
	f = snapshot("teapot", "-");
	build(&f, &body, &ev);
	assert_string_equal(ev.object, "teapot");
	buf_free(&body);
	f = thin("v2.core.teapot[spout].updated", NULL);
	build(&f, &body, &ev);
	assert_string_equal(ev.object, "");
	assert_string_equal(ev.snapshot_event, "");
	buf_free(&body);
}

static void
refuse(const struct fixture *f)
{
	struct err e = { "" };
	struct buf body;

	buf_init(&body, 1024 * 1024);
	assert_int_equal(fixture_event(f, &body, &e), RES_INVALID);
	assert_string_not_equal(e.text, "");
	assert_int_equal(body.len, 0);
	buf_free(&body);
}

static void
test_refused(void **state)
{
	static const char *const types[] = { "", " ", "a b", "a\nb", "a\x7f",
		"caf\xc3\xa9.created", "a\xff" };
	char longest[EVENT_TYPE_SIZE + 1];
	struct fixture f = snapshot(NULL, NULL);
	struct event ev;
	struct buf body;
	size_t i;

	(void)state;
	refuse(&f);
	for (i = 0; i < COUNT(types); i++) {
		f = snapshot(types[i], NULL);
		refuse(&f);
		f = snapshot("invoice.paid", "invoice");
		f.id = types[i];
		refuse(&f);
		f.id = NULL;
		f.account = types[i];
		refuse(&f);
		f.account = NULL;
		f.api_version = types[i];
		refuse(&f);
	}
	memset(longest, 'a', sizeof(longest));
	longest[EVENT_TYPE_SIZE] = '\0';
	f = snapshot(longest, NULL);
	refuse(&f);
	longest[EVENT_TYPE_SIZE - 1] = '\0';
	build(&f, &body, &ev);
	assert_int_equal(strlen(ev.type), EVENT_TYPE_SIZE - 1);
	buf_free(&body);
}

static void
test_no_room(void **state)
{
	struct fixture f = snapshot("invoice.paid", "invoice");
	struct err e = { "" };
	struct buf body;

	(void)state;
	buf_init(&body, 100);
	assert_int_equal(fixture_event(&f, &body, &e), RES_FAILED);
	assert_string_not_equal(e.text, "");
	buf_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_previous_attributes),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_thin_urls),
		cmocka_unit_test(test_same_ids_in_both_styles),
		cmocka_unit_test(test_random_ids),
		cmocka_unit_test(test_what_was_asked_for),
		cmocka_unit_test(test_unknown_types),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
