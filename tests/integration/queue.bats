#!/usr/bin/env bats
# One queue, several workers: nothing overlaps in a lane, nothing runs twice,
# nobody starves.
#
# QUEUE_RACES: how many objects "created" and "updated" race for (default 1000).
# QUEUE_DEPTH: how many deliveries wait in the deep queue (default 100000).

load lib

setup() {
	place_open
	need sqlite3 openssl
}

teardown() {
	tell
	place_close
}

# kept N: so many events, by CLIENTS at once, over nginx. See load.py.
kept() {
	"$PYTHON" "$LOAD" --secret "$SECRET" --url "$URL" --events "$@" \
	    >"$T/kept" 2>"$T/load.err" 3>&- || fail "$(cat "$T/load.err")"
}

workers_start() {
	local i

	WORKERS=()
	for ((i = 0; i < $1; i++)); do
		worker_start
		WORKERS+=("$WORKER_PID")
	done
}

workers_stop() {
	kill -TERM "${WORKERS[@]}"
	for pid in "${WORKERS[@]}"; do
		worker_ends "$pid"
	done
}

# unfinished N: so many deliveries have not succeeded; for waiting.
unfinished() {
	[ "$(db 'SELECT count(*) FROM delivery WHERE state <> 2')" -eq "$1" ]
}

# Every run has its end, and is of another attempt.
once_each() {
	is "$(marks B)" "$(marks E)" "ended runs"
	is '' "$(sort "$T/marks" | uniq -d)" "runs of the same attempt"
	is "$(marks B)" "$(db 'SELECT count(*) FROM attempt')" "attempts"
}

# Lanes ------------------------------------------------------------------------------

# busy NAME: for a moment, so that an overlap would show.
busy() {
	marked "$1" <<-'SCRIPT'
	begin
	sleep 0.02
	end
	SCRIPT
}

lanes() {
	need nginx spawn-fcgi
	busy one
	busy two
	{
		shop
		handler one '"*"'
		handler two '"*"' 'lane = "customer"'
	} | conf 'concurrency = 3'
	GATE=fcgi
	gate_open
	workers_start "$1"
	kept 120 --objects 12 --customers 5 --clients 4
	wait_for 60 unfinished 0
	workers_stop
	is 240 "$(marks B)" "runs"
	once_each
	grep ' one ' "$T/marks" >"$T/one"
	is 1 "$(MARKS=$T/one most_at_once '$3')" \
	    "runs of one object at once"
	# The customer is not in the marks: every object has one of them.
	customers <"$T/marks" >"$T/two"
	is 1 "$(MARKS=$T/two most_at_once '$3')" \
	    "runs of one customer at once"
	# Two of them work at the same time, or all of this shows nothing.
	[ "$(most_at_once 0)" -gt 1 ] || fail "never two at once"
	sound
}

# Marks of the handler "two", with the event's customer for its object.
customers() {
	db 'SELECT event_id, customer FROM event' | tr '|' ' ' >"$T/customers"
	awk 'FNR == NR { of[$1] = $2; next }
	    $2 == "two" { $3 = of[$4]; print }' "$T/customers" -
}

@test "lanes: one worker" { lanes 1; }
@test "lanes: two workers" { lanes 2; }
@test "lanes: four workers" { lanes 4; }
@test "lanes: eight workers" { lanes 8; }

@test "without a lane: as many at once as there may be" {
	local i

	marked free <<-'SCRIPT'
	begin
	hold
	end
	SCRIPT
	{
		shop
		handler free '"*"' 'lane = "none"'
	} | conf 'concurrency = 3'
	for i in 1 2 3; do
		snapshot "evt_$i" payment_intent.succeeded pi_same
		gets 200
	done
	worker_start
	wait_for 20 marks_are 3 B
	: >"$T/go"
	wait_for 20 unfinished 0
	worker_stop
	is 3 "$(most_at_once '$3')" "runs of one object at once"
}

# A worker, and a handler of the same lane that runs before the answer.
@test "lanes: inline and queued runs of one handler" {
	marked now <<-'SCRIPT'
	begin
	hold
	end
	[ "$STRIPEHOOK_ATTEMPT" -gt 1 ] || [ "$STRIPE_EVENT_ID" != evt_1 ]
	SCRIPT
	{
		shop
		handler now '"*"' 'run = "inline"' 'backoff = 1'
	} | conf
	: >"$T/go"
	snapshot evt_1 payment_intent.created pi_same
	gets 500
	rm "$T/go"
	# The second attempt is the worker's.
	worker_start
	wait_for 20 marks_are 2 B
	snapshot evt_2 payment_intent.succeeded pi_same
	gets 503
	is 2 "$(marks B)" "runs"
	: >"$T/go"
	gets 200
	worker_stop
	is 1 "$(most_at_once '$3')" "runs of one object at once"
	is 'succeeded 2' "$(delivery evt_1 now)" "delivery"
	is 'succeeded 1' "$(delivery evt_2 now)" "delivery"
}

# Order --------------------------------------------------------------------------------

ordered() {
	script strict <<-'SCRIPT'
	ran
	[ "$STRIPE_EVENT_ID" != evt_1 ] || [ -e "$T/repaired" ]
	SCRIPT
	{
		shop
		handler strict '"*"' "order = \"$1\"" 'backoff = 1000' \
		    'backoff-max = 1000'
	} | conf
	snapshot evt_1 payment_intent.created pi_same
	gets 200
	snapshot evt_2 payment_intent.succeeded pi_same
	gets 200
	snapshot evt_3 payment_intent.succeeded pi_other
	gets 200
	snapshot evt_4 payment_intent.canceled pi_same
	gets 200
	worker_once
}

# Those of one lane, in the order in which they ran; evt_3 has another one.
in_lane() {
	cut -d ' ' -f 1 "$T/ran.strict" | grep -v '^evt_3$' | paste -sd ' '
}

@test "order: strict waits for what failed before" {
	ordered strict
	is 'evt_1 1 evt_3 1' "$(sort "$T/ran.strict" | paste -sd ' ')" "runs"
	is 'pending 0' "$(delivery evt_2 strict)" "delivery"
	: >"$T/repaired"
	retries_due
	worker_once
	is 'evt_1 evt_1 evt_2 evt_4' "$(in_lane)" "order"
}

@test "order: strict goes on when one is given up" {
	ordered strict
	db "UPDATE delivery SET tries = 11 WHERE state = 0 AND attempts = 1"
	retries_due
	worker_once
	is 'failed 2' "$(delivery evt_1 strict)" "delivery"
	is 'evt_1 evt_1 evt_2 evt_4' "$(in_lane)" "order"
}

@test "order: any does not wait" {
	ordered any
	is 'evt_1 evt_2 evt_3 evt_4' \
	    "$(cut -d ' ' -f 1 "$T/ran.strict" | sort | paste -sd ' ')" "runs"
	: >"$T/repaired"
	retries_due
	worker_once
	is 'succeeded 2' "$(delivery evt_1 strict)" "delivery"
}

@test "order: strict with four workers" {
	local lane

	need nginx spawn-fcgi
	marked strict <<-'SCRIPT'
	begin
	end
	case $STRIPE_EVENT_ID in
	*[37]) [ "$STRIPEHOOK_ATTEMPT" -gt 1 ] ;;
	esac
	SCRIPT
	{
		shop
		handler strict '"*"' 'order = "strict"' 'backoff = 1' \
		    'backoff-max = 1'
	} | conf
	GATE=fcgi
	gate_open
	workers_start 4
	kept 80 --objects 10 --clients 1
	wait_for 60 unfinished 0
	workers_stop
	once_each
	is 1 "$(most_at_once '$3')" "runs of one object at once"
	# In each lane the events began for the last time as they came.
	db 'SELECT event_id FROM event ORDER BY id' >"$T/came"
	for lane in $(db 'SELECT DISTINCT object_id FROM event'); do
		db "SELECT event_id FROM event WHERE object_id = '$lane'
		    ORDER BY id" >"$T/want"
		sed -n "s/^B strict $lane \\([^ ]*\\) .*/\\1/p" "$T/marks" |
		    uniq >"$T/got"
		cmp "$T/want" "$T/got" || fail "order in $lane"
	done
}

# Created and updated --------------------------------------------------------------------

# Both events of an object are sent at the same moment by two clients; the
# handler reads a counter, and writes it increased.
@test "created and updated race for an object, time and again" {
	local n=${QUEUE_RACES:-1000}

	need nginx spawn-fcgi
	# No "marked": it would cost more than all the rest.
	cat >"$T/h/count" <<-SCRIPT
	#!/bin/sh
	d=$T/count/\$STRIPE_OBJECT_ID
	echo B >>"\$d.marks"
	n=0
	[ ! -e "\$d" ] || read -r n <"\$d"
	echo \$((n + 1)) >"\$d"
	echo E >>"\$d.marks"
	SCRIPT
	chmod 755 "$T/h/count"
	mkdir "$T/count"
	{
		shop
		handler count '"*"'
	} | conf 'concurrency = 4' 'log-level = "warning"'
	GATE=fcgi
	gate_open
	workers_start 2
	kept $((2 * n)) --race --clients 2
	wait_for 100 unfinished 0
	workers_stop
	find "$T/count" -name '*.marks' >"$T/all"
	is "$n" "$(wc -l <"$T/all")" "objects"
	xargs cat <"$T/all" | sort | uniq -c | tr -s ' \n' ' ' >"$T/sum"
	is " $((2 * n)) B $((2 * n)) E " "$(cat "$T/sum")" "marks"
	# "B E B E" each.
	xargs -n 1 paste -sd ' ' <"$T/all" | sort | uniq -c >"$T/shapes"
	is "$n B E B E" "$(sed 's/^ *//' "$T/shapes")" "runs of an object"
	is "$n" "$(find "$T/count" -type f ! -name '*.marks' -exec cat {} + |
	    grep -cx 2)" "objects counted to two"
	is 0 "$(db 'SELECT count(*) FROM attempt WHERE number > 1')" \
	    "second attempts"
}

# Deep queues ----------------------------------------------------------------------------

# deep N HANDLER DUE [LANE]: N deliveries of events long past.
deep() {
	db "PRAGMA synchronous = OFF;
	BEGIN;
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
	    SELECT i + 1 FROM n WHERE i < $1)
	INSERT INTO event (endpoint, event_id, type, style, created,
	    received_ms, livemode, object, object_id, customer, account,
	    context, api_version, request_id, snapshot_event, size, body)
	SELECT 'shop', 'evt_deep_$2_' || i, 'payment_intent.created', 1,
	    1790000000, unixepoch() * 1000, 0, 'payment_intent', 'pi_' || i,
	    '', '', '', '', '', '', 2, json_object('id',
	    'evt_deep_$2_' || i, 'object', 'event', 'created', 1790000000,
	    'type', 'payment_intent.created', 'data', json_object('object',
	    json_object('id', 'pi_' || i, 'object', 'payment_intent')))
	FROM n;
	INSERT INTO delivery (event, handler, lane, state, attempts, tries,
	    due_ms, ready_ms)
	SELECT id, '$2', ${4:-object_id}, 0, 1, 1, $3, $3 FROM event
	    WHERE event_id LIKE 'evt_deep_$2_%';
	COMMIT;" >/dev/null
}

# fresh N: new events are handled while the others wait; the median of what a
# pick-up takes is less than a second.
fresh() {
	local i median

	for ((i = 1; i <= $1; i++)); do
		snapshot "evt_$i"
		gets 200
		wait_for 30 ran_times clock "$i"
	done
	db "SELECT event_id, received_ms FROM event
	    WHERE event_id NOT LIKE 'evt_deep%'" | tr '|' ' ' |
	    sort >"$T/received"
	median=$(sort "$T/clock" | join "$T/received" - |
	    awk '{ print $3 - $2 }' | sort -n | sed -n "$(($1 / 2 + 1))p")
	echo "# picked up after $median ms" >&3
	[ "$median" -lt 1000 ] || fail "picked up after $median ms"
}

clock() {
	script clock <<-'SCRIPT'
	echo "$STRIPE_EVENT_ID $(date +%s%3N)" >>"$T/clock"
	ran
	SCRIPT
	script single <<-'SCRIPT'
	ran
	until [ -e "$T/enough" ]; do
		sleep 0.05
	done
	SCRIPT
	{
		shop
		handler clock '"payment_intent.succeeded"'
		handler single '"payment_intent.created"' 'concurrency = 1' \
		    'timeout = 600'
	} | conf 'log-level = "warning"'
}

@test "deep: many wait for their retry, a new one is picked up" {
	clock
	deep "${QUEUE_DEPTH:-100000}" clock 'unixepoch() * 1000 + 3600000'
	worker_start
	fresh 5
	worker_stop
	ran_times clock 5
}

# They are all due, and may not run: their handler is at its limit, or their
# lane is taken.
@test "deep: many are due and may not run, a new one is picked up" {
	clock
	deep $((${QUEUE_DEPTH:-100000} / 2)) single 1
	worker_start
	wait_for 30 ran_times single 1
	fresh 5
	ran_times single 1
	: >"$T/enough"
	kill -KILL "$WORKER_PID"
}

@test "deep: one lane with many, a new one is picked up" {
	clock
	sed -i "s/concurrency = 1$/concurrency = 2/" "$STRIPEHOOK_CONFIG"
	deep $((${QUEUE_DEPTH:-100000} / 2)) single 1 "'pi_same'"
	worker_start
	wait_for 30 ran_times single 1
	fresh 5
	ran_times single 1
	: >"$T/enough"
	kill -KILL "$WORKER_PID"
}

# Left behind by a handler that is no longer configured.
@test "deep: many are of nobody, a new one is picked up" {
	clock
	deep $((${QUEUE_DEPTH:-100000} / 2)) nobody 1
	worker_start
	fresh 5
	worker_stop
	timeout 20 "$WORKER" --until-idle
}
