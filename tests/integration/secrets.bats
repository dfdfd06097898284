#!/usr/bin/env bats
# stripehook secrets: who verified when, and adding one; help at a terminal.

load lib
: "${srcdir:=.}"

SHOP=30980d5b # their fingerprints
OTHER=e89cd56d
NEW_SECRET=whsec_NewNewNewNewNewNewNewNewNewNew03
NEW=d4374f6b
DAY=86400000

setup() {
	place_open
	export TZ=UTC
	need openssl
	chmod 640 "$T/shop.whsec"
	script fulfil </dev/null
	{
		echo "endpoint \"shop\" { secrets = { \"file:$T/shop.whsec\","
		echo "\"file:$T/other.whsec\" } }"
		handler fulfil '"payment_intent.*"'
	} | conf
}

teardown() {
	no_secret_in "$T/out" "$T/said"
	place_close
}

# secrets CODE ARGUMENTS...
secrets() {
	local want=$1

	shift
	CODE=0
	"$COMMAND" secrets "$@" >"$T/out" 2>"$T/said" || CODE=$?
	[ "$CODE" -eq "$want" ] || fail \
	    "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

out() {
	printf '%s\n' "$@" >"$T/expected"
	sed -E 's/[0-9]{4}-[0-9-]+T[0-9:]+/TIME/' "$T/out" >"$T/found"
	diff "$T/expected" "$T/found" || fail "see above"
}

# seen FINGERPRINT: the store's row of it, in days before now.
seen() {
	db "SELECT (strftime('%s', 'now') * 1000 - last_ms) / $DAY
	    FROM secret WHERE endpoint = 'shop' AND fingerprint = '$1'"
}

# ago DAYS FINGERPRINT: time passes for it.
ago() {
	db "UPDATE secret SET last_ms = last_ms - $1 * $DAY
	    WHERE fingerprint = '$2'"
}

# both: as Stripe signs while a secret is rolled.
both() {
	local one

	one=$(sign "$EVENT")
	echo "$one,v1=$(digest "$EVENT" "$(sed 's/t=//; s/,.*//' <<<"$one")" \
	    "$OTHER_SECRET")"
}

@test "never, then the one that verified" {
	secrets 0
	out "shop          1  $SHOP  never" "shop          2  $OTHER  never"
	snapshot evt_1
	gets 200
	secrets 0 --utc
	is "shop          1  $SHOP  $(date -u +%F)T" \
	    "$(head -n 1 "$T/out" | sed 's/T.*/T/')" first
	out "shop          1  $SHOP  TIMEZ" "shop          2  $OTHER  never"
}

@test "a roll: both, then the new one only, and the old one can go" {
	need sqlite3
	snapshot evt_1
	gets 200 -s "$(both)"
	secrets 0
	out "shop          1  $SHOP  TIME" "shop          2  $OTHER  TIME"
	# A quiet endpoint says nothing.
	ago 3 "$SHOP"
	ago 3 "$OTHER"
	secrets 0
	out "shop          1  $SHOP  TIME" "shop          2  $OTHER  TIME"
	# The other one verifies alone.
	snapshot evt_2
	gets 200
	is 0 "$(seen "$SHOP")" days
	is 3 "$(seen "$OTHER")" days
	secrets 0
	out "shop          1  $SHOP  TIME" "shop          2  $OTHER  TIME  \
quiet for 3 days while another verified: it can go"
	db "UPDATE secret SET last_ms = last_ms + 2 * $DAY + 3600000
	    WHERE fingerprint = '$OTHER'"
	secrets 0
	out "shop          1  $SHOP  TIME" "shop          2  $OTHER  TIME"
	db "UPDATE secret SET last_ms = last_ms - 2 * 3600000
	    WHERE fingerprint = '$OTHER'"
	secrets 0
	out "shop          1  $SHOP  TIME" "shop          2  $OTHER  TIME  \
quiet for 25 hours while another verified: it can go"
}

@test "at most one note a minute, and a repetition is one as well" {
	local first

	need sqlite3
	snapshot evt_1
	gets 200
	first=$(db 'SELECT last_ms FROM secret')
	snapshot evt_2
	gets 200
	gets 200
	is "$first" "$(db 'SELECT last_ms FROM secret')" "the same minute"
	ago 2 "$SHOP"
	gets 200
	is 0 "$(seen "$SHOP")" "days, after a repetition"
	is 2 "$(db 'SELECT count(*) FROM event')" events
}

@test "a forged or an ignored event is no use of a secret" {
	snapshot evt_1
	gets 400 -s "$(sign "$EVENT" 0 whsec_NobodysSecretNobodysSecret)"
	gets 400 -s "$(sign "$EVENT" -1000)"
	secrets 0
	out "shop          1  $SHOP  never" "shop          2  $OTHER  never"
}

@test "JSON" {
	snapshot evt_1
	gets 200
	rm "$T/other.whsec"
	secrets 0 --json
	sed -i -E 's/[0-9]{4}-[0-9-]+T[0-9:.]+/TIME/' "$T/out"
	is "[
  {\"endpoint\":\"shop\",\"position\":1,\"fingerprint\":\"$SHOP\",\
\"last\":\"TIMEZ\",\"can_go\":false,\"error\":null},
  {\"endpoint\":\"shop\",\"position\":2,\"fingerprint\":null,\
\"last\":null,\"can_go\":false,\"error\":\"secret \\\"file:$T/other.whsec\\\": \
No such file or directory\"}
]" "$(cat "$T/out")" json
	"$PYTHON" -m json.tool <"$T/out" >"$T/json"
}

@test "who may read the store but not the secrets sees what the store knows" {
	snapshot evt_1
	gets 200
	rm "$T/shop.whsec"
	chmod 644 "$T/other.whsec"
	secrets 0
	out "shop          1  -         cannot be used: secret \
\"file:$T/shop.whsec\": No such file or directory" \
	    "shop          2  -         cannot be used: secret \
\"file:$T/other.whsec\": all users may read it: change its mode (0644) to \
0640 or 0600" "shop          ?  $SHOP  TIME"
}

@test "no store, an old store" {
	rm "$STORE"*
	secrets 0
	is "stripehook: there is no store at $STORE: run \"stripehook init\"" \
	    "$(cat "$T/said")" said
	out "shop          1  $SHOP  never" "shop          2  $OTHER  never"
}

# add ---------------------------------------------------------------------------

@test "add: from standard input; the example of the manual" {
	cd "$T"
	echo "$NEW_SECRET" >new.txt
	"$COMMAND" secrets add shop <new.txt >"$T/out"
	grep -qxF '$ stripehook secrets add shop <new.txt' \
	    "$srcdir/man/stripehook.1"
	out "$T/shop-$NEW.whsec: written, fingerprint $NEW, mode 0640, owner \
$(id -un), group $(id -gn)" \
	    "In endpoint \"shop\", line 3 of $STRIPEHOOK_CONFIG, write:" \
	    "    secrets = { \"file:$T/shop-$NEW.whsec\", \
\"file:$T/shop.whsec\", \"file:$T/other.whsec\" }" \
	    'Then run "stripehook check". When "stripehook secrets" says that the old one can' \
	    'go, take it out.'
	is "$NEW_SECRET" "$(cat "$T/shop-$NEW.whsec")" content
	is "640" "$(stat -c %a "$T/shop-$NEW.whsec")" mode
	is '' "$(find "$T" -name '*.whsec.*')" "left over"
	# What it says is what works.
	sed -i "s|secrets = .*|$(sed -n 's/^    //p' "$T/out" |
	    sed 's/ }$/,/; s/, "[^"]*",$/,/')|" "$STRIPEHOOK_CONFIG"
	snapshot evt_1
	gets 200 -s "$(sign "$EVENT" 0 "$NEW_SECRET")"
	secrets 0
	out "shop          1  $NEW  TIME" "shop          2  $SHOP  never" \
	    "shop          3  $OTHER  never"
}

@test "add: the mode and owner of the others, whatever the umask" {
	chmod 600 "$T/shop.whsec"
	if [ "$(id -u)" -eq 0 ]; then
		chown 65534:65534 "$T/shop.whsec"
	fi
	(umask 0; secrets 0 add shop <<<"$NEW_SECRET")
	is "$(stat -c '%a %u %g' "$T/shop.whsec")" \
	    "$(stat -c '%a %u %g' "$T/shop-$NEW.whsec")" "mode and owner"
}

@test "add: a path of one's own, and never over another file" {
	secrets 0 add --file "$T/mine" shop <<<"$NEW_SECRET"
	is "$NEW_SECRET" "$(cat "$T/mine")" content
	secrets 1 add --file "$T/mine" shop <<<"$NEW_SECRET"
	is "stripehook: $T/mine: File exists" "$(cat "$T/said")" exists
	secrets 1 add --file mine shop <<<"$NEW_SECRET"
	is 'stripehook: mine: the path must be absolute' \
	    "$(cat "$T/said")" relative
	secrets 1 add --file "$T/none/mine" shop <<<"$NEW_SECRET"
	is "stripehook: $T/none/mine: No such file or directory" \
	    "$(cat "$T/said")" folder
	is "$T/mine" "$(find "$T" -name 'mine*')" "left over"
}

@test "add: an endpoint without files has its secret beside the configuration" {
	export OTHER_ENV=$OTHER_SECRET
	sed -i "s|secrets = .*|secrets = { \"env:OTHER_ENV\",|
	    s|^\"file:.*|} }|" "$STRIPEHOOK_CONFIG"
	secrets 0 add shop <<<"$NEW_SECRET"
	is 600 "$(stat -c %a "$T/shop-$NEW.whsec")" mode
	grep -qxF "The endpoint's user must be able to read it." "$T/out"
	grep -qxF "    secrets = { \"file:$T/shop-$NEW.whsec\", \
\"env:OTHER_ENV\" }" "$T/out"
}

@test "add: what is no secret, or none that is new, and is not shown" {
	secrets 1 add shop </dev/null
	is 'stripehook: the secret is empty: give the secret alone, as Stripe shows it' \
	    "$(cat "$T/said")" empty
	secrets 1 add shop <<<"whsec_a b"
	secrets 1 add shop <<<"$NEW_SECRET
"
	is 'stripehook: the secret is too long, or holds a blank or a control character: give the secret alone, as Stripe shows it' \
	    "$(cat "$T/said")" blank
	secrets 1 add shop <<<"$(printf 'whsec_%0600d' 1)"
	secrets 1 add shop <<<"sk_live_0123456789"
	is "stripehook: that is no signing secret: Stripe's begin with whsec_" \
	    "$(cat "$T/said")" key
	secrets 1 add shop <<<"$OTHER_SECRET"
	is 'stripehook: it is there already: endpoint "shop", secret 2' \
	    "$(cat "$T/said")" known
	secrets 1 add nobody <<<"$NEW_SECRET"
	is "stripehook: $STRIPEHOOK_CONFIG: no endpoint \"nobody\"" \
	    "$(cat "$T/said")" nobody
	secrets 2 add
	secrets 2 add a b
	secrets 2 remove shop
	secrets 2 --file "$T/x"
	is '' "$(find "$T" -name "shop-*")" written
}

# terminal COMMAND...: at a terminal; the script on standard input says what a
# person does, as lines of Python with "see" and "type".
terminal() {
	cat >"$T/person.py"
	"$PYTHON" - "$T/person.py" "$@" <<-'CODE'
	import os, pty, select, signal, sys, termios, time

	pid, fd = pty.fork()
	if pid == 0:
	    os.execvp(sys.argv[2], sys.argv[2:])
	seen = b""

	def more():
	    global seen
	    ready = select.select([fd], [], [], 20)[0]
	    try:
	        part = os.read(fd, 4096) if ready else b""
	    except OSError:
	        part = b""
	    seen += part
	    return part

	def see(text):
	    while text.encode() not in seen:
	        if not more():
	            sys.exit("not seen: %s, but %s" % (text, seen))

	def echoes():
	    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)

	def wait_for(what):
	    until = time.monotonic() + 20
	    while not what():
	        if time.monotonic() > until:
	            sys.exit("waited in vain")
	        time.sleep(0.01)

	def type(text):
	    os.write(fd, text.encode())

	exec(open(sys.argv[1]).read())
	while more():
	    pass
	status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
	sys.stdout.buffer.write(seen)
	sys.exit(status)
	CODE
}

@test "add: at a terminal, from a prompt that shows nothing" {
	terminal "$COMMAND" secrets add shop >"$T/out" <<-PERSON
	see('New signing secret of endpoint "shop" (not shown): ')
	wait_for(lambda: not echoes())
	type("$NEW_SECRET\n")
	see("take it out")
	PERSON
	is "$NEW_SECRET" "$(cat "$T/shop-$NEW.whsec")" content
	refute grep -q NewNew "$T/out"
}

@test "add: an interrupted prompt leaves the terminal as it was" {
	CODE=0
	terminal "$COMMAND" secrets add shop >"$T/out" <<-'PERSON' || CODE=$?
	see("(not shown): ")
	wait_for(lambda: not echoes())
	type("half\x03")
	wait_for(echoes)
	PERSON
	is 1 "$CODE" "exit status"
	refute grep -q half "$T/out"
	is '' "$(find "$T" -name "shop-*")" written
	CODE=0
	terminal "$COMMAND" secrets add shop >"$T/out" <<-'PERSON' || CODE=$?
	see("(not shown): ")
	wait_for(lambda: not echoes())
	os.kill(pid, signal.SIGTERM)
	wait_for(echoes)
	PERSON
	is 1 "$CODE" "exit status"
	grep -q 'no secret was given: nothing was written' "$T/out"
	CODE=0
	terminal "$COMMAND" secrets add shop >"$T/out" <<-'PERSON' || CODE=$?
	see("(not shown): ")
	wait_for(lambda: not echoes())
	type("\x04")
	PERSON
	is 1 "$CODE" "exit status"
}

# help --------------------------------------------------------------------------

@test "help: the manual at a terminal, else the usage" {
	mkdir "$T/bin"
	printf '#!/bin/sh\necho "manual of $*"\n' >"$T/bin/man"
	chmod 755 "$T/bin/man"
	PATH=$T/bin:$PATH terminal "$COMMAND" help check >"$T/out" </dev/null
	is 'manual of 1 stripehook' "$(tr -d '\r' <"$T/out")" manual
	printf '#!/bin/sh\necho "no page" >&2\nexit 16\n' >"$T/bin/man"
	PATH=$T/bin:$PATH terminal "$COMMAND" help check >"$T/out" </dev/null
	grep -q 'usage: stripehook \[-c file\] check' "$T/out"
	refute grep -q 'no page' "$T/out"
	PATH=$T/none terminal "$COMMAND" help check >"$T/out" </dev/null ||
	    fail "without man"
	grep -q 'usage: stripehook \[-c file\] check' "$T/out"
	PATH=$T/bin:$PATH "$COMMAND" help check >"$T/out"
	grep -q 'usage: stripehook \[-c file\] check' "$T/out"
}
