#!/usr/bin/env bats
# Killed at any moment: whatever was answered 200 is in the store, and what was
# not can come again.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# acknowledged: the ids of $T/loads that were answered 200, sorted.
acknowledged() {
	sed -n 's/^200 //p' "$T/loads" | sort
}

kept() {
	"$COMMAND" list -n 0 --json | "$PYTHON" -c '
import json, sys
for line in sys.stdin:
    print(json.loads(line)["id"])' | sort
}

sound() {
	command -v sqlite3 >/dev/null || return 0
	is ok "$(sqlite3 "$STORE" 'PRAGMA integrity_check')" "integrity"
}

# loads_have N: so many requests were answered 200 by now.
loads_have() {
	[ "$(cat "$T"/load.*[!r] 2>/dev/null | grep -c '^200 ')" -ge "$1" ]
}

# A time of up to a third of a second that differs from run to run.
moment() {
	sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
}

@test "fcgi: kill -9 at random moments under load" {
	local round id missing

	need nginx spawn-fcgi curl
	usual_inline
	GATE=fcgi
	gate_open
	load_start evt_a
	load_start evt_b
	load_start evt_c
	for round in 1 2 3 4 5 6; do
		wait_for 20 loads_have $((round * 3))
		moment
		kill -KILL "$FCGI_PID"
		wait_for 10 ended "$FCGI_PID"
		fcgi_start
	done
	wait_for 10 says 'serving FastCGI'
	moment
	: >"$T/enough"
	wait "${LOADS[@]}"
	cat "$T"/load.* >"$T/loads"
	acknowledged >"$T/acknowledged"
	kept >"$T/kept"
	[ -s "$T/acknowledged" ]
	missing=$(comm -23 "$T/acknowledged" "$T/kept" | tr '\n' ' ')
	is '' "$missing" "answered 200, not in the store"
	sound
	# Stripe sends what it got no 200 for again. A handler that was running
	# when its endpoint died has a lease; until it ends the answer is 503.
	sed -n '/^200 /!s/.* //p' "$T/loads" >"$T/again"
	while read -r id; do
		snapshot "$id"
		send
		[[ $STATUS =~ ^(200|503)$ ]] || fail "$id again: $STATUS"
	done <"$T/again"
	kept >"$T/kept"
	is "$(sed 's/.* //' "$T/loads" | sort)" "$(cat "$T/kept")" "kept"
	sound
	echo "# $(wc -l <"$T/acknowledged") acknowledged," \
	    "$(wc -l <"$T/again") sent again" >&3
}

# Killed after more and more of the time that a request takes.
@test "cgi: kill -9 at any moment" {
	local i begun took pid

	usual
	snapshot evt_0
	prepare
	begun=${EPOCHREALTIME/[.,]/}
	cgi_run "${PARAMS[@]}" <"$EVENT" >"$T/raw"
	took=$((${EPOCHREALTIME/[.,]/} - begun))
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		snapshot "evt_$i"
		prepare
		# As in cgi_run, but with the program itself as $!.
		env -i STRIPEHOOK_CONFIG="$STRIPEHOOK_CONFIG" "${PARAMS[@]}" \
		    "$CGI" <"$EVENT" >"$T/raw" 2>>"$T/cgi.err" 3>&- &
		pid=$!
		sleep "$(printf '0.%06d' $((took * i / 12 % 1000000)))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		parse_raw
		echo "${STATUS:-none} evt_$i" >>"$T/loads"
		STATUS=
	done
	acknowledged >"$T/acknowledged"
	kept >"$T/kept"
	is '' "$(comm -23 "$T/acknowledged" "$T/kept")" \
	    "answered 200, not in the store"
	sound
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		snapshot "evt_$i"
		gets 200
	done
	is 16 "$(kept | wc -l)" "events in the store"
	echo "# $(wc -l <"$T/acknowledged") of 15 acknowledged" >&3
}

# Whoever dies while holding the turn leaves it to others.
@test "cgi: a killed program holds up nobody" {
	local pid

	script slow <<-'SCRIPT'
	ran
	sleep 20
	SCRIPT
	{
		shop
		handler slow '"payment_intent.*"' 'run = "inline"' 'timeout = 1'
	} | conf 'unhandled = "store"'
	snapshot evt_1
	prepare
	env -i STRIPEHOOK_CONFIG="$STRIPEHOOK_CONFIG" "${PARAMS[@]}" "$CGI" \
	    <"$EVENT" >"$T/killed" 2>>"$T/cgi.err" 3>&- &
	pid=$!
	started "$pid"
	wait_for 10 ran_times slow 1
	kill -KILL "$pid"
	snapshot evt_2 invoice.paid
	CLIENT_TIME=5
	gets 200
	CLIENT_TIME=30
	# Its own event is kept; the run is unknown until its lease ends.
	is 1 "$(stored evt_1)" "events in the store"
	snapshot evt_1
	gets 503
}
