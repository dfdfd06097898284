# Shared by the scripts of this folder; sourced, not executed.
# shellcheck shell=sh

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this step needs root, and there is no sudo: $*"
	fi
}

# What it takes to build on Debian and Ubuntu.
# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES="gcc make autoconf automake pkg-config libc6-dev libfcgi-dev
libssl-dev libjansson-dev libconfuse-dev libsqlite3-dev
libcurl4-openssl-dev libsystemd-dev libpq-dev"

# Installs those of the named packages that are missing. A server that comes
# with them is not to be started by its package: the scripts start their own.
need_packages() {
	missing=
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $package"
	done
	[ -n "$missing" ] || {
		say "packages: all there"
		return 0
	}
	command -v apt-get >/dev/null ||
		die "no apt-get here; install by hand:$missing"
	say "packages: installing$missing"
	policy=/usr/sbin/policy-rc.d
	made_policy=
	[ -e "$policy" ] || {
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		made_policy=yes
	}
	result=0
	# shellcheck disable=SC2086 # one word a package
	{
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
			as_root env DEBIAN_FRONTEND=noninteractive \
			    apt-get -q -y install --no-install-recommends \
			    $missing
	} >"${TMPDIR:-/tmp}/stripehook-apt.$$" 2>&1 || result=$?
	[ -z "$made_policy" ] || as_root rm -f "$policy"
	[ "$result" -eq 0 ] || {
		tail -n 20 "${TMPDIR:-/tmp}/stripehook-apt.$$" >&2
		rm -f "${TMPDIR:-/tmp}/stripehook-apt.$$"
		die "the packages could not be installed"
	}
	rm -f "${TMPDIR:-/tmp}/stripehook-apt.$$"
}

# build FOLDER CONFIGURE-ARGUMENT...: configures and makes out of tree. What
# the steps print is shown only when one fails.
build() {
	folder=$1
	shift
	mkdir -p "$folder"
	log=$folder/build.log
	say "build: in $folder"
	# Once configured, make itself sees to what has changed since.
	[ -x "${top:?}/configure" ] ||
		(cd "$top" && autoreconf -fi) >"$log" 2>&1 || fail_build
	[ -f "$folder/config.status" ] ||
		(cd "$folder" && "$top/configure" "$@") >>"$log" 2>&1 ||
		fail_build
	(cd "$folder" && make -j "$(nproc)") >>"$log" 2>&1 || fail_build
}

fail_build() {
	tail -n 40 "$log" >&2
	die "the build failed; all of it is in $log"
}
