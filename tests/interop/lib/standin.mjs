/*
 * A stand-in for the part of Stripe that `stripe listen` talks to: it opens a
 * session, then sends events over a WebSocket, signed with the session's
 * secret, and gets to know how the endpoint answered. Only the Stripe CLI's
 * side of the talk is real.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { stripe } from './events.mjs';
import { until } from './process.mjs';

const HEADERS = {
	'Content-Type': 'application/json; charset=utf-8',
	'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
	'Accept': '*/*; q=0.5, application/xml',
	'Cache-Control': 'no-cache',
};

export async function openStandIn(secret) {
	const requests = [];
	const frames = [];
	let socket = null;
	let count = 0;

	const server = createServer((req, res) => {
		const session = req.method === 'POST' &&
		    req.url.startsWith('/v1/stripecli/sessions');
		const { port } = server.address();

		requests.push(`${req.method} ${req.url}`);
		req.resume();
		res.writeHead(session ? 200 : 404,
		    { 'Content-Type': 'application/json' });
		res.end(JSON.stringify(session ? {
			secret,
			websocket_url: `ws://127.0.0.1:${port}/subscribe`,
			websocket_id: 'w1',
			websocket_authorized_feature: 'webhooks',
			reconnect_delay: 60,
			default_version: '2026-10-28.endive',
			latest_version: '2026-10-28.endive',
			device_token: 'd1',
		} : { error: { type: 'invalid_request_error' } }));
	});
	const sockets = new WebSocketServer({ server });

	sockets.on('connection', (ws, req) => {
		requests.push(`WEBSOCKET ${req.url}`);
		socket = ws;
		ws.on('message', (data) => {
			frames.push(JSON.parse(data.toString()));
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');

	function headersFor(payload) {
		return {
			...HEADERS,
			'Stripe-Signature': stripe.webhooks
			    .generateTestHeaderString({ payload, secret }),
		};
	}

	return {
		url: `http://127.0.0.1:${server.address().port}`,
		requests,
		frames,

		connected: () => until('the WebSocket of the CLI',
		    () => socket?.readyState === 1),

		snapshot(body) {
			count++;
			socket.send(JSON.stringify({
				type: 'webhook_event',
				endpoint: { api_version: null },
				event_payload: body,
				http_headers: headersFor(body),
				webhook_conversation_id: `wc_${count}`,
				webhook_id: `wh_${count}`,
			}));
		},

		thin(body) {
			count++;
			socket.send(JSON.stringify({
				type: 'v2_event',
				payload: body,
				http_headers: headersFor(body),
				destination_id: `ed_${count}`,
			}));
		},

		/* The first frame of this type that the CLI sends. */
		frame: (type) => until(`a frame ${type} from the CLI`,
		    () => frames.find((f) => f.type === type)),

		async close() {
			for (const ws of sockets.clients)
				ws.terminate();
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}
