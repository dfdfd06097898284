/*
 * Events as Stripe sends them, made by hand after its API reference, and the
 * official library to sign and to read them with.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import Stripe from 'stripe';

/* Made up; nothing of it reaches anybody but this machine. */
export const apiKey = 'sk_test_standin000000000';

/* The library as a module, and its second build, as "require" gives it. */
export const stripe = new Stripe(apiKey, { telemetry: false });
export const stripeCommonjs = new (createRequire(import.meta.url)('stripe'))(
    apiKey, { telemetry: false });

export const newSecret = () => `whsec_${randomBytes(16).toString('hex')}`;
export const newId = (prefix) => prefix + randomBytes(12).toString('hex');
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/* A payment_intent.succeeded as an object, to be changed by the caller. */
export function snapshotEvent() {
	return {
		id: newId('evt_1'),
		object: 'event',
		api_version: '2026-10-28.endive',
		created: nowSeconds(),
		data: {
			object: {
				id: newId('pi_3'),
				object: 'payment_intent',
				amount: 2000,
				amount_received: 2000,
				currency: 'eur',
				customer: newId('cus_'),
				description: 'caf\u00e9 \u20ac \u{1f600}',
				livemode: false,
				status: 'succeeded',
			},
		},
		livemode: false,
		pending_webhooks: 1,
		request: { id: newId('req_'), idempotency_key: null },
		type: 'payment_intent.succeeded',
	};
}

/* A v1.customer.updated, likewise. */
export function thinEvent() {
	const customer = newId('cus_');

	return {
		id: newId('evt_test_'),
		object: 'v2.core.event',
		type: 'v1.customer.updated',
		livemode: false,
		created: new Date().toISOString(),
		related_object: {
			id: customer,
			type: 'customer',
			url: `/v1/customers/${customer}`,
		},
		reason: {
			type: 'request',
			request: { id: newId('req_'), idempotency_key: 'k1' },
		},
		snapshot_event: newId('evt_1'),
	};
}

/* Indented by two blanks, as Stripe's own bodies are. */
export const toBody = (event) => JSON.stringify(event, null, 2);
