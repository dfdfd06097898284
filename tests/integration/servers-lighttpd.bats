#!/usr/bin/env bats
# lighttpd with its sample as it is shipped: it starts the program itself.

load lib
load servers

lighttpd_start() {
	lighttpd -D -f "$T/lighttpd.conf" </dev/null >"$T/lighttpd.out" 2>&1 \
	    3>&- &
	LIGHTTPD_PID=$!
	started "$LIGHTTPD_PID"
	wait_for 10 port_open "$PORT"
}

lighttpd_put_up() {
	need lighttpd
	PORT=$(free_port)
	URL=http://127.0.0.1:$PORT/stripe/webhook
	mkdir "$T/www" "$T/run/lighttpd"
	sample lighttpd/stripehook.conf >"$T/stripehook-lighttpd.conf"
	cat >"$T/lighttpd.conf" <<-CONF
	server.document-root = "$T/www"
	server.bind = "127.0.0.1"
	server.port = $PORT
	server.pid-file = "$T/lighttpd.pid"
	server.errorlog = "$T/lighttpd.err"
	server.upload-dirs = ( "$T/www" )
	include "$T/stripehook-lighttpd.conf"
	CONF
	lighttpd_start
}

server_graceful() {
	kill -USR1 "$LIGHTTPD_PID"
}

server_hard() {
	kill -TERM "$LIGHTTPD_PID"
	wait_for 20 ended "$LIGHTTPD_PID"
	lighttpd_start
}

@test "lighttpd, mod_fastcgi: events and sizes" {
	server_conf
	lighttpd_put_up
	handles
	sizes
	# The program ends with the server.
	kill -TERM "$LIGHTTPD_PID"
	wait_for 10 ended "$LIGHTTPD_PID"
	wait_for 10 says ': stopped'
	is '' "$(programs)" 'what goes on without lighttpd'
}

@test "lighttpd, mod_fastcgi: two hundred at once, restarts under load" {
	server_conf
	lighttpd_put_up
	at_once
	restarts program_told server_graceful program_killed server_hard
}
