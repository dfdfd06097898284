# A machine of its own for tests: systemd-nspawn boots the systemd that is
# installed here, on a root that has this machine's /usr with the program
# installed into it, and nothing else. It takes a second, and root.
# shellcheck shell=bash disable=SC2034,SC2154

# made VARIABLE: what the makefile says, as make install would use it.
made() {
	make -s -C "$builddir" --no-print-directory \
	    --eval "print:; @echo \$($1)" print
}

# install_to FOLDER: make install, with this as its DESTDIR.
install_to() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$builddir" install \
	    DESTDIR="$1" >"$T/install.out" 2>&1 ||
	    fail "make install: $(tail -n 20 "$T/install.out")"
}

box_need() {
	local name

	[ "$(id -u)" -eq 0 ] || skip "only root can boot a box"
	[ "${SANITIZED-}" != yes ] || skip "the box has no sanitizers"
	need systemd-nspawn nsenter setpriv make pgrep openssl "$PYTHON"
	[ -x /usr/lib/systemd/systemd ] || [ -x /lib/systemd/systemd ] ||
	    skip "systemd is not installed"
	grep -qw overlay /proc/filesystems || modprobe overlay 2>"$T/mod.err" ||
	    skip "this kernel has no overlayfs"
}

# The root: users, and links as this machine has them. The program is
# installed over a copy of /usr that only the box sees.
box_make() {
	local name

	ROOT=$T/root
	mkdir -p "$ROOT"/{etc,var,run,tmp,proc,sys,dev,root,opt,home,usr} \
	    "$T/installed/usr"
	for name in bin sbin lib lib64; do
		[ ! -L "/$name" ] || ln -s "$(readlink "/$name")" "$ROOT/$name"
	done
	[ -L /bin ] || skip "/bin is not part of /usr"
	cat >"$ROOT/etc/passwd" <<-'EOT'
	root:x:0:0:root:/root:/bin/sh
	www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
	nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
	EOT
	printf '%s\n' root:x:0: www-data:x:33: nogroup:x:65534: \
	    >"$ROOT/etc/group"
	echo 'ID=box' >"$ROOT/etc/os-release"
	: >"$ROOT/etc/machine-id"
	chmod 755 "$T" "$ROOT"
	install_to "$T/installed"
	CONF=$(made sysconfdir)/stripehook
	STATE=$(made localstatedir)/lib/stripehook
	# What is not below /usr is part of the root.
	for name in "$T/installed"/*; do
		[ "$name" = "$T/installed/usr" ] || cp -R "$name" "$ROOT"
	done
	mkdir -p "$(box_path "$CONF")"
}

# box_path PATH: where a path of the box is before it boots.
box_path() {
	case $1 in
	/usr/*) echo "$T/installed$1" ;;
	*) echo "$ROOT$1" ;;
	esac
}

# dropin UNIT [NAME]: what comes from standard input.
dropin() {
	mkdir -p "$ROOT/etc/systemd/system/$1.d"
	cat >"$ROOT/etc/systemd/system/$1.d/${2:-test}.conf"
}

# Where no systemd sees to it, boxes need control groups of their own.
box_groups() {
	local folder

	for folder in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		[ ! -d "$folder" ] || echo "$folder/stripehook.${T##*.}"
	done
	[ ! -e /sys/fs/cgroup/cgroup.procs ] ||
	    echo "/sys/fs/cgroup/stripehook.${T##*.}"
}

box_enter_groups() {
	local folder

	for folder in $(box_groups); do
		mkdir -p "$folder" && echo "$BASHPID" >"$folder/cgroup.procs"
	done
}

box_boot() {
	local unit=(--keep-unit)

	[ ! -d /run/systemd/system ] || unit=()
	(
		[ ${#unit[@]} -eq 0 ] || box_enter_groups
		UNIFIED_CGROUP_HIERARCHY=1 exec systemd-nspawn -q --boot \
		    "${unit[@]}" --register=no --machine="box${T##*.}" \
		    --directory="$ROOT" --console=read-only \
		    --overlay="/usr:$T/installed/usr:/usr" \
		    systemd.unit=multi-user.target
	) </dev/null >"$T/box.out" 2>&1 3>&- &
	BOX_PID=$!
	started "$BOX_PID"
	wait_for 60 box_up || skip_or_fail
	alive "$BOX_PID" || skip_or_fail
	# The way in, from outside.
	ln -sfn "/proc/$LEADER/root/run/stripehook/stripehook.sock" \
	    "$T/fcgi.sock"
}

# A machine may forbid it; but it may not begin and then go wrong.
skip_or_fail() {
	if grep -q 'Startup finished\|Reached target' "$T/box.out"; then
		fail "the box does not come up: $(tail -n 40 "$T/box.out")"
	else
		skip "no box can be booted here: $(tail -n 1 "$T/box.out")"
	fi
}

box_up() {
	alive "$BOX_PID" || return 0
	LEADER=$(pgrep -P "$BOX_PID" | head -n 1)
	[ -n "$LEADER" ] || return 1
	[ "$(box systemctl is-active multi-user.target 2>&1)" = active ]
}

# box COMMAND...: in the box, as root.
box() {
	nsenter -t "$LEADER" -m -u -i -p -- env -i PATH=/usr/bin:/usr/sbin \
	    LC_ALL=C.UTF-8 "$@"
}

# box_as USER COMMAND...
box_as() {
	local user=$1

	shift
	box setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
}

box_close() {
	local folder

	[ -z "${BOX_PID-}" ] || stop_all
	for folder in $(box_groups); do
		[ ! -d "$folder" ] ||
		    find "$folder" -depth -type d -exec rmdir {} +
	done
}

# journal UNIT: "PRIORITY MESSAGE" of each line.
journal() {
	box journalctl -q -o json -u "$1" --no-pager | "$PYTHON" -c '
import json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print(entry["PRIORITY"], entry["MESSAGE"])'
}

journal_has() {
	journal "$1" | grep -qE -- "$2"
}
