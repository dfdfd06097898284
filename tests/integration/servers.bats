#!/usr/bin/env bats
# Real web servers, as they are configured in the samples.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# What every server must bring about.
serves() {
	GATE=fcgi
	snapshot evt_1
	gets 200
	gets 200
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)"
	gets 400 -s ''
	gets 405 -m GET
	head_has 'Allow: POST'
	snapshot evt_2 payment_intent.succeeded pi_1 \
	    "$(head -c 200000 /dev/zero | tr '\0' x)"
	gets 400 -s ''
	gets 200
	"$COMMAND" show --body evt_2 | cmp - "$EVENT"
	snapshot evt_3 invoice.paid
	gets 400
	grep -q refused "$T/answer"
}

@test "nginx: the sample as it is" {
	need nginx spawn-fcgi curl
	usual
	nginx_location() {
		sed "s|unix:/run[^;]*|unix:$T/fcgi.sock|" \
		    "$srcdir/conf/nginx/stripehook.conf"
	}
	URL_PATH=/stripe/webhook
	fcgi_start
	nginx_start
	serves
	# max-body and client_max_body_size are the same: none is refused by one
	# that the other would take.
	snapshot evt_4
	head -c $((4194304 - $(wc -c <"$EVENT"))) /dev/zero | tr '\0' ' ' \
	    >>"$EVENT"
	gets 200
	is "" "$(grep -vE 'buffered to a temporary file|^$' "$T/nginx.err")" \
	    "what nginx complains of"
}

# As the manual says: at least as many threads as connections that are kept.
@test "nginx: kept connections, with threads enough" {
	local i

	need nginx spawn-fcgi curl
	usual 'threads = 4'
	NGINX_HTTP="upstream stripehook {
		server unix:$T/fcgi.sock;
		keepalive 2;
	}"
	nginx_location() {
		sed -e 's|unix:/run[^;]*|stripehook|' \
		    -e 's|fastcgi_keep_conn off|fastcgi_keep_conn on|' \
		    "$srcdir/conf/nginx/stripehook.conf"
	}
	URL_PATH=/stripe/webhook
	fcgi_start
	nginx_start
	serves
	for i in a b; do
		load_start "evt_$i" 10
	done
	wait "${LOADS[@]}"
	load_end
	# A kept connection that nobody uses does not hold up the end.
	kill -TERM "$FCGI_PID"
	wait_for 20 ended "$FCGI_PID"
}

@test "lighttpd: mod_fastcgi starts the program" {
	local pid

	need lighttpd curl
	usual
	PORT=$(free_port)
	URL=http://127.0.0.1:$PORT/stripe
	mkdir "$T/www"
	cat >"$T/lighttpd.conf" <<-CONF
	server.modules = ( "mod_fastcgi" )
	server.document-root = "$T/www"
	server.bind = "127.0.0.1"
	server.port = $PORT
	server.errorlog = "$T/lighttpd.err"
	server.upload-dirs = ( "$T/www" )
	server.max-request-size = 16384
	fastcgi.server = ( "/stripe" => (( "socket" => "$T/fcgi.sock",
	    "bin-path" => "$CGI", "check-local" => "disable",
	    "max-procs" => 1,
	    "bin-environment" => ( "STRIPEHOOK_CONFIG" => "$STRIPEHOOK_CONFIG" )
	)) )
	CONF
	lighttpd -D -f "$T/lighttpd.conf" </dev/null >"$T/lighttpd.out" 2>&1 3>&- &
	pid=$!
	started "$pid"
	wait_for 10 port_open "$PORT"
	serves
	kill -TERM "$pid"
	wait_for 10 ended "$pid"
	wait_for 10 says ': stopped'
}

@test "lighttpd: mod_cgi" {
	need lighttpd curl
	usual
	PORT=$(free_port)
	URL=http://127.0.0.1:$PORT/stripe.cgi
	mkdir "$T/www"
	ln -s "$CGI" "$T/www/stripe.cgi"
	cat >"$T/lighttpd.conf" <<-CONF
	server.modules = ( "mod_cgi", "mod_setenv" )
	server.document-root = "$T/www"
	server.bind = "127.0.0.1"
	server.port = $PORT
	server.errorlog = "$T/lighttpd.err"
	server.upload-dirs = ( "$T/www" )
	setenv.add-environment = ( "STRIPEHOOK_CONFIG" => "$STRIPEHOOK_CONFIG" )
	cgi.assign = ( ".cgi" => "" )
	CONF
	lighttpd -D -f "$T/lighttpd.conf" </dev/null >"$T/lighttpd.out" 2>&1 3>&- &
	started $!
	wait_for 10 port_open "$PORT"
	serves
}

@test "Apache: the sample, a plain CGI program" {
	usual
	mkdir "$T/cgi-bin"
	cp "$CGI" "$T/cgi-bin/stripehook.cgi"
	{
		echo "ScriptSock $T/cgid.sock"
		echo "SetEnv STRIPEHOOK_CONFIG $STRIPEHOOK_CONFIG"
		sed "s|/usr/libexec/stripehook|$T/cgi-bin|" \
		    "$srcdir/conf/apache/stripehook.conf"
	} >"$T/apache.inc"
	apache_start alias env cgid
	serves
}

@test "Apache: mod_proxy_fcgi, as in the manual" {
	need spawn-fcgi
	usual
	fcgi_start
	chmod 666 "$T/fcgi.sock"
	cat >"$T/apache.inc" <<-CONF
	<Location "/stripe/webhook">
		ProxyPass "unix:$T/fcgi.sock|fcgi://localhost/" enablereuse=off
	</Location>
	CONF
	apache_start proxy proxy_fcgi
	serves
}
