# A clean Debian or Ubuntu root, for tests that change a machine; sourced after
# scripts/lib.sh. It needs root, or sudo.
#
#	root_lacks		what keeps this machine from having one: text on
#				standard output and success, or neither
#	root_make FOLDER	makes FOLDER/root, as after a fresh installation
#				of the release that this machine runs. Its base
#				is kept as a tar file in FOLDER; the mirror is
#				the one that apt uses here
#	root_enter CMD...	executes CMD in it, as root; what it started ends
#				with it
#	root_alone CMD...	the same with no network but a loopback of its
#				own, where every port is free
#	root_drop		removes the root; the tar file stays
#
# Nothing is mounted where this machine sees it: each entry has namespaces of
# its own for mounts and processes, and they end with it, whatever happens.
# shellcheck shell=sh

# The package indexes that apt uses for the release of this machine, as lines
# "SITE SUITE COMPONENT". Those of others (Origin) are left out.
root_sources() {
	# shellcheck source=/dev/null
	(. /etc/os-release
	# shellcheck disable=SC2016 # apt-get expands it
	apt-get indextargets --format \
	    '$(CREATED_BY)|$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)' |
		awk -F '|' -v id="$ID" -v name="$VERSION_CODENAME" '
		$1 == "Packages" && tolower($2) == id &&
		    ($4 == name || index($4, name "-") == 1) &&
		    !seen[$3, $4, $5]++ { print $3, $4, $5 }')
}

root_lacks() {
	if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
		echo "a clean root takes root's rights, or sudo without a password"
	elif ! command -v apt-get >/dev/null ||
	    [ ! -x /usr/sbin/debootstrap ]; then
		echo "debootstrap is not installed"
	elif ! as_root unshare --mount --pid --net --fork true 2>/dev/null; then
		echo "this machine allows no namespaces"
	elif [ -z "$(root_sources)" ]; then
		echo "apt has no index of this release: run apt-get update"
	else
		return 1
	fi
}

root_make() {
	root_folder=$1
	root_path=$root_folder/root
	# shellcheck source=/dev/null
	root_base=$root_folder/$(. /etc/os-release
		echo "$VERSION_CODENAME")-$(dpkg --print-architecture).tar
	mkdir -p "$root_folder"
	[ -f "$root_base" ] || root_bootstrap || return 1
	root_drop
	mkdir -p "$root_path"
	as_root tar -C "$root_path" --numeric-owner -xpf "$root_base" ||
		return 1
	# What finds the mirror today may be another thing than yesterday.
	as_root cp -L /etc/resolv.conf "$root_path/etc/resolv.conf"
	root_sources | sed 's/^/deb /' |
		as_root tee "$root_path/etc/apt/sources.list" >/dev/null
	apt-config dump 2>/dev/null | grep -E '^Acquire::https?::' |
		as_root tee "$root_path/etc/apt/apt.conf.d/90host" >/dev/null
	root_enter apt-get -q update
}

# The base: no services are started in it, and a power cut may harm it. It is
# made in memory, which takes half the time.
root_bootstrap() {
	# shellcheck source=/dev/null
	root_suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	root_mirror=$(root_sources |
		awk -v suite="$root_suite" '$2 == suite { print $1; exit }')
	root_proxy=
	eval "$(apt-config shell root_proxy Acquire::http::Proxy)"
	root_drop
	mkdir -p "$root_path"
	# shellcheck disable=SC2016 # for the shell inside
	as_root unshare --mount --pid --fork --kill-child sh -euc '
		suite=$1 path=$2 mirror=$3 base=$4
		[ -z "$5" ] || export http_proxy="$5"
		mount -t tmpfs -o mode=755 tmpfs "$path"
		debootstrap --variant=minbase "$suite" "$path" "$mirror"
		cd "$path"
		printf "#!/bin/sh\nexit 101\n" >usr/sbin/policy-rc.d
		chmod 755 usr/sbin/policy-rc.d
		echo force-unsafe-io >etc/dpkg/dpkg.cfg.d/unsafe
		printf "%s;\n" "APT::Install-Recommends \"false\"" \
		    "APT::Get::Assume-Yes \"true\"" \
		    "Acquire::Languages \"none\"" \
		    "DPkg::Use-Pty \"false\"" >etc/apt/apt.conf.d/80tests
		rm -rf var/cache/apt/archives var/lib/apt/lists
		tar --numeric-owner --one-file-system -cf "$base.new" .
		mv "$base.new" "$base"' sh \
	    "$root_suite" "$root_path" "$root_mirror" "$root_base" "$root_proxy"
}

root_enter() {
	set -- chroot "$root_path" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    DEBIAN_FRONTEND=noninteractive "$@"
	set -- unshare --mount --pid --fork --kill-child \
	    --mount-proc="$root_path/proc" "$@"
	# shellcheck disable=SC2016 # for the shell inside
	[ -z "${root_net:-}" ] || set -- unshare --net \
	    sh -c 'ip link set lo up && exec "$@"' sh "$@"
	as_root "$@"
}

root_alone() {
	root_net=own
	root_enter "$@"
	root_status=$?
	root_net=
	return "$root_status"
}

root_drop() {
	as_root rm -rf --one-file-system "$root_path"
}
