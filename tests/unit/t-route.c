/*
 * Which handlers want an event. route_check has its cases in tests/data/conf.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "event_own.h"
#include "route.h"

#include "banned.h"

static char paid[] = "invoice.paid", any[] = "*", invoices[] = "invoice.*";
static char ours[] = "stripehook.*", silence[] = "stripehook.silence";
static char failed[] = "*.failed";
static char shop[] = "shop", club[] = "club";

static struct conf_text exact[] = { { paid, 1 } };
static struct conf_text both[] = { { any, 1 }, { paid, 1 } };
static struct conf_text parts[] = { { invoices, 1 } };
static struct conf_text own[] = { { ours, 1 } };
static struct conf_text mixed[] = { { silence, 1 }, { failed, 1 } };
static struct conf_text one_endpoint[] = { { shop, 1 } };
static struct conf_text two_endpoints[] = { { club, 1 }, { shop, 1 } };

static struct conf_handler handlers[] = {
	{ .name = "exact", .events = exact, .nevents = 1 },
	{ .name = "both",
	    .events = both,
	    .nevents = 2,
	    .endpoints = one_endpoint,
	    .nendpoints = 1 },
	{ .name = "parts",
	    .events = parts,
	    .nevents = 1,
	    .endpoints = two_endpoints,
	    .nendpoints = 2 },
	{ .name = "own",
	    .events = own,
	    .nevents = 1,
	    .endpoints = one_endpoint,
	    .nendpoints = 1 },
	{ .name = "mixed", .events = mixed, .nevents = 2 },
};
#define HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

static const struct {
	const char *endpoint;
	const char *type;
	const char *names[5]; /* of the handlers, ended by NULL */
} cases[] = {
	{ "shop", "invoice.paid", { "exact", "both", "parts" } },
	{ "club", "invoice.paid", { "exact", "parts" } },
	{ "none", "invoice.paid", { "exact" } },
	{ "shop", "invoice.sent", { "both", "parts" } },
	{ "club", "charge.updated", { NULL } },
	{ "club", "charge.failed", { "mixed" } },
	{ "shop", "charge.failed", { "both", "mixed" } },
	{ "sho", "charge.updated", { NULL } },
	/* Our own, whatever the endpoints, and to nobody who says "*". */
	{ EVENT_OWN_ENDPOINT, "stripehook.silence", { "own", "mixed" } },
	{ EVENT_OWN_ENDPOINT, "stripehook.delivery.failed", { "own" } },
	{ EVENT_OWN_ENDPOINT, "stripehook.of.tomorrow", { "own" } },
	/* Signed by Stripe: a type like any other that is not known. */
	{ "shop", "stripehook.silence", { "both" } },
	{ "club", "stripehook.silence", { NULL } },
	{ "shop", "stripehook.delivery.failed", { "both", "mixed" } },
	/* Nothing else comes from here. */
	{ EVENT_OWN_ENDPOINT, "charge.failed", { NULL } },
	{ EVENT_OWN_ENDPOINT, "invoice.paid", { NULL } },
};

static void
test_find(void **state)
{
	const struct conf c = { .handlers = handlers, .nhandlers = HANDLERS };
	const struct conf_handler *out[HANDLERS];
	size_t i, j, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n = route_find(&c, cases[i].endpoint, cases[i].type, out);
		for (j = 0; j < n; j++) {
			assert_non_null(cases[i].names[j]);
			assert_string_equal(out[j]->name, cases[i].names[j]);
			assert_true(route_wants(
			    out[j], cases[i].endpoint, cases[i].type));
		}
		assert_null(cases[i].names[n]);
	}
}

static void
test_lane(void **state)
{
	static const struct {
		enum conf_lane lane;
		const char *object;
		const char *customer;
		const char *want;
	} lanes[] = {
		{ CONF_LANE_OBJECT, "in_1", "cus_1", "in_1" },
		{ CONF_LANE_OBJECT, "", "cus_1", "" },
		{ CONF_LANE_CUSTOMER, "in_1", "cus_1", "cus_1" },
		{ CONF_LANE_CUSTOMER, "in_1", "", "in_1" },
		{ CONF_LANE_CUSTOMER, "", "", "" },
		{ CONF_LANE_NONE, "in_1", "cus_1", "" },
	};
	struct conf_handler h = { .name = "h" };
	char lane[DELIVERY_LANE_SIZE];
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lanes) / sizeof(lanes[0]); i++) {
		memset(&ev, 0, sizeof(ev));
		memcpy(
		    ev.object_id, lanes[i].object, strlen(lanes[i].object) + 1);
		memcpy(ev.customer, lanes[i].customer,
		    strlen(lanes[i].customer) + 1);
		h.lane = lanes[i].lane;
		memset(lane, 'x', sizeof(lane));
		route_lane(&h, &ev, lane);
		assert_string_equal(lane, lanes[i].want);
	}
	memset(ev.object_id, 'y', sizeof(ev.object_id) - 1);
	h.lane = CONF_LANE_OBJECT;
	route_lane(&h, &ev, lane);
	assert_string_equal(lane, ev.object_id);
}

/*
 * Patterns whose place cannot be guessed, or that are too long to be.
 */
static void
test_check(void **state)
{
	static char middle[] = "invoices.*.x", twice[] = "*.zzz.*";
	static char lengthy[EVENT_TYPE_SIZE + 10], second[] = "checkout.*";
	static struct conf_text events[] = { { middle, 2 }, { twice, 3 },
		{ lengthy, 4 }, { second, 5 } };
	static char path[] = "/etc/x";
	struct conf_handler h = { .name = "h", .events = events, .nevents = 4 };
	struct conf c = { .path = path, .handlers = &h, .nhandlers = 1 };
	struct conf_report r;
	size_t i;

	(void)state;
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	catalogue_init(&c.catalogue);
	conf_report_init(&r);
	route_check(&c, &r);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.errors, 0);
	for (i = 0; i < r.n; i++) {
		assert_int_equal(r.findings[i].line, (int)i + 2);
		assert_string_equal(r.findings[i].file, "/etc/x");
		assert_null(strstr(r.findings[i].text, "did you mean"));
	}
	conf_report_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_lane),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
