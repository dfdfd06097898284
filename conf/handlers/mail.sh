#!/bin/sh
# Mails an event of stripehook's own to a person: a delivery was given up, a
# handler keeps failing, nothing arrives any more, the disk fills up.
#
#	handler "mail" {
#		events      = { "stripehook.*" }
#		command     = { "/usr/local/lib/stripehook/mail.sh" }
#		environment = { "MAIL_TO=admin@shop.example" }
#	}
#
# It needs a sendmail that knows -t, as every mail server for Unix brings one;
# SENDMAIL in the environment names another than /usr/sbin/sendmail. Where no
# mail can be sent it fails, and is run again later.
#
# The program writes its own events with every fact of data.object in a line
# of its own, so awk is enough to read them; for Stripe's events use a program
# that knows JSON.
set -eu

: "${MAIL_TO:?name the addressee: environment = { \"MAIL_TO=...\" }}"

# "name: value" for each fact, texts without their quotes.
facts=$(awk '
/^    "object": \{/ { inside = 1; next }
inside && /^    \}/ { inside = 0 }
inside {
	name = $0
	sub(/^ *"/, "", name)
	sub(/".*/, "", name)
	value = $0
	sub(/^ *"[^"]*": /, "", value)
	sub(/,$/, "", value)
	if (value ~ /^"/) {
		value = substr(value, 2, length(value) - 2)
		gsub(/\\"/, "\"", value)
		gsub(/\\\\/, "\\", value)
	}
	print name ": " value
}')
summary=$(printf '%s\n' "$facts" | sed -n 's/^summary: //p')
host=$(printf '%s\n' "$facts" | sed -n 's/^host: //p' | tr -cd 'A-Za-z0-9.-')

"${SENDMAIL:-/usr/sbin/sendmail}" -t -i <<EOF
To: $MAIL_TO
Subject: ${STRIPE_EVENT_TYPE:-stripehook}${host:+ on $host}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
Auto-Submitted: auto-generated

$summary.

$facts

The event: stripehook show ${STRIPE_EVENT_ID:-}
All that was given up: stripehook list --state failed
EOF
echo "mailed to $MAIL_TO"
