/*
 * One POST, and a server that keeps what is posted to it.
 */
import { createServer, request } from 'node:http';
import { once } from 'node:events';

async function readAll(stream) {
	const parts = [];

	for await (const part of stream)
		parts.push(part);
	return Buffer.concat(parts);
}

/* signature: a text, or null for no such header. */
export async function post(url, body, signature) {
	const bytes = Buffer.from(body);
	const req = request(url, {
		method: 'POST',
		agent: false,
		headers: {
			'Content-Type': 'application/json; charset=utf-8',
			'Content-Length': bytes.length,
			...(signature === null ? {} :
			    { 'Stripe-Signature': signature }),
		},
	});

	/* Who refuses early may close before all is sent; the answer counts. */
	const answered = once(req, 'response');

	req.end(bytes);
	const [res] = await answered;
	const answer = await readAll(res);

	return { status: res.statusCode, body: answer.toString() };
}

/* Answers 200 to everything and keeps it; the caller closes it. */
export async function openCatcher() {
	const caught = [];
	const server = createServer(async (req, res) => {
		const body = await readAll(req);

		caught.push({
			method: req.method, url: req.url, headers: req.headers,
			body,
		});
		res.writeHead(200, { 'Content-Type': 'application/json' });
		res.end('{"received":true}');
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${server.address().port}/hook`,
		caught,
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}
