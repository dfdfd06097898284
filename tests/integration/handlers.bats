#!/usr/bin/env bats
# Handlers that run before the answer, and those that wait in the store.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# section NAME [OPTION...]: an inline handler for everything.
section() {
	local name=$1

	shift
	handler "$name" '"*"' 'run = "inline"' "$@"
}

case_all() {
	script one <<<ran
	script two <<<ran
	{
		shop
		section one
		section two
	} | conf
	gate_open
	snapshot evt_1
	gets 200
	ran one 'evt_1 1'
	ran two 'evt_1 1'
	is 'succeeded 1' "$(delivery evt_1 one)" "delivery"
	is 'succeeded 1' "$(delivery evt_1 two)" "delivery"
	log_has 'evt_1, handler "one", attempt 1: succeeded'
}
@test "cgi: all handlers succeed" { through cgi all; }
@test "fcgi: all handlers succeed" { through fcgi all; }

case_one_fails() {
	script good <<<ran
	script bad <<-'SCRIPT'
	ran
	echo words on the way out
	[ -e "$T/repaired" ] || exit 3
	SCRIPT
	{
		shop
		section good
		section bad
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	is 'succeeded 1' "$(delivery evt_1 good)" "delivery"
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	log_has 'evt_1, handler "bad", attempt 1: '
	"$COMMAND" show evt_1 >"$T/shown"
	grep -q 'words on the way out' "$T/shown"
	gets 500
	: >"$T/repaired"
	gets 200
	gets 200
	ran good 'evt_1 1'
	ran bad "$(printf 'evt_1 1\nevt_1 2\nevt_1 3')"
	is 'succeeded 3' "$(delivery evt_1 bad)" "delivery"
}
@test "cgi: one handler fails: the repeat runs only that one" {
	through cgi one_fails
}
@test "fcgi: one handler fails: the repeat runs only that one" {
	through fcgi one_fails
}

case_never() {
	script bad <<-'SCRIPT'
	ran
	exit 100
	SCRIPT
	{
		shop
		section bad
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	is 'failed 1' "$(delivery evt_1 bad)" "delivery"
	log_has 'parked as failed'
	# Parked: Stripe's repeat does not run it.
	gets 500
	ran bad 'evt_1 1'
}
@test "cgi: exit 100 parks" { through cgi never; }
@test "fcgi: exit 100 parks" { through fcgi never; }

case_attempts() {
	script bad <<-'SCRIPT'
	ran
	exit 1
	SCRIPT
	{
		shop
		section bad 'attempts = 2'
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	gets 500
	is 'failed 2' "$(delivery evt_1 bad)" "delivery"
	gets 500
	is 'failed 2' "$(delivery evt_1 bad)" "delivery"
}
@test "cgi: the last attempt parks" { through cgi attempts; }
@test "fcgi: the last attempt parks" { through fcgi attempts; }

case_timeout() {
	script slow <<-'SCRIPT'
	sleep 60 &
	echo $! >"$T/child"
	ran
	wait
	SCRIPT
	{
		shop
		section slow 'timeout = 1' 'grace = 1'
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	is 'pending 1' "$(delivery evt_1 slow)" "delivery"
	wait_for 5 ended "$(cat "$T/child")"
}
@test "cgi: over its time a handler ends, with its children" {
	through cgi timeout
}
@test "fcgi: over its time a handler ends, with its children" {
	through fcgi timeout
}

case_not_startable() {
	script odd <<<ran
	sed -i '1s/.*/#!\/nowhere\/interpreter/' "$T/h/odd"
	{
		shop
		section odd
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	is 'pending 1' "$(delivery evt_1 odd)" "delivery"
	log_has 'the interpreter named in its first line is missing'
}
@test "cgi: a handler that cannot start" { through cgi not_startable; }
@test "fcgi: a handler that cannot start" { through fcgi not_startable; }

case_queued() {
	script now <<<ran
	script later <<<ran
	{
		shop
		section now
		handler later '"*"' 'run = "queued"'
	} | conf
	gate_open
	snapshot evt_1
	gets 200
	gets 200
	ran now 'evt_1 1'
	is 'pending 0' "$(delivery evt_1 later)" "delivery"
	refute test -e "$T/ran.later"
	"$COMMAND" list --state pending | grep -q evt_1
}
@test "cgi: a queued delivery waits" { through cgi queued; }
@test "fcgi: a queued delivery waits" { through fcgi queued; }

case_contract() {
	script show <<-'SCRIPT'
	env | sort >"$T/env"
	cat >"$T/in"
	ls -l /proc/self/fd >"$T/fds"
	echo "$#" >"$T/args"
	ps -o pid=,pgid=,sid= -p $$ >"$T/ps" 2>&1 || :
	ran
	SCRIPT
	{
		shop
		section show 'environment = { "GREETING=hello world" }'
	} | conf
	gate_open
	snapshot evt_1
	gets 200 -H 'X-Evil: () { :; }; touch /nowhere'
	cmp "$T/in" "$EVENT"
	is 0 "$(cat "$T/args")" arguments
	grep -qx 'STRIPE_EVENT_ID=evt_1' "$T/env"
	grep -qx 'STRIPE_EVENT_TYPE=payment_intent.succeeded' "$T/env"
	grep -qx 'STRIPE_EVENT_STYLE=snapshot' "$T/env"
	grep -qx 'STRIPE_EVENT_CREATED=1790000000' "$T/env"
	grep -qx 'STRIPE_API_VERSION=2026-10-28.endive' "$T/env"
	grep -qx 'STRIPEHOOK_ENDPOINT=shop' "$T/env"
	grep -qx 'STRIPEHOOK_HANDLER=show' "$T/env"
	grep -qx 'STRIPEHOOK_ATTEMPT=1' "$T/env"
	grep -qE '^STRIPEHOOK_IDEMPOTENCY_KEY=.+' "$T/env"
	grep -qx 'GREETING=hello world' "$T/env"
	# Nothing of the web server's, of the request or of ours.
	refute grep -qE \
	    '^(HTTP_|REQUEST_|CONTENT_|GATEWAY_|REMOTE_|STRIPEHOOK_CONFIG)' \
	    "$T/env"
	refute grep -qE 'whsec_|socket:|events\.db' "$T/env" "$T/fds"
}
@test "cgi: what a handler gets" { through cgi contract; }
@test "fcgi: what a handler gets" { through fcgi contract; }

# A key stays the same from attempt to attempt, and differs otherwise.
case_key() {
	script one <<-'SCRIPT'
	echo "$STRIPEHOOK_IDEMPOTENCY_KEY" >>"$T/key.$STRIPE_EVENT_ID"
	[ "$STRIPEHOOK_ATTEMPT" -gt 1 ]
	SCRIPT
	{
		shop
		section one
	} | conf
	gate_open
	snapshot evt_1
	gets 500
	gets 200
	snapshot evt_2
	gets 500
	is 2 "$(wc -l <"$T/key.evt_1")" "attempts"
	is 1 "$(sort -u "$T/key.evt_1" | wc -l)" "different keys"
	is 2 "$(sort -u "$T"/key.* | wc -l)" "different keys of two events"
}
@test "cgi: the idempotency key" { through cgi key; }
@test "fcgi: the idempotency key" { through fcgi key; }

# While one request runs a handler for an object, another event of the same
# object does not start it: Stripe shall send that again.
case_lane() {
	local first second

	script slow <<-'SCRIPT'
	ran
	n=0
	until [ -e "$T/go" ] || [ $((n += 1)) -gt 1000 ]; do
		sleep 0.02
	done
	SCRIPT
	{
		shop
		section slow
	} | conf
	gate_open
	mkdir "$T/first"
	(
		OUT=$T/first
		snapshot evt_1 payment_intent.succeeded pi_same
		gets 200
	) 3>&- &
	first=$!
	started "$first"
	wait_for 10 ran_times slow 1
	# The same event again, and another one, are both told to come later.
	mkdir "$T/second"
	(
		OUT=$T/second
		snapshot evt_1 payment_intent.succeeded pi_same
		gets 503
	) 3>&- &
	second=$!
	started "$second"
	snapshot evt_2 payment_intent.canceled pi_same
	gets 503
	is 'pending 0' "$(delivery evt_2 slow)" "delivery"
	wait "$second"
	: >"$T/go"
	wait "$first"
	snapshot evt_2 payment_intent.canceled pi_same
	gets 200
	ran slow "$(printf 'evt_1 1\nevt_2 1')"
}
@test "cgi: one object, one handler at a time" { through cgi lane; }
@test "fcgi: one object, one handler at a time" { through fcgi lane; }

# The web server hands on SIGCHLD ignored, and odd masks, at times.
@test "cgi: started with signals ignored" {
	script fulfil <<<ran
	{
		shop
		section fulfil
	} | conf
	snapshot evt_1
	WRAPPER=("$PYTHON" "$T/ignore.py")
	cat >"$T/ignore.py" <<-'SCRIPT'
	import os, signal, sys
	for s in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGTERM):
	    signal.signal(s, signal.SIG_IGN)
	signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
	os.execvp(sys.argv[1], sys.argv[1:])
	SCRIPT
	gets 200
	ran fulfil 'evt_1 1'
	is 'succeeded 1' "$(delivery evt_1 fulfil)" "delivery"
}

# A client that does not wait for its answer changes nothing.
@test "raw: the peer leaves while a handler runs" {
	GATE=raw
	need spawn-fcgi "$PYTHON"
	script slow <<-'SCRIPT'
	ran
	n=0
	until [ -e "$T/go" ] || [ $((n += 1)) -gt 1000 ]; do
		sleep 0.02
	done
	SCRIPT
	{
		shop
		section slow
	} | conf
	gate_open
	snapshot evt_1
	prepare
	client_start "${PARAMS[@]}"
	wait_for 10 ran_times slow 1
	kill $!
	: >"$T/go"
	wait_for 10 says 'evt_1, handler "slow", attempt 1: succeeded'
	is 'succeeded 1' "$(delivery evt_1 slow)" "delivery"
	gets 200
	ran slow 'evt_1 1'
}
