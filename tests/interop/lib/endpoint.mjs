/*
 * An endpoint in a folder of its own: configuration, secrets, store and a
 * handler that keeps what it was given; behind nginx and FastCGI, and as plain
 * CGI by environment.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync,
    writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { post } from './http.mjs';
import { cleanEnv, run, start, until } from './process.mjs';
import { NGINX, SPAWN_FCGI, STRIPEHOOK, STRIPEHOOK_CGI } from './tools.mjs';

export const MAX_BODY = 4 * 1024 * 1024;

/* A folder that is gone when the test program ends, whatever happens. */
export function makeFolder() {
	const folder = mkdtempSync(join(tmpdir(), 'stripehook-interop-'));

	process.once('exit', () =>
	    rmSync(folder, { recursive: true, force: true }));
	return folder;
}

async function freePort() {
	const server = createServer().listen(0, '127.0.0.1');

	await once(server, 'listening');
	const { port } = server.address();

	server.close();
	await once(server, 'close');
	return port;
}

function writeSecret(dir, name, secret) {
	const path = join(dir, `${name}.whsec`);

	writeFileSync(path, `${secret}\n`, { mode: 0o600 });
	return `"file:${path}"`;
}

/* endpoints: name to a list of secrets. */
function writeConf(dir, endpoints) {
	const path = join(dir, 'stripehook.conf');
	const handler = join(dir, 'keep');
	const handled = join(dir, 'handled');
	const blocks = Object.entries(endpoints).map(([name, secrets]) => {
		const sources = secrets.map((secret, i) =>
		    writeSecret(dir, `${name}-${i}`, secret));

		return `endpoint "${name}" {
	secrets = { ${sources.join(', ')} }
}
`;
	});

	mkdirSync(handled);
	writeFileSync(handler, `#!/bin/sh
exec cat >"${handled}/$STRIPE_EVENT_ID"
`);
	chmodSync(handler, 0o755);
	writeFileSync(path, `store = "sqlite:${join(dir, 'events.db')}"
max-body = ${MAX_BODY}
${blocks.join('')}handler "keep" {
	events = { "*" }
	command = { "${handler}" }
	run = "inline"
}
`);
	return path;
}

/* Everything that nginx writes goes to dir; a body may be a little too big. */
function nginxConf(dir, port) {
	const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
	    .map((name) => `${name}_temp_path ${dir}/${name};`).join('\n\t');
	const user = process.getuid() === 0 ? 'user root root;\n' : '';

	return `${user}daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
	access_log off;
	${temp}
	client_max_body_size 5m;
	client_body_buffer_size 128k;
	large_client_header_buffers 4 32k;
	server {
		listen 127.0.0.1:${port};
		location = /hook {
			fastcgi_pass unix:${dir}/fcgi.sock;
			fastcgi_param REQUEST_METHOD $request_method;
			fastcgi_param CONTENT_LENGTH $content_length;
			fastcgi_param CONTENT_TYPE $content_type;
			fastcgi_param REQUEST_URI $request_uri;
			fastcgi_param REMOTE_ADDR $remote_addr;
			fastcgi_param SERVER_PROTOCOL $server_protocol;
			fastcgi_read_timeout 30s;
		}
	}
}
`;
}

function answers(target) {
	return new Promise((resolve) => {
		const socket = connect(target);

		socket.on('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.on('error', () => resolve(false));
	});
}

async function startNginx(dir) {
	/* A port found free may be taken before nginx binds it: try anew. */
	for (let tries = 0; tries < 5; tries++) {
		const port = await freePort();
		const conf = join(dir, 'nginx.conf');

		writeFileSync(conf, nginxConf(dir, port));
		const nginx = start(NGINX,
		    ['-p', dir, '-e', 'stderr', '-c', conf]);

		await until('nginx to listen', () =>
		    nginx.ended || answers({ host: '127.0.0.1', port }));
		if (!nginx.ended)
			return { nginx, port };
		if (!nginx.output.includes('Address already in use'))
			throw new Error(`nginx: ${nginx.output}`);
	}
	throw new Error('nginx found no free port');
}

async function startServers(dir, env) {
	const socket = join(dir, 'fcgi.sock');
	const program = start(SPAWN_FCGI,
	    ['-n', '-s', socket, '-M', '0600', '--', STRIPEHOOK_CGI], { env });

	await until('the FastCGI socket', () => {
		if (program.ended)
			throw new Error(`endpoint: ${program.output}`);
		return existsSync(socket);
	});
	const { nginx, port } = await startNginx(dir);

	return { program, nginx, url: `http://127.0.0.1:${port}/hook` };
}

function parseCgi({ code, stdout, stderr }) {
	const text = stdout.toString();
	const status = text.match(/^Status: (\d{3})\b/m);

	if (code !== 0 || !status)
		throw new Error(`CGI: exit ${code}, answer ${text}, ${stderr}`);
	return {
		status: Number(status[1]),
		body: text.slice(text.indexOf('\r\n\r\n') + 4),
		log: stderr,
	};
}

/*
 * endpoints: name to a list of secrets. With server, nginx and the FastCGI
 * program are started too. The caller closes it.
 */
export async function openEndpoint(endpoints, { server = false } = {}) {
	const dir = makeFolder();
	const conf = writeConf(dir, endpoints);
	const env = cleanEnv({ STRIPEHOOK_CONFIG: conf });
	const command = (args, options) =>
	    run(STRIPEHOOK, ['-c', conf, ...args], { env, ...options });
	const init = await command(['init']);

	if (init.code !== 0)
		throw new Error(`stripehook init: ${init.stderr}`);
	const servers = server ? await startServers(dir, env) : null;

	return {
		dir,
		url: servers?.url,

		/* The command with this configuration. */
		command,

		/* What the endpoint and nginx logged so far. */
		log: () => (servers?.program.output ?? '') +
		    (servers?.nginx.output ?? ''),

		/* The two ways in; both give { status, body }. */
		async http(body, signature) {
			return post(servers.url, body, signature);
		},
		async cgi(body, signature) {
			const bytes = Buffer.from(body);
			const header = signature === null ? {} :
			    { HTTP_STRIPE_SIGNATURE: signature };

			return parseCgi(await run(STRIPEHOOK_CGI, [], {
				env: {
					...env,
					GATEWAY_INTERFACE: 'CGI/1.1',
					SERVER_PROTOCOL: 'HTTP/1.1',
					REQUEST_METHOD: 'POST',
					REQUEST_URI: '/hook',
					REMOTE_ADDR: '127.0.0.1',
					CONTENT_TYPE: 'application/json',
					CONTENT_LENGTH: String(bytes.length),
					...header,
				},
				input: bytes,
			}));
		},

		/* The bytes that the handler got for an event, or null. */
		handled(id) {
			const path = join(dir, 'handled', id);

			return existsSync(path) ? readFileSync(path) : null;
		},

		async close() {
			await servers?.nginx.stop('SIGQUIT');
			await servers?.program.stop();
			rmSync(dir, { recursive: true, force: true });
			/* A leak or a crash at the end shows in its status. */
			if (servers && servers.program.ended !== 'exit 0')
				throw new Error(`endpoint: ` +
				    `${servers.program.ended}\n` +
				    servers.program.output);
		},
	};
}
