#!/usr/bin/env bats
# Apache and the plain CGI program, with the sample as it is shipped.

load lib
load servers

apache_put_up() {
	{
		echo "SetEnv STRIPEHOOK_CONFIG $STRIPEHOOK_CONFIG"
		[ "$1" != cgid ] || echo "ScriptSock $T/cgid.sock"
		sample apache/cgi.conf
	} >"$T/apache.inc"
	apache_start alias env "$1"
}

server_graceful() {
	kill -USR1 "$(cat "$T/apache.pid")"
}

server_hard() {
	kill -HUP "$(cat "$T/apache.pid")"
}

# Neither gives a chunked request a length. And each request is a process: where
# two hundred of them wait for their turn to write for more than five seconds,
# the last ones are answered 503.
@test "Apache, mod_cgid: events and sizes" {
	server_conf
	apache_put_up cgid
	handles
	sizes 411
}

@test "Apache, mod_cgid: two hundred at once, restarts under load" {
	server_conf
	apache_put_up cgid
	at_once 503 none
	restarts program_replaced server_graceful program_killed server_hard
}

@test "Apache, mod_cgi: events and sizes" {
	server_conf
	APACHE_MPM=prefork
	apache_put_up cgi
	handles
	sizes 411
}

@test "Apache, mod_cgi: two hundred at once, restarts under load" {
	server_conf
	APACHE_MPM=prefork
	apache_put_up cgi
	at_once 503 none
	restarts program_replaced server_graceful program_killed server_hard
}
