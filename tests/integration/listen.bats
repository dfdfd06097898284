#!/usr/bin/env bats
# stripehook listen: what arrives and what handlers do, as it happens.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
	LISTENERS=0
}

teardown() {
	place_close
}

# listen OPTIONS: in the background; until it is ready. LISTENED is what it
# prints.
listen() {
	LISTENERS=$((LISTENERS + 1))
	LISTENED=$T/listened.$LISTENERS
	"$COMMAND" listen "$@" >"$LISTENED" 2>"$LISTENED.said" </dev/null 3>&- &
	LISTEN_PID=$!
	started "$LISTEN_PID"
	wait_for 10 grep -qx 'stripehook: listening, Ctrl-C ends' \
	    "$LISTENED.said" || fail "$(cat "$LISTENED.said")"
}

# listened N: so many lines by now.
listened() {
	[ "$(wc -l <"$LISTENED")" -ge "$1" ]
}

some_handlers() {
	script good <<-'SCRIPT'
	exit 0
	SCRIPT
	script bad <<-'SCRIPT'
	exit 3
	SCRIPT
	script never <<-'SCRIPT'
	exit 100
	SCRIPT
	{
		shop
		handler good '"payment_intent.*", "charge.*"' 'run = "inline"'
		handler bad '"charge.*"' 'run = "inline"'
		handler never '"invoice.*"' 'run = "inline"'
	} | conf
}

# Without the times, which no two runs share.
timeless() {
	sed -E 's/^[-0-9]{10}T[:0-9]{8}Z?/TIME/; s/after [0-9.]+ s/after S/
	    s/again at [-0-9T:]+Z?/again at TIME/' "$1"
}

@test "listen: events and ends of attempts, in their order" {
	some_handlers
	trigger 0 --id evt_0 payment_intent.created
	listen
	trigger 0 --id evt_1 payment_intent.succeeded
	trigger 1 --id evt_2 charge.failed
	trigger 1 --id evt_3 invoice.paid
	wait_for 10 listened 7
	kill -INT "$LISTEN_PID" || :
	kill -TERM "$LISTEN_PID" || :
	wait_for 10 ended "$LISTEN_PID"
	is "$(sort <<-'LINES'
	TIME  -->  payment_intent.succeeded [evt_1]
	TIME  <--  good: succeeded after S [evt_1]
	TIME  -->  charge.failed [evt_2]
	TIME  <--  good: succeeded after S [evt_2]
	TIME  <--  bad: later after S, exit 3, again at TIME [evt_2]
	TIME  -->  invoice.paid [evt_3]
	TIME  <--  never: never after S, exit 100, given up [evt_3]
	LINES
	)" "$(timeless "$LISTENED" | sort)" lines
	# an event is there before its attempts
	for id in evt_1 evt_2 evt_3; do
		grep -m 1 "$id" "$LISTENED" | grep -q -- '-->' || fail "$id"
	done
	refute grep -q "$(printf '\033')" "$LISTENED"
}

@test "listen: filters, JSON, an end by count" {
	some_handlers
	listen --json --count 5 --utc
	all=$LISTENED
	pid=$LISTEN_PID
	listen --failed -n 1
	failed=$LISTENED
	listen --handler good -n 1
	good=$LISTENED
	listen --type 'charge.*' -n 3
	trigger 0 --id evt_1 --override customer=cus_7 payment_intent.succeeded
	trigger 1 --id evt_2 charge.failed
	wait_for 10 ended "$pid"
	"$PYTHON" -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert [r["what"] for r in rows].count("event") == 2, rows
assert rows[0]["id"] == "evt_1" and rows[0]["customer"] == "cus_7"
bad = [r for r in rows if r.get("handler") == "bad"][0]
assert bad["outcome"] == "later" and bad["exit_code"] == 3
assert bad["state"] == "pending" and bad["due"].endswith("Z")
assert bad["number"] == 1 and bad["type"] == "charge.failed"' "$all"
	wait_for 10 listened 3
	is 3 "$(grep -c evt_2 "$LISTENED")" lines
	is 0 "$(grep -c evt_1 "$LISTENED")" lines
	is 'TIME  <--  good: succeeded after S [evt_1]' "$(timeless "$good")" good
	is 'TIME  <--  bad: later after S, exit 3, again at TIME [evt_2]' \
	    "$(timeless "$failed")" failed
	exits 2 listen --type 'a*'
	said 'stripehook: no pattern of event types: a*'
	exits 2 listen --count 0
	exits 2 listen more
}

@test "listen: ends when nobody reads, also where nothing happens" {
	usual
	"$PYTHON" - "$COMMAND" <<-'PYTHON'
	import os, subprocess, sys
	r, w = os.pipe()
	p = subprocess.Popen([sys.argv[1], "listen"], stdout=w,
	    stderr=subprocess.PIPE)
	os.close(w)
	assert b"listening" in p.stderr.readline()
	os.close(r)
	assert p.wait(timeout=20) == 0
	PYTHON
	STRIPEHOOK_CONFIG=$T/none.conf exits 1 listen
	rm -f "$STORE"
	exits 1 listen
	said 'run "stripehook init"'
}

@test "listen: deleted events and another store in its place" {
	some_handlers
	trigger 0 --id evt_1 payment_intent.created
	trigger 0 --id evt_2 payment_intent.created
	listen -n 4
	exits 0 prune --keep 0 --force
	trigger 0 --id evt_3 payment_intent.succeeded
	wait_for 10 listened 2
	is 2 "$(grep -c evt_3 "$LISTENED")" lines
	"$COMMAND" init >/dev/null
	# the new file takes the place of the old at once
	cp -p "$STRIPEHOOK_CONFIG" "$T/new.conf"
	sed "s|sqlite:$STORE|sqlite:$T/new.db|" "$STRIPEHOOK_CONFIG" >"$T/new.conf"
	"$COMMAND" -c "$T/new.conf" init >/dev/null
	"$COMMAND" -c "$T/new.conf" trigger --cgi "$CGI" --id evt_4 \
	    payment_intent.succeeded >/dev/null
	sqlite3 "$T/new.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	rm -f "$STORE"-wal "$STORE"-shm
	mv "$T/new.db" "$STORE"
	wait_for 10 listened 4
	is 2 "$(grep -c evt_4 "$LISTENED")" lines
	wait_for 10 ended "$LISTEN_PID"
}

@test "listen: many come, none is left out" {
	usual_inline
	listen --json
	trigger 0 --count 60 -q payment_intent.created
	db 'INSERT INTO event SELECT NULL, endpoint, event_id || "-" || value,
	    type, style, created, received_ms, livemode, object, object_id,
	    customer, account, context, api_version, request_id,
	    snapshot_event, size, body FROM event, (WITH RECURSIVE n (value)
	    AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 30)
	    SELECT value FROM n)'
	wait_for 20 listened 1920
	is 1920 "$(wc -l <"$LISTENED")" lines
	is 1860 "$(grep -c '"what":"event"' "$LISTENED")" events
	is 1920 "$(sort -u "$LISTENED" | wc -l)" different
}

@test "listen: a real terminal, colours, Ctrl-C" {
	some_handlers
	terminal 120 30
	types "export STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG TZ=UTC"
	types "$COMMAND listen"
	wait_for 10 shows listening
	trigger 1 --id evt_1 charge.failed
	wait_for 10 shows 'bad: later' || fail "$(screen)"
	screen -e | grep -q "$(printf '\033\\[33mlater')" || fail "$(screen -e)"
	screen -e | grep -q "$(printf '\033\\[36mcharge.failed')" ||
	    fail "$(screen -e)"
	key C-c
	types "echo \$? >$T/over"
	wait_for 10 test -s "$T/over"
	is 130 "$(cat "$T/over")" "exit status"
	types "clear; NO_COLOR=1 $COMMAND listen"
	wait_for 10 shows listening
	trigger 0 --id evt_2 payment_intent.created
	wait_for 10 shows 'good: succeeded'
	refute grep -q "$(printf '\033\\[3')" <(screen -e)
	key C-c
}
