/*
 * The objects that test events are about.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "fixture_objects.h"

#include "banned.h"

/* clang-format off */

#define ADDRESS \
	"{'city': 'Lyon', 'country': 'FR', 'line1': '12 rue des Lilas'," \
	" 'line2': null, 'postal_code': '69003', 'state': null}"

#define BILLING \
	"{'address': " ADDRESS ", 'email': 'jane@example.com'," \
	" 'name': 'Jane Doe', 'phone': null, 'tax_id': null}"

#define CHECKS \
	"{'address_line1_check': 'pass'," \
	" 'address_postal_code_check': 'pass', 'cvc_check': 'pass'}"

#define METADATA "{'order_id': '6735'}"

static const char balance[] =
    "{'object': 'balance',"
    " 'available': [{'amount': 182400, 'currency': 'eur',"
    "  'source_types': {'card': 182400}}],"
    " 'livemode': '<live>',"
    " 'pending': [{'amount': 2099, 'currency': 'eur',"
    "  'source_types': {'card': 2099}}]}";

static const char charge[] =
    "{'id': '<ch_>', 'object': 'charge', 'amount': 2099,"
    " 'amount_captured': 2099, 'amount_refunded': 0, 'application': null,"
    " 'application_fee': null, 'application_fee_amount': null,"
    " 'balance_transaction': '<txn_>', 'billing_details': " BILLING ","
    " 'calculated_statement_descriptor': 'EXAMPLE SHOP', 'captured': true,"
    " 'created': '<now>', 'currency': 'eur', 'customer': '<cus_>',"
    " 'description': 'Order 6735', 'disputed': false,"
    " 'failure_balance_transaction': null, 'failure_code': null,"
    " 'failure_message': null, 'fraud_details': {}, 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'on_behalf_of': null,"
    " 'outcome': {'advice_code': null, 'network_advice_code': null,"
    "  'network_decline_code': null,"
    "  'network_status': 'approved_by_network', 'reason': null,"
    "  'risk_level': 'normal', 'risk_score': 21,"
    "  'seller_message': 'Payment complete.', 'type': 'authorized'},"
    " 'paid': true, 'payment_intent': '<pi_>', 'payment_method': '<pm_>',"
    " 'payment_method_details': {'card': {'amount_authorized': 2099,"
    "   'brand': 'visa', 'checks': " CHECKS ", 'country': 'FR',"
    "   'exp_month': 8, 'exp_year': 2031, 'fingerprint': 'b5dKq0wRt2TnY7pM',"
    "   'funding': 'credit', 'last4': '4242', 'network': 'visa',"
    "   'three_d_secure': null, 'wallet': null}, 'type': 'card'},"
    " 'receipt_email': 'jane@example.com', 'receipt_number': null,"
    " 'receipt_url': 'https://pay.example.com/receipts/<ch_>',"
    " 'refunded': false, 'review': null, 'shipping': null,"
    " 'source_transfer': null, 'statement_descriptor': null,"
    " 'statement_descriptor_suffix': null, 'status': 'succeeded',"
    " 'transfer_data': null, 'transfer_group': null}";

static const char checkout_session[] =
    "{'id': '<cs_test_>', 'object': 'checkout.session',"
    " 'allow_promotion_codes': null, 'amount_subtotal': 2099,"
    " 'amount_total': 2099, 'automatic_tax': {'enabled': false,"
    "  'liability': null, 'provider': null, 'status': null},"
    " 'billing_address_collection': null,"
    " 'cancel_url': 'https://shop.example.com/cart',"
    " 'client_reference_id': '6735', 'client_secret': null,"
    " 'collected_information': null, 'consent': null,"
    " 'consent_collection': null, 'created': '<now>', 'currency': 'eur',"
    " 'custom_fields': [], 'customer': '<cus_>',"
    " 'customer_creation': 'always',"
    " 'customer_details': {'address': " ADDRESS ","
    "  'email': 'jane@example.com', 'name': 'Jane Doe', 'phone': null,"
    "  'tax_exempt': 'none', 'tax_ids': []}, 'customer_email': null,"
    " 'discounts': [], 'expires_at': '<now+86400>', 'invoice': null,"
    " 'livemode': '<live>', 'locale': null, 'metadata': " METADATA ","
    " 'mode': 'payment', 'payment_intent': '<pi_>', 'payment_link': null,"
    " 'payment_method_collection': 'if_required',"
    " 'payment_method_types': ['card'], 'payment_status': 'paid',"
    " 'phone_number_collection': {'enabled': false},"
    " 'recovered_from': null, 'setup_intent': null, 'shipping_cost': null,"
    " 'shipping_options': [], 'status': 'complete', 'submit_type': null,"
    " 'subscription': null,"
    " 'success_url': 'https://shop.example.com/thanks',"
    " 'total_details': {'amount_discount': 0, 'amount_shipping': 0,"
    "  'amount_tax': 0}, 'ui_mode': 'hosted', 'url': null}";

static const char customer[] =
    "{'id': '<cus_>', 'object': 'customer', 'address': " ADDRESS ","
    " 'balance': 0, 'created': '<now>', 'currency': 'eur',"
    " 'default_source': null, 'delinquent': false,"
    " 'description': 'Regular buyer', 'discount': null,"
    " 'email': 'jane@example.com', 'invoice_prefix': 'K7Q2MWZ1',"
    " 'invoice_settings': {'custom_fields': null,"
    "  'default_payment_method': '<pm_>', 'footer': null,"
    "  'rendering_options': null}, 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'name': 'Jane Doe',"
    " 'next_invoice_sequence': 2, 'phone': null,"
    " 'preferred_locales': ['fr'], 'shipping': null,"
    " 'tax_exempt': 'none', 'test_clock': null}";

static const char dispute[] =
    "{'id': '<du_>', 'object': 'dispute', 'amount': 2099,"
    " 'balance_transactions': [], 'charge': '<ch_>', 'created': '<now>',"
    " 'currency': 'eur', 'enhanced_eligibility_types': [],"
    " 'evidence': {'customer_email_address': 'jane@example.com',"
    "  'customer_name': 'Jane Doe', 'product_description': null,"
    "  'receipt': null, 'uncategorized_text': null},"
    " 'evidence_details': {'due_by': '<now+604800>',"
    "  'enhanced_eligibility': {}, 'has_evidence': false,"
    "  'past_due': false, 'submission_count': 0},"
    " 'is_charge_refundable': false, 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'payment_intent': '<pi_>',"
    " 'payment_method_details': {'card': {'brand': 'visa',"
    "   'case_type': 'chargeback', 'network_reason_code': '10.4'},"
    "  'type': 'card'}, 'reason': 'fraudulent',"
    " 'status': 'needs_response'}";

static const char invoice[] =
    "{'id': '<in_>', 'object': 'invoice', 'account_country': 'FR',"
    " 'account_name': 'Example Shop', 'account_tax_ids': null,"
    " 'amount_due': 1500, 'amount_overpaid': 0, 'amount_paid': 0,"
    " 'amount_remaining': 1500, 'amount_shipping': 0, 'application': null,"
    " 'attempt_count': 0, 'attempted': false, 'auto_advance': true,"
    " 'automatic_tax': {'disabled_reason': null, 'enabled': false,"
    "  'liability': null, 'provider': null, 'status': null},"
    " 'automatically_finalizes_at': null,"
    " 'billing_reason': 'subscription_cycle',"
    " 'collection_method': 'charge_automatically', 'created': '<now>',"
    " 'currency': 'eur', 'custom_fields': null, 'customer': '<cus_>',"
    " 'customer_address': " ADDRESS ","
    " 'customer_email': 'jane@example.com', 'customer_name': 'Jane Doe',"
    " 'customer_phone': null, 'customer_shipping': null,"
    " 'customer_tax_exempt': 'none', 'customer_tax_ids': [],"
    " 'default_payment_method': null, 'default_source': null,"
    " 'default_tax_rates': [], 'description': null, 'discounts': [],"
    " 'due_date': null, 'effective_at': '<now>', 'ending_balance': 0,"
    " 'footer': null, 'from_invoice': null,"
    " 'hosted_invoice_url': 'https://invoice.example.com/i/<in_>',"
    " 'invoice_pdf': 'https://invoice.example.com/i/<in_>/pdf',"
    " 'issuer': {'type': 'self'}, 'last_finalization_error': null,"
    " 'latest_revision': null, 'lines': {'object': 'list', 'data': [{"
    "   'id': '<il_>', 'object': 'line_item', 'amount': 1500,"
    "   'currency': 'eur', 'description': '1 x Coffee box (monthly)',"
    "   'discount_amounts': [], 'discountable': true, 'discounts': [],"
    "   'invoice': '<in_>', 'livemode': '<live>', 'metadata': {},"
    "   'parent': {'invoice_item_details': null,"
    "    'subscription_item_details': {'invoice_item': null,"
    "     'proration': false, 'subscription': '<sub_>',"
    "     'subscription_item': '<si_>'},"
    "    'type': 'subscription_item_details'},"
    "   'period': {'end': '<now+2592000>', 'start': '<now>'},"
    "   'pricing': {'price_details': {'price': '<price_>',"
    "     'product': '<prod_>'}, 'type': 'price_details',"
    "    'unit_amount_decimal': '1500'}, 'quantity': 1, 'taxes': []}],"
    "  'has_more': false, 'total_count': 1,"
    "  'url': '/v1/invoices/<in_>/lines'}, 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'next_payment_attempt': null,"
    " 'number': 'K7Q2MWZ1-0001', 'on_behalf_of': null,"
    " 'parent': {'quote_details': null, 'subscription_details': {"
    "   'metadata': {}, 'subscription': '<sub_>'},"
    "  'type': 'subscription_details'},"
    " 'payment_settings': {'default_mandate': null,"
    "  'payment_method_options': null, 'payment_method_types': null},"
    " 'period_end': '<now>', 'period_start': '<now-2592000>',"
    " 'post_payment_credit_notes_amount': 0,"
    " 'pre_payment_credit_notes_amount': 0, 'receipt_number': null,"
    " 'shipping_cost': null, 'shipping_details': null,"
    " 'starting_balance': 0, 'statement_descriptor': null,"
    " 'status': 'open', 'status_transitions': {'finalized_at': '<now>',"
    "  'marked_uncollectible_at': null, 'paid_at': null,"
    "  'voided_at': null}, 'subtotal': 1500,"
    " 'subtotal_excluding_tax': 1500, 'test_clock': null, 'total': 1500,"
    " 'total_discount_amounts': [], 'total_excluding_tax': 1500,"
    " 'total_taxes': [], 'webhooks_delivered_at': null}";

static const char payment_intent[] =
    "{'id': '<pi_>', 'object': 'payment_intent', 'amount': 2099,"
    " 'amount_capturable': 0, 'amount_details': {'tip': {}},"
    " 'amount_received': 0, 'application': null,"
    " 'application_fee_amount': null,"
    " 'automatic_payment_methods': {'allow_redirects': 'always',"
    "  'enabled': true}, 'canceled_at': null, 'cancellation_reason': null,"
    " 'capture_method': 'automatic_async',"
    " 'client_secret': '<pi_>_secret_example',"
    " 'confirmation_method': 'automatic', 'created': '<now>',"
    " 'currency': 'eur', 'customer': '<cus_>',"
    " 'description': 'Order 6735', 'last_payment_error': null,"
    " 'latest_charge': null, 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'next_action': null,"
    " 'on_behalf_of': null, 'payment_method': '<pm_>',"
    " 'payment_method_options': {'card': {'installments': null,"
    "  'mandate_options': null, 'network': null,"
    "  'request_three_d_secure': 'automatic'}},"
    " 'payment_method_types': ['card'], 'processing': null,"
    " 'receipt_email': 'jane@example.com', 'review': null,"
    " 'setup_future_usage': null, 'shipping': null,"
    " 'statement_descriptor': null, 'statement_descriptor_suffix': null,"
    " 'status': 'requires_confirmation', 'transfer_data': null,"
    " 'transfer_group': null}";

static const char payment_method[] =
    "{'id': '<pm_>', 'object': 'payment_method',"
    " 'allow_redisplay': 'limited', 'billing_details': " BILLING ","
    " 'card': {'brand': 'visa', 'checks': " CHECKS ", 'country': 'FR',"
    "  'display_brand': 'visa', 'exp_month': 8, 'exp_year': 2031,"
    "  'fingerprint': 'b5dKq0wRt2TnY7pM', 'funding': 'credit',"
    "  'generated_from': null, 'last4': '4242',"
    "  'networks': {'available': ['visa'], 'preferred': null},"
    "  'regulated_status': 'unregulated',"
    "  'three_d_secure_usage': {'supported': true}, 'wallet': null},"
    " 'created': '<now>', 'customer': '<cus_>', 'livemode': '<live>',"
    " 'metadata': " METADATA ", 'type': 'card'}";

static const char payout[] =
    "{'id': '<po_>', 'object': 'payout', 'amount': 182400,"
    " 'application_fee': null, 'application_fee_amount': null,"
    " 'arrival_date': '<now+172800>', 'automatic': true,"
    " 'balance_transaction': '<txn_>', 'created': '<now>',"
    " 'currency': 'eur', 'description': 'STRIPE PAYOUT',"
    " 'destination': '<ba_>', 'failure_balance_transaction': null,"
    " 'failure_code': null, 'failure_message': null,"
    " 'livemode': '<live>', 'metadata': " METADATA ","
    " 'method': 'standard', 'original_payout': null,"
    " 'payout_method': null, 'reconciliation_status': 'in_progress',"
    " 'reversed_by': null, 'source_type': 'card',"
    " 'statement_descriptor': null, 'status': 'in_transit',"
    " 'trace_id': {'status': 'pending', 'value': null},"
    " 'type': 'bank_account'}";

static const char price[] =
    "{'id': '<price_>', 'object': 'price', 'active': true,"
    " 'billing_scheme': 'per_unit', 'created': '<now>',"
    " 'currency': 'eur', 'custom_unit_amount': null,"
    " 'livemode': '<live>', 'lookup_key': null,"
    " 'metadata': " METADATA ", 'nickname': null, 'product': '<prod_>',"
    " 'recurring': {'interval': 'month', 'interval_count': 1,"
    "  'meter': null, 'trial_period_days': null,"
    "  'usage_type': 'licensed'}, 'tax_behavior': 'inclusive',"
    " 'tiers_mode': null, 'transform_quantity': null,"
    " 'type': 'recurring', 'unit_amount': 1500,"
    " 'unit_amount_decimal': '1500'}";

static const char product[] =
    "{'id': '<prod_>', 'object': 'product', 'active': true,"
    " 'created': '<now>', 'default_price': null,"
    " 'description': 'Three bags of coffee, every month', 'images': [],"
    " 'livemode': '<live>', 'marketing_features': [],"
    " 'metadata': " METADATA ", 'name': 'Coffee box',"
    " 'package_dimensions': null, 'shippable': true,"
    " 'statement_descriptor': null, 'tax_code': null, 'type': 'service',"
    " 'unit_label': null, 'updated': '<now>', 'url': null}";

static const char refund[] =
    "{'id': '<re_>', 'object': 'refund', 'amount': 2099,"
    " 'balance_transaction': '<txn_>', 'charge': '<ch_>',"
    " 'created': '<now>', 'currency': 'eur',"
    " 'destination_details': {'card': {'reference_status': 'pending',"
    "   'reference_type': 'acquirer_reference_number', 'type': 'refund'},"
    "  'type': 'card'}, 'metadata': " METADATA ","
    " 'payment_intent': '<pi_>', 'reason': 'requested_by_customer',"
    " 'receipt_number': null, 'source_transfer_reversal': null,"
    " 'status': 'succeeded', 'transfer_reversal': null}";

static const char setup_intent[] =
    "{'id': '<seti_>', 'object': 'setup_intent', 'application': null,"
    " 'automatic_payment_methods': {'allow_redirects': 'always',"
    "  'enabled': true}, 'cancellation_reason': null,"
    " 'client_secret': '<seti_>_secret_example', 'created': '<now>',"
    " 'customer': '<cus_>', 'description': null, 'flow_directions': null,"
    " 'last_setup_error': null, 'latest_attempt': '<setatt_>',"
    " 'livemode': '<live>', 'mandate': null,"
    " 'metadata': " METADATA ", 'next_action': null,"
    " 'on_behalf_of': null, 'payment_method': null,"
    " 'payment_method_options': {'card': {'mandate_options': null,"
    "  'network': null, 'request_three_d_secure': 'automatic'}},"
    " 'payment_method_types': ['card'], 'single_use_mandate': null,"
    " 'status': 'requires_payment_method', 'usage': 'off_session'}";

static const char subscription[] =
    "{'id': '<sub_>', 'object': 'subscription', 'application': null,"
    " 'application_fee_percent': null, 'automatic_tax': {"
    "  'disabled_reason': null, 'enabled': false, 'liability': null},"
    " 'billing_cycle_anchor': '<now>',"
    " 'billing_cycle_anchor_config': null, 'billing_mode': {"
    "  'type': 'flexible'}, 'billing_thresholds': null, 'cancel_at': null,"
    " 'cancel_at_period_end': false, 'canceled_at': null,"
    " 'cancellation_details': {'comment': null, 'feedback': null,"
    "  'reason': null}, 'collection_method': 'charge_automatically',"
    " 'created': '<now>', 'currency': 'eur', 'customer': '<cus_>',"
    " 'days_until_due': null, 'default_payment_method': '<pm_>',"
    " 'default_source': null, 'default_tax_rates': [],"
    " 'description': null, 'discounts': [], 'ended_at': null,"
    " 'invoice_settings': {'account_tax_ids': null,"
    "  'issuer': {'type': 'self'}}, 'items': {'object': 'list',"
    "  'data': [{'id': '<si_>', 'object': 'subscription_item',"
    "   'billing_thresholds': null, 'created': '<now>',"
    "   'current_period_end': '<now+2592000>',"
    "   'current_period_start': '<now>', 'discounts': [],"
    "   'metadata': {}, 'price': {'id': '<price_>', 'object': 'price',"
    "    'active': true, 'billing_scheme': 'per_unit',"
    "    'created': '<now>', 'currency': 'eur', 'livemode': '<live>',"
    "    'metadata': {}, 'product': '<prod_>', 'recurring': {"
    "     'interval': 'month', 'interval_count': 1, 'meter': null,"
    "     'usage_type': 'licensed'}, 'type': 'recurring',"
    "    'unit_amount': 1500, 'unit_amount_decimal': '1500'},"
    "   'quantity': 1, 'subscription': '<sub_>', 'tax_rates': []}],"
    "  'has_more': false, 'total_count': 1,"
    "  'url': '/v1/subscription_items?subscription=<sub_>'},"
    " 'latest_invoice': '<in_>', 'livemode': '<live>',"
    " 'metadata': " METADATA ","
    " 'next_pending_invoice_item_invoice': null, 'on_behalf_of': null,"
    " 'pause_collection': null, 'payment_settings': {"
    "  'payment_method_options': null, 'payment_method_types': null,"
    "  'save_default_payment_method': 'off'},"
    " 'pending_invoice_item_interval': null,"
    " 'pending_setup_intent': null, 'pending_update': null,"
    " 'schedule': null, 'start_date': '<now>', 'status': 'active',"
    " 'test_clock': null, 'transfer_data': null, 'trial_end': null,"
    " 'trial_settings': {'end_behavior': {"
    "  'missing_payment_method': 'create_invoice'}},"
    " 'trial_start': null}";

/* clang-format on */

static const struct fixture_object objects[] = {
	{ .tag = "account", .id = "<acct_>", .no_livemode = true },
	{ .tag = "application", .id = "<ca_>", .no_livemode = true },
	{ .tag = "balance", .path = "/v1/balance", .json = balance },
	{ .tag = "balance_settings", .path = "/v1/balance_settings" },
	{ .tag = "bank_account", .id = "<ba_>", .no_livemode = true },
	{ .tag = "billing.alert_triggered" },
	{ .tag = "capability",
	    .id = "<cpb_>",
	    .path = "/v1/accounts/<acct_>/capabilities",
	    .no_livemode = true },
	{ .tag = "card", .id = "<card_>", .no_livemode = true },
	{ .tag = "cash_balance", .path = "/v1/customers/<cus_>/cash_balance" },
	{ .tag = "charge", .id = "<ch_>", .json = charge },
	{ .tag = "checkout.session",
	    .id = "<cs_test_>",
	    .json = checkout_session },
	{ .tag = "customer", .id = "<cus_>", .json = customer },
	{ .tag = "customer_cash_balance_transaction",
	    .id = "<ccsbtxn_>",
	    .path = "/v1/customers/<cus_>/cash_balance_transactions" },
	{ .tag = "discount",
	    .id = "<di_>",
	    .path = "/v1/customers/<cus_>/discount",
	    .no_livemode = true,
	    .thin_no_id = true },
	{ .tag = "dispute", .id = "<du_>", .json = dispute },
	{ .tag = "entitlements.active_entitlement_summary" },
	{ .tag = "fee_refund",
	    .id = "<fr_>",
	    .path = "/v1/application_fees/<fee_>/refunds",
	    .no_livemode = true },
	{ .tag = "file", .id = "<file_>", .no_livemode = true },
	{ .tag = "invoice", .id = "<in_>", .json = invoice },
	{ .tag = "payment_intent", .id = "<pi_>", .json = payment_intent },
	{ .tag = "payment_method", .id = "<pm_>", .json = payment_method },
	{ .tag = "payout", .id = "<po_>", .json = payout },
	{ .tag = "person",
	    .id = "<person_>",
	    .path = "/v1/accounts/<acct_>/persons",
	    .no_livemode = true },
	{ .tag = "price", .id = "<price_>", .json = price },
	{ .tag = "product", .id = "<prod_>", .json = product },
	{ .tag = "refund", .id = "<re_>", .json = refund, .no_livemode = true },
	{ .tag = "scheduled_query_run",
	    .id = "<sqr_>",
	    .path = "/v1/sigma/scheduled_query_runs" },
	{ .tag = "setup_intent", .id = "<seti_>", .json = setup_intent },
	{ .tag = "subscription", .id = "<sub_>", .json = subscription },
	{ .tag = "tax.settings", .path = "/v1/tax/settings" },
	{ .tag = "v2.core.account_person",
	    .id = "<person_>",
	    .path = "/v2/core/accounts/<acct_>/persons" },
	{ .tag = "v2.core.event_destination", .id = "<ed_>" },
};

const struct fixture_object *
fixture_object_find(const char *tag)
{
	size_t i;

	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (strcmp(objects[i].tag, tag) == 0)
			return &objects[i];
	return NULL;
}
