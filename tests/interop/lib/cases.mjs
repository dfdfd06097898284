/*
 * Requests that are right, odd or hostile, for the official library and for
 * us. make(c) gives { header, body }, where c has t (now, in seconds), body (a
 * valid event of its own), secret (that both know) and sign(t, body, secret),
 * which gives a digest. Both must say the same, `verdict`; where they are
 * meant to differ, `stripe` and `ours` say how and `why` for what reason. The
 * library comes as two builds, which do not always agree: `commonjs` is what
 * the second says where it is another thing.
 */
import { createHmac, createHash } from 'node:crypto';
import { snapshotEvent, thinEvent, toBody } from './events.mjs';

const A = 'accept';
const R = 'refuse';

export function sign(t, body, secret, algorithm = 'sha256') {
	return createHmac(algorithm, secret).update(`${t}.`).update(body)
	    .digest('hex');
}

const zeros = (n) => '0'.repeat(n);
const bytes = (...parts) => Buffer.concat(parts.map((p) => Buffer.from(p)));
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/* Signed as Stripe would, for cases that are about the header's form. */
const form = (name, verdict, header) => ({
	name, verdict,
	make: (c) => ({
		header: header(c.t, c.sign(c.t, c.body)), body: c.body,
	}),
});

/* Signed as Stripe would at another time. */
const at = (name, verdict, seconds) => ({
	name, verdict,
	make: (c) => {
		const t = c.t + seconds;

		return {
			header: `t=${t},v1=${c.sign(t, c.body)}`, body: c.body,
		};
	},
});

/* A genuine header with another body than the one signed. */
const body = (name, verdict, signed, sent) => ({
	name, verdict,
	make: (c) => ({
		header: `t=${c.t},v1=${c.sign(c.t, signed(c.body))}`,
		body: sent(c.body),
	}),
});

/* A t that reads oddly, with the digest over what the text gives. */
const clock = (name, verdict, text, signedAs) => ({
	name, verdict,
	make: (c) => {
		const t = text(c.t);

		return {
			header: `t=${t},v1=${c.sign(signedAs(c.t, t), c.body)}`,
			body: c.body,
		};
	},
});

/* A body that Stripe's library reads one way or another; rightly signed. */
const content = (name, verdict, make) => ({
	name, verdict,
	make: (c) => {
		const sent = make(c.body);

		return {
			header: `t=${c.t},v1=${c.sign(c.t, sent)}`, body: sent,
		};
	},
});

const same = (x) => x;
const plain = (t) => t;
const asText = (t, text) => text;

const agreed = [
	form('t and v1', A, (t, v) => `t=${t},v1=${v}`),
	form('v1 before t', A, (t, v) => `v1=${v},t=${t}`),
	form('a v0 decoy after v1', A, (t, v) => `t=${t},v1=${v},v0=${v}`),
	form('a v0 decoy before v1', A,
	    (t, v) => `t=${t},v0=${zeros(64)},v1=${v}`),
	form('an unknown scheme', A,
	    (t, v) => `t=${t},v2=${zeros(64)},v1=${v}`),
	form('an unknown scheme that ends in =', A,
	    (t, v) => `t=${t},v2=AAAA==,v1=${v}`),
	form('an unknown item without =', A, (t, v) => `t=${t},kid,v1=${v}`),
	form('keys that only begin like t and v1', A,
	    (t, v) => `tt=1,v10=${zeros(64)},t=${t},v1=${v}`),
	form('a comma at the end', A, (t, v) => `t=${t},v1=${v},`),
	form('a comma at the start', A, (t, v) => `,t=${t},v1=${v}`),
	form('two commas', A, (t, v) => `t=${t},,v1=${v}`),
	form('a foreign v1 before the good one', A,
	    (t, v) => `t=${t},v1=${zeros(64)},v1=${v}`),
	form('a foreign v1 after the good one', A,
	    (t, v) => `t=${t},v1=${v},v1=${zeros(64)}`),
	form('a short v1 beside the good one', A,
	    (t, v) => `t=${t},v1=00,v1=${v}`),
	form('a v1 that is no hex beside the good one', A,
	    (t, v) => `t=${t},v1=${'z'.repeat(64)},v1=${v}`),
	form('the good v1 twice', A, (t, v) => `t=${t},v1=${v},v1=${v}`),
	form('the good v1 as number 32', A, (t, v) =>
	    `t=${t},${`v1=${zeros(64)},`.repeat(31)}v1=${v}`),

	{ name: 'no header', verdict: R,
		make: (c) => ({ header: null, body: c.body }) },
	form('an empty header', R, () => ''),
	form('a header of commas', R, () => ',,,'),
	form('no t', R, (t, v) => `v1=${v}`),
	form('no v1', R, (t) => `t=${t}`),
	form('v0 only', R, (t, v) => `t=${t},v0=${v}`),
	form('an upper-case T', R, (t, v) => `T=${t},v1=${v}`),
	form('an upper-case V1', R, (t, v) => `t=${t},V1=${v}`),
	form('an unknown key v10', R, (t, v) => `t=${t},v10=${v}`),
	form('upper-case hex', R, (t, v) => `t=${t},v1=${v.toUpperCase()}`),
	form('one upper-case hex digit', R, (t, v) => `t=${t},v1=${v
	    .replace(/[a-f]/, (digit) => digit.toUpperCase())}`),
	form('a digest of 63 digits', R, (t, v) => `t=${t},v1=${v.slice(1)}`),
	form('a digest of 65 digits', R, (t, v) => `t=${t},v1=${v}0`),
	form('a digest of 32 digits', R, (t, v) => `t=${t},v1=${v.slice(32)}`),
	form('an empty digest', R, (t) => `t=${t},v1=`),
	form('a digest with one digit changed', R, (t, v) =>
	    `t=${t},v1=${v.slice(0, 63)}${v[63] === '0' ? '1' : '0'}`),
	form('a digest in base64', R, (t, v) =>
	    `t=${t},v1=${Buffer.from(v, 'hex').toString('base64')}`),
	form('a blank before =', R, (t, v) => `t=${t},v1 =${v}`),
	form('a blank after =', R, (t, v) => `t=${t},v1= ${v}`),
	form('a blank before = of t', R, (t, v) => `t =${t},v1=${v}`),
	form('semicolons between the items', R, (t, v) => `t=${t};v1=${v}`),
	form('colons within the items', R, (t, v) => `t:${t},v1:${v}`),
	form('only the digest', R, (t, v) => v),
	form('quoted values', R, (t, v) => `t="${t}",v1="${v}"`),

	at('of now', A, 0),
	at('290 seconds old', A, -290),
	at('290 seconds ahead', A, 290),
	at('301 seconds old', R, -301),
	at('a day old', R, -86400),

	clock('t of 0', R, () => '0', asText),
	clock('a t of -1', R, () => '-1', asText),
	clock('a t below 0', R, (t) => `-${t}`, asText),
	clock('a t of milliseconds with a dot', R, (t) => `${t}.5`, asText),
	clock('a t in hexadecimal', R, (t) => `0x${t.toString(16)}`, asText),
	clock('leading zeros, signed as written', R, (t) => `0${t}`, asText),
	clock('a sign, signed as written', R, (t) => `+${t}`, asText),
	clock('a t of 2^63-1', R, () => '9223372036854775807', asText),
	clock('a t beyond 64 bits', R, () => '1'.repeat(24), asText),
	clock('an empty t, signed as written', R, () => '', asText),
	clock('a word for t, signed as written', R, () => 'now', asText),
	clock('a t with an item of its own in it', R, (t) => `${t}=1x`, asText),

	body('a word of the body changed', R, same,
	    (b) => b.replace('succeeded', 'cancelled')),
	body('a blank added', R, same, (b) => `${b} `),
	body('a newline added', R, same, (b) => `${b}\n`),
	body('the newline taken off', R, (b) => `${b}\n`, same),
	body('LF turned to CRLF', R, same, (b) => b.replaceAll('\n', '\r\n')),
	body('CRLF turned to LF', R, (b) => b.replaceAll('\n', '\r\n'), same),
	body('the JSON written anew', R, same,
	    (b) => JSON.stringify(JSON.parse(b))),
	body('the body cut', R, same, (b) => b.slice(0, -1)),
	body('a NUL added', R, same, (b) => `${b}\0`),
	body('another event with this header', R, same,
	    () => toBody(snapshotEvent())),
	{ name: 'the first part of the body moved into t', verdict: R,
		make: (c) => ({
			header: `t=${c.t}.5,v1=${c.sign(c.t, `5.${c.body}`)}`,
			body: c.body,
		}) },

	content('a newline at the end', A, (b) => `${b}\n`),
	content('lines that end in CRLF', A, (b) => b.replaceAll('\n', '\r\n')),
	content('JSON on one line', A, (b) => JSON.stringify(JSON.parse(b))),
	content('a body with a BOM of its own', R, (b) => bytes(BOM, b)),
	content('invalid UTF-8', R, (b) => bytes(b.slice(0, -1), ',"x":"',
	    Buffer.from([0xff]), '"}')),
	content('no JSON', R, () => 'id=evt_1&object=event'),
	content('JSON with a tail', R, (b) => `${b}x`),
	content('two JSON texts', R, (b) => b + b),
	content('JSON with a comma too many', R,
	    (b) => b.replace(/\n}$/, ',\n}')),
	content('JSON with a comment', R, (b) => `/* */${b}`),
	content('a raw control character in a string', R,
	    (b) => b.replace('succeeded', 'succ\x01eeded')),
	content('a NUL after the JSON', R, (b) => `${b}\0`),
	content('an empty body', R, () => ''),
	content('only blanks', R, () => '  \n'),

	{ name: 'a secret that nobody knows', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body, 'whsec_x')}`,
			body: c.body,
		}) },
	{ name: 'the secret without its prefix', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body,
			    c.secret.replace('whsec_', ''))}`,
			body: c.body,
		}) },
	{ name: 'the secret decoded from base64', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body, Buffer.from(
			    c.secret.replace('whsec_', ''), 'base64'))}`,
			body: c.body,
		}) },
	{ name: 'the secret with a newline', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body,
			    `${c.secret}\n`)}`,
			body: c.body,
		}) },
	{ name: 'an empty secret', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body, '')}`,
			body: c.body,
		}) },
	{ name: 'a digest of the body alone', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${createHmac('sha256', c.secret)
			    .update(c.body).digest('hex')}`,
			body: c.body,
		}) },
	{ name: 'a digest without a key', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${createHash('sha256')
			    .update(`${c.t}.${c.body}`).digest('hex')}`,
			body: c.body,
		}) },
	{ name: 'HMAC-SHA-512 cut to 64 digits', verdict: R,
		make: (c) => ({
			header: `t=${c.t},v1=${c.sign(c.t, c.body, c.secret,
			    'sha512').slice(0, 64)}`,
			body: c.body,
		}) },
	{ name: 'two t, the digest over the first', verdict: R,
		make: (c) => ({
			header: `t=${c.t},t=${c.t - 1},v1=` +
			    `${c.sign(c.t, c.body)}`,
			body: c.body,
		}) },
];

const stricter = (why, cases) => cases.map(
    (one) => ({ ...one, stripe: A, ours: R, why }));
const laxer = (why, cases) => cases.map(
    (one) => ({ ...one, stripe: R, ours: A, why }));

const differing = [
	...stricter('we allow for clocks both ways, their library only for ' +
	    'signatures from the past', [
		at('400 seconds ahead', null, 400),
		at('a year ahead', null, 31_536_000),
		clock('a t of 13 digits', null, (t) => `${t}000`, asText),
	]),
	...stricter('two t leave open which one was signed', [
		{ name: 'two t, the digest over the last', make: (c) => ({
			header: `t=${c.t - 1},t=${c.t},v1=` +
			    `${c.sign(c.t, c.body)}`,
			body: c.body,
		}) },
		form('the same t twice', null,
		    (t, v) => `t=${t},t=${t},v1=${v}`),
	]),
	...stricter('their library cuts an item at its second =', [
		form('junk after the digest', null,
		    (t, v) => `t=${t},v1=${v}=junk`),
		clock('junk after t, behind a =', null, (t) => `${t}=1`, plain),
	]),
	...stricter('their library signs the number that it read, we sign ' +
	    'the text and take digits only', [
		clock('leading zeros', null, (t) => `0${t}`, plain),
		clock('a plus sign', null, (t) => `+${t}`, plain),
		clock('a blank before the number', null, (t) => ` ${t}`, plain),
		clock('letters after the number', null, (t) => `${t}s`, plain),
		clock('a fraction', null, (t) => `${t}.9`, plain),
	]),
	...stricter('their library reads a word as NaN, signs "NaN" and ' +
	    'never finds it too old', [
		clock('a word for t', null, () => 'now', () => 'NaN'),
		clock('the word NaN for t', null, () => 'NaN', () => 'NaN'),
		clock('an empty t', null, () => '', () => 'NaN'),
	]),
	...stricter('we look at 32 digests and 8 KiB of header', [
		form('the good v1 as number 33', null, (t, v) =>
		    `t=${t},${`v1=${zeros(64)},`.repeat(32)}v1=${v}`),
		form('a header of 9000 bytes', null, (t, v) =>
		    `t=${t},v1=${v},x=${'x'.repeat(9000)}`),
	]),
	...stricter('no header that Stripe sends holds control characters', [
		{ ...form('a control character in an unknown item', null,
		    (t, v) => `t=${t},v1=${v},x=\x01`), onlyCgi: true },
	]),
	...stricter('their library decodes the body before it signs, we sign ' +
	    'the bytes', [
		body('a BOM added on the way', null, same,
		    (b) => bytes(BOM, b)),
		body('invalid UTF-8 signed as U+FFFD', null,
		    (b) => `${b.slice(0, -1)},"x":"\ufffd"}`,
		    (b) => bytes(b.slice(0, -1), ',"x":"',
			Buffer.from([0xff]), '"}')),
	]),
	...stricter('their library returns any JSON, we must know what it is', [
		content('null', null, () => 'null'),
		content('a number', null, () => '1'),
		content('a string', null, () => '"evt_1"'),
		content('an array', null, (b) => `[${b}]`),
		content('an empty object', null, () => '{}'),
		content('another object', null,
		    (b) => b.replace('"event"', '"charge"')),
		content('no object', null,
		    (b) => b.replace('"object": "event",', '')),
		content('no id', null,
		    (b) => b.replace('"id": "evt_', '"x": "')),
		content('an id that is a number', null,
		    (b) => b.replace(/"id": "evt_[^"]*"/, '"id": 1')),
		content('an empty id', null,
		    (b) => b.replace(/"id": "evt_[^"]*"/, '"id": ""')),
		content('an id of 256 bytes', null, (b) =>
		    b.replace(/"evt_[^"]*"/, `"evt_${'x'.repeat(252)}"`)),
		content('an id with a newline', null,
		    (b) => b.replace('"evt_', '"evt\\n_')),
		content('no type', null, (b) => b.replace('"type"', '"typ"')),
		content('no created', null,
		    (b) => b.replace('"created"', '"creation"')),
	]),
	...stricter('which of two ids is meant must not depend on the reader', [
		content('two ids', null,
		    (b) => b.replace('{', '{"id": "evt_other",')),
		content('two types', null,
		    (b) => b.replace('{', '{"type": "invoice.paid",')),
		content('two objects', null,
		    (b) => b.replace('{', '{"object": "event",')),
	]),
	...stricter('we read JSON up to a depth of 2048', [
		content('5000 arrays in one another', null, (b) =>
		    `${b.slice(0, -1)},"x":${'['.repeat(5000)}` +
		    `${']'.repeat(5000)}}`),
	]),
	...laxer('a list in a header may hold blanks (RFC 9110, 5.6.1), and ' +
	    'proxies put them there', [
		form('a blank after the comma', null,
		    (t, v) => `t=${t}, v1=${v}`),
		form('a tab after the comma', null,
		    (t, v) => `t=${t},\tv1=${v}`),
		form('a blank before the comma', null,
		    (t, v) => `t=${t},v1=${v} ,v0=${zeros(64)}`),
		form('a blank before t', null, (t, v) => `v1=${v}, t=${t}`),
		{ ...form('a blank at the start', null,
		    (t, v) => ` t=${t},v1=${v}`), onlyCgi: true },
		{ ...form('a blank at the end', null,
		    (t, v) => `t=${t},v1=${v} `), onlyCgi: true },
	]),
	...laxer('their library fails on it, though another digest fits', [
		form('an empty v1 beside the good one', null,
		    (t, v) => `t=${t},v1=,v1=${v}`),
		form('a bare v1 beside the good one', null,
		    (t, v) => `t=${t},v1=${v},v1`),
	]),
];

export const cases = [
	...agreed.map((one) =>
	    ({ ...one, stripe: one.verdict, ours: one.verdict })),
	...differing,
];

/* The thin ones: read by another function of the library. */
export const thinCases = [
	{ name: 'a thin event', event: thinEvent, stripe: A, ours: A },
	{ name: 'a thin event without what is optional',
		event: () => {
			const { id, object, type, livemode, created } =
			    thinEvent();

			return { id, object, type, livemode, created };
		}, stripe: A, ours: A },
	{ name: 'a thin event with null for what is optional',
		event: () => ({ ...thinEvent(), context: null, reason: null,
			related_object: null, snapshot_event: null }),
		stripe: A, ours: A },
	{ name: 'a thin event about a singleton',
		event: () => ({ ...thinEvent(), type: 'v1.balance.available',
			related_object: {
				type: 'balance', url: '/v1/balance',
			} }),
		stripe: A, ours: A },
	{ name: 'a thin event of a type with brackets',
		event: () => ({ ...thinEvent(),
			type: 'v2.core.account[requirements].updated' }),
		stripe: A, ours: A },
	{ name: 'a thin event of a type yet unknown',
		event: () => ({ ...thinEvent(), type: 'v9.moon.landed' }),
		stripe: A, ours: A },
	{ name: 'a thin event for a connected account',
		event: () => ({ ...thinEvent(), context: 'acct_1/acct_2' }),
		stripe: A, ours: A },
	{ name: 'neither snapshot nor thin',
		event: () => ({ ...thinEvent(), object: 'v3.core.event' }),
		stripe: R, ours: R },
	{ name: 'a thin event without object',
		event: () => ({ ...thinEvent(), object: undefined }),
		stripe: R, commonjs: A, ours: R,
		why: 'only its CommonJS build lets a missing object pass' },
	{ name: 'an EventBridge envelope',
		event: () => ({ version: '0', id: 'x', source: 'aws.partner',
			detail: thinEvent() }),
		stripe: R, commonjs: A, ours: R,
		why: 'only its CommonJS build lets a missing object pass' },
];
