# Helpers of the integration tests.
#
# Every test has a folder of its own ($T), records what it starts in $T/pids
# and waits for conditions, never for a time. It runs as any user; as root,
# nginx keeps its worker as root too, so that the folder (mode 0700) and the
# socket in it need no other permissions.
#
# From the makefile: srcdir, builddir; SANITIZED=yes where the programs are.
# shellcheck shell=bash disable=SC2034

: "${srcdir:=.}" "${builddir:=.}"
srcdir=$(cd "$srcdir" && pwd)
builddir=$(cd "$builddir" && pwd)
CGI=$builddir/cgi/stripehook.cgi
COMMAND=$builddir/src/stripehook
WORKER=$builddir/src/stripehook-worker
FCGI_CLIENT=$srcdir/tests/integration/fcgi-client.py
LISTENER=$srcdir/tests/integration/listener.py
LOAD=$srcdir/tests/integration/load.py
PATH=$PATH:/usr/sbin:/sbin
# The system's, which starts faster than what may stand in front of it.
PYTHON=${PYTHON:-/usr/bin/python3}
[ -x "$PYTHON" ] || PYTHON=python3

SECRET=whsec_ShopSecretShopSecretShopSecret01
OTHER_SECRET=whsec_OtherSecretOtherSecretOther02
CLIENT_TIME=30 # seconds that a client waits at most

# The place ------------------------------------------------------------------

place_open() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/stripehook.XXXXXX")
	: >"$T/pids"
	: >"$T/log"
	mkdir "$T/h"
	(umask 077
	printf '%s\n' "$SECRET" >"$T/shop.whsec"
	printf '%s\n' "$OTHER_SECRET" >"$T/other.whsec")
	export STRIPEHOOK_CONFIG=$T/stripehook.conf
	STORE=$T/events.db
	STORE_URI=sqlite:$STORE
	PGSQL=
	OUT=$T # where answers go; a second client at once has another
	GATE=cgi
	WRAPPER=()
	LOADS=()
	CLIENTS=0
	NGINX_HTTP=
}

# The store of this place is a database of a server of its own: PGSQL is the
# server's folder.
place_pgsql() {
	local status=0

	PGSQL=$(sh "$srcdir/tests/pgsql.sh" -start 3>&-) || status=$?
	[ "$status" -ne 77 ] || PGSQL=
	[ "$status" -ne 77 ] || skip "there is no PostgreSQL server"
	is 0 "$status" "starting a PostgreSQL server"
	[ -e "${STRIPEHOOK_MODULES:=$builddir/lib}/stripehook-pgsql.so" ] ||
		skip "built without PostgreSQL"
	export STRIPEHOOK_MODULES
	psql -qX -h "$PGSQL" -U postgres -c 'CREATE DATABASE shop'
	STORE="postgresql:host=$PGSQL user=postgres dbname=shop"
	STORE_URI=$STORE
}

# Whatever a test did: nothing is left running, and no log holds a secret.
place_close() {
	local leak=0

	: >"$T/enough"
	stop_all
	[ -z "$PGSQL" ] || sh "$srcdir/tests/pgsql.sh" -stop "$PGSQL"
	no_secret_in "$T"/log "$T"/*.err || leak=1
	rm -rf "$T"
	return "$leak"
}

# started PID: is ended with the test, at the latest.
started() {
	echo "$1" >>"$T/pids"
}

# A zombie has ended.
alive() {
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }
	[ "${stat:0:1}" != Z ]
}

ended() {
	! alive "$1"
}

stop_all() {
	local pid

	while read -r pid; do
		kill -TERM "$pid" 2>/dev/null || continue
		wait_for 5 ended "$pid" || kill -KILL "$pid" 2>/dev/null || :
	done < <(tac "$T/pids")
	: >"$T/pids"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local until=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	shift
	until "$@"; do
		if ((${EPOCHREALTIME/[.,]/} > until)); then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}

need() {
	local name

	for name; do
		command -v "$name" >/dev/null || skip "$name is not installed"
	done
}

# A port that was free a moment ago, chosen by the kernel.
free_port() {
	"$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# Saying what is wrong --------------------------------------------------------

fail() {
	{
		echo "$*"
		echo "--- log"
		tail -n 20 "$T/log"
		tail -n 5 "$T"/*.err 2>/dev/null
	} >&2
	return 1
}

# is EXPECTED ACTUAL WHAT
is() {
	[ "$1" = "$2" ] || fail "$3: expected \"$1\", got \"$2\""
}

# refute COMMAND...: it must fail. (Bats does not see a failing "!".)
refute() {
	if "$@"; then
		fail "must not succeed: $*"
	fi
}

log_has() {
	grep -qF -- "$1" "$T/log" || fail "the log does not say: $1"
}

log_lacks() {
	refute grep -qF -- "$1" "$T/log"
}

# says TEXT: the log has it by now; for waiting.
says() {
	grep -qF -- "$1" "$T/log"
}

log_count() {
	grep -cF -- "$1" "$T/log" || :
}

# log_times N TEXT: exactly so often; for waiting, too.
log_times() {
	[ "$(log_count "$2")" -eq "$1" ]
}

no_secret_in() {
	local file

	for file; do
		[ -f "$file" ] || continue
		if grep -qE 'whsec_[A-Z]|(^|[^0-9a-f])[0-9a-f]{64}([^0-9a-f]|$)' \
		    "$file"; then
			echo "a secret or a digest in $file:" >&2
			grep -E 'whsec_[A-Z]|[0-9a-f]{64}' "$file" >&2
			return 1
		fi
	done
}

# Configuration, handlers, events ----------------------------------------------

# conf [OPTION=VALUE...]: a configuration; its endpoints and handlers come from
# standard input, or are one endpoint and a queued handler. The store is made.
conf() {
	conf_write "$@"
	[ -e "$STORE" ] || "$COMMAND" init >"$T/init.out" 2>&1 ||
	    fail "init: $(cat "$T/init.out")"
}

conf_write() {
	local option

	{
		echo "store = \"$STORE_URI\""
		echo "log = \"file:$T/log\""
		for option; do
			echo "$option"
		done
		cat
	} >"$T/next.conf"
	mv "$T/next.conf" "$STRIPEHOOK_CONFIG"
}

shop() {
	echo "endpoint \"shop\" { secrets = { \"file:$T/shop.whsec\" } $* }"
}

# handler NAME EVENTS [OPTION...]: a section, for a script $T/h/NAME.
handler() {
	local name=$1 events=$2

	shift 2
	printf 'handler "%s" {\n\tevents = { %s }\n' "$name" "$events"
	printf '\tcommand = { "%s" }\n' "$T/h/$name"
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

# script NAME: the body comes from standard input; $T is the test's folder in
# it, and "ran" notes that it was here.
script() {
	{
		echo '#!/bin/sh'
		echo "T=$T"
		echo "ran() { echo \"\$STRIPE_EVENT_ID \$STRIPEHOOK_ATTEMPT\" \
>>$T/ran.$1; }"
		cat
	} >"$T/h/$1"
	chmod 755 "$T/h/$1"
}

ran() {
	[ "$(cat "$T/ran.$1" 2>/dev/null)" = "$2" ] || fail \
	    "handler $1 ran: expected \"$2\", got \"$(cat "$T/ran.$1" 2>&1)\""
}

ran_times() {
	[ "$(cat "$T/ran.$1" 2>/dev/null | wc -l)" -eq "$2" ]
}

# The usual place: unhandled types refused, one queued handler for payments.
usual() {
	script fulfil <<-'SCRIPT'
	ran
	SCRIPT
	{
		shop
		handler fulfil '"payment_intent.*"'
	} | conf "$@"
}

# The same with a handler that runs before the answer.
usual_inline() {
	script fulfil <<-'SCRIPT'
	ran
	SCRIPT
	{
		shop
		handler fulfil '"payment_intent.*"' 'run = "inline"'
	} | conf "$@"
}

# snapshot ID [TYPE [OBJECT [MORE]]]: an event of Stripe's shape, into $T/ID.
snapshot() {
	local id=$1 type=${2:-payment_intent.succeeded} object=${3:-pi_$1}

	EVENT=$T/$id
	printf '%s' "{
  \"id\": \"$id\",
  \"object\": \"event\",
  \"api_version\": \"${API_VERSION:-2026-10-28.endive}\",
  \"created\": 1790000000,
  \"data\": {
    \"object\": {
      \"id\": \"$object\",
      \"object\": \"${type%%.*}\",
      \"amount\": 2000,
      \"customer\": \"cus_1\",
      \"description\": \"Zażółć ${4-}\"
    }
  },
  \"livemode\": false,
  \"pending_webhooks\": ${PENDING:-1},
  \"request\": { \"id\": null, \"idempotency_key\": null },
  \"type\": \"$type\"
}" >"$EVENT"
}

thin() {
	EVENT=$T/$1
	printf '%s' "{
  \"id\": \"$1\",
  \"object\": \"v2.core.event\",
  \"type\": \"$2\",
  \"created\": \"2026-09-21T14:13:20.123Z\",
  \"livemode\": true,
  \"context\": \"acct_9/acct_8\",
  \"reason\": null,
  \"related_object\": {
    \"id\": \"mtr_123\",
    \"type\": \"billing.meter\",
    \"url\": \"/v1/billing/meters/mtr_123\"
  }
}" >"$EVENT"
}

# Signing, by a peer that is not our code.
digest() {
	local hex

	read -r hex _ < <({
		printf '%s.' "$2"
		cat -- "$1"
	} | openssl dgst -sha256 -hmac "$3" -r)
	echo "$hex"
}

# sign FILE [SECONDS FROM NOW [SECRET]]
sign() {
	local t

	printf -v t '%(%s)T'
	t=$((t + ${2:-0}))
	echo "t=$t,v1=$(digest "$1" "$t" "${3:-$SECRET}")"
}

# The gates --------------------------------------------------------------------

# through GATE CASE: the same case, whichever way the request comes.
#	cgi	environment and standard input
#	fcgi	curl, nginx, a socket by spawn-fcgi
#	raw	a FastCGI peer made by hand, for what no web server passes on
through() {
	GATE=$1
	case $GATE in
	fcgi) need nginx spawn-fcgi curl ;;
	raw) need spawn-fcgi "$PYTHON" ;;
	esac
	need openssl
	"case_$2"
}

# Puts up what stands behind the gate. CGI needs nothing.
gate_open() {
	case $GATE in
	cgi) return 0 ;;
	raw) fcgi_start ;;
	fcgi)
		fcgi_start
		nginx_start
		;;
	esac
}

fcgi_start() {
	rm -f "$T/fcgi.sock"
	spawn-fcgi -n -s "$T/fcgi.sock" -- "$CGI" \
	    </dev/null >"$T/fcgi.out" 2>>"$T/fcgi.err" 3>&- &
	FCGI_PID=$!
	started "$FCGI_PID"
	wait_for 10 test -S "$T/fcgi.sock"
}

# A test may have one of its own.
nginx_location() {
	cat <<-CONF
	location / {
		fastcgi_pass ${FCGI_PASS:-unix:$T/fcgi.sock};
		fastcgi_read_timeout 60s;
		fastcgi_param REQUEST_METHOD \$request_method;
		fastcgi_param CONTENT_LENGTH \$content_length;
		fastcgi_param CONTENT_TYPE \$content_type;
		fastcgi_param REMOTE_ADDR \$remote_addr;
		fastcgi_param REQUEST_URI \$request_uri;
	}
	CONF
}

nginx_conf() {
	cat <<-CONF
	$([ "$(id -u)" -ne 0 ] || echo 'user root;')
	worker_processes 1;
	daemon off;
	pid $T/nginx.pid;
	error_log $T/nginx.err;
	events { worker_connections 512; }
	http {
		access_log off;
		client_body_temp_path $T/nginx-body;
		proxy_temp_path $T/nginx-proxy;
		fastcgi_temp_path $T/nginx-fastcgi;
		uwsgi_temp_path $T/nginx-uwsgi;
		scgi_temp_path $T/nginx-scgi;
		client_max_body_size 16m;
		client_body_buffer_size 128k;
		large_client_header_buffers 4 32k;
		$NGINX_HTTP
		server {
			listen 127.0.0.1:$PORT;
			$(nginx_location)
		}
	}
	CONF
}

# Between free_port and the listening somebody may take the port: try anew.
nginx_start() {
	local try pid

	for try in 1 2 3; do
		PORT=$(free_port)
		URL=http://127.0.0.1:$PORT${URL_PATH:-/}
		nginx_conf >"$T/nginx.conf"
		nginx -p "$T" -c "$T/nginx.conf" </dev/null \
		    >"$T/nginx.out" 2>&1 3>&- &
		pid=$!
		started "$pid"
		# A request that ends at nginx, so that the log has no trace of it.
		wait_for 10 nginx_up "$pid" || :
		alive "$pid" && return 0
	done
	fail "nginx: $(cat "$T/nginx.out" "$T/nginx.err" 2>/dev/null)"
}

nginx_up() {
	! alive "$1" || port_open "$PORT"
}

port_open() {
	(exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# prepare [-m METHOD] [-s SIGNATURE] [-l LENGTH] [-H 'Name: value'] [FILE]
# A request. FILE is $EVENT unless said. A signature is made unless given
# (empty: none). LENGTH is true unless given ("none": none).
prepare() {
	local OPTIND=1 opt signature=+ header name

	METHOD=POST
	LENGTH=+
	REQUEST_HEADERS=()
	while getopts m:s:l:H: opt; do
		case $opt in
		m) METHOD=$OPTARG ;;
		s) signature=$OPTARG ;;
		l) LENGTH=$OPTARG ;;
		H) REQUEST_HEADERS+=("$OPTARG") ;;
		*) fail "prepare: $opt" ;;
		esac
	done
	shift $((OPTIND - 1))
	FILE=${1:-$EVENT}
	[ "$signature" != + ] || signature=$(sign "$FILE")
	[ "$LENGTH" != + ] || LENGTH=$(wc -c <"$FILE")
	[ "$LENGTH" != none ] || LENGTH=
	[ -z "$signature" ] ||
	    REQUEST_HEADERS+=("Stripe-Signature: $signature")
	PARAMS=("REQUEST_METHOD=$METHOD" "GATEWAY_INTERFACE=CGI/1.1"
	    "REMOTE_ADDR=192.0.2.7" "REQUEST_URI=/stripe"
	    "CONTENT_TYPE=application/json" "SERVER_PROTOCOL=HTTP/1.1")
	[ -z "$LENGTH" ] || PARAMS+=("CONTENT_LENGTH=$LENGTH")
	for header in "${REQUEST_HEADERS[@]}"; do
		name=${header%%:*}
		name=${name^^}
		PARAMS+=("HTTP_${name//-/_}=${header#*: }")
	done
}

# send [ARGUMENTS OF prepare]: one request through the gate. STATUS, $OUT/head
# and $OUT/answer are what came back.
send() {
	prepare "$@"
	STATUS=
	case $GATE in
	fcgi)
		send_curl
		return
		;;
	raw)
		client "${PARAMS[@]}" <"$FILE" >"$OUT/raw" ||
		    fail "no answer"
		;;
	cgi)
		cgi_run "${PARAMS[@]}" <"$FILE" >"$OUT/raw" || fail "cgi: $?"
		;;
	esac
	parse_raw
}

send_curl() {
	local args=() header

	for header in "${REQUEST_HEADERS[@]}"; do
		args+=(-H "$header")
	done
	[ -n "$LENGTH" ] || args+=(-H 'Transfer-Encoding: chunked')
	[ "$METHOD" = GET ] || args+=(-X "$METHOD" --data-binary "@$FILE"
	    -H 'Content-Type: application/json' -H 'Expect:')
	STATUS=$(curl -sS --max-time "$CLIENT_TIME" -D "$OUT/head" \
	    -o "$OUT/answer" -w '%{http_code}' "${args[@]}" "$URL" \
	    2>"$OUT/curl.err") || fail "curl: $(cat "$OUT/curl.err")"
}

# client [OPTION...] [NAME=VALUE...]: the FastCGI peer made by hand.
client() {
	timeout "$CLIENT_TIME" "$PYTHON" "$FCGI_CLIENT" -s "$T/fcgi.sock" "$@"
}

# The same in the background with $FILE as its body; $! is the peer itself.
client_start() {
	"$PYTHON" "$FCGI_CLIENT" -s "$T/fcgi.sock" "$@" <"$FILE" \
	    >"$OUT/client.$CLIENTS" 2>"$OUT/client.$CLIENTS.err" 3>&- &
	started $!
	CLIENT_OUT=$OUT/client.$CLIENTS
	CLIENTS=$((CLIENTS + 1))
}

cgi_run() {
	local asan=()

	[ -z "${ASAN_OPTIONS-}" ] || asan=("ASAN_OPTIONS=$ASAN_OPTIONS")
	timeout "$CLIENT_TIME" "${WRAPPER[@]}" env -i PATH="$PATH" \
	    STRIPEHOOK_CONFIG="$STRIPEHOOK_CONFIG" "${asan[@]}" "$@" "$CGI" \
	    2>>"$T/cgi.err"
}

parse_raw() {
	local line

	{
		while IFS= read -r line && [ "$line" != $'\r' ]; do
			[[ $line != Status:* ]] || STATUS=${line:8:3}
			printf '%s\n' "${line%$'\r'}"
		done >"$OUT/head"
		cat >"$OUT/answer"
	} <"$OUT/raw"
}

# gets STATUS [ARGUMENTS OF prepare]
gets() {
	local want=$1

	shift
	send "$@"
	[ "$STATUS" = "$want" ] ||
	    fail "expected $want, got $STATUS: $(cat "$OUT/answer")"
}

# head_has 'Name: value'
head_has() {
	tr -d '\r' <"$OUT/head" | grep -qixF -- "$1" ||
	    fail "no header \"$1\" in: $(cat "$OUT/head")"
}

# post ID: a fresh event with curl, for loads; prints the status. Keeps to
# files of its own, so that many may run at once.
post() {
	local EVENT signature

	snapshot "$1"
	signature=$(sign "$EVENT")
	curl -sS --max-time "$CLIENT_TIME" -o "$EVENT.answer" \
	    -w '%{http_code}\n' -H "Stripe-Signature: $signature" \
	    -H 'Content-Type: application/json' -H 'Expect:' \
	    --data-binary "@$EVENT" "$URL" 2>"$EVENT.err" || :
}

# load NAME [N]: events NAME.1 ... NAME.N, or until $T/enough is there, one
# after the other; "STATUS ID" of each goes to $T/load.NAME.
load_start() {
	(
		set +e
		for ((i = 1; i <= ${2:-2000}; i++)); do
			[ -e "$T/enough" ] && break
			echo "$(post "$1.$i") $1.$i" >>"$T/load.$1"
		done
	) 3>&- &
	started $!
	LOADS+=($!)
}

# Whatever was lost would have another status.
load_end() {
	: >"$T/enough"
	wait "${LOADS[@]}"
	LOADS=()
	cat "$T"/load.* >"$T/loads"
	if grep -v '^200 ' "$T/loads" >"$T/lost"; then
		fail "$(wc -l <"$T/lost") of $(wc -l <"$T/loads"): $(head -n 5 \
		    "$T/lost")"
	fi
}

# What the store holds ----------------------------------------------------------

# stored ID: how many events of that id.
stored() {
	"$COMMAND" list --json | grep -cE "\"id\": ?\"$1\"" || :
}

# delivery ID HANDLER: its state, "STATE ATTEMPTS".
delivery() {
	"$COMMAND" show --json "$1" | "$PYTHON" -c '
import json, sys
shown = json.load(sys.stdin)
for d in shown["deliveries"]:
    if d["handler"] == sys.argv[1]:
        print(d["state"], len(d["attempts"]))' "$2"
}

# delivery_is 'STATE ATTEMPTS' ID HANDLER: by now; for waiting.
delivery_is() {
	[ "$(delivery "$2" "$3")" = "$1" ]
}

# db SQL: what only a look into the file, or a hand in it, can bring about.
db() {
	if [ -n "$PGSQL" ]; then
		"$PYTHON" "$srcdir/tests/integration/sql.py" "$STORE" "$1"
	else
		sqlite3 -cmd '.timeout 20000' "$STORE" "$1"
	fi
}

# Time passes: no lease holds any longer, no retry is waited for.
leases_over() {
	db 'UPDATE delivery SET due_ms = 1, ready_ms = 1 WHERE state = 1'
}

retries_due() {
	db 'UPDATE delivery SET due_ms = 1, ready_ms = 1
	    WHERE state = 0 AND ready_ms IS NOT NULL'
}

sound() {
	[ -z "$PGSQL" ] || return 0
	is ok "$(db 'PRAGMA integrity_check')" "integrity"
}

# The worker --------------------------------------------------------------------

worker_start() {
	"$WORKER" "$@" </dev/null >>"$T/worker.out" 2>>"$T/worker.err" 3>&- &
	WORKER_PID=$!
	started "$WORKER_PID"
}

# worker_ends [PID]: is waited for, and its exit code is 0.
worker_ends() {
	local pid=${1:-$WORKER_PID} status=0

	wait_for 30 ended "$pid" || fail "the worker goes on"
	wait "$pid" || status=$?
	is 0 "$status" "the worker's exit code"
}

worker_stop() {
	kill -TERM "${1:-$WORKER_PID}"
	worker_ends "${1:-$WORKER_PID}"
}

# Until all is done that is due.
worker_once() {
	local status=0

	timeout 100 "$WORKER" --until-idle "$@" </dev/null \
	    >>"$T/worker.out" 2>>"$T/worker.err" 3>&- || status=$?
	is 0 "$status" "the exit code of --until-idle"
}

# marked NAME: a script whose "begin" and "end" leave marks in $T/marks, as
# "B HANDLER OBJECT EVENT ATTEMPT" and "E ...", and whose "hold" waits until
# the test says go.
marked() {
	{
		cat <<-'SCRIPT'
		mark() {
			echo "$1 $STRIPEHOOK_HANDLER ${STRIPE_OBJECT_ID:--}" \
			    "$STRIPE_EVENT_ID $STRIPEHOOK_ATTEMPT" >>"$T/marks"
		}
		begin() {
			mark B
		}
		end() {
			mark E
		}
		hold() {
			n=0
			until [ -e "$T/go" ] || [ -e "$T/enough" ] ||
			    [ $((n += 1)) -gt 1500 ]; do
				sleep 0.02
			done
		}
		SCRIPT
		cat
	} | script "$1"
}

# marks WHAT: how many lines begin with it; "B" are all that began.
marks() {
	cat "$T/marks" 2>/dev/null | grep -c "^$1 " || :
}

marks_are() {
	[ "$(marks "$2")" -eq "$1" ]
}

# most_at_once KEY: how many ran at the same time at most; all together
# ("0"), of one handler ("$2") or of one lane ("$2 FS $3"). MARKS may name
# another file.
most_at_once() {
	awk "{ k = $1
	    if (\$1 == \"B\") { if (++n[k] > most) most = n[k] } else n[k]-- }
	    END { print most + 0 }" "${MARKS:-$T/marks}"
}

# ran_here: processes of this test's handlers, by a variable of theirs that
# sections must have: environment = { "PLACE=$T" }.
ran_here() {
	local file

	grep -lszxF "PLACE=$T" /proc/[0-9]*/environ |
	    while IFS=/ read -r _ _ file _; do
		! alive "$file" || echo "$file"
	    done
}

nothing_runs() {
	[ -z "$(ran_here)" ]
}

# sample NAME: as configure makes it from conf/NAME.in, but with all paths in the
# test's folder; to standard output.
sample() {
	sed -e "s|@libexecdir@|$T/libexec|g" -e "s|@runstatedir@|$T/run|g" \
	    -e "s|@sysconfdir@|$T/etc|g" "$srcdir/conf/$1.in"
}

# The programs where samples expect them.
sample_programs() {
	mkdir -p "$T/libexec/stripehook" "$T/run/stripehook"
	cp "$CGI" "$T/libexec/stripehook/stripehook.cgi"
	ln -s stripehook.cgi "$T/libexec/stripehook/stripehook.fcgi"
}

# For teardown: what the programs said, where a test has failed.
tell() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 40 "$T/log" >&2
}

# apache_start MODULE...: with $T/apache.inc, and a log for its complaints. As
# root, Apache gives its requests to another user, who needs the folder.
# APACHE_MPM: the module that serves them, "event" unless set.
apache_start() {
	local modules=/usr/lib/apache2/modules mpm=${APACHE_MPM:-event}
	local module pid

	need apache2 curl
	PORT=$(free_port)
	cat >"$T/apache.conf" <<-CONF
	ServerName localhost
	ServerRoot $T
	DefaultRuntimeDir $T
	PidFile $T/apache.pid
	ErrorLog $T/apache.err
	Listen 127.0.0.1:$PORT
	LoadModule mpm_${mpm}_module $modules/mod_mpm_$mpm.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	CONF
	for module; do
		[ -e "$modules/mod_$module.so" ] ||
		    skip "mod_$module of Apache is not installed"
		echo "LoadModule ${module}_module $modules/mod_$module.so" \
		    >>"$T/apache.conf"
	done
	if [ "$(id -u)" -eq 0 ]; then
		id -u www-data >"$T/id" 2>&1 || skip "no user www-data"
		chown -R www-data "$T"
		printf 'User www-data\nGroup www-data\n' >>"$T/apache.conf"
	fi
	cat "$T/apache.inc" >>"$T/apache.conf"
	# Of a session of its own: with prefork it signals its process group.
	setsid apache2 -D FOREGROUND -f "$T/apache.conf" </dev/null \
	    >"$T/apache.out" 2>&1 3>&- &
	pid=$!
	started "$pid"
	wait_for 10 port_open "$PORT" || fail "$(cat "$T/apache.out")"
	URL=http://127.0.0.1:$PORT/stripe/webhook
}
