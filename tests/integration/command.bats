#!/usr/bin/env bats
# The command stripehook(1), as a person and a script meet it.

load lib
: "${srcdir:=.}"

setup() {
	place_open
	export TZ=UTC
	unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
}

teardown() {
	place_close
}

# What the command says on both ways, and its exit status.
run_command() {
	CODE=0
	"$COMMAND" "$@" >"$T/out" 2>"$T/said" </dev/null || CODE=$?
}

# exits CODE ARGUMENTS...
exits() {
	local want=$1

	shift
	run_command "$@"
	[ "$CODE" -eq "$want" ] ||
	    fail "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

out_has() {
	grep -qF -- "$1" "$T/out" || fail "no \"$1\" in: $(cat "$T/out")"
}

out_lacks() {
	refute grep -qF -- "$1" "$T/out"
}

said() {
	grep -qF -- "$1" "$T/said" || fail "no \"$1\" in: $(cat "$T/said")"
}

quiet() {
	[ ! -s "$T/said" ] || fail "said: $(cat "$T/said")"
}

# Every message begins with the program's name.
named() {
	refute grep -vqE '^(stripehook: |usage: )' "$T/said"
}

trigger() {
	exits "$1" trigger --cgi "$CGI" "${@:2}"
}

# The id of the event that was just sent.
sent() {
	sed -n 's/.*--> .* \[\(.*\)\]$/\1/p' "$T/out" | tail -n 1
}

# Usage -----------------------------------------------------------------------

@test "help, versions, mistakes" {
	exits 0 -V
	grep -qE '^stripehook [0-9]' "$T/out"
	exits 0 -h
	out_has 'usage: stripehook'
	quiet
	exits 2
	said 'usage: stripehook'
	exits 2 --nonsense
	said 'stripehook: unrecognized option'
	exits 2 -c
	exits 2 chekc
	said 'stripehook: no such command: chekc; did you mean check?'
	exits 2 qqqqqq
	said 'see stripehook -h'
}

@test "every command explains itself, from one table" {
	local name

	exits 0 help
	cp "$T/out" "$T/summary"
	for name in check init sign trigger list show retry stats prune \
	    explain route secrets replay listen metrics completion help; do
		grep -qE "^  $name " "$T/summary" || fail "$name"
		exits 0 help "$name"
		out_has "usage: stripehook [-c file] $name"
		quiet
		cp "$T/out" "$T/help"
		[ "$name" = help ] && continue
		exits 0 "$name" -h
		cmp "$T/out" "$T/help"
		exits 0 "$name" --help
		cmp "$T/out" "$T/help"
		exits 2 "$name" --nonsense
		said 'stripehook: unrecognized option'
		said "usage: stripehook [-c file] $name"
		named
	done
}

# The manual's words on a command.
manual_of() {
	awk -v name="$1" '
	    /^\.It (Ic|Xo)/ { inside = 0 }
	    $0 ~ "^\\.It Ic " name "( |$)" { inside = 1 }
	    before == ".It Xo" && $0 == ".Ic " name { inside = 1 }
	    { before = $0 }
	    inside' "$srcdir/man/stripehook.1"
}

@test "the table and the manual know the same options" {
	local name

	for name in check init sign trigger list show retry stats prune \
	    explain route secrets replay listen metrics completion; do
		exits 0 "$name" -h
		sed -nE 's/^ +(-[a-z], )?--([a-z-]+).*/\2/p' "$T/out" |
		    sort >"$T/table"
		manual_of "$name" | grep -oE 'Fl Fl [a-z-]+' | cut -c 7- |
		    sort -u >"$T/manual"
		[ -n "$(manual_of "$name")" ] || fail "no $name in the manual"
		diff "$T/table" "$T/manual" || fail "$name: see above"
	done
}

@test "arguments that cannot be" {
	usual
	exits 2 check more
	exits 2 init more
	exits 2 sign a b
	exits 2 sign -e shop -s "file:$T/shop.whsec"
	exits 2 sign -t yesterday
	said 'stripehook: not a time: yesterday'
	exits 2 trigger
	exits 2 trigger --id evt_1 a.b c.d
	exits 2 trigger --timeout 0 a.b
	exits 2 trigger -e shop -s env:X a.b
	exits 2 list more
	exits 2 list -n -1
	exits 2 list --state broken
	exits 2 list --type 'a b'
	exits 2 list --since nowhen
	exits 2 show
	exits 2 show a b
	exits 2 retry
	exits 2 retry --handler fulfil
	exits 2 retry a b
	exits 2 stats more
	exits 2 prune
	exits 2 prune --keep
	exits 2 prune --keep x
	exits 2 prune --keep 99999999999999999999
	exits 2 help a b
	exits 2 help nothing
}

# check and init ----------------------------------------------------------------

@test "check: all is well" {
	usual
	exits 0 check --ignore clock
	is "0 errors, 0 warnings" "$(cat "$T/out")" out
	quiet
	exits 0 check -q
	is "" "$(cat "$T/out")" out
}

@test "check: every mistake with file and line, in one run" {
	conf_write <<-CONF
	endpoint "shop" { secrets = { "file:$T/nothing" } }
	handler "a" {
		events = { "invoice.*" }
		command = { "$T/h/missing" }
		timout = 3
	}
	CONF
	exits 1 check
	out_has "$T/stripehook.conf:3: error: "
	out_has "$T/stripehook.conf:6: error: "
	out_has "$T/stripehook.conf:7:1: error: "
	grep -qE '^[3-9] errors, [0-9]+ warnings?$' "$T/out"
	cp "$T/out" "$T/all"
	exits 1 check -q
	refute grep -qE 'warning|errors,' "$T/out"
	is "$(grep -c ': error: ' "$T/all")" "$(wc -l <"$T/out")" lines
}

@test "check: a type that Stripe does not have is a warning" {
	script fulfil </dev/null
	{
		shop
		handler fulfil '"invoice.payed", "invoice.voided"'
	} | conf
	exits 0 check --ignore clock
	out_has ': warning: '
	out_has 'invoice.paid'
	out_has '0 errors, 1 warning'
}

@test "check: no configuration, no store, a strange store" {
	exits 1 -c "$T/none.conf" check
	out_has "$T/none.conf: error: "
	script fulfil </dev/null
	{
		shop
		handler fulfil '"invoice.paid"'
	} | conf_write
	exits 0 check --ignore clock
	out_has 'stripehook init'
	out_has '0 errors, 1 warning'
	refute test -e "$STORE"
	printf 'this is no database at all, is it' >"$STORE"
	exits 1 check
	out_has ': error: store: '
	exits 1 init
	named
	for uri in 'mysql:/x' 'sqlite:relative.db' '/no/scheme.db'; do
		sed "s|^store = .*|store = \"$uri\"|" "$STRIPEHOOK_CONFIG" \
		    >"$T/uri.conf"
		exits 1 -c "$T/uri.conf" check
		out_has ': error: '
		exits 1 -c "$T/uri.conf" init
	done
	is 'this is no database at all, is it' "$(cat "$STORE")" "the file"
}

@test "init: creates, and can be repeated" {
	script fulfil </dev/null
	{
		shop
		handler fulfil '"invoice.paid"'
	} | conf_write
	exits 1 list
	said 'stripehook init'
	(umask 0 && "$COMMAND" init >"$T/out")
	out_has "sqlite:$STORE: created"
	out_has 'mode 0640'
	is 640 "$(stat -c %a "$STORE")" mode
	exits 0 init
	out_has 'was up to date already'
	exits 0 list
	is "" "$(cat "$T/out")" out
}

@test "init --upgrade: creates nothing, and works as the owner of the file" {
	usual
	exits 0 init --upgrade
	out_has 'was up to date already'
	rm "$STORE"*
	exits 0 init --upgrade
	out_has "sqlite:$STORE: not there"
	refute test -e "$STORE"
	printf 'this is no database at all, is it' >"$STORE"
	exits 1 init --upgrade
	[ "$(id -u)" -eq 0 ] || return 0
	rm "$STORE"
	exits 0 init
	chown -R 65534:65534 "$T"
	# The file that gives turns is made anew, as the owner's.
	find "$T" -name 'events.db?*' -delete
	exits 0 init --upgrade
	out_has 'was up to date already'
	is 65534 "$(stat -c %u "$STORE"* | sort -u)" "owners"
}

@test "init: not with a faulty configuration" {
	usual
	rm "$STORE"*
	echo 'nonsense = 1' >>"$STRIPEHOOK_CONFIG"
	exits 1 init
	said "stripehook: $T/stripehook.conf:"
	refute test -e "$STORE"
}

@test "-c goes before the environment" {
	usual
	cp "$STRIPEHOOK_CONFIG" "$T/other.conf"
	STRIPEHOOK_CONFIG=$T/none.conf exits 0 -c "$T/other.conf" check
	STRIPEHOOK_CONFIG=$T/none.conf exits 1 check
}

# sign ---------------------------------------------------------------------------

@test "sign: the bytes as they are, from a file and from standard input" {
	need openssl
	usual
	printf '{"a":"\0\377\r\n"}\n' >"$T/body"
	want="t=1793000000,v1=$(digest "$T/body" 1793000000 "$SECRET")"
	exits 0 sign -t 1793000000 "$T/body"
	is "$want" "$(cat "$T/out")" header
	quiet
	is "$want" "$("$COMMAND" sign -t 1793000000 <"$T/body")" header
	is "$want" "$("$COMMAND" sign -t 1793000000 - <"$T/body")" header
	is "$want" "$("$COMMAND" sign -t 2026-10-26T07:33:20 "$T/body")" header
	: >"$T/empty"
	is "t=1793000000,v1=$(digest "$T/empty" 1793000000 "$SECRET")" \
	    "$("$COMMAND" sign -t 1793000000 "$T/empty")" header
}

@test "sign: a body of two megabytes" {
	need openssl
	usual
	head -c 2000001 /dev/zero >"$T/body"
	is "t=1793000000,v1=$(digest "$T/body" 1793000000 "$SECRET")" \
	    "$("$COMMAND" sign -t 1793000000 "$T/body")" header
}

@test "sign: times" {
	local time now t

	usual
	while read -r time t; do
		is "t=$t" "$("$COMMAND" sign -t "$time" /dev/null |
		    cut -d , -f 1)" "$time"
	done <<-'TIMES'
	2026-10-26T07:33:20Z 1793000000
	2026-10-26T07:33 1792999980
	2026-10-26 1792972800
	2000-02-29T23:59:59 951868799
	TIMES
	is t=1792999980 "$("$COMMAND" sign -t '2026-10-26 07:33' /dev/null |
	    cut -d , -f 1)" "a blank for the T"
	is t=1792999980 "$(TZ=Asia/Tokyo "$COMMAND" sign \
	    -t '2026-10-26T16:33' /dev/null | cut -d , -f 1)" "local time"
	for time in 2h:7200 30m:1800 45s:45 7d:604800 2w:1209600 0s:0; do
		now=$(date +%s)
		t=$("$COMMAND" sign -t "${time%:*}" /dev/null | sed 's/t=//; s/,.*//')
		[ $((t + ${time#*:} - now)) -ge 0 ] &&
		    [ $((t + ${time#*:} - now)) -le 5 ] || fail "$time: $t"
	done
	for time in '' h 2 x 2y -2h 2.5h 2026-02-30 2026-13-01 2026-00-10 \
	    2026-1-1 2026-10-26T24:00 2026-10-26T07:60 2026-10-26T07:33:20+01 \
	    2026-10-26T07:33:20ZZ 2026-10-26T 99999999999999; do
		[ "$time" = 2 ] && continue
		exits 2 sign -t "$time" /dev/null
	done
}

@test "sign: whose secret" {
	need openssl
	script fulfil </dev/null
	{
		shop
		echo "endpoint \"other\" { secrets = { \"file:$T/other.whsec\" } }"
		handler fulfil '"invoice.paid"'
	} | conf
	echo hello >"$T/body"
	exits 1 sign "$T/body"
	said 'has 2 endpoints: choose one with -e'
	exits 0 sign -t 1793000000 -e other "$T/body"
	is "t=1793000000,v1=$(digest "$T/body" 1793000000 "$OTHER_SECRET")" \
	    "$(cat "$T/out")" header
	exits 1 sign -e third "$T/body"
	said 'no endpoint "third"'
	exits 0 -c "$T/none.conf" sign -t 1793000000 -s "file:$T/shop.whsec" \
	    "$T/body"
	is "t=1793000000,v1=$(digest "$T/body" 1793000000 "$SECRET")" \
	    "$(cat "$T/out")" header
	MINE=$SECRET exits 0 sign -t 1793000000 -s env:MINE "$T/body"
	CREDENTIALS_DIRECTORY=$T exits 0 sign -s credential:shop.whsec "$T/body"
}

@test "sign: a secret on the command line is refused and not shown" {
	usual
	exits 1 sign -s whsec_Naked0123456789 /dev/null
	named
	refute grep -q Naked "$T/said"
	chmod 644 "$T/shop.whsec"
	exits 1 sign -s "file:$T/shop.whsec" /dev/null
	exits 1 sign -s env:NOTHING_THERE /dev/null
	exits 1 sign "$T/nothing"
	exits 1 sign -s "file:$T/other.whsec" "$T"
	named
}

# trigger -------------------------------------------------------------------------

@test "trigger --cgi: an event goes in and is listed" {
	usual
	trigger 0 payment_intent.succeeded
	grep -qE '^[-0-9]{10} [0-9:]{8}   --> payment_intent.succeeded \[evt_' \
	    "$T/out"
	grep -qE '^[-0-9]{10} [0-9:]{8}  <--  \[200\] POST /.* \[evt_' "$T/out"
	id=$(sent)
	is 1 "$(stored "$id")" stored
	exits 0 show "$id"
	out_has 'payment_intent.succeeded'
	log_has 'from 127.0.0.1' || log_has "stored $id"
}

@test "trigger --cgi: refused, forged, unknown, repeated" {
	usual_inline
	trigger 1 invoice.paid
	out_has '<--  [400] POST'
	trigger 1 --forged payment_intent.succeeded
	out_has '<--  [400] POST'
	log_has wrong-signature
	trigger 0 payment_intent.suceeded
	said 'stripehook: warning: unknown event type payment_intent.suceeded; did'
	said 'did you mean payment_intent.succeeded'
	trigger 0 --repeat --id evt_twice payment_intent.succeeded
	is 2 "$(grep -c '<--  \[200\]' "$T/out")" answers
	is 1 "$(stored evt_twice)" stored
	log_has 'duplicate evt_twice'
	grep -qx 'evt_twice 1' "$T/ran.fulfil"
	is 1 "$(grep -c evt_twice "$T/ran.fulfil")" runs
	# one of several refused: the whole failed, the rest went in
	trigger 1 payment_intent.created invoice.paid payment_intent.canceled
	is 2 "$(grep -c '\[200\]' "$T/out")" answers
}

@test "trigger --cgi: thin, Connect, live, API version" {
	script all <<-'SCRIPT'
	env | sort >"$T/env"
	SCRIPT
	{
		shop
		handler all '"*"' 'run = "inline"'
	} | conf
	trigger 0 --thin payment_intent.succeeded
	grep -qx STRIPE_EVENT_TYPE=v1.payment_intent.succeeded "$T/env"
	grep -qx STRIPE_EVENT_STYLE=thin "$T/env"
	grep -qE '^STRIPE_OBJECT_URL=/v1/payment_intents/pi_' "$T/env"
	trigger 0 v1.billing.meter.created
	grep -qx STRIPE_EVENT_STYLE=thin "$T/env"
	trigger 0 --account acct_7 --live --api-version 2024-06-20 charge.refunded
	out_has ' --> connect charge.refunded ['
	grep -qx STRIPE_ACCOUNT=acct_7 "$T/env"
	grep -qx STRIPE_LIVEMODE=true "$T/env"
	grep -qx STRIPE_API_VERSION=2024-06-20 "$T/env"
	trigger 0 v2.core.event_destination.ping
}

@test "trigger --cgi: what is no endpoint program" {
	usual
	exits 1 trigger --cgi "$T/nothing" payment_intent.succeeded
	said "$T/nothing: No such file"
	exits 1 trigger --cgi /bin/true payment_intent.succeeded
	said 'no CGI response'
	printf '#!/bin/sh\nkill -9 $$\n' >"$T/dies"
	printf '#!/bin/sh\nexec sleep 60\n' >"$T/waits"
	printf '#!/bin/sh\necho Content-Type: text/plain; echo; echo hi\n' \
	    >"$T/bare"
	printf '#!/bin/sh\nprintf "Status: 503 No\\r\\n\\r\\n"\n' >"$T/busy"
	# a child that holds its output must not hold us up for ever
	cat >"$T/holds" <<-SCRIPT
	#!/bin/sh
	sleep 60 &
	echo \$! >>"$T/pids"
	printf 'Status: 200 OK\n\n'
	SCRIPT
	chmod 755 "$T"/dies "$T"/waits "$T"/bare "$T"/busy "$T"/holds
	exits 1 trigger --cgi "$T/dies" payment_intent.succeeded
	said 'ended by signal 9'
	exits 1 trigger --cgi "$T/waits" --timeout 1 payment_intent.succeeded
	said 'no answer within 1 s'
	exits 0 trigger --cgi "$T/bare" payment_intent.succeeded
	exits 1 trigger --cgi "$T/busy" payment_intent.succeeded
	out_has '[503]'
	exits 1 trigger --cgi "$T/holds" --timeout 1 payment_intent.succeeded
	named
}

@test "trigger --cgi: headers of our own environment do not pass" {
	usual
	HTTP_CONTENT_ENCODING=gzip trigger 0 payment_intent.succeeded
	CONTENT_LENGTH=1 REQUEST_METHOD=GET trigger 0 payment_intent.succeeded
}

@test "trigger --cgi: -c reaches the program" {
	usual
	cp "$STRIPEHOOK_CONFIG" "$T/other.conf"
	STRIPEHOOK_CONFIG=$T/none.conf exits 0 -c "$T/other.conf" \
	    trigger --cgi "$CGI" payment_intent.succeeded
	is 1 "$(stored "$(sent)")" stored
}

@test "trigger: over HTTP, through nginx" {
	need nginx spawn-fcgi
	usual
	GATE=fcgi gate_open
	exits 0 trigger -u "$URL" payment_intent.succeeded
	out_has "<--  [200] POST $URL [evt_"
	is 1 "$(stored "$(sent)")" stored
	exits 1 trigger -u "$URL" --forged payment_intent.succeeded
	out_has "[400] POST $URL"
	exits 1 trigger -u "http://127.0.0.1:$(free_port)/" payment_intent.created
	said 'stripehook: http://127.0.0.1:'
	exits 1 trigger -u nonsense payment_intent.created
	named
}

@test "trigger --print: an event, no configuration needed" {
	STRIPEHOOK_CONFIG=$T/none.conf exits 0 trigger --print --id evt_p \
	    invoice.paid
	quiet
	"$PYTHON" -c 'import json, sys
e = json.load(sys.stdin)
assert e["id"] == "evt_p" and e["data"]["object"]["status"] == "paid"' \
	    <"$T/out"
	exits 1 trigger --print 'a b'
	exits 1 trigger --print --id 'a b' invoice.paid
	exits 1 trigger --print ''
}

# list, show, retry, stats, prune ---------------------------------------------------

# Three events: one done, one that failed for good, one without a handler.
three() {
	script good <<-'SCRIPT'
	echo "all is well"
	SCRIPT
	script bad <<-'SCRIPT'
	printf 'I will not\n\033[31mred\n'
	exit 100
	SCRIPT
	{
		shop
		handler good '"payment_intent.*", "charge.*"' 'run = "inline"'
		handler bad '"charge.*"' 'run = "inline"'
	} | conf 'unhandled = "store"'
	trigger 0 --id evt_good payment_intent.succeeded
	run_command trigger --cgi "$CGI" --id evt_bad --account acct_1 \
	    charge.failed
	trigger 0 --id evt_none customer.created
}

@test "list: columns, filters, JSON" {
	three
	exits 0 list --utc
	is 3 "$(wc -l <"$T/out")" lines
	is 'evt_none evt_bad evt_good' "$(awk '{ print $2 }' "$T/out" |
	    xargs)" order
	grep -qE '^20[-0-9]{8}T[0-9:]{8}Z  evt_good +payment_intent.succeeded +shop +succeeded$' \
	    "$T/out"
	grep -qE 'evt_bad .* 1 succeeded, 1 failed$' "$T/out"
	grep -qE 'evt_none .* no handler$' "$T/out"
	exits 0 list
	grep -qE '^20[-0-9]{8}T[0-9:]{8}  evt_none ' "$T/out"
	while read -r want options; do
		# shellcheck disable=SC2086
		exits 0 list $options
		is "$want" "$(awk '{ print $2 }' "$T/out" | xargs |
		    tr ' ' ,)" "$options"
	done <<-'CASES'
	evt_good --type payment_intent.*
	evt_good --type payment_intent.succeeded
	evt_bad --state failed
	evt_bad,evt_good --state succeeded
	evt_bad --handler bad
	evt_bad --state failed --handler bad
	evt_bad --account acct_1
	evt_none,evt_bad,evt_good --endpoint shop
	evt_none -n 1
	evt_none,evt_bad,evt_good -n 0
	evt_none,evt_bad,evt_good --since 1h
	evt_none,evt_bad,evt_good --until 2099-01-01
	CASES
	for options in '--endpoint other' '--state pending' '--until 1h' \
	    '--object pi_other' '--customer cus_other' '--since 2099-01-01'; do
		# shellcheck disable=SC2086
		exits 0 list $options
		is "" "$(cat "$T/out")" "$options"
	done
	exits 0 list --json
	"$PYTHON" -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert [r["id"] for r in rows] == ["evt_none", "evt_bad", "evt_good"]
assert rows[1]["deliveries"] == {"succeeded": 1, "failed": 1, "running": 0, "pending": 0}
assert rows[1]["account"] == "acct_1" and rows[1]["received"].endswith("Z")
assert rows[2]["object_id"].startswith("pi_") and rows[2]["livemode"] is False' \
	    <"$T/out"
}

@test "list: by object and customer" {
	three
	object=$("$COMMAND" list --json --type 'payment_intent.*' |
	    sed 's/.*"object_id":"\([^"]*\)".*/\1/')
	customer=$("$COMMAND" list --json --type 'payment_intent.*' |
	    sed 's/.*"customer":"\([^"]*\)".*/\1/')
	exits 0 list --object "$object"
	is evt_good "$(awk '{ print $2 }' "$T/out")" object
	exits 0 list --customer "$customer"
	is evt_good "$(awk '{ print $2 }' "$T/out")" customer
}

@test "show: attempts, outcomes, and output that cannot harm a terminal" {
	three
	exits 0 show evt_bad
	out_has 'event     evt_bad'
	out_has 'account   acct_1'
	out_has 'handler   good: succeeded, 1 attempt'
	out_has 'handler   bad: failed, 1 attempt'
	grep -qE '^   1  20[-0-9T:]* +never after [0-9.]+ s, exit 100$' "$T/out"
	out_has '      | I will not'
	out_has '      | \x1b[31mred'
	refute grep -q "$(printf '\033')" "$T/out"
	exits 0 show --json evt_bad
	"$PYTHON" -c 'import json, sys
e = json.load(sys.stdin)
d = {d["handler"]: d for d in e["deliveries"]}
assert d["bad"]["attempts"][0]["exit_code"] == 100
assert d["bad"]["attempts"][0]["output"] == "I will not\n\x1b[31mred\n"
assert d["good"]["state"] == "succeeded" and e["body_kept"] is True' <"$T/out"
	exits 1 show evt_nothing
	named
	exits 1 show --endpoint other evt_bad
	exits 0 show --endpoint shop evt_bad
}

@test "show --body: the exact bytes" {
	usual
	need openssl
	snapshot evt_1
	gets 200
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
}

@test "retry: what is asked for, and only that" {
	three
	exits 0 retry --failed --dry-run
	is '1 delivery would be due again' "$(cat "$T/out")" out
	exits 0 list --state failed
	out_has evt_bad
	exits 0 retry --failed --since 2099-01-01
	is '0 deliveries due again' "$(cat "$T/out")" out
	exits 0 retry --failed --handler good
	is '0 deliveries due again' "$(cat "$T/out")" out
	exits 0 retry --failed
	is '1 delivery due again' "$(cat "$T/out")" out
	exits 0 list --state pending
	out_has evt_bad
	exits 1 retry evt_nothing
	named
	exits 0 retry --handler good evt_bad
	is '1 delivery due again' "$(cat "$T/out")" out
	exits 0 retry --since 1h --dry-run
	is '3 deliveries would be due again' "$(cat "$T/out")" out
}

@test "stats: counts" {
	three
	exits 0 stats
	grep -qE '^events +3$' "$T/out"
	grep -qE '^succeeded +2$' "$T/out"
	grep -qE '^failed +1$' "$T/out"
	grep -qE '^due +0$' "$T/out"
	grep -qE '^oldest due +-$' "$T/out"
	grep -qE '^last hour +3$' "$T/out"
	grep -qE '^worker +none$' "$T/out"
	grep -qE '^good +0 +0 +2 +0 +2 +0 +0 ' "$T/out"
	grep -qE '^bad +0 +0 +0 +1 ' "$T/out"
	exits 0 stats --json
	"$PYTHON" -c 'import json, sys
s = json.load(sys.stdin)
assert s["events"] == 3 and s["deliveries"]["failed"] == 1
assert s["oldest_due"] is None and s["bytes"] > 0
assert s["last_day"] == 3 and s["worker"] is False
rows = {h["handler"]: h for h in s["handlers"]}
assert rows["good"]["deliveries"]["succeeded"] == 2
assert rows["bad"]["failures_in_a_row"] >= 1' <"$T/out"
}

@test "prune: what waits for a handler that is gone" {
	script good <<-'SCRIPT'
	exit 0
	SCRIPT
	script late <<-'SCRIPT'
	exit 0
	SCRIPT
	{
		shop
		handler good '"*"'
		handler late '"charge.*"'
	} | conf
	trigger 0 --id evt_1 charge.failed
	exits 1 prune --handler late
	said 'the handler "late" is configured'
	{
		shop
		handler good '"*"'
	} | conf
	exits 0 check --ignore clock
	out_has "for a handler 'late' that is not configured wait 1 deliveries"
	exits 0 prune --handler late --dry-run
	is '1 delivery would be given up' "$(cat "$T/out")" out
	exits 0 prune --handler late
	is '1 delivery given up' "$(cat "$T/out")" out
	exits 0 prune --handler late
	is '0 deliveries given up' "$(cat "$T/out")" out
	exits 0 list --utc
	out_has '1 failed, 1 pending'
	exits 0 retry --handler late --failed
	is '1 delivery due again' "$(cat "$T/out")" out
	exits 2 prune --handler late --keep 40
	exits 2 prune --dry-run --keep 40
}

@test "prune: not by mistake, and never what is unfinished" {
	three
	exits 1 prune --keep 30
	said '--force'
	exits 0 prune --keep 31
	is '0 events deleted' "$(cat "$T/out")" out
	"$COMMAND" retry evt_good >/dev/null
	exits 0 prune --keep 0 --force
	is '2 events deleted' "$(cat "$T/out")" out
	exits 0 list
	is evt_good "$(awk '{ print $2 }' "$T/out")" kept
}

@test "prune --keep-bodies: the rest stays, and is no longer shown" {
	three
	exits 0 prune --keep 31 --keep-bodies 0
	exits 0 show evt_bad
	out_has 'dropped'
	exits 1 show --body evt_bad
	said 'no longer kept'
}

# Output ------------------------------------------------------------------------

@test "a full disk is an error, a reader that has gone is not news" {
	three
	CODE=0
	"$COMMAND" list >/dev/full 2>"$T/said" || CODE=$?
	is 1 "$CODE" "exit status"
	said 'stripehook: standard output: '
	CODE=0
	"$COMMAND" -h >/dev/full 2>"$T/said" || CODE=$?
	is 1 "$CODE" "exit status"
	"$PYTHON" -c 'import os, signal, subprocess, sys
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
r, w = os.pipe()
os.close(r)
p = subprocess.run([sys.argv[1], "list"], stdout=w, stderr=subprocess.PIPE,
    restore_signals=False)
sys.exit(len(p.stderr) or p.returncode != 1)' "$COMMAND"
	"$PYTHON" -c 'import os, subprocess, sys
r, w = os.pipe()
os.close(r)
p = subprocess.run([sys.argv[1], "list"], stdout=w, stderr=subprocess.PIPE)
sys.exit(len(p.stderr))' "$COMMAND"
}

@test "a locked store is 75: try later" {
	need sqlite3
	usual
	trigger 0 --id evt_1 payment_intent.succeeded
	mkfifo "$T/hold"
	sqlite3 "$STORE" >"$T/locked" 3>&- <"$T/hold" &
	started $!
	exec 7>"$T/hold"
	printf 'BEGIN EXCLUSIVE;\nSELECT 1;\n' >&7
	wait_for 10 test -s "$T/locked"
	exits 75 retry evt_1
	named
	exec 7>&-
}

@test "hostile text in an event reaches no terminal raw" {
	script fulfil </dev/null
	{
		shop
		handler fulfil '"*"'
	} | conf
	need openssl
	EVENT=$T/evil
	printf '%s' '{"id":"evt_\u202e","object":"event","type":"a.\u009bb",
	"created":1,"livemode":false,"data":{"object":{"id":"\u001b[31m",
	"object":"x"}}}' >"$EVENT"
	gets 200
	exits 0 list --json
	"$PYTHON" -c 'import json, sys
[json.loads(line) for line in sys.stdin]' <"$T/out"
	exits 0 list
	is 1 "$(wc -l <"$T/out")" lines
	refute grep -qE "$(printf '\033|\342\200\256|\302\233')" "$T/out"
	exits 0 show "$(printf 'evt_\342\200\256')"
	out_has 'evt_\u{202e}'
	out_has 'a.\u{9b}b'
	refute grep -qE "$(printf '\033|\342\200\256|\302\233')" "$T/out"
}
