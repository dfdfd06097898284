/*
 * What the event types that people meet most change in their objects. Types
 * that are not here send the template as it is.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "fixture.h"
#include "fixture_objects.h"

#include "banned.h"

/* clang-format off */

#define DECLINED \
	"{'type': 'card_error', 'code': 'card_declined'," \
	" 'decline_code': 'generic_decline'," \
	" 'message': 'Your card was declined.'}"

#define REDIRECT \
	"{'type': 'redirect_to_url', 'redirect_to_url': {" \
	"'return_url': 'https://shop.example.com/back'," \
	" 'url': 'https://hooks.example.com/authenticate'}}"

#define PAID \
	"{'status': 'paid', 'amount_paid': 1500, 'amount_remaining': 0," \
	" 'attempt_count': 1, 'attempted': true," \
	" 'status_transitions': {'paid_at': '<now>'}}"

#define ACTION \
	"{'status': 'open', 'attempt_count': 1, 'attempted': true}"

static const struct fixture_type types[] = {
	{ "charge.captured", "{'captured': true}", NULL },
	{ "charge.dispute.closed", "{'status': 'lost'}", NULL },
	{ "charge.dispute.created",
	    "{'status': 'needs_response', 'reason': 'fraudulent'}", NULL },
	{ "charge.dispute.updated",
	    "{'status': 'under_review', 'evidence_details': {"
	    "'has_evidence': true, 'submission_count': 1}}",
	    "{'status': 'needs_response'}" },
	{ "charge.expired",
	    "{'captured': false, 'amount_captured': 0, 'refunded': true,"
	    " 'amount_refunded': 2099}", NULL },
	{ "charge.failed",
	    "{'status': 'failed', 'paid': false, 'captured': false,"
	    " 'amount_captured': 0, 'balance_transaction': null,"
	    " 'failure_code': 'card_declined',"
	    " 'failure_message': 'Your card was declined.',"
	    " 'outcome': {'network_status': 'declined_by_network',"
	    "  'reason': 'generic_decline', 'type': 'issuer_declined',"
	    "  'seller_message': 'The bank did not say why it declined.'}}",
	    NULL },
	{ "charge.pending",
	    "{'status': 'pending', 'paid': false,"
	    " 'balance_transaction': null}", NULL },
	{ "charge.refund.updated", "{'status': 'succeeded'}",
	    "{'status': 'pending'}" },
	{ "charge.refunded",
	    "{'refunded': true, 'amount_refunded': 2099}", NULL },
	{ "charge.succeeded",
	    "{'status': 'succeeded', 'paid': true, 'captured': true}", NULL },
	{ "charge.updated", NULL, "{'description': null}" },
	{ "checkout.session.async_payment_failed",
	    "{'status': 'complete', 'payment_status': 'unpaid'}", NULL },
	{ "checkout.session.async_payment_succeeded",
	    "{'status': 'complete', 'payment_status': 'paid'}", NULL },
	{ "checkout.session.completed",
	    "{'status': 'complete', 'payment_status': 'paid'}", NULL },
	{ "checkout.session.expired",
	    "{'status': 'expired', 'payment_status': 'unpaid',"
	    " 'payment_intent': null, 'expires_at': '<now>'}", NULL },
	{ "customer.subscription.created", "{'status': 'active'}", NULL },
	{ "customer.subscription.deleted",
	    "{'status': 'canceled', 'canceled_at': '<now>',"
	    " 'ended_at': '<now>', 'cancellation_details': {"
	    "'reason': 'cancellation_requested'}}", NULL },
	{ "customer.subscription.paused", "{'status': 'paused'}", NULL },
	{ "customer.subscription.trial_will_end",
	    "{'status': 'trialing', 'trial_start': '<now-950400>',"
	    " 'trial_end': '<now+259200>'}", NULL },
	{ "customer.subscription.updated",
	    "{'cancel_at': '<now+2592000>', 'cancel_at_period_end': true,"
	    " 'canceled_at': '<now>'}",
	    "{'cancel_at': null, 'cancel_at_period_end': false,"
	    " 'canceled_at': null}" },
	{ "customer.updated", NULL, "{'email': 'jane.old@example.com'}" },
	{ "invoice.created",
	    "{'status': 'draft', 'effective_at': null, 'number': null,"
	    " 'automatically_finalizes_at': '<now+3600>',"
	    " 'hosted_invoice_url': null, 'invoice_pdf': null,"
	    " 'status_transitions': {'finalized_at': null}}", NULL },
	{ "invoice.finalized", "{'status': 'open'}", NULL },
	{ "invoice.marked_uncollectible",
	    "{'status': 'uncollectible', 'status_transitions': {"
	    "'marked_uncollectible_at': '<now>'}}", NULL },
	{ "invoice.paid", PAID, NULL },
	{ "invoice.payment_action_required", ACTION, NULL },
	{ "invoice.payment_failed",
	    "{'status': 'open', 'attempt_count': 1, 'attempted': true,"
	    " 'next_payment_attempt': '<now+259200>'}", NULL },
	{ "invoice.payment_succeeded", PAID, NULL },
	{ "invoice.upcoming",
	    "{'id': '<upcoming_in_>', 'status': 'draft', 'number': null,"
	    " 'effective_at': null, 'hosted_invoice_url': null,"
	    " 'invoice_pdf': null, 'next_payment_attempt': '<now+604800>',"
	    " 'status_transitions': {'finalized_at': null}}", NULL },
	{ "invoice.updated", ACTION,
	    "{'attempt_count': 0, 'attempted': false}" },
	{ "invoice.voided",
	    "{'status': 'void', 'amount_remaining': 0,"
	    " 'status_transitions': {'voided_at': '<now>'}}", NULL },
	{ "payment_intent.amount_capturable_updated",
	    "{'status': 'requires_capture', 'capture_method': 'manual',"
	    " 'amount_capturable': 2099, 'latest_charge': '<ch_>'}", NULL },
	{ "payment_intent.canceled",
	    "{'status': 'canceled', 'canceled_at': '<now>',"
	    " 'cancellation_reason': 'requested_by_customer'}", NULL },
	{ "payment_intent.created",
	    "{'status': 'requires_payment_method', 'payment_method': null}",
	    NULL },
	{ "payment_intent.payment_failed",
	    "{'status': 'requires_payment_method', 'payment_method': null,"
	    " 'latest_charge': '<ch_>', 'last_payment_error': " DECLINED "}",
	    NULL },
	{ "payment_intent.processing",
	    "{'status': 'processing', 'processing': {'card': {},"
	    " 'type': 'card'}}", NULL },
	{ "payment_intent.requires_action",
	    "{'status': 'requires_action', 'next_action': " REDIRECT "}",
	    NULL },
	{ "payment_intent.succeeded",
	    "{'status': 'succeeded', 'amount_received': 2099,"
	    " 'latest_charge': '<ch_>', 'canceled_at': null}", NULL },
	{ "payment_method.attached", "{'customer': '<cus_>'}", NULL },
	{ "payment_method.detached", "{'customer': null}", NULL },
	{ "payment_method.updated", NULL,
	    "{'card': {'exp_month': 8, 'exp_year': 2027}}" },
	{ "payout.canceled", "{'status': 'canceled'}", NULL },
	{ "payout.created", "{'status': 'pending'}", NULL },
	{ "payout.failed",
	    "{'status': 'failed', 'failure_balance_transaction': '<txn_>',"
	    " 'failure_code': 'account_closed',"
	    " 'failure_message': 'The bank account has been closed.'}", NULL },
	{ "payout.paid",
	    "{'status': 'paid', 'arrival_date': '<now>', 'trace_id': {"
	    "'status': 'supported', 'value': '0071523'}}", NULL },
	{ "payout.reconciliation_completed",
	    "{'status': 'paid', 'reconciliation_status': 'completed'}",
	    NULL },
	{ "payout.updated", NULL, "{'arrival_date': '<now+86400>'}" },
	{ "price.deleted", "{'active': false}", NULL },
	{ "price.updated", "{'nickname': 'Monthly'}", "{'nickname': null}" },
	{ "product.deleted", "{'active': false}", NULL },
	{ "product.updated", NULL, "{'name': 'Tea box'}" },
	{ "refund.created", "{'status': 'succeeded'}", NULL },
	{ "refund.failed",
	    "{'status': 'failed', 'failure_reason': 'lost_or_stolen_card',"
	    " 'failure_balance_transaction': '<txn_>'}", NULL },
	{ "setup_intent.canceled",
	    "{'status': 'canceled', 'cancellation_reason': 'abandoned'}",
	    NULL },
	{ "setup_intent.requires_action",
	    "{'status': 'requires_action', 'payment_method': '<pm_>',"
	    " 'next_action': " REDIRECT "}", NULL },
	{ "setup_intent.setup_failed",
	    "{'status': 'requires_payment_method',"
	    " 'last_setup_error': " DECLINED "}", NULL },
	{ "setup_intent.succeeded",
	    "{'status': 'succeeded', 'payment_method': '<pm_>'}", NULL },
};

/* clang-format on */

static const struct {
	const char *name;
	const char *type;
} aliases[] = {
	{ "issuing_authorization.request.eu", "issuing_authorization.request" },
	{ "issuing_authorization.request.gb", "issuing_authorization.request" },
	{ "issuing_card.created.eu", "issuing_card.created" },
	{ "issuing_card.created.gb", "issuing_card.created" },
	{ "issuing_cardholder.created.eu", "issuing_cardholder.created" },
	{ "issuing_cardholder.created.gb", "issuing_cardholder.created" },
	{ "subscription.payment_failed", "invoice.payment_failed" },
	{ "subscription.payment_succeeded", "invoice.payment_succeeded" },
};

const char *
fixture_type_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return aliases[i].type;
	return name;
}

const struct fixture_type *
fixture_type_find(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			return &types[i];
	return NULL;
}
