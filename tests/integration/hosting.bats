#!/usr/bin/env bats
# Shared hosting: what "make portable" makes, uploaded as stripehook-hosting(7)
# says, under an Apache that is not ours to configure. All of it runs as one
# user with a home folder, and nothing else.

load lib

setup() {
	place_open
	need apache2 curl openssl setpriv setsid
	[ -f "$builddir/portable/crontab" ] || skip "make portable was not run"
	AS=()
	if [ "$(id -u)" -eq 0 ]; then
		AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		chmod 711 "$T"
	fi
	# The home folder is found by whose it is: what is above must not be.
	mkdir -m 1777 "$T/home"
	HOME_FOLDER=$T/home/alice
	SITE=$HOME_FOLDER/public_html
	PORTABLE=$SITE/stripe/stripehook.cgi
	upload
}

teardown() {
	: >"$T/log"
	cat "$T"/home/*/stripehook/log >>"$T/log" 2>/dev/null || :
	tell
	place_close
}

# alice COMMAND...: with what a login shell has.
alice() {
	"${AS[@]}" env -i PATH=/usr/bin:/bin HOME="$HOME_FOLDER" "$@"
}

# To the letter of the manual page.
upload() {
	mkdir -p "$SITE"
	cp -R "$builddir/portable/public" "$SITE/stripe"
	cp -R "$builddir/portable/stripehook" "$HOME_FOLDER/stripehook"
	chmod 711 "$HOME_FOLDER"
	chmod 755 "$SITE" "$SITE/stripe" "$PORTABLE"
	chmod 644 "$SITE/stripe/.htaccess"
	chmod 700 "$HOME_FOLDER/stripehook" "$HOME_FOLDER/stripehook/handlers" \
	    "$HOME_FOLDER/stripehook/handlers/order.sh"
	cp "$T/shop.whsec" "$HOME_FOLDER/stripehook/shop.whsec"
	chmod 600 "$HOME_FOLDER/stripehook/shop.whsec" \
	    "$HOME_FOLDER/stripehook/stripehook.conf"
	[ ${#AS[@]} -eq 0 ] || chown -R 65534:65534 "$HOME_FOLDER"
	unset STRIPEHOOK_CONFIG
	LOG=$HOME_FOLDER/stripehook/log
	ORDERS=$HOME_FOLDER/stripehook/orders
	alice "$PORTABLE" init >"$T/init.out"
}

# server MPM CGI: Apache as a provider has it. $T/apache.inc is the provider's
# own.
server() {
	local modules=/usr/lib/apache2/modules module pid

	[ -e "$T/apache.inc" ] || : >"$T/apache.inc"
	mkdir "$T/apache"
	[ ${#AS[@]} -eq 0 ] || chown 65534:65534 "$T/apache"
	PORT=$(free_port)
	{
		cat <<-CONF
		ServerName localhost
		ServerRoot $T/apache
		DefaultRuntimeDir $T/apache
		PidFile $T/apache/pid
		ErrorLog $T/apache/error.err
		Listen 127.0.0.1:$PORT
		CONF
		for module in "mpm_$1" "$2" authz_core mime env userdir; do
			[ -e "$modules/mod_$module.so" ] ||
			    skip "mod_$module of Apache is not installed"
			echo "LoadModule ${module}_module" \
			    "$modules/mod_$module.so"
		done
		[ "$2" != cgid ] || echo "ScriptSock $T/apache/cgid.sock"
		cat <<-CONF
		TypesConfig /dev/null
		DocumentRoot $SITE
		UserDir $T/home/*/public_html
		<Directory />
			Options None
			AllowOverride None
			Require all denied
		</Directory>
		<Directory "$T/home/*/public_html">
			AllowOverride FileInfo AuthConfig Limit Options Indexes
			Options Indexes
			Require all granted
		</Directory>
		<Files ".ht*">
			Require all denied
		</Files>
		CONF
		cat "$T/apache.inc"
	} >"$T/apache.conf"
	chmod 644 "$T/apache.conf"
	# At its end it ends its whole process group, which would be ours, too.
	"${AS[@]}" setsid apache2 -D FOREGROUND -f "$T/apache.conf" </dev/null \
	    >"$T/apache.out" 2>&1 3>&- &
	pid=$!
	started "$pid"
	wait_for 10 port_open "$PORT" || fail "$(cat "$T/apache.out")"
	GATE=fcgi
	URL=http://127.0.0.1:$PORT${1+/stripe/stripehook.cgi}
	APACHE_LOG=$T/apache/error.err
}

paid() {
	snapshot "$1" checkout.session.completed "cs_$1"
}

handled() {
	grep -qxF "$1 cs_$1" "$ORDERS" 2>/dev/null
}

# fetch PATH: prints the status; the answer is in $T/fetched.
fetch() {
	curl -sS --path-as-is --max-time "$CLIENT_TIME" -o "$T/fetched" \
	    -w '%{http_code}' "http://127.0.0.1:$PORT$1"
}

# hidden PATH...: 403 or 404 each, and not a word of what is in it.
hidden() {
	local path status

	for path; do
		status=$(fetch "$path")
		case $status in
		403 | 404 | 400) ;;
		*) fail "$path: $status" ;;
		esac
		refute grep -qE 'whsec_|sqlite|endpoint "|evt_' "$T/fetched"
	done
}

# A worker that was started on demand stays for a minute: it is stopped by the
# lock that it holds.
worker_gone() {
	local pid

	for pid in $(ran_from "$PORTABLE"); do
		kill -TERM "$pid" 2>/dev/null || :
	done
	wait_for 20 nobody_from "$PORTABLE"
}

# The processes of this test that execute the file.
ran_from() {
	local link

	for link in /proc/[0-9]*/exe; do
		[ "$(readlink "$link" 2>/dev/null)" != "$1" ] ||
		    echo "${link//[!0-9]/}"
	done
}

nobody_from() {
	[ -z "$(ran_from "$1")" ]
}

serves() {
	paid evt_1
	gets 200
	wait_for 20 handled evt_1
	gets 200
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)"
	gets 400 -s ''
	gets 405 -m GET
	paid evt_2
	gets 200
	wait_for 20 handled evt_2
	is "2" "$(wc -l <"$ORDERS")" "orders"
	grep -qF 'refused with 400' "$LOG" || fail "no refusal in the log"
	hidden /stripehook/stripehook.conf /stripehook/shop.whsec \
	    /stripehook/events.db /../stripehook/shop.whsec \
	    /stripe/../../stripehook/shop.whsec \
	    /%2e%2e/stripehook/shop.whsec \
	    /stripe/.htaccess /stripe/
	worker_gone
}

@test "uploaded: check finds nothing, and says where things are" {
	run alice "$PORTABLE" check --ignore clock
	is 0 "$status" "check: $output"
	is "0 errors, 0 warnings" "$output" "check"
	grep -qF "sqlite:$HOME_FOLDER/stripehook/events.db: created" \
	    "$T/init.out" || fail "$(cat "$T/init.out")"
	run alice "$PORTABLE" -h
	[[ $output == *"worker      Run the handlers"* ]] || fail "$output"
	run alice "$PORTABLE" worker -h
	[[ $output == *"(default $HOME_FOLDER/stripehook/stripehook.conf)"* ]] ||
	    fail "$output"
}

@test "Apache, mod_cgi, a virtual host of one user" {
	server prefork cgi
	serves
}

@test "Apache, mod_cgid and mod_userdir" {
	mkdir "$T/empty"
	echo "DocumentRoot $T/empty" >"$T/apache.inc"
	server event cgid
	URL=http://127.0.0.1:$PORT/~alice/stripe/stripehook.cgi
	serves
	hidden /~alice/stripe/.htaccess /~alice/../stripehook/shop.whsec \
	    /~alice/stripehook/stripehook.conf
}

@test "what comes to lie beside the program is not shown" {
	local name

	server prefork cgi
	for name in stripehook.conf shop.whsec log; do
		alice cp "$HOME_FOLDER/stripehook/stripehook.conf" \
		    "$SITE/stripe/$name"
		alice chmod 644 "$SITE/stripe/$name"
	done
	hidden /stripe/stripehook.conf /stripe/shop.whsec /stripe/log \
	    /stripe/stripehook.cgi.bak /~alice/stripe/stripehook.conf
	# Without the sample's lines it would be.
	alice sed -i -e '/^Require/d' "$SITE/stripe/.htaccess"
	is 200 "$(fetch /stripe/log)" "without the sample"
}

@test "a query string chooses no command" {
	local query

	server prefork cgi
	for query in list init worker worker+--until-idle check \
	    -c+/dev/null -h -V show+evt_1; do
		is 405 "$(fetch "/stripe/stripehook.cgi?$query")" "$query"
		grep -qF 'method not allowed' "$T/fetched" ||
		    fail "$(cat "$T/fetched")"
	done
	URL=$URL?list
	paid evt_1
	gets 200
	wait_for 20 handled evt_1
	worker_gone
}

# What suexec hands over (its safe_env_lst): no HOME and no SetEnv; it goes to
# the folder, and names the program as it is there.
@test "as suexec starts it" {
	GATE=cgi
	paid evt_1
	prepare
	cd "$SITE/stripe"
	"${AS[@]}" env -i PATH=/usr/bin:/bin DOCUMENT_ROOT="$SITE" \
	    "${PARAMS[@]}" ./stripehook.cgi <"$FILE" >"$OUT/raw"
	parse_raw
	is 200 "$STATUS" "$(cat "$OUT/answer")"
	wait_for 20 handled evt_1
	worker_gone
}

@test "configuration below the document root: refused, and said where" {
	alice mv "$HOME_FOLDER/stripehook" "$SITE/private"
	alice rm "$SITE/private/events.db"
	LOG=$SITE/private/log
	alice sed -i 's|^#SetEnv.*|SetEnv STRIPEHOOK_CONFIG '"\"$SITE/private/stripehook.conf\"|" \
	    "$SITE/stripe/.htaccess"
	run alice "$PORTABLE" -c "$SITE/private/stripehook.conf" check
	is 0 "$status" "check: $output"
	is 4 "$(grep -c 'looks like a folder' <<<"$output")" "$output"
	alice "$PORTABLE" -c "$SITE/private/stripehook.conf" init >"$T/init.out"
	server prefork cgi
	paid evt_1
	gets 503
	for what in configuration store secret log; do
		grep -qE "the $what .* lies below $SITE, which the web server" \
		    "$APACHE_LOG" || fail "$what: $(cat "$APACHE_LOG")"
	done
	refute [ -e "$SITE/private/orders" ]
}

@test "configuration elsewhere, by SetEnv" {
	alice mv "$HOME_FOLDER/stripehook" "$HOME_FOLDER/private"
	LOG=$HOME_FOLDER/private/log
	ORDERS=$HOME_FOLDER/private/orders
	server prefork cgi
	paid evt_1
	gets 503
	grep -qF "$HOME_FOLDER/stripehook/stripehook.conf: No such file" \
	    "$APACHE_LOG" || fail "$(cat "$APACHE_LOG")"
	alice sed -i "s|^#SetEnv.*|SetEnv STRIPEHOOK_CONFIG \
\"$HOME_FOLDER/private/stripehook.conf\"|" "$SITE/stripe/.htaccess"
	gets 200
	wait_for 20 handled evt_1
	worker_gone
}

# The manual's way around suexec: a script in place of the program.
@test "a wrapper, and the program out of the document root" {
	alice mv "$PORTABLE" "$HOME_FOLDER/stripehook/stripehook"
	alice tee "$PORTABLE" >"$T/tee.out" <<-SCRIPT
	#!/bin/sh
	exec $HOME_FOLDER/stripehook/stripehook
	SCRIPT
	alice chmod 755 "$PORTABLE"
	server prefork cgi
	paid evt_1
	gets 200
	wait_for 20 handled evt_1
	PORTABLE=$HOME_FOLDER/stripehook/stripehook
	worker_gone
}

@test "the line for cron" {
	local line

	alice sed -i 's|^worker = .*|worker = "service"|' \
	    "$HOME_FOLDER/stripehook/stripehook.conf"
	server prefork cgi
	paid evt_1
	gets 200
	refute [ -e "$ORDERS" ]
	line=$(sed -n 's|^\*/10 \* \* \* \* ||p' "$builddir/portable/crontab")
	[ -n "$line" ] || fail "no line"
	alice SHELL=/bin/sh /bin/sh -c "$line"
	handled evt_1
	nobody_from "$PORTABLE"
}

@test "by the names of the three programs" {
	alice ln -s "$PORTABLE" "$HOME_FOLDER/stripehook-worker"
	alice ln -s "$PORTABLE" "$HOME_FOLDER/stripehook"/stripehook
	alice sed -i 's|^worker = .*|worker = "service"|' \
	    "$HOME_FOLDER/stripehook/stripehook.conf"
	run alice "$HOME_FOLDER/stripehook/stripehook" trigger \
	    --cgi "$PORTABLE" checkout.session.completed
	is 0 "$status" "$output"
	run alice "$HOME_FOLDER/stripehook/stripehook" list
	[[ $output == *pending* ]] || fail "$output"
	alice "$HOME_FOLDER/stripehook-worker" --until-idle
	is 1 "$(wc -l <"$ORDERS")" "orders"
}

@test "trigger by the recipe with curl; the program itself has no client" {
	local signature

	run alice "$PORTABLE" trigger --url http://127.0.0.1:1/ invoice.paid
	is 1 "$status" "$output"
	[[ $output == *"no HTTP client"*"stripehook-hosting(7)"* ]] ||
	    fail "$output"
	server prefork cgi
	alice "$PORTABLE" trigger --print checkout.session.completed >"$T/body"
	signature=$(alice "$PORTABLE" sign <"$T/body")
	is 200 "$(curl -sS -o "$T/answer" -w '%{http_code}' \
	    -H "Stripe-Signature: $signature" --data-binary "@$T/body" \
	    "$URL")" "curl"
	wait_for 20 test -s "$ORDERS"
	worker_gone
}

@test "a home folder that others may write to is none" {
	chmod 777 "$HOME_FOLDER"
	run alice "$PORTABLE" check --ignore clock
	is 1 "$status" "$output"
	# the next below it, and so nothing that a stranger could have put there
	[[ $output == "$SITE/stripehook/stripehook.conf: error: No such file"* ]] ||
	    fail "$output"
	chmod 711 "$HOME_FOLDER"
	chmod 777 "$HOME_FOLDER/stripehook"
	run alice "$PORTABLE" check --ignore clock
	is 1 "$status" "$output"
	[[ $output == *"chmod o-w the folder"* ]] || fail "$output"
}

@test "as little from outside as the build says" {
	local kind

	kind=$(sed -n "s/^PORTABLE_LDFLAGS = //p" "$builddir/Makefile")
	[ -n "$kind" ] || skip "not all libraries are there as archives"
	refute grep -qF 'NEEDED' <(readelf -d "$PORTABLE")
	refute grep -qF 'INTERP' <(readelf -l "$PORTABLE")
}
