#!/usr/bin/env bats
# The command stripehook(1): looking into the store, trying a program on what
# is in it, and what a terminal gets to see.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
}

teardown() {
	place_close
}

# Two payments, one of them of another customer, and a refund that failed.
some() {
	script good <<-'SCRIPT'
	echo "all is well"
	SCRIPT
	script bad <<-'SCRIPT'
	exit 100
	SCRIPT
	{
		shop
		handler good '"payment_intent.*"' 'run = "inline"'
		handler bad '"charge.*"' 'run = "inline"'
	} | conf
	trigger 0 --id evt_1 --override customer=cus_a \
	    --override description='first order' payment_intent.succeeded
	trigger 0 --id evt_2 --override customer=cus_b payment_intent.created
	trigger 1 --id evt_3 --override customer=cus_a charge.failed
}

ids() {
	awk '{ print $2 }' "$T/out" | xargs
}

@test "list --text: what the body holds" {
	some
	exits 0 list --text 'first order'
	is evt_1 "$(ids)" found
	exits 0 list --text 'First order'
	is '' "$(ids)" found
	exits 0 list --text 'card was declined'
	is evt_3 "$(ids)" found
	exits 0 list --text '%' --text '"id": "evt_'
	is 'evt_3 evt_2 evt_1' "$(ids)" found
	exits 0 list --text "'; DROP TABLE event; --"
	is '' "$(ids)" found
	exits 0 list --customer cus_a --text cus_a --type 'charge.*'
	is evt_3 "$(ids)" found
}

@test "list: messages on what cannot be" {
	while IFS='|' read -r options words; do
		# shellcheck disable=SC2086
		exits 2 list $options
		is "stripehook: $words" "$(head -n 1 "$T/said")" "$options"
	done <<-'CASES'
	--state done|no state, which is pending, running, succeeded or failed: done
	--type inv*|no pattern of event types, such as 'invoice.*': inv*
	--since yesterday|not a time: yesterday
	-n many|not a number: many
	CASES
}

@test "retry: the filters of list" {
	some
	exits 0 retry --customer cus_a --dry-run
	out_is '2 deliveries would be due again'
	exits 0 retry --customer cus_a --type 'charge.*' --dry-run
	out_is '1 delivery would be due again'
	exits 0 retry --state succeeded --dry-run
	out_is '2 deliveries would be due again'
	exits 0 retry --text 'first order' -n
	out_is '1 delivery would be due again'
	exits 0 retry --since 1h --until 1h -n
	out_is '0 deliveries would be due again'
	exits 2 retry --handler good
	said 'stripehook: say which: an event id, --failed, --state,'
	exits 2 retry --type 'charge.*'
}

@test "replay: as a handler is run, and nothing is changed" {
	some
	cat >"$T/new" <<-'SCRIPT'
	#!/bin/sh
	echo "$STRIPEHOOK_HANDLER $STRIPEHOOK_ENDPOINT $STRIPEHOOK_ATTEMPT"
	echo "$STRIPE_EVENT_ID $STRIPE_EVENT_TYPE $STRIPE_CUSTOMER ${MINE-none}"
	echo "$STRIPEHOOK_IDEMPOTENCY_KEY $* $(wc -c) ${OURS-none} $(pwd)"
	SCRIPT
	chmod 755 "$T/new"
	"$COMMAND" show --json evt_1 >"$T/before"
	OURS=1 exits 0 replay evt_1 --to "$T/new" --json -h
	is "replay shop 1
evt_1 payment_intent.succeeded cus_a none
shop:replay:evt_1 --json -h $("$COMMAND" show --body evt_1 | wc -c) none /" \
	    "$(sed '$d' "$T/out")" output
	tail -n 1 "$T/out" | grep -qE '^succeeded after [0-9]+\.[0-9]{3} s, exit 0$'
	"$COMMAND" show --json evt_1 | cmp - "$T/before"
	# in the place of a configured one
	{
		shop
		handler good '"payment_intent.*"' 'environment = { "MINE=yes" }' \
		    "directory = \"$T\""
	} | conf_write
	exits 0 replay --handler good evt_1 --to "$T/new"
	out_has 'good shop 1'
	out_has 'cus_a yes'
	out_has 'shop:good:evt_1'
	out_has "$T"
	(cd "$T" && exits 0 replay evt_1 --to ./new)
}

@test "replay: ends that are none" {
	some
	printf '#!/bin/sh\nexit 100\n' >"$T/never"
	printf '#!/bin/sh\necho trying; exit 3\n' >"$T/later"
	printf '#!/bin/sh\nexec sleep 60\n' >"$T/slow"
	printf '#!/bin/sh\nkill -9 $$\n' >"$T/killed"
	printf '#!/bin/sh\nprintf "\\033[2J\\342\\200\\256"; seq 1 4000\n' >"$T/loud"
	printf '#!/nowhere/sh\n' >"$T/lost"
	chmod 755 "$T"/never "$T"/later "$T"/slow "$T"/killed "$T"/loud "$T"/lost
	: >"$T/plain"
	exits 1 replay evt_1 --to "$T/never"
	grep -qE '^never after [0-9.]+ s, exit 100$' "$T/out"
	exits 1 replay evt_1 --to "$T/later"
	grep -qx trying "$T/out"
	grep -qE '^later after [0-9.]+ s, exit 3$' "$T/out"
	exits 1 replay --timeout 1 evt_1 --to "$T/slow"
	grep -qE '^later after 1\.[0-9]+ s, signal 15: ' "$T/out"
	exits 1 replay evt_1 --to "$T/killed"
	grep -qE '^later after [0-9.]+ s, signal 9: ' "$T/out"
	exits 0 replay evt_1 --to "$T/loud"
	out_has '(only the last 4096 bytes are shown, and kept)'
	refute grep -q "$(printf '\033\\|\342\200\256')" "$T/out"
	exits 1 replay evt_1 --to "$T/lost"
	out_has 'interpreter'
	exits 1 replay evt_1 --to "$T/plain"
	exits 1 replay evt_1 --to "$T/nothing"
	said "stripehook: $T/nothing: No such file or directory"
	exits 1 replay evt_9 --to /bin/true
	said 'stripehook: there is no event evt_9'
	exits 1 replay --handler none evt_1 --to /bin/true
	said "stripehook: $STRIPEHOOK_CONFIG: no handler \"none\""
	exits 2 replay evt_1
	said 'stripehook: which program? --to PROGRAM'
	exits 2 replay --to /bin/true
	said 'stripehook: which event?'
	exits 2 replay evt_1 --to=/bin/true
	exits 2 replay --timeout 0 evt_1 --to /bin/true
	exits 0 prune --keep 31 --keep-bodies 0
	exits 1 replay evt_1 --to /bin/true
	said 'stripehook: the body of evt_1 is no longer kept'
}

@test "a terminal: the pager, colours, and neither elsewhere" {
	some
	terminal 120 20
	types "export STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG TZ=UTC"
	# a pager of one's own
	in_terminal "PAGER='cat >$T/paged' $COMMAND list"
	is 0 "$CODE" "exit status"
	is 3 "$(wc -l <"$T/paged")" lines
	grep -q "$(printf '\033\\[31mfailed\033\\[0m$')" "$T/paged"
	grep -q "$(printf '\033\\[32msucceeded\033\\[0m$')" "$T/paged"
	in_terminal "NO_COLOR=1 PAGER='cat >$T/paged' $COMMAND show evt_3"
	grep -qx 'type      charge.failed' "$T/paged"
	refute grep -q "$(printf '\033')" "$T/paged"
	in_terminal "TERM=dumb PAGER='cat >$T/paged' $COMMAND list"
	refute grep -q "$(printf '\033')" "$T/paged"
	# JSON is for programs
	rm "$T/paged"
	in_terminal "PAGER='cat >$T/paged' $COMMAND list --json | wc -l"
	in_terminal "PAGER='cat >$T/paged' $COMMAND list --json"
	refute test -e "$T/paged"
	# none
	types clear
	in_terminal "PAGER= $COMMAND list"
	shows 'evt_1' || fail "$(screen)"
	# a pager that goes early is no failure
	in_terminal "PAGER='exec true' $COMMAND list"
	is 0 "$CODE" "exit status"
	exits 0 list
	refute grep -q "$(printf '\033')" "$T/out"
}

@test "a terminal: less, for what does not fit" {
	need less
	some
	trigger 0 --count 30 -q payment_intent.created
	terminal 120 10
	types "export STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG TZ=UTC; unset LESS PAGER"
	types "clear; $COMMAND list; echo \$? >$T/over"
	wait_for 20 shows ':' || fail "$(screen)"
	refute test -e "$T/over"
	# nobody waits for a person: all of the log can be copied back
	is '0|0' "$(db 'PRAGMA wal_checkpoint(TRUNCATE)' | cut -d '|' -f 1,2)" log
	key q
	wait_for 20 test -s "$T/over"
	is 0 "$(cat "$T/over")" "exit status"
	# what fits is not held up
	types clear
	in_terminal "$COMMAND list -n 2"
	is 0 "$CODE" "exit status"
}

@test "hostile text reaches no terminal, also not in a body" {
	script evil <<-'SCRIPT'
	printf '\033]0;title\007\302\233 \342\200\256 \377 \342\201\246 \360\237\230\200\n'
	exit 100
	SCRIPT
	{
		shop
		handler evil '"*"' 'run = "inline"'
	} | conf
	need openssl
	EVENT=$T/evil
	# C0, C1, bidirectional embeddings, isolates and marks, all in one
	printf '{"id":"evt_1","object":"event","type":"a.b","created":1,
	"livemode":false,"data":{"object":{"id":"x\\u009b1m\\u202e\\u2066\\u200f",
	"object":"x","note":"\302\233\342\200\256\342\201\246\342\200\217"}}}' >"$EVENT"
	send
	for arguments in 'list' 'show evt_1' 'list --json' 'show --json evt_1' \
	    'stats' 'replay evt_1 --to /bin/cat'; do
		# shellcheck disable=SC2086
		run_command $arguments
		refute grep -qE "$(printf '\033|\007|\302\233|\342\200[\216\217\252-\256]|\342\201[\246-\251]|\377')" \
		    "$T/out"
		"$PYTHON" -c 'import sys
open(sys.argv[1], encoding="utf-8").read()' "$T/out" || fail "$arguments"
	done
	exits 0 show evt_1
	out_has 'object    x\u{9b}1m\u{202e}\u{2066}\u{200f}'
	out_has '| \x1b]0;title\x07\u{9b} \u{202e} \xff \u{2066} 😀'
	# the bytes themselves are for files
	"$COMMAND" show --body evt_1 | cmp - "$EVENT"
	terminal 120 30
	types "export STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG TZ=UTC LC_ALL=C.UTF-8"
	in_terminal "$COMMAND show --body evt_1"
	shows '\u{9b}\u{202e}\u{2066}\u{200f}' || fail "$(screen)"
}

@test "huge fields: kept out or whole, never half" {
	script fulfil </dev/null
	{
		shop
		handler fulfil '"*"'
	} | conf
	need openssl
	local big

	big=$(printf 'x%.0s' $(seq 1 300))
	trigger 0 --id evt_1 --override "id=$big" --override "customer=$big" \
	    invoice.paid
	exits 0 list --json
	"$PYTHON" -c 'import json, sys
row = json.load(sys.stdin)
assert row["object_id"] == "" and row["customer"] == ""' <"$T/out"
	trigger 0 --id "$(printf 'e%.0s' $(seq 1 255))" invoice.paid
	exits 0 list
	is 2 "$(wc -l <"$T/out")" lines
}
