# The Debian package, from the source to the purge, in a clean root: each test
# goes on where the one before it stopped. tests/package.sh runs it, with the
# source in $top and a folder of its own in $PACKAGE_DIR.
# shellcheck shell=bash

DEB_PATH=/root/stripehook.deb # of the package that is installed next
CONF=/etc/stripehook/stripehook.conf
STORE=/var/lib/stripehook/events.db

setup() {
	# shellcheck source=scripts/lib.sh
	. "$top/scripts/lib.sh"
	# shellcheck source=tests/root.sh
	. "$top/tests/root.sh"
	root_folder=$PACKAGE_DIR
	root_path=$PACKAGE_DIR/root
	if lacks=$(root_lacks); then
		skip "$lacks"
	fi
	[ "$BATS_TEST_NUMBER" -eq 1 ] || [ -e "$PACKAGE_DIR/went-well" ] ||
	    fail "the test before this one failed"
	rm -f "$PACKAGE_DIR/went-well"
}

teardown() {
	[ -z "$BATS_TEST_COMPLETED" ] || : >"$PACKAGE_DIR/went-well"
}

teardown_file() {
	# shellcheck source=scripts/lib.sh
	. "$top/scripts/lib.sh"
	as_root rm -rf --one-file-system "$PACKAGE_DIR/root"
	rm -f "$PACKAGE_DIR/went-well"
}

fail() {
	echo "$*" >&2
	return 1
}

is() {
	[ "$1" = "$2" ] || fail "$3: expected \"$1\", got \"$2\""
}

# in_root SCRIPT [ARGUMENT...]: a shell script, with the system's name for each.
in_root() {
	root_alone sh -euc "$1" sh "${@:2}"
}

# put MODE FILE PATH: a copy inside.
put() {
	as_root install -m "$1" "$2" "$root_path$3"
}

# dpkg_depends DEB WHAT
dpkg_depends() {
	dpkg-deb -f "$1" Depends | grep -q "$2"
}

refute() {
	if "$@"; then
		fail "must not succeed: $*"
	fi
}

deb() {
	find "$PACKAGE_DIR" -maxdepth 1 -name "stripehook_$1_*.deb"
}

# repack VERSION: the same package as a later version, whose configuration file
# and unit have another text.
repack() {
	local tree=$PACKAGE_DIR/repacked

	rm -rf "$tree"
	dpkg-deb -R "$(deb "$BUILT")" "$tree"
	sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control"
	sed -i "s/^# Nothing is configured yet/&, in version $1/" "$tree$CONF"
	find "$tree" -name stripehook.service \
	    -exec sed -i "1s/^/# Version $1\n/" {} +
	dpkg-deb --root-owner-group -b "$tree" \
	    "$PACKAGE_DIR/stripehook_$1_repacked.deb"
	rm -rf "$tree"
}

# install_deb VERSION: as an administrator does, who keeps the own edits.
install_deb() {
	put 0644 "$(deb "$1")" "$DEB_PATH"
	root_enter apt-get -q -o Dpkg::Options::=--force-confold \
	    install "$DEB_PATH" </dev/null
	# shellcheck disable=SC2016 # dpkg-query expands it
	is "ii $1" "$(root_enter dpkg-query -W \
	    -f '${db:Status-Abbrev}${Version}' stripehook)" "dpkg"
}

# A list of all that dpkg, apt and nginx do not keep for themselves: type, mode,
# owner and name of each file, and the users and groups.
inventory() {
	in_root 'find / -xdev \( -path /proc -o -path /var/lib/dpkg -o \
	    -path /var/lib/apt -o -path /var/cache -o -path /var/log -o \
	    -path /var/lib/nginx -o -path /run/nginx.pid -o \
	    -path /tmp -o -path /root \) -prune -o \
	    -printf "%y %m %u %g %p\n" | sort
	cat /etc/passwd /etc/group /etc/shadow /etc/gshadow'
}

# boot SCRIPT: boots systemd in the root, without a network, and executes the
# script, whose end is that of the machine and whose exit status is returned.
boot() {
	local groups=() folder name=stripehook.$BASHPID unit=() status=0

	as_root tee "$root_path/etc/systemd/system/try.service" >/dev/null <<-EOT
	[Unit]
	SuccessAction=exit
	FailureAction=exit
	[Service]
	Type=oneshot
	ExecStart=$1
	StandardOutput=append:/root/try.log
	StandardError=inherit
	TimeoutStartSec=150
	[Install]
	WantedBy=multi-user.target
	EOT
	root_enter systemctl enable try.service
	if [ ! -d /run/systemd/system ]; then
		# Where no systemd sees to it, it takes control groups.
		unit=(--keep-unit)
		for folder in /sys/fs/cgroup{/systemd,/unified,}; do
			[ ! -e "$folder/cgroup.procs" ] ||
			    groups+=("$folder/$name")
		done
	fi
	# shellcheck disable=SC2016 # for the shell inside
	as_root env UNIFIED_CGROUP_HIERARCHY=1 sh -c 'root=$1
		shift
		while [ "$1" != -- ]; do
			mkdir "$1" && echo $$ >"$1/cgroup.procs"
			shift
		done
		shift
		exec timeout 200 systemd-nspawn -q --boot "$@" --register=no \
		    --private-network --console=read-only -D "$root"' sh \
	    "$root_path" "${groups[@]}" -- "${unit[@]}" \
	    </dev/null >"$PACKAGE_DIR/boot.log" 2>&1 3>&- || status=$?
	for folder in "${groups[@]}"; do
		as_root find "$folder" -depth -type d -exec rmdir {} +
	done
	return "$status"
}

BUILT=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)
PGSQL_DEB=stripehook-pgsql_${BUILT}_$(dpkg --print-architecture).deb

@test "package: it is built, and lintian is content" {
	# The unit tests have run before.
	DEB_BUILD_OPTIONS=nocheck "$top/scripts/package"
	[ -f "$(deb "$BUILT")" ]
	# Who stores in SQLite needs nothing of PostgreSQL.
	[ -f "$PACKAGE_DIR/$PGSQL_DEB" ]
	refute dpkg_depends "$(deb "$BUILT")" libpq
	dpkg_depends "$PACKAGE_DIR/$PGSQL_DEB" libpq
	repack "$BUILT+1"
	repack "$BUILT+2"
}

@test "package: a clean root, with what it depends on" {
	root_make "$PACKAGE_DIR"
	root_enter apt-get -q satisfy "$(dpkg-deb -f "$(deb "$BUILT")" \
	    Depends), nginx, spawn-fcgi, curl, sqlite3, libfcgi-bin,
	    libpq5" </dev/null
	inventory >"$PACKAGE_DIR/before"
}

@test "package: installed, with a user and folders, and off" {
	install_deb "$BUILT"
	is "2750 root:stripehook" \
	    "$(in_root 'stat -c "%a %U:%G" /etc/stripehook')" "/etc/stripehook"
	is "750 stripehook:stripehook" \
	    "$(in_root 'stat -c "%a %U:%G" /var/lib/stripehook')" "the folder"
	is "stripehook:x:/var/lib/stripehook:/usr/sbin/nologin" \
	    "$(in_root 'getent passwd stripehook' | cut -d: -f 1,2,6,7)" "user"
	in_root '! find /etc/systemd -name "stripehook*" | grep .'
	in_root 'man -w stripehook 2>/dev/null ||
	    ls /usr/share/man/man1/stripehook.1.gz'
}

@test "package: configured, it receives events and runs the handler" {
	put 0755 "$top/debian/tests/receive" /root/receive
	in_root 'KEEP=yes /root/receive'
	in_root 'runuser -u stripehook -- stripehook list' \
	    >"$PACKAGE_DIR/list"
	grep -q evt_nginx "$PACKAGE_DIR/list"
	in_root "cat $CONF" >"$PACKAGE_DIR/conf"
}

@test "package: the module for PostgreSQL is found" {
	in_root "sed 's|^#*store = .*||' $CONF >/root/pgsql.conf
	    echo 'store = \"postgresql:host=/nowhere\"' >>/root/pgsql.conf"
	in_root 'stripehook -c /root/pgsql.conf check || :' |
	    grep -qF 'stripehook-pgsql.so is missing'
	put 0644 "$PACKAGE_DIR/$PGSQL_DEB" /root/pgsql.deb
	in_root 'dpkg -i /root/pgsql.deb'
	in_root 'stripehook -c /root/pgsql.conf check || :' |
	    grep -qF 'PostgreSQL: connection'
	in_root 'dpkg -P stripehook-pgsql'
}

@test "package: an upgrade keeps store and configuration" {
	install_deb "$BUILT+1"
	in_root 'runuser -u stripehook -- stripehook list' |
	    diff "$PACKAGE_DIR/list" -
	in_root "cat $CONF" | diff "$PACKAGE_DIR/conf" -
	in_root "grep -q 'in version' $CONF.dpkg-dist"
	is "640 root:stripehook" \
	    "$(in_root 'stat -c "%a %U:%G" /etc/stripehook/shop.whsec')" secret
	in_root 'runuser -u stripehook -- stripehook check'
}

@test "package: an upgrade brings an old store up to date" {
	# What the unit test has, without the C around it.
	sed -n '/ \(version\|content\)_1\[\] =$/,/;"*;$/s/^ *"\(.*\)";*$/\1/p' \
	    "$top/tests/unit/t-store-upgrade.c" >"$PACKAGE_DIR/old.sql"
	put 0644 "$PACKAGE_DIR/old.sql" /root/old.sql
	in_root "rm $STORE*
	    sqlite3 $STORE </root/old.sql
	    chown stripehook:stripehook $STORE
	    chmod 0640 $STORE"
	is 1 "$(in_root "sqlite3 -readonly $STORE 'PRAGMA user_version'")" old
	refused=0
	in_root 'runuser -u stripehook -- stripehook list' || refused=$?
	is 1 "$refused" "list, before"
	install_deb "$BUILT+2"
	[ "$(in_root "sqlite3 $STORE 'PRAGMA user_version'")" -gt 1 ]
	is 4 "$(in_root 'runuser -u stripehook -- stripehook list -n 0' |
	    grep -c evt_)" "events"
	is stripehook:stripehook \
	    "$(in_root "stat -c %U:%G $STORE*" | sort -u)" "owner"
}

@test "package: an upgrade goes on with a store that is no store" {
	in_root "cp -p $STORE $STORE.good; echo nonsense >$STORE"
	root_enter apt-get -q install --reinstall "$DEB_PATH" </dev/null \
	    >"$PACKAGE_DIR/reinstall" 2>&1
	grep -q 'the store was not brought up to date' \
	    "$PACKAGE_DIR/reinstall"
	in_root "mv $STORE.good $STORE"
}

@test "package: removed, what is the user's stays" {
	root_enter apt-get -q remove stripehook </dev/null
	in_root "test -f $CONF -a -f /etc/stripehook/shop.whsec -a -f $STORE
	    getent passwd stripehook
	    if command -v stripehook; then exit 1; fi
	    ! find /lib/systemd /usr/lib/systemd -name 'stripehook*' |
	        grep ."
	install_deb "$BUILT+2"
	in_root 'runuser -u stripehook -- stripehook list'
	root_enter apt-get -q remove stripehook </dev/null
}

@test "package: purged, nothing is left of it" {
	root_enter apt-get -q purge stripehook </dev/null
	in_root 'rm -r /usr/local/lib/stripehook'
	inventory | diff "$PACKAGE_DIR/before" -
}

@test "package: with systemd, an upgrade starts again what runs" {
	command -v systemd-nspawn >/dev/null ||
	    skip "systemd-nspawn is not installed"
	install_deb "$BUILT"
	put 0755 "$top/debian/tests/receive" /root/receive
	put 0644 "$(deb "$BUILT+1")" /root/newer.deb
	put 0755 "$top/tests/package/under-systemd.sh" /root/under-systemd
	boot '/root/under-systemd /root/newer.deb' || {
		as_root cat "$root_path/root/try.log" ||
		    skip "nothing boots here: $(tail -n 1 \
		        "$PACKAGE_DIR/boot.log")"
		fail "it ended with $?"
	}
}
