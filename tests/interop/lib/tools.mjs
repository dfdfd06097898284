/*
 * What the tests are given by environment: STRIPEHOOK and STRIPEHOOK_CGI, the
 * programs under test, must be there; NGINX and SPAWN_FCGI default to the
 * names, looked up in PATH and where Debian keeps daemons.
 */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

function executable(path) {
	try {
		accessSync(path, constants.X_OK);
		return path;
	} catch {
		return null;
	}
}

function underTest(variable) {
	const path = process.env[variable];

	if (!path || !executable(path))
		throw new Error(`${variable} must be the path of a program, ` +
		    `not ${JSON.stringify(path ?? '')}`);
	return path;
}

function find(variable, name) {
	const given = process.env[variable];

	if (given)
		return executable(given);
	return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
	    .filter((folder) => folder !== '')
	    .map((folder) => join(folder, name))
	    .find(executable) ?? null;
}

export const STRIPEHOOK = underTest('STRIPEHOOK');
export const STRIPEHOOK_CGI = underTest('STRIPEHOOK_CGI');
export const NGINX = find('NGINX', 'nginx');
export const SPAWN_FCGI = find('SPAWN_FCGI', 'spawn-fcgi');

/* For a test's "skip": false, or why there is no web server to go through. */
export const noServer = [['nginx', NGINX], ['spawn-fcgi', SPAWN_FCGI]]
    .filter(([, path]) => !path)
    .map(([name]) => `no ${name} on this machine`)
    .join(', ') || false;
