/*
 * What the official library reads must not be lost by a limit of our reader:
 * a refused event is a paid order that nobody fulfils. The handler gets the
 * very bytes that were sent.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_BODY, openEndpoint } from './lib/endpoint.mjs';
import { newId, newSecret, snapshotEvent, stripe, toBody }
    from './lib/events.mjs';
import { noServer } from './lib/tools.mjs';

const secret = newSecret();
let endpoint;

before(async () => {
	endpoint = await openEndpoint({ main: [secret] },
	    { server: !noServer });
});

after(() => endpoint?.close());

/* The JSON of an event whose object has this further text in it. */
const inObject = (text) => (id) => toBody({ ...snapshotEvent(), id })
    .replace('"amount": 2000', `"amount": 2000, ${text}`);

/* The JSON of an event, filled up to n bytes. */
function ofSize(n) {
	return (id) => {
		const event = { ...snapshotEvent(), id, filler: '' };

		event.filler = 'x'.repeat(n - Buffer.byteLength(toBody(event)));
		return toBody(event);
	};
}

const bodies = {
	'\\u0000 in a string': inObject('"x": "a\\u0000b"'),
	'\\u0000 in a key': inObject('"a\\u0000b": 1'),
	'an empty key': inObject('"": 1'),
	'the key __proto__': inObject('"__proto__": {"id": "x"}'),
	'an integer beyond 64 bits':
	    inObject('"x": 123456789012345678901234567890'),
	'an integer just beyond 64 bits, below 0':
	    inObject('"x": -9223372036854775809'),
	'an integer of 2000 digits': inObject(`"x": 1${'0'.repeat(1999)}`),
	'1e400': inObject('"x": 1e400'),
	'-1E+400': inObject('"x": -1E+400'),
	'1e-400': inObject('"x": 1e-400'),
	'an exponent beyond any number':
	    inObject('"x": 1e99999999999999999999'),
	'-0': inObject('"x": -0'),
	'a long fraction': inObject(`"x": 0.${'1'.repeat(500)}`),
	'a repeated key in data': inObject('"amount": 1, "amount": 2'),
	'a repeated id in data': inObject('"id": "pi_x", "id": "pi_y"'),
	'a repeated unknown key at the top': (id) =>
	    toBody({ ...snapshotEvent(), id }).replace('{', '{"x":1,"x":2,'),
	'a lone high surrogate': inObject('"x": "\\ud800"'),
	'a lone low surrogate': inObject('"x": "\\udc00 tail"'),
	'surrogates the wrong way round': inObject('"x": "\\ude00\\ud83d"'),
	'a lone surrogate in a key': inObject('"\\ud800": 1'),
	'an escaped pair of surrogates': inObject('"x": "\\ud83d\\ude00"'),
	'raw characters beyond U+FFFF': inObject('"x": "\u{1f600}\u{10ffff}"'),
	'noncharacters, raw and escaped': inObject('"x": "\uffff\\ufffe"'),
	'raw U+2028 and DEL': inObject('"x": "\u2028\x7f"'),
	'escaped slashes': inObject('"x": "<\\/script>"'),
	'escapes in the key id': (id) =>
	    toBody({ ...snapshotEvent(), id }).replace('"id"', '"\\u0069d"'),
	'escapes in the id': (id) => toBody({ ...snapshotEvent(), id })
	    .replace('"evt_', '"\\u0065vt_'),
	'500 arrays in one another':
	    inObject(`"x": ${'['.repeat(500)}${']'.repeat(500)}`),
	'500 objects in one another':
	    inObject(`"x": ${'{"y":'.repeat(500)}1${'}'.repeat(500)}`),
	'10,000 keys': inObject(Array.from({ length: 10_000 },
	    (_, i) => `"k${i}": ${i}`).join(',')),
	'blanks of all kinds around': (id) =>
	    ` \r\n\t${toBody({ ...snapshotEvent(), id })}\t\r\n `,
	'no optional field': (id) => {
		const { object, created, data, livemode, type } =
		    snapshotEvent();

		return toBody({ id, object, created, data, livemode, type,
			pending_webhooks: 0 });
	},
	'null for optional fields': (id) => toBody({ ...snapshotEvent(), id,
		account: null, api_version: null, context: null,
		request: null }),
	'a request that is a string, as before 2017': (id) =>
	    toBody({ ...snapshotEvent(), id, request: 'req_1' }),
	'a type yet unknown': (id) =>
	    toBody({ ...snapshotEvent(), id, type: 'moon.landed' }),
	'16 KiB and one byte': ofSize(16 * 1024 + 1),
	'the largest body allowed': ofSize(MAX_BODY),
};

const sign = (payload) =>
    stripe.webhooks.generateTestHeaderString({ payload, secret });

async function checkKept(send, make, id = newId('evt_')) {
	const body = make(id);
	const header = sign(body);
	const event = stripe.webhooks.constructEvent(
	    Buffer.from(body), header, secret);

	assert.equal(event.id, id);
	const answer = await send(body, header);

	assert.equal(answer.status, 200, answer.log ?? endpoint.log());
	assert.ok(endpoint.handled(id)?.equals(Buffer.from(body)),
	    'the handler got other bytes than were sent');
}

for (const [gate, via, skip] of [
	['through nginx', 'http', noServer],
	['as CGI', 'cgi', false],
])
	describe(`bodies that the stripe package reads, ${gate}`, () => {
		for (const [name, make] of Object.entries(bodies))
			it(name, { skip },
			    () => checkKept(endpoint[via], make));

		it('an id of 255 characters', { skip },
		    () => checkKept(endpoint[via], bodies['no optional field'],
			newId('evt_').padEnd(255, 'x')));

		it('one byte more than allowed: 413', { skip }, async () => {
			const body = ofSize(MAX_BODY + 1)(newId('evt_'));
			const { status } = await endpoint[via](body,
			    sign(body));

			assert.equal(status, 413);
		});
	});
