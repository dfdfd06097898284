/*
 * The official Stripe CLI forwards events to nginx and us: `stripe listen`,
 * with a stand-in where it expects Stripe.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeFolder, openEndpoint } from './lib/endpoint.mjs';
import { newSecret, snapshotEvent, thinEvent, toBody }
    from './lib/events.mjs';
import { openStandIn } from './lib/standin.mjs';
import { findStripeCli, stripeListen } from './lib/stripecli.mjs';
import { noServer } from './lib/tools.mjs';

const cli = findStripeCli();
const skip = noServer || (cli ? false :
    `no Stripe CLI in node_modules for ${process.platform}-${process.arch}`);

/*
 * Has the CLI forward one event to an endpoint that knows `known`, while the
 * session signs with `signing`; check(seen) judges what came of it.
 */
async function forward({ style, event, known, signing }, check) {
	const endpoint = await openEndpoint({ main: [known] },
	    { server: true });
	const standIn = await openStandIn(signing);
	const listen = stripeListen(cli, {
		standIn, style, forwardTo: endpoint.url, home: makeFolder(),
	});

	try {
		await listen.waitFor(/Ready!/);
		await standIn.connected();
		standIn[style](toBody(event));
		const ack = await standIn.frame('event_ack');
		const response = await standIn.frame('webhook_response');
		const [, status] = await listen.waitFor(
		    /<--\s+\[(\d{3})\] POST http/);

		assert.equal(ack.event_id, event.id);
		assert.match(listen.output, new RegExp(
		    `--> ${event.type} \\[${event.id}\\]`));
		await check({ endpoint, response, status });
	} finally {
		await listen.stop();
		await standIn.close();
		await endpoint.close();
	}
}

async function list(endpoint) {
	const { code, stdout, stderr } = await endpoint.command(['list']);

	assert.equal(code, 0, stderr);
	return stdout.toString();
}

async function checkHandled(style, make) {
	const event = make();
	const secret = newSecret();

	await forward({ style, event, known: secret, signing: secret },
	    async ({ endpoint, response, status }) => {
		assert.equal(status, '200', endpoint.log());
		assert.equal(response.status, 200);
		assert.deepEqual(JSON.parse(response.body), { received: true });
		assert.equal(String(endpoint.handled(event.id)), toBody(event));
		assert.match(await list(endpoint), new RegExp(event.id));
	});
}

async function checkRefused(style, make) {
	const event = make();

	await forward({
		style, event, known: newSecret(), signing: newSecret(),
	}, async ({ endpoint, response, status }) => {
		assert.equal(status, '400', endpoint.log());
		assert.equal(response.status, 400);
		assert.equal(endpoint.handled(event.id), null);
		assert.doesNotMatch(await list(endpoint), new RegExp(event.id));
	});
}

const styles = { snapshot: snapshotEvent, thin: thinEvent };

describe('stripe listen --forward-to', () => {
	for (const [style, make] of Object.entries(styles)) {
		it(`a ${style} event: [200], kept and handled`, { skip },
		    () => checkHandled(style, make));
		it(`a ${style} event, another secret: [400]`, { skip },
		    () => checkRefused(style, make));
	}
});
