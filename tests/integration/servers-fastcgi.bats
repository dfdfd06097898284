#!/usr/bin/env bats
# Apache and the FastCGI program, with the samples as they are shipped.

load lib
load servers

server_graceful() {
	kill -USR1 "$(cat "$T/apache.pid")"
}

server_hard() {
	kill -HUP "$(cat "$T/apache.pid")"
}

# Both: [SED SCRIPT], for the test that changes a sample.
proxy_put_up() {
	need spawn-fcgi
	program_start
	sample apache/proxy-fcgi.conf | sed "${1-}" >"$T/apache.inc"
	apache_start proxy proxy_fcgi env
}

fcgid_put_up() {
	{
		echo "FcgidInitialEnv STRIPEHOOK_CONFIG $STRIPEHOOK_CONFIG"
		echo "FcgidIPCDir $T/run"
		echo "FcgidProcessTableFile $T/run/fcgid.shm"
		sample apache/fcgid.conf | sed "${1-}"
	} >"$T/apache.inc"
	apache_start alias fcgid
}

@test "Apache, mod_proxy_fcgi: events and sizes" {
	server_conf
	proxy_put_up
	handles
	sizes
	# Once the endpoint is there again, so is the service.
	kill -TERM "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	snapshot evt_later
	gets 503
	gets 503
	rm -f "$T/run/stripehook/stripehook.sock"
	program_start
	gets 200
}

# While it starts more processes for so many clients, Apache closes a few of the
# new connections without an answer: Stripe would repeat those.
@test "Apache, mod_proxy_fcgi: two hundred at once, restarts under load" {
	server_conf
	proxy_put_up
	at_once none
	restarts program_restart server_graceful program_crash server_hard
}

@test "Apache, mod_proxy_fcgi: a handler that takes too long" {
	server_conf_slow
	proxy_put_up 's/timeout=60/timeout=1/'
	impatient 504
}

@test "Apache, mod_fcgid: events and sizes" {
	server_conf 'threads = 1'
	fcgid_put_up
	handles
	sizes
}

@test "Apache, mod_fcgid: two hundred at once, restarts under load" {
	server_conf 'threads = 1'
	fcgid_put_up
	at_once 503 none
	restarts program_told server_graceful program_killed server_hard
}

@test "Apache, mod_fcgid: a handler that takes too long" {
	server_conf_slow
	fcgid_put_up 's/FcgidIOTimeout 60/FcgidIOTimeout 1/'
	impatient 500
}
