/*
 * The official library and we, asked about the same requests.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cases, sign, thinCases } from './lib/cases.mjs';
import { openEndpoint } from './lib/endpoint.mjs';
import { newSecret, nowSeconds, snapshotEvent, stripe, stripeCommonjs, toBody }
    from './lib/events.mjs';
import { noServer } from './lib/tools.mjs';

const secret = newSecret();
const rolled = { old: newSecret(), fresh: newSecret() };
const bare = 'a-secret-without-a-prefix';
const STATUS = { accept: 200, refuse: 400 };
const accepted = new Set();
let endpoint;

/* Whether a build of the library takes a request. */
function theirs(library, thin, request) {
	try {
		if (thin)
			library.parseEventNotification(...request);
		else
			library.webhooks.constructEvent(...request);
		return 'accept';
	} catch {
		return 'refuse';
	}
}

/* Names the difference, where one is meant to be. */
function title({ name, stripe: module, commonjs = module, ours, why }) {
	if (module === ours && commonjs === ours)
		return `${name}: ${ours}`;
	return `${name}: ${ours}, the stripe package: ` +
	    `${module === ours ? commonjs : module} (${why})`;
}

/* The two ways into the endpoint. */
const gates = [
	{ name: 'FastCGI', via: 'http', skip: noServer },
	{ name: 'CGI', via: 'cgi', skip: false },
];

/* Judges a fresh request by both. Only for what we accept a handler runs. */
async function judge(gate, { header, body, id }, expected,
    { thin = false, key = secret } = {}) {
	const request = [Buffer.from(body), header, key];
	const answer = await endpoint[gate.via](body, header);
	assert.equal(theirs(stripe, thin, request), expected.stripe,
	    'the stripe package');
	assert.equal(theirs(stripeCommonjs, thin, request),
	    expected.commonjs ?? expected.stripe,
	    'the CommonJS build of the stripe package');
	assert.equal(answer.status, STATUS[expected.ours],
	    `our answer; log:\n${answer.log ?? endpoint.log()}`);
	if (id === undefined)
		return;
	if (expected.ours === 'accept') {
		accepted.add(id);
		assert.ok(endpoint.handled(id)?.equals(Buffer.from(body)),
		    'the handler got other bytes');
	} else {
		assert.equal(endpoint.handled(id), null);
	}
}

before(async () => {
	endpoint = await openEndpoint({
		main: [secret],
		rolled: [rolled.old, rolled.fresh],
		bare: [bare],
	}, { server: !noServer });
});

after(() => endpoint?.close());

/* An event as a request, with a v1 for each of the keys. */
function signed(event, ...keys) {
	const t = nowSeconds();
	const body = toBody(event);
	const digests = keys.map((key) => `v1=${sign(t, body, key)}`);

	return { header: [`t=${t}`, ...digests].join(','), body, id: event.id };
}

function testGate(gate) {
	const { skip } = gate;
	const good = { stripe: 'accept', ours: 'accept' };
	const here = cases.filter(
	    (one) => gate.via === 'cgi' || !one.onlyCgi);

	for (const one of here)
		it(title(one), { skip }, async () => {
			const event = snapshotEvent();
			const request = one.make({
				t: nowSeconds(),
				body: toBody(event),
				secret,
				sign: (t, body, key = secret, how) =>
				    sign(t, body, key, how),
			});

			await judge(gate, { ...request, id: event.id }, one);
		});

	for (const one of thinCases)
		it(title(one), { skip }, () => judge(gate,
		    signed(one.event(), secret), one, { thin: true }));

	for (const [name, key] of Object.entries({
		'the old secret of a roll': rolled.old,
		'the new secret of a roll': rolled.fresh,
		'a secret without whsec_': bare,
	}))
		it(`${name}: accept`, { skip }, () => judge(gate,
		    signed(snapshotEvent(), key), good, { key }));

	it('a v1 for each secret of a roll: accept', { skip }, async () => {
		const keys = Object.values(rolled);
		const request = signed(snapshotEvent(), ...keys);

		for (const key of keys)
			await judge(gate, request, good, { key });
	});
}

for (const gate of gates)
	describe(`verdicts over ${gate.name}`, () => testGate(gate));

it('all that was accepted is kept, and nothing else', async () => {
	const list = await endpoint.command(['list', '-n', '0', '--json']);
	const kept = String(list.stdout).split('\n').filter((line) => line)
	    .map((line) => JSON.parse(line).id);

	assert.equal(list.code, 0, list.stderr);
	assert.ok(kept.length > 0);
	assert.deepEqual(kept.sort(), [...accepted].sort());
});
