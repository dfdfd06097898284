/*
 * What the official library signs we take, and what we sign it takes.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openEndpoint } from './lib/endpoint.mjs';
import { newSecret, nowSeconds, snapshotEvent, stripe, thinEvent, toBody }
    from './lib/events.mjs';
import { openCatcher } from './lib/http.mjs';
import { noServer } from './lib/tools.mjs';

const secret = newSecret();
const styles = {
	snapshot: {
		make: snapshotEvent,
		read: (...request) =>
		    stripe.webhooks.constructEvent(...request),
	},
	thin: {
		make: thinEvent,
		read: (...request) =>
		    stripe.parseEventNotification(...request),
	},
};
let endpoint;

before(async () => {
	endpoint = await openEndpoint({ main: [secret] },
	    { server: !noServer });
});

after(() => endpoint?.close());

/* Runs the command; what it prints. */
async function say(args, options) {
	const { code, stdout, stderr } = await endpoint.command(args, options);

	assert.equal(code, 0, `stripehook ${args.join(' ')}: ${stderr}`);
	return stdout.toString();
}

describe('signed by the stripe package', () => {
	for (const [style, { make }] of Object.entries(styles))
		for (const [gate, via, skip] of [
			['nginx and FastCGI', 'http', noServer],
			['CGI', 'cgi', false],
		])
			it(`a ${style} event over ${gate}: 200`, { skip },
			    async () => {
				const event = make();
				const body = toBody(event);
				const answer = await endpoint[via](body,
				    stripe.webhooks.generateTestHeaderString(
				    { payload: body, secret }));

				assert.equal(answer.status, 200,
				    endpoint.log());
				assert.deepEqual(JSON.parse(answer.body),
				    { received: true });
				assert.equal(String(endpoint.handled(event.id)),
				    body);
				assert.equal(
				    await say(['show', '--body', event.id]),
				    body);
			});
});

describe('signed by stripehook sign', () => {
	for (const [style, { make, read }] of Object.entries(styles)) {
		it(`a ${style} event in a file`, async () => {
			const event = make();
			const body = toBody(event);
			const path = join(endpoint.dir, `${style}.json`);

			writeFileSync(path, body);
			const header = (await say(['sign', path])).trimEnd();

			assert.equal(read(body, header, secret).id, event.id);
		});

		it(`a ${style} event on standard input`, async () => {
			const event = make();
			const body = `${toBody(event)}\n`;
			const header = (await say(['sign'], { input: body }))
			    .trimEnd();

			assert.equal(read(body, header, secret).id, event.id);
		});

		it(`a ${style} event, another secret: refused`, async () => {
			const body = toBody(make());
			const header = (await say(['sign'], { input: body }))
			    .trimEnd();

			assert.throws(() => read(body, header, newSecret()),
			    { type: 'StripeSignatureVerificationError' });
		});
	}

	it('the same header as the package for the same time', async () => {
		const body = toBody(snapshotEvent());
		const timestamp = nowSeconds() - 100;

		assert.equal(
		    await say(['sign', '-t', String(timestamp)],
			{ input: body }),
		    `${stripe.webhooks.generateTestHeaderString(
			{ payload: body, secret, timestamp })}\n`);
	});
});

/* Types, what they are about, and what such an object must say. */
const fixtures = {
	'payment_intent.succeeded': (o) => {
		assert.equal(o.object, 'payment_intent');
		assert.equal(o.status, 'succeeded');
		assert.equal(o.amount_received, o.amount);
		assert.match(o.latest_charge, /^ch_/);
	},
	'payment_intent.payment_failed': (o) => {
		assert.equal(o.status, 'requires_payment_method');
		assert.equal(o.last_payment_error.type, 'card_error');
	},
	'payment_method.attached': (o) => {
		assert.equal(o.object, 'payment_method');
		assert.match(o.customer, /^cus_/);
	},
	'charge.refunded': (o) => {
		assert.equal(o.object, 'charge');
		assert.equal(o.refunded, true);
		assert.equal(o.amount_refunded, o.amount);
	},
	'charge.dispute.created': (o) => assert.equal(o.object, 'dispute'),
	'checkout.session.completed': (o) => {
		assert.equal(o.object, 'checkout.session');
		assert.equal(o.status, 'complete');
		assert.equal(o.payment_status, 'paid');
	},
	'customer.subscription.deleted': (o) => {
		assert.equal(o.object, 'subscription');
		assert.equal(o.status, 'canceled');
	},
	'invoice.paid': (o) => {
		assert.equal(o.object, 'invoice');
		assert.equal(o.status, 'paid');
		assert.equal(o.amount_remaining, 0);
	},
	'balance.available': (o) => {
		assert.equal(o.object, 'balance');
		assert.ok(Array.isArray(o.available));
		assert.equal('id' in o, false);
	},
	'plan.created': (o) => assert.equal(o.object, 'plan'),
};

/* What `stripehook trigger` posts, read by the library. */
async function catchTrigger(args, read) {
	const catcher = await openCatcher();

	try {
		const said = await say(
		    ['trigger', ...args, '--url', catcher.url]);
		const [{ method, headers, body }] = catcher.caught;

		assert.equal(catcher.caught.length, 1);
		assert.equal(method, 'POST');
		assert.match(headers['content-type'], /^application\/json\b/);
		const event = read(body, headers['stripe-signature'], secret);

		assert.match(said, new RegExp(`\\[200\\] POST .*${event.id}`));
		return event;
	} finally {
		await catcher.close();
	}
}

describe('sent by stripehook trigger', () => {
	for (const [type, check] of Object.entries(fixtures))
		it(type, async () => {
			const event = await catchTrigger([type],
			    styles.snapshot.read);

			assert.equal(event.object, 'event');
			assert.equal(event.type, type);
			assert.match(event.id, /^evt_[A-Za-z0-9]+$/);
			assert.ok(Math.abs(event.created - nowSeconds()) < 60);
			assert.equal(event.livemode, false);
			assert.equal(event.api_version, stripe.getApiField(
			    'version'));
			assert.equal(event.pending_webhooks, 1);
			assert.deepEqual(Object.keys(event.request).sort(),
			    ['id', 'idempotency_key']);
			check(event.data.object);
		});

	it('customer.updated has previous_attributes', async () => {
		const { data } = await catchTrigger(['customer.updated'],
		    styles.snapshot.read);

		assert.equal(data.object.object, 'customer');
		assert.ok(Object.keys(data.previous_attributes).length > 0);
	});

	it('an event of a connected account', async () => {
		const event = await catchTrigger(
		    ['--account', 'acct_1', 'payment_intent.created'],
		    styles.snapshot.read);

		assert.equal(event.account, 'acct_1');
	});

	for (const args of [['v1.customer.updated'], ['--thin',
		'v1.customer.updated'], ['--thin', 'customer.updated']])
		it(`thin: ${args.join(' ')}`, async () => {
			const event = await catchTrigger(args,
			    styles.thin.read);
			const { id, type, url } = event.related_object;

			assert.equal(event.object, 'v2.core.event');
			assert.equal(event.type, 'v1.customer.updated');
			assert.match(event.created,
			    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
			assert.ok(Math.abs(Date.parse(event.created) / 1000 -
			    nowSeconds()) < 60);
			assert.equal(event.livemode, false);
			assert.equal(type, 'customer');
			assert.equal(url, `/v1/customers/${id}`);
			assert.equal('data' in event, false);
		});

	it('thin: a singleton has no id', async () => {
		const event = await catchTrigger(['v1.balance.available'],
		    styles.thin.read);

		assert.equal(event.related_object.type, 'balance');
		assert.equal('id' in event.related_object, false);
	});

	it('forged: the stripe package refuses it', async () => {
		await assert.rejects(catchTrigger(
		    ['--forged', 'payment_intent.succeeded'],
		    styles.snapshot.read),
		    { type: 'StripeSignatureVerificationError' });
	});
});
