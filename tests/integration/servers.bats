#!/usr/bin/env bats
# The samples themselves, and ways to run the program that none of them shows.
# What each server is put through is in servers-*.bats.

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

# sample_location [SED SCRIPT]: the sample in the server block, changed.
sample_location() {
	sample nginx/stripehook.conf | sed "${1-}"
}

nginx_sample() {
	need nginx spawn-fcgi curl
	GATE=fcgi
	URL_PATH=/stripe/webhook
	mkdir -p "$T/run/stripehook"
	fcgi_start
	ln -sf "$T/fcgi.sock" "$T/run/stripehook/stripehook.sock"
	: "${NGINX_HTTP:=include $srcdir/conf/nginx/stripehook-http.conf;}"
	nginx_start
}

# What is installed: no path is left to fill in, and all else is as in the
# source.
@test "samples: as configure made them" {
	local name file

	for name in nginx/stripehook nginx/fcgiwrap apache/cgi apache/fcgid \
	    apache/proxy-fcgi lighttpd/stripehook; do
		file=$builddir/conf/$name.conf
		[ -s "$file" ] || fail "$file was not made"
		refute grep -n '@[a-z]*@' "$file"
		is '' "$(diff "$file" "$srcdir/conf/$name.conf.in" |
		    grep '^>' | grep -v '@[a-z]*dir@' || :)" \
		    "$name: changed without a path in it"
	done
}

# Error pages that answer 200 are the site's; Stripe must not see them.
@test "nginx: the site's error pages and password stay out" {
	usual
	nginx_location() {
		cat <<-CONF
		error_page 400 401 403 405 413 500 502 503 504 =200 /sorry;
		auth_basic "staff";
		auth_basic_user_file $T/nobody;
		fastcgi_intercept_errors on;
		location = /sorry {
			auth_basic off;
			return 200 sorry;
		}
		CONF
		sample_location
	}
	: >"$T/nobody"
	nginx_sample
	snapshot evt_1
	gets 200
	gets 400 -s ''
	gets 405 -m GET
	head_has 'Allow: POST'
	kill -TERM "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	gets 502
	head -c 4194305 /dev/zero >"$T/over"
	gets 413 "$T/over"
}

@test "nginx: above the rate there is 503" {
	usual
	NGINX_HTTP=$(sed 's|rate=100r/s|rate=1r/m|' \
	    "$srcdir/conf/nginx/stripehook-http.conf")
	nginx_location() {
		sample_location 's/burst=1000/burst=1/'
	}
	nginx_sample
	snapshot evt_1
	gets 200
	gets 200
	gets 503
	gets 503
}

# list ADDRESS...: as Stripe would publish it, and a refresh from it.
list() {
	printf '%s\n' "$@" >"$T/list"
	refresh
}

refresh() {
	REFRESHED=0
	"$srcdir/conf/nginx/refresh-addresses.sh" \
	    "$T/snippets/stripehook-addresses.conf" "file://$T/list" \
	    2>"$T/refresh" || REFRESHED=$?
}

@test "nginx: Stripe's addresses only, and their refresh" {
	local shipped=$srcdir/conf/nginx/stripehook-addresses.conf
	local file=$T/snippets/stripehook-addresses.conf odd

	usual
	nginx_location() {
		sample_location 's/#include/include/'
	}
	mkdir "$T/snippets"
	cp "$shipped" "$T/snippets"
	nginx_sample
	snapshot evt_1
	gets 403
	list $(sed -n 's/^allow \(.*\);/\1/p' "$shipped")
	is 1 "$REFRESHED" 'exit code where the list is the same'
	cmp "$file" "$shipped"
	list 127.0.0.1 2001:db8::/32
	is 0 "$REFRESHED" "exit code: $(cat "$T/refresh")"
	is 'allow 127.0.0.1; allow 2001:db8::/32; deny all;' \
	    "$(grep -v '^#' "$file" | paste -sd ' ')" 'the new list'
	kill -HUP "$(cat "$T/nginx.pid")"
	wait_for 10 accepted

	# None of these is a list.
	cp "$file" "$T/good"
	for odd in '<html>' '127.0.0.256' '1.2.3' 'all;' ''; do
		list "$odd"
		is 2 "$REFRESHED" "exit code for \"$odd\""
		grep -q 'left as it was' "$T/refresh"
		cmp "$file" "$T/good"
	done
	rm "$T/list"
	refresh
	is 2 "$REFRESHED" 'exit code where there is no list'
	cmp "$file" "$T/good"
	is stripehook-addresses.conf "$(ls "$T/snippets")" 'what is left over'
}

accepted() {
	send
	[ "$STATUS" = 200 ]
}

# As the manual says: at least as many threads as connections that are kept.
@test "nginx: kept connections, with threads enough" {
	local i

	usual 'threads = 4'
	NGINX_HTTP="include $srcdir/conf/nginx/stripehook-http.conf;
	upstream stripehook {
		server unix:$T/run/stripehook/stripehook.sock;
		keepalive 2;
	}"
	nginx_location() {
		sample_location 's|unix:[^;]*|stripehook|
		    s|fastcgi_keep_conn off|fastcgi_keep_conn on|'
	}
	nginx_sample
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
