#!/usr/bin/env bats
# stripehook trigger: events changed, raw, saved, many at a time.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
}

teardown() {
	place_close
}

# printed [OPTIONS] TYPE: the event as JSON; then facts of it by Python.
printed() {
	"$COMMAND" trigger --print "$@" >"$T/out" 2>"$T/said" ||
	    fail "$(cat "$T/said")"
}

# event PYTHON: an expression over e, the event, and o, its object.
event() {
	"$PYTHON" -c 'import json, sys
e = json.load(open(sys.argv[1]))
o = e["data"]["object"] if "data" in e else e["related_object"]
print(eval(sys.argv[2]))' "$T/out" "$1"
}

@test "trigger: override, add, remove" {
	while IFS='|' read -r options expression want; do
		# shellcheck disable=SC2086
		printed $options payment_intent.succeeded
		is "$want" "$(event "$expression")" "$options"
	done <<-'CASES'
	--override amount=500|o["amount"]|500
	--override payment_intent:amount=500|o["amount"]|500
	--override metadata.order_id=77|repr(o["metadata"]["order_id"])|'77'
	--override metadata[order_id]=77|repr(o["metadata"]["order_id"])|'77'
	--override metadata.yes=true|repr(o["metadata"]["yes"])|'true'
	--override description=12|repr(o["description"])|'12'
	--override description=null|o["description"]|None
	--override currency=usd|o["currency"]|usd
	--override payment_method_types[0]="link"|o["payment_method_types"][0]|link
	--override payment_method_types.1="link"|len(o["payment_method_types"])|2
	--override a.b.c=[1,{"d":2}]|o["a"]["b"]["c"][1]["d"]|2
	--override description=a=b|o["description"]|a=b
	--override amount=1 --override amount=2|o["amount"]|2
	--override event:request.id=req_7|e["request"]["id"]|req_7
	--override event:pending_webhooks=3|e["pending_webhooks"]|3
	--add amount=500|o["amount"]|2099
	--add review=prv_1|o["review"]|prv_1
	--add metadata.more=x|sorted(o["metadata"])|['more', 'order_id']
	--remove customer|"customer" in o|False
	--remove payment_method_types[0]|o["payment_method_types"]|[]
	--remove nothing.there|o["amount"]|2099
	--remove event:api_version|"api_version" in e|False
	--remove amount --add amount=7|o["amount"]|7
	CASES
	printed --override checkout_session:mode=setup checkout.session.completed
	is setup "$(event 'o["mode"]')" mode
	printed --thin --override id=pi_9 payment_intent.succeeded
	is pi_9 "$(event 'o["id"]')" id
}

@test "trigger: changes that cannot be" {
	while IFS='|' read -r options words; do
		# shellcheck disable=SC2086
		exits 1 trigger --print $options payment_intent.succeeded
		is "stripehook: $words" "$(cat "$T/said")" "$options"
	done <<-'CASES'
	--override amount|--override 'amount': no value: it is path=value
	--add =5|--add '=5': no path
	--remove a=5|--remove 'a=5': a path alone, without a value
	--override amount.x=1|--override 'amount.x=1': the path leads through what has no members, or beyond an array
	--override payment_method_types[101]=1|--override 'payment_method_types[101]=1': the path leads through what has no members, or beyond an array
	--override charge:amount=1|--override 'charge:amount=1': this event is about 'payment_intent', so begin with that, with event: or with neither
	--remove event:type|no type at the top level
	CASES
	exits 1 trigger --print --override "$(printf 'a.%.0s' $(seq 40))b=1" \
	    payment_intent.succeeded
	said 'the path is too long'
}

@test "trigger: every name that the official tool knows" {
	local n

	n=$(grep -vc '^#' "$srcdir/tests/data/trigger-names")
	is 123 "$n" names
	grep -v '^#' "$srcdir/tests/data/trigger-names" |
	    xargs "$COMMAND" trigger --print --save "$T" >"$T/out" 2>"$T/said"
	quiet
	is 123 "$(find "$T" -name 'evt_*.json' | wc -l)" events
	printed subscription.payment_failed
	is invoice.payment_failed "$(event 'e["type"]')" type
	printed --thin issuing_card.created.gb
	is v1.issuing_card.created "$(event 'e["type"]')" type
}

@test "trigger --raw: the bytes of standard input, an event or not" {
	usual
	need openssl
	snapshot evt_raw
	"$COMMAND" trigger --cgi "$CGI" --raw <"$EVENT" >"$T/out" 2>"$T/said"
	quiet
	out_has ' --> payment_intent.succeeded [evt_raw]'
	out_has '<--  [200] POST'
	"$COMMAND" show --body evt_raw | cmp - "$EVENT"
	CODE=0
	printf 'no\0event' | "$COMMAND" trigger --cgi "$CGI" --raw \
	    >"$T/out" 2>"$T/said" || CODE=$?
	is 1 "$CODE" "exit status"
	said 'stripehook: warning: standard input is no event'
	out_has ' --> ? [?]'
	out_has '<--  [400] POST'
	log_has 'not-an-event'
	exits 2 trigger --raw invoice.paid
	said '--raw takes the event from standard input as it is'
	exits 2 trigger --raw --live
}

@test "trigger --save: a file, a folder, and what is neither" {
	usual
	trigger 0 --save "$T/one.json" payment_intent.succeeded
	"$COMMAND" show --body "$(sent)" | cmp - "$T/one.json"
	mkdir "$T/many"
	trigger 0 --save "$T/many" --count 2 payment_intent.created \
	    payment_intent.canceled
	is 4 "$(find "$T/many" -name 'evt_*.json' | wc -l)" files
	trigger 1 --save "$T/one.json" --count 2 payment_intent.created
	said 'for several events this must be a folder that exists'
	trigger 1 --save "$T/no/one.json" payment_intent.created
	said "$T/no/one.json: No such file or directory"
	trigger 1 --save "$T/many" --id ../evil payment_intent.created
	said 'no file can have the name of this event: ../evil'
	refute test -e "$T/evil.json"
}

@test "trigger --count: sent one after the other, and counted" {
	usual
	trigger 0 --count 3 payment_intent.succeeded
	is 3 "$(grep -c -- '-->' "$T/out")" sent
	is 3 "$(grep -c '\[200\]' "$T/out")" answers
	grep -qE '^3 sent: 3 accepted, 0 refused, 0 without an answer; [0-9.]+ s, [0-9.]+ a second$' \
	    "$T/out"
	is 3 "$("$COMMAND" list | wc -l)" stored
	trigger 1 --count 2 -q payment_intent.succeeded invoice.paid
	is 2 "$(grep -c '\[400\]' "$T/out")" refusals
	is 3 "$(wc -l <"$T/out")" lines
	out_has '4 sent: 2 accepted, 2 refused, 0 without an answer'
	quiet
	exits 2 trigger --count 0 invoice.paid
	said 'stripehook: not a value for this option: 0'
	exits 2 trigger --rate fast invoice.paid
	exits 2 trigger --rate 0 invoice.paid
	exits 2 trigger --concurrency 0 invoice.paid
	exits 2 trigger --concurrency 2 --cgi "$CGI" invoice.paid
	said '--concurrency is for URLs'
	exits 2 trigger --count 2 --id evt_1 invoice.paid
	# one mistake is said once
	trigger 1 --count 50 --override x invoice.paid
	is 1 "$(wc -l <"$T/said")" messages
}

@test "trigger: many at a time, over HTTP" {
	need nginx spawn-fcgi
	usual
	GATE=fcgi gate_open
	exits 0 trigger -u "$URL" --count 40 --concurrency 8 --times \
	    payment_intent.succeeded
	quiet
	is 40 "$(grep -c '\[200\]' "$T/out")" answers
	out_has '40 sent: 40 accepted'
	is 40 "$("$COMMAND" list -n 0 | wc -l)" stored
	out_has 'time to the answer, of 40:'
	grep -qE '^  least +[0-9.]+ ms$' "$T/out"
	grep -qE '^  99% +[0-9.]+ ms$' "$T/out"
	# sorted: none is less than the one before
	grep ' ms$' "$T/out" | awk '{ if ($2 < last) exit 1; last = $2 }'
	exits 0 trigger -u "$URL" --repeat --count 5 --concurrency 3 -q \
	    payment_intent.created
	out_has '10 sent: 10 accepted'
	is 45 "$("$COMMAND" list -n 0 | wc -l)" stored
	exits 1 trigger -u "http://127.0.0.1:$(free_port)/" --count 4 \
	    --concurrency 2 payment_intent.created
	out_has '4 sent: 0 accepted, 0 refused, 4 without an answer'
	is 4 "$(grep -c '^stripehook: http://127.0.0.1:' "$T/said")" messages
}

@test "trigger --rate: no faster" {
	local before after

	need nginx spawn-fcgi
	usual
	GATE=fcgi gate_open
	before=${EPOCHREALTIME/[.,]/}
	exits 0 trigger -u "$URL" --count 11 --rate 20 --concurrency 4 -q \
	    payment_intent.succeeded
	after=${EPOCHREALTIME/[.,]/}
	[ $((after - before)) -ge 500000 ] || fail "$((after - before)) us"
}

@test "trigger: a bar on a terminal, in its width, and nothing of it elsewhere" {
	need nginx spawn-fcgi
	usual
	GATE=fcgi gate_open
	terminal 100 30
	types "$COMMAND trigger -u $URL --count 60 --rate 20 -q payment_intent.created"
	wait_for 20 shows '#.' || fail "$(screen)"
	screen | grep -qE '^\[#+\.+\] [0-9]+/60 +[0-9]+% [0-9]+/s 0 refused$' ||
	    fail "$(screen)"
	tmux -S "$TMUX_SOCKET" resize-window -x 40 -y 30
	wait_for 20 shows '60 sent: 60 accepted'
	# the bar has gone
	refute shows '/60 '
	# too narrow for a bar
	tmux -S "$TMUX_SOCKET" resize-window -x 30 -y 30
	types "clear; $COMMAND trigger -u $URL --count 40 --rate 20 -q payment_intent.created"
	wait_for 20 shows '/40 '
	refute shows '#'
	wait_for 20 shows '40 sent'
	exits 0 trigger -u "$URL" --count 3 payment_intent.created
	refute grep -q "$(printf '[\033\r]')" "$T/out" "$T/said"
}

@test "trigger: colours on a terminal only, and not with NO_COLOR" {
	usual
	terminal 100 30
	in_terminal "$COMMAND -c $STRIPEHOOK_CONFIG trigger --cgi $CGI payment_intent.created"
	screen -e | grep -q "$(printf '\033\\[32m\\[200\\]')" || fail "$(screen -e)"
	types clear
	in_terminal "NO_COLOR=1 $COMMAND -c $STRIPEHOOK_CONFIG trigger --cgi $CGI payment_intent.created"
	shows '[200] POST'
	refute grep -q "$(printf '\033\\[3')" <(screen -e)
	trigger 0 payment_intent.created
	refute grep -q "$(printf '\033')" "$T/out"
}
