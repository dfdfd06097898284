/*
 * The official Stripe CLI, from the package @stripe/cli-linux-x64.
 */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { apiKey } from './events.mjs';
import { cleanEnv, start } from './process.mjs';

/* Where the program is; null where the package is not for this platform. */
export function findStripeCli() {
	const { resolve } = createRequire(import.meta.url);

	try {
		const path = join(dirname(
		    resolve('@stripe/cli-linux-x64/package.json')),
		    'bin', 'stripe');

		accessSync(path, constants.X_OK);
		return path;
	} catch {
		return null;
	}
}

/*
 * Starts `stripe listen` against a stand-in; style is "snapshot" or "thin".
 * The caller stops it.
 */
export function stripeListen(cli, { standIn, style, forwardTo, home }) {
	return start(cli, [
		'listen', `--all-${style}`, '--forward-to', forwardTo,
		'--api-base', standIn.url, '--skip-update',
	], {
		env: cleanEnv({
			HOME: home,
			STRIPE_API_KEY: apiKey,
			STRIPE_CLI_TELEMETRY_OPTOUT: '1',
		}),
		cwd: home,
	});
}
