#!/usr/bin/env bats
# make install and make uninstall, with a DESTDIR and below a prefix.

load lib

setup() {
	place_open
	need make
}

teardown() {
	place_close
}

# make_for TARGET [VARIABLE=VALUE...]
make_for() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$builddir" "$@" \
	    >"$T/make.out" 2>&1 || fail "make $*: $(tail -n 20 "$T/make.out")"
}

files() {
	(cd "$1" && find . ! -type d | LC_ALL=C sort)
}

# The places as on a system of a distribution, whatever it was configured with.
PLACES=(prefix=/usr exec_prefix=/usr sysconfdir=/etc localstatedir=/var
    bindir=/usr/bin sbindir=/usr/sbin libexecdir=/usr/libexec
    pkglibdir=/usr/lib/stripehook mandir=/usr/share/man docdir=/usr/share/doc/stripehook
    systemdsystemunitdir=/usr/lib/systemd/system
    sysusersdir=/usr/lib/sysusers.d tmpfilesdir=/usr/lib/tmpfiles.d)

# The list is for a build that was not told to leave the units or PostgreSQL
# out.
expected() {
	local out='^$'

	grep -q '^systemdsystemunitdir = no$' "$builddir/Makefile" &&
		out='^\./usr/lib/(systemd|sysusers\.d|tmpfiles\.d)/'
	grep -q '^#nodist_module_DATA' "$builddir/Makefile" &&
		out="$out|/stripehook-pgsql\\.so$"
	grep -vE "$out" "$srcdir/tests/data/installed"
}

@test "install: each file has its place, and uninstall leaves none" {
	make_for install "DESTDIR=$T/d" "${PLACES[@]}"
	files "$T/d" >"$T/files"
	expected >"$T/expected"
	diff -u "$T/expected" "$T/files" ||
	    fail "tests/data/installed names other files than these"
	# A second time is no other.
	make_for install "DESTDIR=$T/d" "${PLACES[@]}"
	files "$T/d" | diff -u "$T/files" -
	make_for uninstall "DESTDIR=$T/d" "${PLACES[@]}"
	is '' "$(files "$T/d")" "files left"
}

@test "install: modes, links, and what can be executed" {
	local name

	make_for install "DESTDIR=$T/d" "${PLACES[@]}"
	is stripehook.cgi "$(readlink \
	    "$T/d/usr/libexec/stripehook/stripehook.fcgi")" "the second name"
	for name in bin/stripehook sbin/stripehook-worker \
	    libexec/stripehook/stripehook.cgi; do
		is 755 "$(stat -c %a "$T/d/usr/$name")" "$name"
	done
	is '' "$(find "$T/d" -type f \( -perm /022 -o ! -perm -444 \))" "modes"
	is '' "$(find "$T/d/usr/share/doc" -type f ! -perm -111 -name '*.sh')" \
	    "samples that cannot be executed"
	is '' "$(find "$T/d/usr/share/man" "$T/d/usr/lib" -type f -perm /111)" \
	    "texts that can be executed"
	is '' "$(grep -rlE '@[a-z]+dir@|@[A-Z_]+@' "$T/d/usr/share/doc" \
	    "$T/d/usr/lib")" "places that were not filled in"
}

@test "install: what was installed works" {
	usual
	make_for install "DESTDIR=$T/d" "${PLACES[@]}"
	COMMAND=$T/d/usr/bin/stripehook
	WORKER=$T/d/usr/sbin/stripehook-worker
	CGI=$T/d/usr/libexec/stripehook/stripehook.cgi
	"$COMMAND" check
	snapshot evt_1
	gets 200
	worker_once
	ran_times fulfil 1
	is 'succeeded 1' "$(delivery evt_1 fulfil)" "the delivery"
}

@test "install: nothing is written outside of the prefix" {
	make_for install DESTDIR="$T/d"
	files "$T/d" | grep -vF ".$(sed -n 's/^prefix = //p' \
	    "$builddir/Makefile")/" >"$T/outside" || :
	is '' "$(cat "$T/outside")" "files outside"
}
