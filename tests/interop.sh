#!/bin/sh
# interop.sh BUILD: runs tests/interop with node against the programs built in
# the folder BUILD. The packages are installed in a copy below it.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
build=$(cd "$1" && pwd)
copy=$build/interop

mkdir -p "$copy"
cp -R "$top/tests/interop/." "$copy/"
cd "$copy"
npm ci --no-audit --no-fund --loglevel=error
STRIPEHOOK=$build/src/stripehook
STRIPEHOOK_CGI=$build/cgi/stripehook.cgi
NGINX=$(command -v nginx || echo /usr/sbin/nginx)
SPAWN_FCGI=$(command -v spawn-fcgi || echo /usr/bin/spawn-fcgi)
export STRIPEHOOK STRIPEHOOK_CGI NGINX SPAWN_FCGI
exec node --test --test-reporter=tap --test-concurrency=1 ./*.test.mjs
