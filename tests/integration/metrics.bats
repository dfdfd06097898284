#!/usr/bin/env bats
# The command stripehook(1): counts, for people, monitoring and Prometheus.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
}

teardown() {
	place_close
}

counted_place() {
	script good <<-'SCRIPT'
	exit 0
	SCRIPT
	script bad <<-'SCRIPT'
	exit 100
	SCRIPT
	{
		shop
		handler good '"payment_intent.*"' 'run = "inline"'
		handler bad '"charge.*"' 'run = "inline"'
	} | conf "$@"
}

# metric NAME: the value of that line.
metric() {
	awk -v name="stripehook_$1" '$1 == name { print $2 }' "$T/out"
}

# has_metric VALUE NAME
has_metric() {
	is "$1" "$(metric "$2")" "$2"
}

@test "metrics: all of a new store, and what promtool thinks of them" {
	counted_place
	exits 0 metrics
	quiet
	has_metric 1 counters_available
	has_metric 0 requests_total
	has_metric 0 'requests_refused_total{reason="wrong-signature"}'
	has_metric 0 events
	has_metric 0 worker_present
	has_metric 0.000 queue_oldest_seconds
	# every family says what it is, once, before its lines
	awk '
	    $2 == "HELP" { if (seen[$3]++) exit 1; help = $3; next }
	    $2 == "TYPE" { if ($3 != help) exit 1; type = $3; next }
	    { name = $1; sub(/[{].*/, "", name)
	      sub(/_(bucket|sum|count)$/, "", name)
	      if (name != type) exit 1 }' "$T/out" || fail "$(cat "$T/out")"
	need promtool
	promtool check metrics <"$T/out" >"$T/promtool" 2>&1 ||
	    fail "$(cat "$T/promtool")"
	is '' "$(cat "$T/promtool")" promtool
	trigger 0 payment_intent.created
	trigger 1 charge.failed
	exits 0 metrics
	promtool check metrics <"$T/out" >"$T/promtool" 2>&1 ||
	    fail "$(cat "$T/promtool")"
	is '' "$(cat "$T/promtool")" promtool
}

@test "metrics: what the endpoint counts, as CGI" {
	counted_place
	need openssl
	trigger 0 --id evt_1 payment_intent.succeeded
	trigger 0 --id evt_1 payment_intent.succeeded
	trigger 1 --forged payment_intent.succeeded
	trigger 1 invoice.paid
	trigger 1 charge.failed
	snapshot evt_9
	gets 405 -m GET
	gets 400 -s ''
	gets 400 -s nonsense
	gets 411 -l none
	gets 413 -l 99999999
	gets 400 -s "$(sign "$EVENT" -900)"
	exits 0 metrics
	is '' "$(metric nothing)" nothing
	has_metric 11 requests_total
	has_metric 4 requests_verified_total
	has_metric 2 events_stored_total
	has_metric 1 events_duplicate_total
	has_metric 0 events_ignored_total
	while read -r reason n; do
		has_metric "$n" "requests_refused_total{reason=\"$reason\"}"
	done <<-'REASONS'
	wrong-signature 1
	unhandled 1
	handler 1
	method 1
	no-signature 1
	malformed 1
	content-length 2
	too-old 1
	store 0
	other 0
	REASONS
	age=$(metric signature_age_seconds)
	[ "$age" -ge 899 ] && [ "$age" -le 910 ] || fail "age: $age"
	has_metric 2 events
	has_metric 1 'deliveries{handler="good",state="succeeded"}'
	has_metric 1 'deliveries{handler="bad",state="failed"}'
	has_metric 1 'deliveries_parked_total{handler="bad"}'
	has_metric 1 'attempts_total{handler="bad",outcome="failed"}'
	has_metric 1 'attempts_total{handler="good",outcome="succeeded"}'
	has_metric 1 'handler_duration_seconds_count{handler="good"}'
	has_metric 1 'handler_duration_seconds_bucket{handler="good",le="300"}'
	has_metric 1 'handler_duration_seconds_bucket{handler="good",le="+Inf"}'
}

@test "metrics: every reason that the log can name has a counter" {
	local reason

	counted_place
	exits 0 metrics
	for reason in $(sed -n 's/.*receive_refuse([^;]*[0-9], "\([a-z-]*\)".*/\1/p' \
	    "$srcdir"/lib/receive*.c) $(sed -n '/^signature_verdict_name/,/^}/
	    s/.*return "\(.*\)";/\1/p' "$srcdir/lib/signature.c"); do
		[ "$reason" = ok ] && continue
		has_metric 0 "requests_refused_total{reason=\"$reason\"}"
	done
}

@test "metrics: many threads and processes at once, none is lost" {
	need nginx spawn-fcgi curl openssl
	counted_place 'threads = 8'
	GATE=fcgi gate_open
	exits 0 trigger -u "$URL" --count 150 --concurrency 16 -q \
	    payment_intent.succeeded &
	first=$!
	CODE=0
	"$COMMAND" trigger -u "$URL" --forged --count 150 --concurrency 16 -q \
	    payment_intent.succeeded >"$T/forged" 2>&1 || CODE=$?
	is 1 "$CODE" "exit status"
	wait "$first"
	exits 0 metrics
	has_metric 300 requests_total
	has_metric 150 events_stored_total
	has_metric 150 'requests_refused_total{reason="wrong-signature"}'
}

@test "metrics: without the file nothing is counted, and all goes on" {
	local file

	counted_place
	is 640 "$(stat -c %a "$STORE.counters")" mode
	for file in missing empty cut foreign folder held; do
		rm -rf "$STORE.counters"
		case $file in
		empty) : >"$STORE.counters" ;;
		cut) printf StrHcnt1 >"$STORE.counters" ;;
		foreign) head -c 2000 /dev/zero >"$STORE.counters" ;;
		folder) mkdir "$STORE.counters" ;;
		held)
			"$COMMAND" init >"$T/init.out"
			exec 8<"$STORE.counters"
			flock 8
			;;
		esac
		trigger 0 payment_intent.succeeded
		exits 0 metrics
		[ "$file" = held ] && break
		has_metric 0 counters_available
		said "stripehook: $STORE.counters: cannot be read, so the endpoint's counts are missing: \"stripehook init\" makes the file"
		is '' "$(metric requests_total)" "$file"
	done
	exec 8<&-
	has_metric 0 requests_total
	trigger 0 payment_intent.succeeded
	exits 0 metrics
	has_metric 1 requests_total
	# what is there stays
	exits 0 init
	exits 0 metrics
	has_metric 1 requests_total
	mv "$STORE" "$STORE.away"
	exits 1 metrics
	is '' "$(cat "$T/out")" output
	said 'run "stripehook init"'
}

@test "stats --nagios: one line, numbers, an exit status" {
	counted_place
	exits 0 stats --nagios
	grep -qxE 'STRIPEHOOK OK - due 0, oldest 0s, failed 0 \| due=0;;;0 oldest=0s;300;3600;0 failed=0;0;;0 silence=0s;;;0 free=[0-9]+B;;;0 worker=0;;;0' \
	    "$T/out" || fail "$(cat "$T/out")"
	trigger 1 charge.failed
	exits 1 stats --nagios
	out_has 'STRIPEHOOK WARNING - failed is 1, warning range 0 |'
	exits 0 stats --nagios -w failed=
	out_has ' failed=1;;;0 '
	exits 2 stats --nagios -c failed=0
	out_has 'STRIPEHOOK CRITICAL - failed is 1, critical range 0 |'
	exits 2 stats --nagios --critical worker=1:
	out_has 'failed is 1, warning range 0, worker is 0, critical range 1: |'
	out_lacks 'STRIPEHOOK OK'
	exits 1 stats --nagios -w free=@0:99999999999999
	trigger 0 payment_intent.created
	exits 0 retry --type 'payment_intent.*' --since 1h
	db 'UPDATE delivery SET due_ms = due_ms - 400000,
	    ready_ms = ready_ms - 400000 WHERE state = 0'
	exits 1 stats --nagios -w failed=
	grep -qE '^STRIPEHOOK WARNING - oldest is 40[0-9]s, warning range 300 \| due=1;' \
	    "$T/out" || fail "$(cat "$T/out")"
	exits 2 stats --nagios -w failed= -c 'due=~:0'
}

@test "stats --nagios: what cannot be looked at is unknown" {
	counted_place
	exits 3 stats --nagios -w nonsense=1
	out_is 'STRIPEHOOK UNKNOWN - the command line is at fault'
	for range in 5:4 a : '' @ 1:2:3 ~ 1.2.3 --1; do
		[ -z "$range" ] && continue
		exits 3 stats --nagios -w "due=$range"
	done
	exits 3 stats --nagios --json
	exits 3 stats --nagios --type 'a.*'
	exits 2 stats -w nonsense=1
	STRIPEHOOK_CONFIG=$T/none.conf exits 3 stats --nagios
	out_is 'STRIPEHOOK UNKNOWN - the configuration is at fault: run stripehook check'
	rm "$STORE"
	exits 3 stats --nagios
	out_has 'STRIPEHOOK UNKNOWN - there is no store at'
}

@test "stats: of some events only" {
	counted_place
	trigger 0 --count 3 -q payment_intent.created payment_intent.succeeded
	trigger 1 --override customer=cus_7 charge.failed
	exits 0 stats --type 'payment_intent.*'
	out_is 'events         6
pending        0
running        0
succeeded      6
failed         0

       3  payment_intent.created
       3  payment_intent.succeeded'
	exits 0 stats --customer cus_7 --json
	out_is '{"events":1,"deliveries":{"succeeded":0,"failed":1,"running":0,"pending":0},"types":{"charge.failed":1}}'
	exits 0 stats --since 2099-01-01
	is 'events         0' "$(head -n 1 "$T/out")" events
	exits 2 stats --state done
}
