#!/bin/sh
# Writes Stripe's webhook addresses as an include for nginx.
#
# usage: refresh-addresses.sh FILE [URL]
#
# FILE is replaced, all at once, only when the list was fetched whole, each line
# of it is an address or a network, and they are not those that FILE has. The
# URL is Stripe's unless said.
#
# Exit 0: FILE is new, reload nginx. 1: nothing has changed. 2: the list could
# not be had or is none; FILE is as it was, and standard error says why.
set -eu

[ $# -eq 1 ] || [ $# -eq 2 ] || {
	echo "usage: refresh-addresses.sh FILE [URL]" >&2
	exit 2
}
file=$1
url=${2:-https://stripe.com/files/ips/ips_webhooks.txt}
list=
new=

clean_up() {
	[ -z "$list" ] || rm -f "$list"
	[ -z "$new" ] || rm -f "$new"
}
trap clean_up EXIT
trap 'exit 2' HUP INT TERM

die() {
	echo "refresh-addresses.sh: $1; $file is left as it was" >&2
	exit 2
}

list=$(mktemp) || die "no temporary file"
curl -fsS --max-time 60 -o "$list" "$url" || die "$url cannot be fetched"
# The last line may lack its end; some editors leave a carriage return.
words=$(tr -d '\r' <"$list")
[ -n "$words" ] || die "$url is empty"
byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
four="($byte\\.){3}$byte(/[0-9]{1,2})?"
six='[0-9a-fA-F]+:[0-9a-fA-F:]+(/[0-9]{1,3})?'
odd=$(printf '%s\n' "$words" | grep -Evx -m 1 "$four|$six") &&
	die "$url is no list of addresses: it has the line \"$odd\""

new=$(mktemp "$file.XXXXXX") || die "no file can be made beside it"
{
	echo "# Stripe's webhook addresses, from $url;"
	echo "# written by refresh-addresses.sh."
	printf '%s\n' "$words" | sort -u | sed 's/.*/allow &;/'
	echo "deny all;"
} >"$new" || die "it cannot be written anew"

rules() {
	grep -E '^(allow|deny) ' "$1" | sort
}
[ ! -e "$file" ] || [ "$(rules "$file")" != "$(rules "$new")" ] || exit 1
chmod 644 "$new"
mv "$new" "$file" || die "it cannot be replaced"
new=
