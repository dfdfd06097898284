#!/usr/bin/env bats
# The HTTP contract: each case once, and through every gate.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# Accepted -------------------------------------------------------------------

case_stored() {
	usual
	gate_open
	snapshot evt_1
	gets 200
	is '{"received":true}' "$(cat "$T/answer")" answer
	head_has 'Content-Type: application/json'
	head_has 'Cache-Control: no-store'
	is 1 "$(stored evt_1)" "events in the store"
	"$COMMAND" show --body evt_1 >"$T/kept"
	cmp "$T/kept" "$EVENT"
	log_has 'stored evt_1 (payment_intent.succeeded) at endpoint "shop"'
}
@test "cgi: a signed event is stored, byte for byte" { through cgi stored; }
@test "fcgi: a signed event is stored, byte for byte" { through fcgi stored; }

case_duplicate() {
	usual_inline
	gate_open
	snapshot evt_1
	gets 200
	gets 200
	is 1 "$(stored evt_1)" "events in the store"
	ran fulfil 'evt_1 1'
	log_has 'duplicate evt_1'
	log_lacks ALARM
}
@test "cgi: a duplicate is accepted and runs nothing" {
	through cgi duplicate
}
@test "fcgi: a duplicate is accepted and runs nothing" {
	through fcgi duplicate
}

case_ignore() {
	usual 'unhandled = "ignore"'
	gate_open
	snapshot evt_1 invoice.paid
	gets 200
	is 0 "$(stored evt_1)" "events in the store"
	log_has 'ignored evt_1 (invoice.paid)'
}
@test "cgi: an event nobody wants, to be ignored" { through cgi ignore; }
@test "fcgi: an event nobody wants, to be ignored" { through fcgi ignore; }

case_store() {
	usual 'unhandled = "store"'
	gate_open
	snapshot evt_1 invoice.paid
	gets 200
	is 1 "$(stored evt_1)" "events in the store"
	log_has 'stored evt_1 (invoice.paid) at endpoint "shop", 0 deliveries'
}
@test "cgi: an event nobody wants, to be stored" { through cgi store; }
@test "fcgi: an event nobody wants, to be stored" { through fcgi store; }

case_reject() {
	usual
	gate_open
	snapshot evt_1 invoice.paid
	gets 400
	is 0 "$(stored evt_1)" "events in the store"
	log_has 'unhandled: evt_1 (invoice.paid): no handler of endpoint "shop"'
	refute grep -q invoice "$T/answer"
}
@test "cgi: an event nobody wants is refused" { through cgi reject; }
@test "fcgi: an event nobody wants is refused" { through fcgi reject; }

case_ping() {
	usual
	gate_open
	thin evt_1 v2.core.event_destination.ping
	gets 200
	is 1 "$(stored evt_1)" "events in the store"
}
@test "cgi: a ping needs no handler" { through cgi ping; }
@test "fcgi: a ping needs no handler" { through fcgi ping; }

case_styles() {
	script meter <<-'SCRIPT'
	env | grep ^STRIPE | sort >"$T/env.$STRIPE_EVENT_STYLE"
	SCRIPT
	{
		shop
		handler meter \
		    '"v1.billing.*", "payment_intent.succeeded"' \
		    'run = "inline"'
	} | conf
	gate_open
	thin evt_thin v1.billing.meter.error_report_triggered
	gets 200
	snapshot evt_snap
	gets 200
	grep -qx 'STRIPE_CONTEXT=acct_9/acct_8' "$T/env.thin"
	grep -qx 'STRIPE_OBJECT_URL=/v1/billing/meters/mtr_123' "$T/env.thin"
	grep -qx 'STRIPE_LIVEMODE=true' "$T/env.thin"
	grep -qx 'STRIPE_OBJECT_ID=pi_evt_snap' "$T/env.snapshot"
	grep -qx 'STRIPE_LIVEMODE=false' "$T/env.snapshot"
}
@test "cgi: thin and snapshot events" { through cgi styles; }
@test "fcgi: thin and snapshot events" { through fcgi styles; }

case_endpoints() {
	script fulfil <<<ran
	{
		shop
		echo "endpoint \"connect\" {"
		echo "secrets = { \"file:$T/other.whsec\" } }"
		handler fulfil '"payment_intent.*"' 'endpoints = { "connect" }'
	} | conf 'unhandled = "store"'
	gate_open
	snapshot evt_1
	gets 200 -s "$(sign "$EVENT" 0 "$OTHER_SECRET")"
	log_has 'stored evt_1 (payment_intent.succeeded) at endpoint "connect", 1'
	# The same id at another endpoint is another event.
	gets 200
	log_has 'stored evt_1 (payment_intent.succeeded) at endpoint "shop", 0'
	is 2 "$(stored evt_1)" "events in the store"
	"$COMMAND" list --endpoint connect >"$T/list"
	grep -q evt_1 "$T/list"
}
@test "cgi: an endpoint is known by its secret" { through cgi endpoints; }
@test "fcgi: an endpoint is known by its secret" { through fcgi endpoints; }

case_rolled() {
	local now both

	{
		echo "endpoint \"shop\" { secrets = {"
		echo "\"file:$T/shop.whsec\", \"file:$T/other.whsec\" } }"
		script fulfil <<<ran
		handler fulfil '"payment_intent.*"'
	} | conf
	gate_open
	snapshot evt_1
	gets 200 -s "$(sign "$EVENT" 0 "$SECRET")"
	snapshot evt_2
	gets 200 -s "$(sign "$EVENT" 0 "$OTHER_SECRET")"
	# While a secret is rolled Stripe signs with both.
	snapshot evt_3
	now=$(date +%s)
	both="t=$now,v1=$(digest "$EVENT" "$now" whsec_neither)"
	both="$both,v1=$(digest "$EVENT" "$now" "$OTHER_SECRET")"
	gets 200 -s "$both,v0=$(digest "$EVENT" "$now" whsec_v0)"
	is 1 "$(stored evt_3)" "events in the store"
}
@test "cgi: secrets being rolled" { through cgi rolled; }
@test "fcgi: secrets being rolled" { through fcgi rolled; }

case_versions() {
	{
		shop 'api-version = "2026-10-28.endive"'
		script fulfil <<<ran
		handler fulfil '"payment_intent.*"'
	} | conf
	gate_open
	API_VERSION=2026-11-25.endive snapshot evt_1
	gets 200
	log_lacks 'API version'
	API_VERSION=2026-10-28.fennel snapshot evt_2
	gets 200
	log_has 'evt_2 (payment_intent.succeeded): API version 2026-10-28.fennel'
}
@test "cgi: another release train is a warning" { through cgi versions; }
@test "fcgi: another release train is a warning" { through fcgi versions; }

# Signatures -------------------------------------------------------------------

case_faults() {
	local now good

	usual
	gate_open
	snapshot evt_1
	now=$(date +%s)
	good=$(digest "$EVENT" "$now" "$SECRET")
	gets 400 -s ''
	log_has 'no-signature: no Stripe-Signature header reached the program'
	log_has HTTP_STRIPE_SIGNATURE
	gets 400 -s "v1=$good"
	log_has 'malformed: Stripe-Signature has no t'
	gets 400 -s "t=$now,t=$now,v1=$good"
	log_has 'malformed: Stripe-Signature has 2 times t'
	gets 400 -s "t=$now.0,v1=$good"
	log_has 'malformed: t in Stripe-Signature is not a plain number'
	gets 400 -s "t=$now"
	log_has 'no-v1: Stripe-Signature has no v1 digest'
	gets 400 -s "t=$now,v0=$good"
	log_has 'no-v1: Stripe-Signature has no v1 digest, only v0'
	gets 400 -s "t=$now,v1=${good^^}"
	log_has 'of 64 lower-case hexadecimal digits'
	gets 400 -s "$(sign "$EVENT" 0 whsec_somebody)"
	log_has 'wrong-signature: none of 1 v1 digests fits any of 1 secrets'
	is '{"error":"refused"}' "$(cat "$T/answer")" answer
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: every fault of a signature is named" { through cgi faults; }
@test "fcgi: every fault of a signature is named" { through fcgi faults; }

case_age() {
	usual
	gate_open
	snapshot evt_1
	gets 400 -s "$(sign "$EVENT" -400)"
	log_has 'too-old: signed 40'
	log_has 'tolerance 300'
	gets 400 -s "$(sign "$EVENT" 400)"
	log_has 'too-new: signed '
	is 0 "$(stored evt_1)" "events in the store"
	gets 200 -s "$(sign "$EVENT" -250)"
	snapshot evt_2
	gets 200 -s "$(sign "$EVENT" 250)"
}
@test "cgi: stale and future signatures" { through cgi age; }
@test "fcgi: stale and future signatures" { through fcgi age; }

case_changed() {
	local signature

	usual
	gate_open
	snapshot evt_1
	signature=$(sign "$EVENT")
	{
		cat "$EVENT"
		echo
	} >"$T/newline"
	gets 400 -s "$signature" "$T/newline"
	log_has 'body-changed: the signature fits the body without its final'
	{
		printf '\357\273\277'
		cat "$EVENT"
	} >"$T/bom"
	gets 400 -s "$signature" "$T/bom"
	log_has 'body-changed: the signature fits the body without its byte'
	sed 's/$/\r/' "$T/newline" >"$T/crlf"
	gets 400 -s "$(sign "$T/newline")" "$T/crlf"
	log_has 'body-changed: the signature fits the body with LF for CRLF'
	sed 's/2000/1/' "$EVENT" >"$T/forged"
	gets 400 -s "$signature" "$T/forged"
	log_has 'wrong-signature'
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: a body that was changed on the way" { through cgi changed; }
@test "fcgi: a body that was changed on the way" { through fcgi changed; }

case_long() {
	local now pad

	usual
	gate_open
	snapshot evt_1
	now=$(date +%s)
	pad=$(printf '%09000d' 0)
	gets 400 -s "t=$now,v1=$(digest "$EVENT" "$now" "$SECRET"),v2=$pad"
	log_has 'malformed: Stripe-Signature is longer than 8192 bytes'
	pad=${pad:0:7000}
	gets 200 -s "t=$now,v1=$(digest "$EVENT" "$now" "$SECRET"),v2=$pad"
}
@test "cgi: a signature header of 9 KB is refused" { through cgi long; }
@test "fcgi: a signature header of 9 KB is refused" { through fcgi long; }

# Not an event -------------------------------------------------------------------

# refused_as BODY WORDS: signed, but nothing to be kept.
refused_as() {
	printf '%b' "$1" >"$T/body"
	gets 400 "$T/body"
	log_has "not-an-event: $2"
	: >"$T/log"
}

case_no_event() {
	usual 'unhandled = "store"'
	gate_open
	refused_as 'hello' ''
	refused_as '' ''
	refused_as '[1,2]' ''
	refused_as 'null' ''
	refused_as '{"object":"event","type":"a.b","created":1}' ''
	refused_as '{"id":7,"object":"event","type":"a.b","created":1}' ''
	refused_as '{"id":"evt_1","object":"charge","type":"a","created":1}' ''
	refused_as '{"id":"evt_1","object":"event","created":1}' ''
	refused_as '{"id":"e","id":"f","object":"event","type":"a","created":1}' ''
	refused_as \
	    '{"id":"evt_1","object":"event","type":"a.b","created":1,"x":"\xff"}' ''
	refused_as '{"id":"evt_1","object":"event","type":"a.b","created":1} x' ''
	printf '{"id":"e","object":"event","type":"a","created":1,"x":' >"$T/deep"
	"$PYTHON" -c 'print("[" * 50000 + "]" * 50000 + "}", end="")' >>"$T/deep"
	gets 400 "$T/deep"
	log_has 'not-an-event: '
	# Bytes that no text has are bytes like others until they are verified.
	printf '\0\0{"id"\0\377' >"$T/binary"
	gets 400 "$T/binary"
	log_lacks wrong-signature
	[ "$("$COMMAND" list -n 0 --json | wc -l)" -eq 0 ]
}
@test "cgi: signed bytes that are no event" { through cgi no_event; }
@test "fcgi: signed bytes that are no event" { through fcgi no_event; }

case_binary() {
	usual
	gate_open
	# A NUL within the signed bytes: Stripe's JSON has \u0000 at most.
	snapshot evt_1 payment_intent.succeeded pi_1 'NUL \u0000 \ud800'
	gets 200
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
	# What follows a NUL is signed and counted, not cut off.
	{
		cat "$EVENT"
		printf '\0after'
	} >"$T/nul"
	gets 400 "$T/nul"
	log_has not-an-event
	log_lacks wrong-signature
	log_lacks short-body
}
@test "cgi: NUL bytes are bytes" { through cgi binary; }
@test "fcgi: NUL bytes are bytes" { through fcgi binary; }

# The request --------------------------------------------------------------------

case_method() {
	usual
	gate_open
	snapshot evt_1
	gets 405 -m GET
	head_has 'Allow: POST'
	gets 405 -m PUT
	[ "$GATE" = fcgi ] || gets 405 -m post
	log_has 'method: only POST'
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: only POST" { through cgi method; }
@test "fcgi: only POST" { through fcgi method; }

case_no_length() {
	usual
	gate_open
	snapshot evt_1
	gets 411 -l none
	log_has 'content-length: CONTENT_LENGTH did not reach the program'
}
@test "cgi: no length" { through cgi no_length; }
@test "raw: no length" { through raw no_length; }

# nginx buffers it and passes on a length.
case_chunked() {
	usual
	gate_open
	snapshot evt_1
	gets 200 -l none
	is 1 "$(stored evt_1)" "events in the store"
}
@test "fcgi: a chunked request through nginx" { through fcgi chunked; }

case_junk_length() {
	local length

	usual
	gate_open
	snapshot evt_1
	for length in ' 5' -1 +5 0x10 5a 1e3 '5 5'; do
		gets 400 -l "$length"
		log_has "CONTENT_LENGTH is \"$length\", not a number"
	done
	for length in 18446744073709551616 99999999999999999999999999 \
	    4294967297; do
		gets 413 -l "$length"
	done
	# Nothing to sign is nothing to accept.
	gets 400 -l 0
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: a length that is none" { through cgi junk_length; }
@test "raw: a length that is none" { through raw junk_length; }

case_too_large() {
	usual 'max-body = 2000'
	gate_open
	snapshot evt_1 payment_intent.succeeded pi_1 "$(printf '%02000d' 0)"
	gets 413
	log_has 'content-length: CONTENT_LENGTH is '
	log_has 'max-body is 2000'
	snapshot evt_2
	gets 200
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: a body over max-body" { through cgi too_large; }
@test "fcgi: a body over max-body" { through fcgi too_large; }

case_largest() {
	local n=4194304 pad

	usual
	gate_open
	snapshot evt_1
	pad=$((n - $(wc -c <"$EVENT")))
	head -c "$pad" /dev/zero | tr '\0' ' ' >>"$EVENT"
	gets 200
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
	snapshot evt_2
	head -c $((pad + 1)) /dev/zero | tr '\0' ' ' >>"$EVENT"
	gets 413
}
@test "cgi: a body of 4 MiB passes" { through cgi largest; }
@test "fcgi: a body of 4 MiB passes" { through fcgi largest; }

case_short() {
	usual
	gate_open
	snapshot evt_1
	gets 400 -l 5000
	log_has 'short-body: CONTENT_LENGTH is 5000, but only'
	is 0 "$(stored evt_1)" "events in the store"
}
@test "cgi: a body shorter than its length" { through cgi short; }
@test "raw: a body shorter than its length" { through raw short; }

# Only so many bytes are the body as its length says.
case_more() {
	usual
	gate_open
	snapshot evt_1
	cp "$EVENT" "$T/more"
	echo more >>"$T/more"
	gets 200 -s "$(sign "$EVENT")" -l "$(wc -c <"$EVENT")" "$T/more"
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
}
@test "cgi: bytes beyond the length are not read" { through cgi more; }
@test "raw: bytes beyond the length are not read" { through raw more; }

# The answer arrives although nobody has read the body.
case_unread() {
	usual
	gate_open
	snapshot evt_1 payment_intent.succeeded pi_1 \
	    "$(head -c 100000 /dev/zero | tr '\0' x)"
	head -c 2000000 /dev/zero | tr '\0' ' ' >>"$EVENT"
	gets 400 -s ''
	gets 400 -s 't=1'
	gets 415 -H 'Content-Encoding: br'
	gets 200
}
@test "cgi: refused before the body is read" { through cgi unread; }
@test "fcgi: refused before the body is read" { through fcgi unread; }

case_encoding() {
	usual
	gate_open
	snapshot evt_1
	gzip -c "$EVENT" >"$T/gz"
	gets 415 -H 'Content-Encoding: gzip' "$T/gz"
	log_has 'content-encoding: Content-Encoding is "gzip"'
	is 0 "$(stored evt_1)" "events in the store"
	gets 200 -H 'Content-Encoding: Identity'
}
@test "cgi: an encoded body is refused" { through cgi encoding; }
@test "fcgi: an encoded body is refused" { through fcgi encoding; }

# Duplicates that differ ---------------------------------------------------------

case_alarm() {
	usual
	gate_open
	PENDING=2 snapshot evt_1
	gets 200
	cp "$EVENT" "$T/first"
	PENDING=1 snapshot evt_1
	gets 200
	log_lacks ALARM
	PENDING=1 snapshot evt_1 payment_intent.succeeded pi_1 changed
	gets 200
	log_has 'ALARM: evt_1 (payment_intent.succeeded) came again'
	"$COMMAND" show --body evt_1 | cmp - "$T/first"
	is 1 "$(stored evt_1)" "events in the store"
}
@test "cgi: the same id with other bytes is an alarm" { through cgi alarm; }
@test "fcgi: the same id with other bytes is an alarm" { through fcgi alarm; }

# The store ------------------------------------------------------------------------

# Holds the write lock until lock_close.
lock_open() {
	need sqlite3
	mkfifo "$T/sql"
	sqlite3 "$STORE" <"$T/sql" >"$T/sql.out" 2>"$T/sql.err" 3>&- &
	LOCKER=$!
	started "$LOCKER"
	exec 8>"$T/sql"
	printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&8
	wait_for 5 grep -q 1 "$T/sql.out"
}

lock_close() {
	echo 'ROLLBACK;' >&8
	exec 8>&-
	wait_for 5 ended "$LOCKER"
}

case_locked() {
	usual
	gate_open
	snapshot evt_1
	lock_open
	gets 503
	head_has 'Retry-After: 30'
	log_has 'answered 503: store: '
	lock_close
	is 0 "$(stored evt_1)" "events in the store"
	gets 200
	is 1 "$(stored evt_1)" "events in the store"
}
@test "cgi: a store locked by another program" { through cgi locked; }
@test "fcgi: a store locked by another program" { through fcgi locked; }

case_no_store() {
	usual
	mkdir "$T/away"
	mv "$STORE"* "$T/away"
	gate_open
	snapshot evt_1
	gets 503
	head_has 'Retry-After: 30'
	log_has 'answered 503: store: '
	mv "$T"/away/* "$T"
	gets 200
	is 1 "$(stored evt_1)" "events in the store"
}
@test "cgi: a store that is missing" { through cgi no_store; }
@test "fcgi: a store that is missing" { through fcgi no_store; }

case_no_file() {
	usual
	rm -f "$STORE"*
	printf '%01000d' 0 >"$STORE"
	gate_open
	snapshot evt_1
	gets 503
	log_has 'answered 503: store: '
}
@test "cgi: a store that is something else" { through cgi no_file; }
@test "fcgi: a store that is something else" { through fcgi no_file; }

# What is never logged ---------------------------------------------------------------

# The end of every test looks at the logs for secrets and digests; this one
# makes sure that it would find them, and tries what echoes its input.
case_silent() {
	local now good

	echo "$SECRET" >"$T/example.err"
	refute no_secret_in "$T/example.err" 2>/dev/null
	digest /dev/null 1 x >"$T/example.err"
	refute no_secret_in "$T/example.err" 2>/dev/null
	rm "$T/example.err"
	usual 'log-level = "debug"'
	gate_open
	snapshot evt_1
	now=$(date +%s)
	good=$(digest "$EVENT" "$now" "$SECRET")
	gets 200 -s "t=$now,v1=$good"
	gets 400 -s "t=$now,v1=$good" "$T/shop.whsec"
	gets 400 -s "$SECRET"
	gets 400 -s "t=$good,v1=$SECRET"
	log_lacks "$good"
}
@test "cgi: no secret and no digest is logged" { through cgi silent; }
@test "fcgi: no secret and no digest is logged" { through fcgi silent; }
