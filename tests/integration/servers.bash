# What every web server is put through: servers-*.bats. After lib.bash.
#
# Samples are used as they are shipped, with the paths of the test's folder as
# if configure had been told so. The events of the load have a handler, but no
# worker runs for them.
# shellcheck shell=bash disable=SC2034,SC2154

setup() {
	place_open
	need curl openssl sqlite3
	GATE=fcgi
	sample_programs
}

teardown() {
	tell
	place_close
}

# One handler that is queued, one that is inline, one for the load.
server_conf() {
	script fulfil <<<ran
	script decide <<<ran
	script count <<<true
	{
		shop
		handler fulfil '"payment_intent.*"'
		handler decide '"invoice.*"' 'run = "inline"'
		handler count '"customer.*"'
	} | conf "$@"
}

# kept ID: the store has exactly the bytes of $EVENT.
kept() {
	"$COMMAND" show --body "$1" | cmp - "$EVENT"
}

# padded ID SIZE: an event of just so many bytes.
padded() {
	snapshot "$1"
	head -c $(($2 - $(wc -c <"$EVENT"))) /dev/zero | tr '\0' ' ' >>"$EVENT"
}

# handles: signed events get where they belong, and nothing else does.
handles() {
	snapshot evt_1
	gets 200
	gets 200
	kept evt_1
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)"
	gets 400 -s ''
	gets 405 -m GET
	head_has 'Allow: POST'
	snapshot evt_inline invoice.paid
	gets 200
	ran decide 'evt_inline 1'
	snapshot evt_other plan.created
	gets 400
	grep -q refused "$OUT/answer"
	worker_once
	ran fulfil 'evt_1 1'
	is 'evt_1
evt_inline' "$(db 'SELECT event_id FROM event ORDER BY 1')" 'what is kept'
}

# sizes [STATUS [OVER]]: max-body is the server's limit as well, not less and not
# more. A chunked request gets STATUS, 200 unless said; one that is too large
# OVER, 413 unless said.
sizes() {
	local chunked=${1:-200} over=${2:-413}

	snapshot evt_large payment_intent.succeeded pi_large \
	    "$(head -c 3000000 /dev/zero | tr '\0' x)"
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)"
	gets 200
	kept evt_large
	padded evt_largest 4194304
	gets 200
	kept evt_largest
	padded evt_over 4194305
	gets 413
	gets "$over" -l none
	snapshot evt_chunked
	gets "$chunked" -l none
	[ "$chunked" != 200 ] || kept evt_chunked
	is 0 "$(stored evt_over)" 'what was too large'
}

# The same with an inline handler that takes until the test says go.
server_conf_slow() {
	server_conf
	script decide <<-'SCRIPT'
	n=0
	until [ -e "$T/go" ] || [ $((n += 1)) -gt 500 ]; do
		sleep 0.05
	done
	ran
	SCRIPT
}

# impatient STATUS: that handler takes longer than the server waits. Stripe hears
# STATUS, the handler comes to its end, and is not run again for the repeat.
impatient() {
	snapshot evt_slow invoice.paid
	gets "$1"
	: >"$T/go"
	wait_for 20 says 'handler "decide", attempt 1: succeeded'
	gets 200
	ran decide 'evt_slow 1'
}

# at_once [ANSWER...]: two hundred clients with an event each. None of them hears
# anything but 200; or an ANSWER that Stripe would take for "later" ("none": the
# connection was closed), where this is known of the server; and comes again.
at_once() {
	"$PYTHON" "$LOAD" --secret "$SECRET" --url "$URL" --events 200 \
	    --clients 200 --prefix evt_burst </dev/null >"$T/burst" \
	    2>"$T/load.err" 3>&- || fail "$(cat "$T/load.err")"
	sed 's/^/# at once: /' "$T/load.err" >&3
	answers_are 200 "$@"
	acknowledged "$T/burst"
	is 200 "$(wc -l <"$T/acknowledged")" 'what was acknowledged'
}

# answers_are PATTERN...: load.py has heard nothing else.
answers_are() {
	local IFS='|' odd

	odd=$(sed 's/.*: //' "$T/load.err" | tr ',' '\n' |
	    grep -vE "^ *[0-9]+ ($*)\$" || :)
	is '' "$odd" 'answers to the load'
}

# acknowledged FILE: whatever load.py was told 200 for is in the store.
acknowledged() {
	local lost

	sed -n 's/^200 //p' "$1" | sort >"$T/acknowledged"
	[ -s "$T/acknowledged" ] || fail "$1: no event was acknowledged"
	db 'SELECT event_id FROM event' | sort >"$T/stored"
	lost=$(comm -23 "$T/acknowledged" "$T/stored")
	is '' "$lost" 'acknowledged and lost'
}

# restarts ACTION...: each in turn, while events keep coming in.
restarts() {
	local load action status=0

	"$PYTHON" "$LOAD" --secret "$SECRET" --url "$URL" --until "$T/enough" \
	    --clients "${RESTART_CLIENTS:-4}" --prefix evt_restart \
	    --pause 0.05 </dev/null >"$T/sent" 2>"$T/load.err" 3>&- &
	load=$!
	started "$load"
	for action; do
		flows
		"$action"
	done
	flows
	: >"$T/enough"
	wait "$load" || status=$?
	is 0 "$status" "the load's exit code: $(cat "$T/load.err")"
	sed 's/^/# restarts: /' "$T/load.err" >&3
	answers_are 200 5.. none
	acknowledged "$T/sent"
	sound
}

# flows: events arrive, now and not only before.
flows() {
	local had

	had=$(db 'SELECT count(*) FROM event')
	wait_for 60 more_than "$((had + 20))"
}

more_than() {
	[ "$(db 'SELECT count(*) FROM event')" -gt "$1" ]
}

# programs: pids of all processes of the program in this test's folder.
programs() {
	find /proc -maxdepth 2 -name exe \
	    -lname "$T/libexec/stripehook/stripehook.cgi*" 2>/dev/null |
	    cut -d / -f 3
}

# The processes that a server has started for us: told to end, or killed.
program_told() {
	programs | xargs -r kill -TERM 2>/dev/null || :
}

program_killed() {
	programs | xargs -r kill -KILL 2>/dev/null || :
}

# A new version takes the place of the old one.
program_replaced() {
	cp "$CGI" "$T/libexec/stripehook/next"
	mv "$T/libexec/stripehook/next" "$T/libexec/stripehook/stripehook.cgi"
}

# The endpoint behind a socket, as spawn-fcgi starts it in the manual. Root's
# Apache is another user, who may write to it, too.
program_start() {
	spawn-fcgi -n -s "$T/run/stripehook/stripehook.sock" -M 0666 -- \
	    "$T/libexec/stripehook/stripehook.fcgi" \
	    </dev/null >"$T/fcgi.out" 2>>"$T/fcgi.err" 3>&- &
	FCGI_PID=$!
	started "$FCGI_PID"
	wait_for 10 test -S "$T/run/stripehook/stripehook.sock"
}

program_restart() {
	kill -TERM "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	rm -f "$T/run/stripehook/stripehook.sock"
	program_start
}

program_crash() {
	kill -KILL "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	rm -f "$T/run/stripehook/stripehook.sock"
	program_start
}
