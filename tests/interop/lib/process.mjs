/*
 * Programs started by the tests: what they print is kept, and each is stopped
 * by its own process id, at the latest when the test program ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PATIENCE_MS = 60_000;
const running = new Set();

process.on('exit', () => {
	for (const child of running)
		child.kill('SIGKILL');
});

/* Waits until check() gives a true value, and returns that value. */
export async function until(what, check, ms = PATIENCE_MS) {
	const end = Date.now() + ms;

	for (;;) {
		const value = await check();

		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`waited ${ms} ms for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/* Environment for a program: as little as it needs, nothing of the caller's. */
export function cleanEnv(more = {}) {
	const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', TZ: 'UTC' };

	for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS',
	    'LSAN_OPTIONS', 'LD_LIBRARY_PATH'])
		if (process.env[name])
			env[name] = process.env[name];
	return { ...env, ...more };
}

/* Starts a program that stays. */
export function start(command, args, { env, cwd } = {}) {
	const child = spawn(command, args, {
		env: env ?? cleanEnv(), cwd, stdio: ['ignore', 'pipe', 'pipe'],
	});
	const started = {
		command, pid: child.pid, output: '', ended: null,

		async waitFor(pattern, ms) {
			return until(`${pattern} from ${command}`, () => {
				const match = started.output.match(pattern);

				if (!match && started.ended)
					throw new Error(`${command} ended ` +
					    `(${started.ended}) without ` +
					    `${pattern}:\n${started.output}`);
				return match;
			}, ms).catch((e) => {
				throw new Error(`${e.message}\n` +
				    `it printed:\n${started.output}`);
			});
		},

		async stop(signal = 'SIGTERM') {
			if (started.ended)
				return;
			const gone = once(child, 'close');
			const late = setTimeout(
			    () => child.kill('SIGKILL'), PATIENCE_MS);

			child.kill(signal);
			await gone;
			clearTimeout(late);
		},
	};

	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8');
		stream.on('data', (text) => { started.output += text; });
	}
	running.add(child);
	child.on('error', (e) => { started.ended = e.message; });
	child.on('close', (code, signal) => {
		running.delete(child);
		started.ended ??= signal ?? `exit ${code}`;
	});
	return started;
}

/* Runs a program to its end. stdout is a Buffer, stderr a text. */
export async function run(command, args, { env, input, cwd } = {}) {
	const child = spawn(command, args, { env: env ?? cleanEnv(), cwd });
	const out = [];
	const err = [];

	running.add(child);
	child.stdout.on('data', (data) => out.push(data));
	child.stderr.on('data', (data) => err.push(data));
	/* Who refuses early need not read all of its input. */
	child.stdin.on('error', () => {});
	child.stdin.end(input ?? '');
	try {
		const [code, signal] = await once(child, 'close');

		return {
			code: code ?? signal,
			stdout: Buffer.concat(out),
			stderr: Buffer.concat(err).toString(),
		};
	} finally {
		running.delete(child);
	}
}
