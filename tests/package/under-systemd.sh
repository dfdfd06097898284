#!/bin/sh
# under-systemd.sh NEWER: in a machine that systemd has booted and where the
# package was just installed: its own test; the upgrade to the package NEWER,
# while all is off and while all runs; removal and purge, while all runs.
set -eux

units='stripehook.socket stripehook.service stripehook-worker.service'
sock=/run/stripehook/stripehook.sock

trigger() {
	runuser -u stripehook -- stripehook trigger --id "$1" \
	    --cgi "$2" checkout.session.completed
}

main_pid() {
	systemctl show -p MainPID --value "$1"
}

# The handler of an event has run.
handled() {
	tries=0
	until runuser -u stripehook -- stripehook show "$1" |
	    grep -q 'succeeded, 1 attempt'; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ]
		sleep 0.1
	done
}

# One request over FastCGI, for the socket's sake.
request() {
	REQUEST_METHOD=GET cgi-fcgi -bind -connect "$sock" | grep -q 'Status: 405'
}

rm -f /usr/sbin/policy-rc.d
for unit in $units; do
	[ "$(systemctl is-active "$unit")" = inactive ]
done

KEEP=yes /root/receive
# shellcheck disable=SC2086 # one word a unit
[ "$(systemctl is-active $units | sort -u)" = inactive ]

# An upgrade of what is off leaves it off.
dpkg -i --force-confold "$1"
# shellcheck disable=SC2086
[ "$(systemctl is-active $units | sort -u)" = inactive ]

systemctl enable --now stripehook.socket stripehook-worker.service
request
endpoint=$(main_pid stripehook.service)
worker=$(main_pid stripehook-worker.service)
inode=$(stat -c %i "$sock")
[ "$endpoint" -gt 0 ]
[ "$worker" -gt 0 ]
dpkg -i --force-confold "$1"
[ "$(main_pid stripehook.service)" -gt 0 ]
[ "$(main_pid stripehook.service)" -ne "$endpoint" ]
[ "$(main_pid stripehook-worker.service)" -gt 0 ]
[ "$(main_pid stripehook-worker.service)" -ne "$worker" ]
[ "$(stat -c %i "$sock")" = "$inode" ]
[ "$(systemctl show -p NeedDaemonReload --value stripehook.service)" = no ]
request
trigger evt_upgraded /usr/libexec/stripehook/stripehook.cgi
handled evt_upgraded

dpkg --remove stripehook
for unit in $units; do
	[ "$(systemctl is-active "$unit")" != active ]
done
[ ! -e "$sock" ]
dpkg --purge stripehook
[ -z "$(find /etc/systemd /var/lib/systemd -name '*stripehook*')" ]
if getent passwd stripehook; then
	exit 1
fi
