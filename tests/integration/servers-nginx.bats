#!/usr/bin/env bats
# nginx with its samples as they are shipped.

load lib
load servers

# SAMPLE is the one that the server block includes, with CHANGE made to it.
nginx_location() {
	sample nginx/"$SAMPLE".conf | sed "$CHANGE"
}

# nginx_put_up SAMPLE [SED SCRIPT]
nginx_put_up() {
	need nginx
	SAMPLE=$1 CHANGE=${2-}
	URL_PATH=/stripe/webhook
	NGINX_HTTP="error_log $T/nginx.err warn;
	include $srcdir/conf/nginx/stripehook-http.conf;"
	nginx_start
}

server_graceful() {
	kill -HUP "$(cat "$T/nginx.pid")"
}

server_hard() {
	local pid

	pid=$(cat "$T/nginx.pid")
	kill -TERM "$pid"
	wait_for 20 ended "$pid"
	nginx -p "$T" -c "$T/nginx.conf" </dev/null >>"$T/nginx.out" 2>&1 3>&- &
	started $!
	wait_for 10 port_open "$PORT"
}

# Its processes go on when the first of them ends, so all are known: the first
# one last, which would replace the others, and is therefore ended first.
fcgiwrap_start() {
	local pid

	fcgiwrap -c 8 -s "unix:$T/run/fcgiwrap.socket" </dev/null \
	    >"$T/wrap.out" 2>>"$T/wrap.err" 3>&- &
	WRAP_PID=$!
	wait_for 10 test -S "$T/run/fcgiwrap.socket"
	wait_for 10 fcgiwrap_has 8
	for pid in "${WRAP_PIDS[@]}" "$WRAP_PID"; do
		started "$pid"
	done
}

fcgiwrap_has() {
	mapfile -t WRAP_PIDS < <(pgrep -P "$WRAP_PID")
	[ "${#WRAP_PIDS[@]}" -eq "$1" ]
}

fcgiwrap_restart() {
	local pid

	for pid in "$WRAP_PID" "${WRAP_PIDS[@]}"; do
		kill -TERM "$pid" 2>/dev/null || :
		wait_for 10 ended "$pid"
	done
	rm -f "$T/run/fcgiwrap.socket"
	fcgiwrap_start
}

@test "nginx, spawn-fcgi: events and sizes" {
	need spawn-fcgi
	server_conf
	program_start
	nginx_put_up stripehook
	handles
	sizes
	is "" "$(grep -vE 'buffered to a temporary file|too large (chunked )?body|^$' \
	    "$T/nginx.err")" "what nginx complains of"
	# Only what is larger than the buffer takes the way through a file.
	grep -q 'buffered to a temporary file' "$T/nginx.err"
	: >"$T/nginx.err"
	padded evt_20k 100000
	gets 200
	is "" "$(cat "$T/nginx.err")" "what nginx says of an ordinary event"
	# It answered itself: the endpoint never heard of them.
	log_lacks 'with 405'
	log_lacks 'with 413'
}

@test "nginx, spawn-fcgi: two hundred at once, restarts under load" {
	need spawn-fcgi
	server_conf
	program_start
	nginx_put_up stripehook
	at_once
	restarts program_restart server_graceful program_crash server_hard
}

@test "nginx, spawn-fcgi: a handler that takes too long" {
	need spawn-fcgi
	server_conf_slow
	program_start
	nginx_put_up stripehook 's/read_timeout 60s/read_timeout 1s/'
	impatient 504
}

@test "nginx, fcgiwrap: events and sizes" {
	need fcgiwrap
	server_conf
	fcgiwrap_start
	nginx_put_up fcgiwrap
	handles
	sizes
}

@test "nginx, fcgiwrap: two hundred at once, restarts under load" {
	need fcgiwrap
	server_conf
	fcgiwrap_start
	nginx_put_up fcgiwrap
	at_once
	restarts fcgiwrap_restart server_graceful program_killed \
	    program_replaced server_hard
}
