#!/bin/sh
# Pastes the README: takes the blocks that are marked as sh out of it and runs
# them, as an administrator with sudo would, in clean Debian roots: nginx,
# Apache, shared hosting, and by hand. Then each has to handle a signed event.
#
#	tests/readme.sh [FOLDER]
#
# FOLDER (build/readme) keeps the base of the roots. TAP, and "# pass N" and so
# on at the end; exit status 0 only when nothing failed.
#
# What is not as on a real machine:
# - No systemd runs in a root, so systemctl is a stand-in, which executes what
#   the installed units say, without their restrictions.
# - What builds is run here, in a copy of this tree; only what it made goes into
#   a root. "By hand" is run in a throw-away copy of this machine (an overlay),
#   which has the packages for building already.
# - Blocks of "Try it" are not run: scripts/quickstart stays up.
set -u
cd "$(dirname "$0")/.." || exit 99
top=$(pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=tests/root.sh
. "$top/tests/root.sh"
folder=${1:-$top/build/readme}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
passed=0
failed=0
skipped=0

# pass WHAT, flunk WHAT LOG, pass_over WHAT WHY: a test's end.
pass() {
	passed=$((passed + 1))
	echo "ok $((passed + failed + skipped)) $1"
}

flunk() {
	failed=$((failed + 1))
	echo "not ok $((passed + failed + skipped)) $1"
	tail -n 60 "$2" | sed 's/^/# /'
}

pass_over() {
	skipped=$((skipped + 1))
	echo "ok $((passed + failed + skipped)) $1 # SKIP $2"
}

report() {
	echo "1..$((passed + failed + skipped))"
	echo "# pass $passed"
	echo "# fail $failed"
	echo "# skipped $skipped"
}

# block HEADING N: the Nth block of sh below a heading of the README.
block() {
	awk -v heading="## $1" -v n="$2" '
	/^```/ {
		inside = !inside
		if (!inside)
			taken = 0
		else if (here && $0 == "```sh" && ++seen == n)
			taken = found = 1
		next
	}
	!inside && /^## / { here = $0 == heading }
	taken
	END { exit !found }' README.md || {
		echo "README.md has no block $2 of sh below \"$1\"" >&2
		echo "exit 99"
	}
}

# One more, or one less, is to be run here, or not, as well.
all_blocks() {
	blocks=$(grep -c '^```sh$' README.md)
	echo "README.md has $blocks blocks of sh; this test knows 12"
	[ "$blocks" -eq 12 ]
}

# build_copy NAME: a copy of this tree without what was built, to build in.
build_copy() {
	as_root rm -rf "${folder:?}/$1"
	mkdir -p "$folder/$1"
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard |
			tar --ignore-failed-read --null -T - -cf -
	else
		tar --exclude='./build*' -cf - .
	fi | tar -C "$folder/$1" -xf -
}

# systemctl for the roots: see above.
stand_in() {
	cat <<-'EOF'
	#!/bin/sh
	set -eu
	value() {
		cat /lib/systemd/system/"$1" /usr/lib/systemd/system/"$1" \
		    2>/dev/null | sed -n "s/^$2=//p" | tail -n 1
	}
	start() {
		case $1 in
		stripehook.socket)
			unit=stripehook.service
			spawn-fcgi -s "$(value "$1" ListenStream)" \
			    -M "$(value "$1" SocketMode)" \
			    -G "$(value "$1" SocketGroup)" \
			    -u "$(value $unit User)" -g "$(value $unit Group)" \
			    -- "$(value $unit ExecStart)"
			;;
		stripehook-worker.service)
			setpriv --reuid="$(value "$1" User)" \
			    --regid="$(value "$1" Group)" --init-groups \
			    --reset-env "$(value "$1" ExecStart)" \
			    </dev/null >/var/log/worker 2>&1 &
			;;
		nginx) [ -s /run/nginx.pid ] && nginx -s reload || nginx ;;
		apache2) apache2ctl restart 2>/dev/null || apache2ctl start ;;
		*) echo "systemctl: no unit $1 here" >&2 && exit 5 ;;
		esac
	}
	case $1 in
	enable)
		[ "$2" = --now ] || exit 64
		shift 2
		;;
	reload | restart) shift ;;
	daemon-reload) exit 0 ;;
	*) echo "systemctl: $1?" >&2 && exit 64 ;;
	esac
	for unit; do
		start "$unit"
	done
	EOF
}

# What has to work when all is pasted, with another sender than ours.
# shellcheck disable=SC2016 # for the shell in the root
proof() {
	cat <<-EOF
	user=$1 hook="$2" url=$3 secret_file=$4 said='$5' type=$6
	EOF
	cat <<-'EOF'
	wait_for() {
		n=0
		until "$@"; do
			n=$((n + 1))
			[ $n -lt 100 ] || {
				echo "waited in vain for: $*"
				cat /var/log/endpoint /var/log/worker \
				    /var/log/nginx/error.log \
				    /var/log/apache2/error.log 2>/dev/null
				exit 1
			}
			sleep 0.1
		done
	}
	handled() {
		runuser -u $user -- $hook show "$1" >/tmp/shown 2>&1
		grep -q 'succeeded, 1 attempt' /tmp/shown &&
		    grep -qF "$said" /tmp/shown
	}
	post() {
		t=$(date +%s)
		v1=$({ printf '%s.' "$t" && cat /tmp/event; } |
			openssl dgst -sha256 -hmac "$1" -r)
		curl -s -o /dev/null -w '%{http_code}' -H 'Expect:' \
		    -H "Stripe-Signature: t=$t,v1=${v1%% *}" \
		    -H 'Content-Type: application/json' \
		    --data-binary @/tmp/event "$url"
	}
	runuser -u $user -- $hook trigger --print --id evt_peer $type >/tmp/event
	status=$(post "$(cat "$secret_file")")
	[ "$status" = 200 ] || {
		echo "a signed event: $status"
		cat /var/log/endpoint /var/log/*/error.log 2>/dev/null
		exit 1
	}
	wait_for handled evt_peer
	wait_for handled "$try"
	status=$(post whsec_wrong)
	[ "$status" = 400 ] || { echo "a forged event: $status"; exit 1; }
	echo "all is well"
	EOF
}

# The root that all start from: with web servers, which do not run, with sudo
# and an administrator, an account for hosting, and the stand-in.
prepare() {
	root_make "$folder" || return 1
	root_enter apt-get -q install sudo openssl curl spawn-fcgi cron \
	    nginx-light apache2 || return 1
	# shellcheck disable=SC2016 # for the shell in the root
	root_enter sh -euc '
		echo "127.0.0.1 localhost $(uname -n)" >/etc/hosts
		useradd --create-home --shell /bin/sh admin
		useradd --create-home --shell /bin/sh shop
		echo "admin ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/admin
		chmod 0440 /etc/sudoers.d/admin' || return 1
	stand_in | as_root tee "$root_path/usr/local/bin/systemctl" >/dev/null
	as_root chmod 755 "$root_path/usr/local/bin/systemctl"
	as_root tar -C "$root_path" --numeric-owner -cf "$folder/prepared.tar" .
}

fresh() {
	root_path=$folder/root
	root_drop
	mkdir -p "$root_path"
	as_root tar -C "$root_path" --numeric-owner \
	    -xpf "$folder/prepared.tar"
}

# script NAME USER: standard input becomes a file of the root, to be pasted.
script() {
	{
		echo "set -eu"
		cat
	} | as_root tee "$root_path/home/$2/$1" >/dev/null
}

# The package goes where the README has it.
install_package() {
	package_there || return 1
	as_root mkdir -p "$root_path/home/admin/build/package"
	as_root cp "$package" "$root_path/home/admin/build/package" || return 1
	block Install 2 | sed 's/apt-get install/apt-get -y install/' |
		script install admin
	block Install 3 | script configure admin
	root_enter runuser -l admin -c 'sh install && sh configure'
}

# web HEADING ID USER
web() {
	heading=$1 id=$2 user=$3
	fresh && install_package || return 1
	{
		block "$heading" 1
		block "$heading" 2
		[ "$heading" != Apache ] || block "$heading" 3
	} | script web admin
	{
		echo "set -eu; try=$id"
		echo "runuser -l admin -c 'sh web'"
		proof "$user" stripehook http://localhost/stripe/webhook \
		    /etc/stripehook/shop.whsec 'paid: checkout.session' \
		    checkout.session.completed
	} | as_root tee "$root_path/root/all" >/dev/null
	root_alone sh /root/all
}

# The provider's part: Apache, which runs as the account's user.
hosting() {
	fresh || return 1
	as_root cp -R "$folder/portable/portable" "$root_path/home/shop/" &&
		root_enter chown -R shop: /home/shop/portable || return 1
	block 'Shared hosting' 2 | script paste shop
	cat <<-'EOF' | as_root tee "$root_path/root/provider" >/dev/null
	set -eu
	sed -i 's/=www-data/=shop/' /etc/apache2/envvars
	cat >/etc/apache2/sites-available/000-default.conf <<-'SITE'
	ServerName localhost
	<VirtualHost *:80>
		DocumentRoot /home/shop/public_html
		<Directory /home/shop/public_html>
			AllowOverride All
			Require all granted
		</Directory>
		ErrorLog /var/log/apache2/error.log
	</VirtualHost>
	SITE
	a2enmod -q cgid
	chmod 711 /home/shop
	install -d -o shop -g shop /home/shop/public_html
	apache2ctl start
	EOF
	{
		echo "set -eu; try=evt_try_hosting"
		echo "sh /root/provider"
		echo "runuser -l shop -c 'sh paste'"
		proof shop /home/shop/public_html/stripe/stripehook.cgi \
		    http://localhost/stripe/stripehook.cgi \
		    /home/shop/stripehook/shop.whsec '' \
		    checkout.session.completed
		echo "grep -q '^evt_peer ' /home/shop/stripehook/orders"
		echo "crontab -u shop -l | grep -q 'until-idle'"
	} | as_root tee "$root_path/root/all" >/dev/null
	root_alone sh /root/all
}

# A throw-away copy of this machine: its files below, what changes in memory.
by_hand() {
	build_copy tree
	{
		echo 'set -eu; cd /mnt'
		block 'By hand' 1 | sed 's/apt-get install/apt-get -y install/
		    s/^make$/make -j 2/'
		echo 'test -x /usr/sbin/stripehook-worker'
		echo 'id stripehook && test -d /var/lib/stripehook'
		echo 'man -w stripehook.conf || mandoc -T lint \
		    /usr/share/man/man5/stripehook.conf.5'
	} >"$folder/by-hand"
	stand_in >"$folder/systemctl"
	# shellcheck disable=SC2016 # for the shell inside
	as_root unshare --mount --pid --fork --kill-child sh -euc '
		mount -t tmpfs none /mnt
		mkdir /mnt/upper /mnt/work /mnt/all
		mount -t overlay overlay -o \
		    lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/all
		mount -t proc proc /mnt/all/proc
		mount --rbind /dev /mnt/all/dev
		mount --bind "$1/tree" /mnt/all/mnt
		cp "$1/by-hand" /mnt/all/tmp/by-hand
		install -m 755 "$1/systemctl" /mnt/all/usr/local/bin/systemctl
		command -v sudo >/dev/null ||
			printf "#!/bin/sh\nexec \"\$@\"\n" \
			    >/mnt/all/usr/local/bin/sudo
		chmod 755 /mnt/all/usr/local/bin/*
		chroot /mnt/all sh /tmp/by-hand' sh "$folder"
}

# try WHAT COMMAND...: a test; its words are shown only when it fails.
try() {
	what=$1
	shift
	if ("$@") >"$folder/$1.log" 2>&1 </dev/null; then
		pass "$what"
	else
		flunk "$what" "$folder/$1.log"
	fi
}

portable() {
	build_copy portable
	cd "$folder/portable" || return 1
	block_in_copy=$(cd "$top" && block 'Shared hosting' 1)
	MAKEFLAGS=-j2 sh -euc "$block_in_copy"
}

# One that was built before is good while nothing in it has changed.
package_there() {
	package=$(find "${PACKAGE_DIR:-$top/build/package}" \
	    -name 'stripehook_*.deb' 2>/dev/null | head -n 1)
	[ -n "$package" ] &&
		[ -z "$(find cgi conf debian lib man src configure.ac \
		    Makefile.am -type f -newer "$package" | head -n 1)" ]
}

build_package() {
	DEB_BUILD_OPTIONS=nocheck sh -euc "$(block Install 1)"
}

all() {
	try "README: all blocks are pasted" all_blocks
	if ! package_there; then
		try "README: the package is built" build_package
	fi
	prepare >"$folder/prepare.log" 2>&1 || {
		flunk "README: a clean root" "$folder/prepare.log"
		return
	}
	try "README: nginx" web nginx evt_try_nginx stripehook
	try "README: Apache" web Apache evt_try_apache www-data
	try "README: the portable program is built" portable
	try "README: shared hosting" hosting
	try "README: by hand" by_hand
	root_drop
	as_root rm -f "$folder/prepared.tar"
}

if why=$(root_lacks); then
	for what in nginx Apache 'shared hosting' 'by hand'; do
		pass_over "README: $what" "$why"
	done
else
	all
fi
report
[ "$failed" -eq 0 ]
