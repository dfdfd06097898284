#!/usr/bin/env bats
# The units of systemd: what systemd-analyze says of them, and a real systemd
# that runs them.

load lib
load box

DROPINS=$srcdir/conf/systemd/drop-ins
UNITS=(stripehook.socket stripehook.service stripehook-worker.service)

setup() {
	place_open
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || [ -z "${LEADER-}" ] ||
	    box journalctl -q -n 60 --no-pager >&2
	box_close
	place_close
}

# units_here: the units, with the programs where they were built.
units_here() {
	local unit

	mkdir "$T/units"
	for unit in "${UNITS[@]}"; do
		sed "s|$(made libexecdir)/stripehook/stripehook.fcgi|$CGI|
		    s|$(made sbindir)/stripehook-worker|$WORKER|" \
		    "$builddir/conf/systemd/$unit" >"$T/units/$unit"
	done
}

# with UNIT FILE: a drop-in.
with() {
	mkdir -p "$T/units/$1.d"
	cp "$2" "$T/units/$1.d"
}

# What it prints for a mistake is not always in its exit status.
verified() {
	local unit

	for unit in "${UNITS[@]}"; do
		SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no \
		    "$T/units/$unit" >"$T/verify" 2>&1 ||
		    fail "$unit: $(cat "$T/verify")" || return 1
		is '' "$(grep -F "$T/units" "$T/verify")" "$unit" || return 1
	done
}

# exposure UNIT MOST: in tenths, as systemd-analyze counts.
exposure() {
	systemd-analyze security --offline=true --no-pager \
	    --threshold="$2" "$T/units/$1" >"$T/security" 2>&1 ||
	    fail "$(cat "$T/security")" || return 1
	grep -q "exposure level for $1" "$T/security"
}

@test "units: systemd-analyze finds nothing" {
	need systemd-analyze
	units_here
	verified
	echo 'Nonsense=yes' >>"$T/units/stripehook.service"
	refute verified 2>"$T/refuted"
}

@test "units: drop-ins of the samples" {
	need systemd-analyze
	units_here
	with stripehook.socket "$DROPINS/web-server-group.conf"
	with stripehook.service "$DROPINS/inline-handlers.conf"
	with stripehook.service \
	    "$builddir/conf/systemd/drop-ins/credentials.conf"
	with stripehook-worker.service "$DROPINS/worker-mail.conf"
	verified
	with stripehook-worker.service "$DROPINS/worker-root.conf"
	verified
}

# The manual names numbers of systemd 252, which are below these.
@test "units: exposure" {
	need systemd-analyze
	systemd-analyze security --help | grep -q -e --offline ||
	    skip "this systemd-analyze knows no --offline"
	units_here
	exposure stripehook.service 10
	exposure stripehook-worker.service 20
	sed -i '/^SystemCallFilter/d' "$T/units/stripehook.service"
	refute exposure stripehook.service 10 2>"$T/refuted"
}

@test "units: sysusers and tmpfiles" {
	need systemd-sysusers systemd-tmpfiles
	[ "$(id -u)" -eq 0 ] || skip "only root can change owners"
	mkdir -p "$T/root/etc"
	systemd-sysusers --root="$T/root" \
	    "$builddir/conf/sysusers.d/stripehook.conf"
	grep -q "^stripehook:x:[0-9]*:[0-9]*:Stripe webhooks:$(made \
	    localstatedir)/lib/stripehook:/usr/sbin/nologin$" \
	    "$T/root/etc/passwd"
	grep -q '^stripehook:x:' "$T/root/etc/group"
	systemd-tmpfiles --root="$T/root" --create \
	    "$builddir/conf/tmpfiles.d/stripehook.conf"
	is 755 "$(stat -c %a "$T/root/run/stripehook")" "/run/stripehook"
	is "750 $(awk -F: '$1 == "stripehook" { print $3 }' \
	    "$T/root/etc/passwd")" "$(stat -c '%a %u' \
	    "$T/root$(made localstatedir)/lib/stripehook")" "the store's folder"
}

# Booted ----------------------------------------------------------------------------

# The box with the program installed as the manual says. $ROOT may have
# drop-ins already.
box_usual() {
	box_need
	box_make
	install -m 600 "$T/shop.whsec" "$(box_path "$CONF")/shop.whsec"
	cat >"$ROOT/opt/fulfil" <<-EOT
	#!/bin/sh
	echo "\$STRIPE_EVENT_ID" >>$STATE/ran
	EOT
	cp "$srcdir/tests/handlers/probe.py" "$ROOT/opt/probe"
	chmod 755 "$ROOT/opt/fulfil" "$ROOT/opt/probe"
	box_config | box_conf
	dropin stripehook.service credentials \
	    <"$builddir/conf/systemd/drop-ins/credentials.conf"
	box_boot
	box_as stripehook "$(made bindir)/stripehook" init
	GATE=raw
}

# One handler that works, and one that tries what it may do, in both rooms.
box_config() {
	cat <<-EOT
	endpoint "shop" { secrets = { "credential:shop.whsec" } }
	handler "fulfil" {
		events = { "payment_intent.*" }
		command = { "/opt/fulfil" }
	}
	handler "inline" {
		events = { "charge.*" }
		command = { "/opt/probe", "$STATE/probe.inline" }
		run = "inline"
	}
	handler "queued" {
		events = { "charge.*" }
		command = { "/opt/probe", "$STATE/probe.queued" }
	}
	EOT
}

# box_conf: from standard input, also while it runs.
box_conf() {
	local folder

	folder=$(box_path "$CONF")
	[ -z "${LEADER-}" ] || folder=/proc/$LEADER/root$CONF
	cat >"$folder/next.conf"
	mv "$folder/next.conf" "$folder/stripehook.conf"
}

box_start() {
	box systemctl start "$@" || fail "$(box systemctl status "$@")"
}

box_list() {
	box_as stripehook "$(made bindir)/stripehook" list -n 0 --json
}

box_ran() {
	box grep -qsx "$1" "$STATE/ran"
}

@test "booted: the first request starts the endpoint; the worker handles it" {
	box_usual
	# Before it is configured nothing starts, and nothing fails.
	box mv "$CONF" "$CONF.away"
	box_start stripehook.socket stripehook-worker.service
	is 'inactive,inactive' "$(box systemctl is-active stripehook.socket \
	    stripehook-worker.service | paste -sd,)" "without a configuration"
	box mv "$CONF.away" "$CONF"
	box_start stripehook.socket
	is 'inactive' "$(box systemctl is-active stripehook.service || :)" \
	    "the endpoint"
	is '660 root www-data' "$(box stat -c '%a %U %G' \
	    /run/stripehook/stripehook.sock)" "the socket"
	snapshot evt_1
	gets 200
	is 'active' "$(box systemctl is-active stripehook.service)" \
	    "the endpoint"
	gets 400 -s ''
	is 1 "$(box_list | wc -l)" "events"
	box_start stripehook-worker.service
	wait_for 20 box_ran evt_1
	# What a person reads in the journal has its priority.
	journal_has stripehook.service '^6 stored evt_1 '
	journal_has stripehook.service '^4 refused with 400'
	journal_has stripehook-worker.service '^6 working'
}

@test "booted: what handlers may do" {
	box_usual
	box_start stripehook.socket stripehook-worker.service
	snapshot evt_1 charge.succeeded
	gets 200
	wait_for 20 box test -s "$STATE/probe.inline"
	wait_for 20 box test -s "$STATE/probe.queued"
	is 'exec=yes home=no inet=no nice=yes store=yes suid=no system=no tmp=yes writexec=no' \
	    "$(box cat "$STATE/probe.inline")" "an inline handler"
	is 'exec=yes home=no inet=yes nice=yes store=yes suid=no system=no tmp=yes writexec=yes' \
	    "$(box cat "$STATE/probe.queued")" "a queued handler"
}

@test "booted: with the drop-in, inline handlers may do more" {
	ROOT=$T/root
	dropin stripehook.service inline <"$DROPINS/inline-handlers.conf"
	box_usual
	box_start stripehook.socket
	snapshot evt_1 charge.succeeded
	gets 200
	is 'exec=yes home=no inet=yes nice=yes store=yes suid=no system=no tmp=yes writexec=yes' \
	    "$(box cat "$STATE/probe.inline")" "an inline handler"
}

@test "booted: restarted under load, no request is refused" {
	local i

	need nginx curl
	box_usual
	box_start stripehook.socket
	nginx_start
	GATE=fcgi
	snapshot evt_1
	gets 200
	load_start evt_a
	load_start evt_b
	for i in 1 2 3 4 5; do
		box systemctl restart stripehook.service
		box systemctl reload stripehook.service
	done
	load_end
	[ "$(wc -l <"$T/loads")" -ge 5 ]
	is "$(wc -l <"$T/loads")" "$(box_list | grep -c '"evt_[ab]')" \
	    "events in the store"
}

restarted() {
	[ "$(box systemctl show -P NRestarts stripehook.service)" -ge "$1" ]
}

@test "booted: a broken configuration is not given up, and mended" {
	local i

	box_usual
	dropin stripehook.service <<-'EOT'
	[Service]
	RestartSec=100ms
	EOT
	box systemctl daemon-reload
	(box_config; echo 'tresholds = 3') | box_conf
	box_start stripehook.socket
	snapshot evt_1
	prepare
	client_start "${PARAMS[@]}"
	wait_for 20 restarted 7
	box_config | box_conf
	wait $! || fail "no answer: $(cat "$CLIENT_OUT.err")"
	grep -q '^Status: 200' "$CLIENT_OUT"
	journal_has stripehook.service "^3 .*stripehook.conf:.*tresholds"
}

@test "booted: handlers with users of their own, by a worker of root's" {
	ROOT=$T/root
	dropin stripehook-worker.service root <"$DROPINS/worker-root.conf"
	box_usual
	(
		box_config
		cat <<-EOT
		handler "own" {
			events = { "payout.*" }
			command = { "/bin/sh", "-c", "id -un >/run/own/name" }
			user = "www-data"
		}
		EOT
	) | box_conf
	box install -d -o www-data /run/own
	box_start stripehook.socket stripehook-worker.service
	snapshot evt_1 payout.paid
	gets 200
	wait_for 20 box test -s /run/own/name
	is www-data "$(box cat /run/own/name)" "the user"
	snapshot evt_2
	gets 200
	wait_for 20 box_ran evt_2
}

@test "booted: with the drop-in, a queued handler may gain rights, as for mail" {
	ROOT=$T/root
	mkdir -p "$ROOT/opt"
	cp /usr/bin/id "$ROOT/opt/id"
	chmod 4755 "$ROOT/opt/id"
	box_usual
	(
		box_config
		cat <<-EOT
		handler "rights" {
			events = { "payout.*" }
			command = { "/bin/sh", "-c", "/opt/id -un >>$STATE/who" }
		}
		EOT
	) | box_conf
	box_start stripehook.socket stripehook-worker.service
	snapshot evt_1 payout.paid
	gets 200
	wait_for 20 box test -s "$STATE/who"
	box mkdir -p /etc/systemd/system/stripehook-worker.service.d
	cp "$DROPINS/worker-mail.conf" \
	    "/proc/$LEADER/root/etc/systemd/system/stripehook-worker.service.d"
	box systemctl daemon-reload
	box systemctl restart stripehook-worker.service
	snapshot evt_2 payout.paid po_2
	gets 200
	wait_for 20 box grep -qx root "$STATE/who"
	is stripehook,root "$(box cat "$STATE/who" | paste -sd,)" "users"
}
