#!/usr/bin/env bats
# stripehook check and route: what is found, word for word.

load lib
: "${srcdir:=.}"

setup() {
	place_open
	export TZ=UTC
	umask 022
	usual
}

teardown() {
	place_close
}

# The conditions of this machine's clock and web servers are not ours.
check() {
	local want=$1

	shift
	CODE=0
	"$COMMAND" check --ignore clock --ignore server "$@" \
	    >"$T/out" 2>"$T/said" </dev/null || CODE=$?
	[ "$CODE" -eq "$want" ] || fail \
	    "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

# found [LINE...]: these and no others; @ stands for the configuration.
found() {
	printf '%s\n' "${@//@/$STRIPEHOOK_CONFIG}" >"$T/expected"
	sed '$d' "$T/out" >"$T/found"
	diff "$T/expected" "$T/found" || fail "see above"
}

# As somebody who may read the store, but not the secrets.
as_reader() {
	chmod 755 "$T"
	chmod 644 "$STORE"*
	chmod 600 "$T"/*.whsec
	if [ "$(id -u)" -eq 0 ]; then
		need setpriv
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		chmod 0 "$T"/*.whsec
		"$@"
	fi
}

@test "nothing to say" {
	check 0 --strict
	is '0 errors, 0 warnings' "$(cat "$T/out")" out
	check 0 --json
	is '[]' "$(cat "$T/out")" json
	check 0 --quiet
	is '' "$(cat "$T/out")" quiet
}

@test "file, line, column, and what to do" {
	conf_write 'treads = 3' 'threads = 0' <<-CONF
	endpoint "shop" {
	    secrets = { "file:$T/shop.whsec" }
	      tolerence = 3
	}
	CONF
	check 1
	found '@: warning: there is no handler: every event will be refused' \
	    "@:3:1: error: unknown option 'treads'; did you mean 'threads'?" \
	    "@:4: error: 'threads' must be from 1 to 256, not 0" \
	    "@:7:7: error: unknown option 'tolerence'; did you mean \
'tolerance'?"
}

@test "JSON: every member, parsed by another program" {
	{
		shop
		handler fulfil '"invoice.payed"'
		echo 'nonsense = 1'
	} | conf
	check 1 --json
	"$PYTHON" -c '
import json, sys
found = json.load(sys.stdin)
for f in found:
    assert list(f) == ["file", "line", "column", "severity", "code",
        "message", "hint"], f
    assert f["file"] == sys.argv[1], f
    print(f["line"], f["column"], f["severity"], f["code"], f["message"],
        f["hint"], sep="|")' "$STRIPEHOOK_CONFIG" <"$T/out" >"$T/json"
	is "8|1|error|syntax|unknown option 'nonsense'|None" \
	    "$(cat "$T/json")" json
	sed -i '/nonsense/d' "$STRIPEHOOK_CONFIG"
	check 1 --json --strict
	"$PYTHON" -c '
import json, sys
for f in json.load(sys.stdin):
    print(f["line"], f["column"], f["severity"], f["code"], f["message"],
        f["hint"], sep="|")' <"$T/out" >"$T/json"
	is "4|None|warning|unreachable|the handler 'fulfil' gets no event of a \
published type|None
5|None|warning|pattern|no published event type is \"invoice.payed\"|did you \
mean \"invoice.paid\"?" "$(cat "$T/json")" json
}

@test "--strict, --ignore, and a code that there is not" {
	{
		shop
		handler fulfil '"invoice.paid", "invoice.payed"'
	} | conf
	check 0
	is '0 errors, 1 warning' "$(tail -n 1 "$T/out")" summary
	check 1 --strict
	check 1 -s -q
	is 1 "$(wc -l <"$T/out")" "lines: warnings are as good as errors"
	check 0 -q
	is '' "$(cat "$T/out")" quiet
	check 0 --strict --ignore pattern
	is '0 errors, 0 warnings' "$(cat "$T/out")" summary
	check 2 --ignore patern
	is 'stripehook: no findings are called patern; did you mean pattern?' \
	    "$(cat "$T/said")" message
	check 2 --ignore qqq
}

@test "secrets: missing, alike, open to others, not Stripe's" {
	script fulfil </dev/null
	(umask 077
	echo sk_live_0123456789012345678901 >"$T/api.whsec"
	echo 0123456789012345678901234567 >"$T/odd.whsec"
	echo whsec_short >"$T/short.whsec")
	{
		echo "endpoint \"a\" { secrets = { \"file:$T/api.whsec\" } }"
		echo "endpoint \"b\" { secrets = { \"file:$T/odd.whsec\","
		echo "\"file:$T/short.whsec\" } }"
		handler fulfil '"*"'
	} | conf
	check 0
	found "@:3: warning: the secret \"file:$T/api.whsec\" is an API key, \
and nothing is signed with that; the signing secret of a webhook endpoint \
begins with whsec_" \
	    "@:4: warning: the secret \"file:$T/odd.whsec\" does not look like \
one of Stripe's; the signing secret of a webhook endpoint begins with whsec_" \
	    "@:5: warning: the secret \"file:$T/short.whsec\" has only 11 \
bytes; copy all of the signing secret that Stripe shows"
	refute grep -qE '0123456789|sk_live|whsec_s' "$T/out"
	{
		shop
		echo "endpoint \"b\" { secrets = { \"file:$T/copy.whsec\","
		echo "\"file:$T/none.whsec\" } }"
		handler fulfil '"*"'
	} | conf
	cp "$T/shop.whsec" "$T/copy.whsec"
	check 1
	found "@:4: error: the secret \"file:$T/copy.whsec\" is the same as one \
of the endpoint 'shop': they could not be told apart" \
	    "@:5: error: secret \"file:$T/none.whsec\": No such file or \
directory" \
	    "@: warning: not all secrets could be read, and none was looked at \
further; check as the user of the endpoint, or leave them to that one with \
--no-secrets"
	rm "$T/copy.whsec"
	usual
	chmod 644 "$T/shop.whsec"
	check 1
	is "$STRIPEHOOK_CONFIG:3: error: secret \"file:$T/shop.whsec\": all \
users may read it: change its mode (0644) to 0640 or 0600" \
	    "$(head -n 1 "$T/out")" mode
	chmod 600 "$T/shop.whsec"
	mkdir "$T/open"
	mv "$T/shop.whsec" "$T/open"
	chmod 777 "$T/open"
	sed -i "s|$T/shop|$T/open/shop|" "$STRIPEHOOK_CONFIG"
	check 0
	found "@:3: warning: all users may write to $T/open, and so replace a \
secret and sign events; chmod go-w it"
}

@test "a secret that is not to be read is said to be so, and the rest checked" {
	as_reader "$COMMAND" check --ignore clock --ignore server \
	    >"$T/out" || CODE=$?
	is 1 "$CODE" "exit status"
	is "$STRIPEHOOK_CONFIG:3: error: secret \"file:$T/shop.whsec\": \
Permission denied" "$(head -n 1 "$T/out")" secret
	grep -qF -- '--no-secrets' "$T/out"
	as_reader "$COMMAND" check --ignore clock --ignore server \
	    --ignore program --no-secrets --strict >"$T/out" ||
	    fail "$(cat "$T/out")"
	is '0 errors, 0 warnings' "$(cat "$T/out")" out
	# What it says of the store does not depend on the secrets.
	echo 'no database at all, but long enough for one' >"$STORE"
	as_reader "$COMMAND" check >"$T/out" || :
	grep -q ': error: store: ' "$T/out" || fail "$(cat "$T/out")"
}

@test "programs: missing, not executable, open to others, somebody else's" {
	chmod 644 "$T/h/fulfil"
	check 1
	found "@:6: error: the command $T/h/fulfil may not be executed by this \
user: Permission denied; is its mode without x?"
	chmod 777 "$T/h/fulfil"
	check 1
	found "@:6: error: all users may write to $T/h/fulfil, and so choose \
what is executed; chmod o-w it"
	chmod 755 "$T/h/fulfil"
	chmod 775 "$T/h"
	check 0
	found "@:6: warning: the group may write to $T/h, and so choose what is \
executed"
	chmod 755 "$T/h"
	rm "$T/h/fulfil"
	check 1
	found "@:6: error: the command $T/h/fulfil: No such file or directory"
}

@test "programs: whose they are, but for the handler's own user" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give files away"
	chown 65534 "$T/h/fulfil"
	check 0
	found "@:6: warning: $T/h/fulfil belongs to $(id -un 65534), who can so \
choose what is executed; chown it to root"
	chown 0 "$T/h/fulfil"
	chown 65534 "$T/h"
	ln -s "$T/h/fulfil" "$T/link"
	sed -i "s|$T/h/fulfil|$T/link|" "$STRIPEHOOK_CONFIG"
	check 0
	found "@:6: warning: $T/h belongs to $(id -un 65534), who can so choose \
what is executed; chown it to root"
	sed -i "s|^}|\\tuser = \"$(id -un 65534)\"\\n}|" "$STRIPEHOOK_CONFIG"
	check 0
	is '0 errors, 0 warnings' "$(cat "$T/out")" out
}

@test "patterns and handlers: near ones, covered ones, the same work twice" {
	script fulfil </dev/null
	script other </dev/null
	{
		shop
		handler a '"invoice.*", "invoice.paid", "charge.*", "charge.*"'
		handler b '"invoice.voided"'
		handler c '"issuing_authorization.request"'
		handler d '"customer.*"'
	} | sed "s|$T/h/[abd]\"|$T/h/fulfil\"|; s|$T/h/c\"|$T/h/other\"|" | conf
	check 0
	printf '%s\n' "$STRIPEHOOK_CONFIG:13: warning: Stripe waits two seconds \
for the decision on \"issuing_authorization.request\" in the answer, which a \
handler cannot give; answer such requests with a program of your own" \
	    "$STRIPEHOOK_CONFIG:5: warning: the handler 'a' has \"invoice.paid\" \
with \"invoice.*\" already; leave it out" \
	    "$STRIPEHOOK_CONFIG:5: warning: the handler 'a' has \"charge.*\" \
with \"charge.*\" already; leave it out" \
	    "$STRIPEHOOK_CONFIG:10: warning: the handlers 'a' and 'b' execute \
the same command, and both get invoice.voided; both run for it: leave it to \
one of them" '0 errors, 4 warnings' >"$T/expected"
	diff "$T/expected" "$T/out" || fail "see above"
}

@test "store: none yet, another's, its journal, its disk, its worker" {
	rm "$STORE"*
	check 0
	found "@: warning: there is no store at sqlite:$STORE yet; run \
\"stripehook init\""
	echo 'no database at all, but long enough for one' >"$STORE"
	check 1
	grep -q '^.*: error: store: ' "$T/out"
	rm "$STORE"
	"$COMMAND" init >"$T/init"
	need sqlite3
	sqlite3 "$STORE" 'PRAGMA journal_mode=DELETE' >"$T/mode"
	check 0
	found "@: warning: the store has a rollback journal, which is slower \
than a write-ahead log; run \"stripehook init\", which asks for the other \
again"
	"$COMMAND" init >"$T/init"
	check 0 --strict
	sed -i '1i disk-low = 1048576' "$STRIPEHOOK_CONFIG"
	check 0
	sed -i "s/has [0-9]* MiB/has N MiB/" "$T/out"
	found "@: warning: the store's disk has N MiB free, less than disk-low \
(1048576); make room: once it is full, events are refused until it is not"
	sed -i '1d' "$STRIPEHOOK_CONFIG"
	snapshot evt_1
	gets 200
	check 0
	found "@: warning: there is no worker, and deliveries wait (1); start \
stripehook-worker, see its manual page"
	sed -i 's/fulfil/renamed/' "$STRIPEHOOK_CONFIG"
	ln -s fulfil "$T/h/renamed"
	check 0
	found "@: warning: for a handler 'fulfil' that is not configured wait 1 \
deliveries: they are kept until it is; \"stripehook prune --handler\" gives \
them up"
}

@test "clock: behind Stripe's" {
	local now

	printf -v now '%(%s)T'
	snapshot evt_1
	sed -i "s/\"created\": [0-9]*/\"created\": $((now + 90))/" "$EVENT"
	gets 200
	worker_once
	CODE=0
	"$COMMAND" check --ignore server >"$T/out" || CODE=$?
	is 0 "$CODE" "exit status"
	sed -i '/says the kernel/d; s/[0-9]* seconds/N seconds/' "$T/out"
	found "@: warning: an event was received N seconds before Stripe made \
it: this machine's clock is behind, or was; run an NTP client"
}

@test "web servers: less than max-body" {
	local file=$T/nginx.conf

	cat >"$file" <<-'CONF'
	# client_max_body_size 1k;
	location / {
	    client_max_body_size 1m;
	    include fastcgi_params; client_max_body_size 1023k;
	    client_max_body_size 4m; client_max_body_size 0;
	    client_max_body_size_not 1;
	}
	CONF
	server() {
		"$COMMAND" check --ignore clock --server "$1" >"$T/out" ||
		    fail "exit status"
	}
	server "$file"
	found "$file:3:5: warning: client_max_body_size lets 1048576 bytes \
through, max-body is 4194304; raise it, or larger events are refused before \
they arrive" \
	    "$file:4:29: warning: client_max_body_size lets 1047552 bytes \
through, max-body is 4194304; raise it, or larger events are refused before \
they arrive"
	printf '<Location />\nlimitrequestbody 65536\n</Location>\n' >"$file"
	server "$file"
	found "$file:2:1: warning: LimitRequestBody lets 65536 bytes through, \
max-body is 4194304; raise it, or larger events are refused before they arrive"
	echo 'server.max-request-size = 64' >"$file"
	server "$file"
	found "$file:1:1: warning: server.max-request-size lets 65536 bytes \
through, max-body is 4194304; raise it, or larger events are refused before \
they arrive"
	: >"$file"
	server "$file"
	found "$file: warning: no limit for bodies is in this file; nginx lets \
1 MiB through unless client_max_body_size says more"
	# The samples fit the sample.
	server "$builddir/conf/nginx/stripehook.conf"
	is '0 errors, 0 warnings' "$(cat "$T/out")" nginx
	server "$builddir/conf/apache/cgi.conf"
	is '0 errors, 0 warnings' "$(cat "$T/out")" apache
	CODE=0
	"$COMMAND" check --ignore clock --server "$T/none" >"$T/out" || CODE=$?
	is 1 "$CODE" "exit status"
	found "$T/none: error: No such file or directory"
}

@test "the example of the manual" {
	"$COMMAND" check --strict --ignore clock --ignore server --json \
	    >"$T/out"
	is '[]' "$(cat "$T/out")" out
	grep -qxF '$ stripehook check --strict --ignore clock --json' \
	    "$srcdir/man/stripehook.1"
}

# route -------------------------------------------------------------------------

route() {
	local want=$1

	shift
	CODE=0
	"$COMMAND" route "$@" >"$T/out" 2>"$T/said" || CODE=$?
	[ "$CODE" -eq "$want" ] || fail \
	    "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

@test "route: who gets it, in order, and what becomes of the rest" {
	{
		shop
		echo "endpoint \"other\" { secrets = { \"file:$T/other.whsec\" } }"
		handler fulfil '"payment_intent.*"' 'lane = "customer"' \
		    'order = "strict"'
		handler mail '"*"' 'run = "inline"' 'endpoints = { "shop" }' \
		    'lane = "none"'
	} | sed "s|$T/h/mail\"|$T/h/fulfil\", \"-v\"|" | conf
	# The example of the manual.
	route 0 payment_intent.succeeded
	is "endpoint \"shop\":
  fulfil, queued, lane customer in strict order: $T/h/fulfil
  mail, inline, lane none: $T/h/fulfil -v
endpoint \"other\":
  fulfil, queued, lane customer in strict order: $T/h/fulfil" \
	    "$(cat "$T/out")" out
	is '' "$(cat "$T/said")" said
	grep -qxF '$ stripehook route payment_intent.succeeded' \
	    "$srcdir/man/stripehook.1"
	route 1 --endpoint other invoice.paid
	is 'endpoint "other":
  no handler: refused with 400, as unhandled is "reject"' \
	    "$(cat "$T/out")" out
	sed -i '1i unhandled = "ignore"' "$STRIPEHOOK_CONFIG"
	route 1 -e other invoice.paid
	is '  no handler: answered with 200 and dropped, as unhandled is "ignore"' \
	    "$(tail -n 1 "$T/out")" ignore
	sed -i '1s/ignore/store/' "$STRIPEHOOK_CONFIG"
	route 1 -e other invoice.paid
	is '  no handler: answered with 200 and stored, as unhandled is "store"' \
	    "$(tail -n 1 "$T/out")" store
	route 0 -e other v2.core.event_destination.ping
	is '  no handler: answered by the endpoint itself, and stored' \
	    "$(tail -n 1 "$T/out")" ping
	route 1 stripehook.silence
	is 'endpoint "stripehook":
  no handler: it is not raised, as nobody wants it' \
	    "$(cat "$T/out")" own
}

@test "route: JSON, mistakes" {
	route 0 --json payment_intent.succeeded
	is "[
  {\"endpoint\":\"shop\",\"outcome\":\"handled\",\"handlers\":\
[{\"handler\":\"fulfil\",\"run\":\"queued\",\"lane\":\"object\",\
\"order\":\"any\",\"command\":[\"$T/h/fulfil\"]}]}
]" "$(cat "$T/out")" json
	"$PYTHON" -m json.tool <"$T/out" >"$T/json"
	route 1 invoice.payed
	is 'stripehook: no published event type is "invoice.payed"; did you mean "invoice.paid"?' \
	    "$(cat "$T/said")" said
	route 2
	route 2 a b
	route 2 'invoice.*'
	is 'stripehook: not an event type: invoice.*' \
	    "$(head -n 1 "$T/said")" said
	route 1 -e nobody invoice.paid
	is "stripehook: $STRIPEHOOK_CONFIG: no endpoint \"nobody\"" \
	    "$(cat "$T/said")" said
	chmod 0 "$T/shop.whsec"
	as_reader "$COMMAND" route payment_intent.succeeded >"$T/out" ||
	    fail "not without secrets"
}
