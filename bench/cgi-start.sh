#!/bin/sh
# What a request to the plain CGI program costs, against an empty program in C,
# under the same Apache: see README.md here.
#
# usage: bench/cgi-start.sh BUILD-FOLDER [REQUESTS [ROUNDS]]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:?usage: cgi-start.sh BUILD-FOLDER [REQUESTS [ROUNDS]]}" && pwd)
requests=${2:-100}
rounds=${3:-5}
modules=/usr/lib/apache2/modules
secret=whsec_BenchSecretBenchSecretBench1
PATH=$PATH:/usr/sbin

for file in cgi/stripehook.cgi portable/public/stripehook.cgi; do
	[ -x "$build/$file" ] || {
		echo "$build/$file is missing: make && make portable" >&2
		exit 1
	}
done
place=$(mktemp -d "${TMPDIR:-/tmp}/stripehook-bench.XXXXXX")
disk=
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	[ -z "$server" ] || wait "$server" 2>/dev/null || :
	rm -rf "$place" ${disk:+"$disk"}
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# Each program has a store of its own, on the disk of the build folder, so that
# committing is what it is. That of "held" is open in another process.
disk=$(mktemp -d "$build/bench.XXXXXX")
for name in dynamic portable held; do
	mkdir "$place/$name"
	(umask 077 && echo "$secret" >"$place/$name/secret")
	cat >"$place/$name/stripehook.conf" <<-CONF
	store = "sqlite:$disk/$name.db"
	log = "file:$place/$name/log"
	endpoint "bench" { secrets = { "file:./secret" } }
	handler "bench" {
		events = { "checkout.session.completed" }
		command = { "/bin/true" }
	}
	CONF
	"$build/src/stripehook" -c "$place/$name/stripehook.conf" init \
	    >"$place/$name/init"
done

mkdir "$place/cgi"
cc -O2 -o "$place/cgi/empty.cgi" "$top/bench/empty.c"
cp "$build/cgi/stripehook.cgi" "$place/cgi/dynamic.cgi"
cp "$build/portable/public/stripehook.cgi" "$place/cgi/portable.cgi"
cp "$build/portable/public/stripehook.cgi" "$place/cgi/held.cgi"
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
{
	cat <<-CONF
	ServerName localhost
	ServerRoot $place
	DefaultRuntimeDir $place
	PidFile $place/pid
	ErrorLog $place/error
	Listen 127.0.0.1:$port
	LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	LoadModule alias_module $modules/mod_alias.so
	LoadModule env_module $modules/mod_env.so
	LoadModule cgi_module $modules/mod_cgi.so
	StartServers 1
	MinSpareServers 1
	MaxSpareServers 1
	MaxRequestWorkers 1
	ServerLimit 1
	KeepAlive Off
	ScriptAlias /cgi/ $place/cgi/
	CONF
	for name in dynamic portable held; do
		echo "<Files $name.cgi>"
		echo "SetEnv STRIPEHOOK_CONFIG $place/$name/stripehook.conf"
		echo "</Files>"
	done
	# Apache refuses to serve as root, and nobody else has these files.
	if [ "$(id -u)" -eq 0 ]; then
		chown -R www-data "$place" "$disk"
		echo "User www-data"
		echo "Group www-data"
	fi
} >"$place/conf"
# It ends all of its process group with itself.
setsid apache2 -D FOREGROUND -f "$place/conf" </dev/null >"$place/out" 2>&1 &
server=$!
n=0
until child=$(pgrep -P "$server") && python3 -c "import socket
socket.create_connection(('127.0.0.1', $port)).close()" 2>/dev/null; do
	[ $((n += 1)) -lt 100 ] || {
		cat "$place/out" "$place/error" >&2
		exit 1
	}
	sleep 0.1
done

echo "$rounds rounds of $requests requests to each, one after the other;" \
    "load before: $(cut -d ' ' -f 1 /proc/loadavg)"
python3 "$top/bench/cgi-start.py" --pid "$child" --secret "$secret" \
    --requests "$requests" --rounds "$rounds" --hold "$disk/held.db" \
    "empty=http://127.0.0.1:$port/cgi/empty.cgi" \
    "portable=http://127.0.0.1:$port/cgi/portable.cgi" \
    "portable-with-worker=http://127.0.0.1:$port/cgi/held.cgi" \
    "dynamic=http://127.0.0.1:$port/cgi/dynamic.cgi"
for name in dynamic portable held; do
	echo "$name: $("$build/src/stripehook" -c \
	    "$place/$name/stripehook.conf" stats | head -n 1)"
done
echo "load after: $(cut -d ' ' -f 1 /proc/loadavg)"
