# Helpers of the tests of the command, loaded after lib.
# shellcheck shell=bash disable=SC2034

command_open() {
	place_open
	export TZ=UTC
	unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY NO_COLOR
}

# What the command says on both ways, and its exit status.
run_command() {
	CODE=0
	"$COMMAND" "$@" >"$T/out" 2>"$T/said" </dev/null || CODE=$?
}

# exits CODE ARGUMENTS...
exits() {
	local want=$1

	shift
	run_command "$@"
	[ "$CODE" -eq "$want" ] ||
	    fail "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

# out_is TEXT: the whole output.
out_is() {
	is "$1" "$(cat "$T/out")" output
}

out_has() {
	grep -qF -- "$1" "$T/out" || fail "no \"$1\" in: $(cat "$T/out")"
}

out_lacks() {
	refute grep -qF -- "$1" "$T/out"
}

said() {
	grep -qF -- "$1" "$T/said" || fail "no \"$1\" in: $(cat "$T/said")"
}

quiet() {
	[ ! -s "$T/said" ] || fail "said: $(cat "$T/said")"
}

trigger() {
	exits "$1" trigger --cgi "$CGI" "${@:2}"
}

# The id of the event that was just sent.
sent() {
	sed -n 's/.*--> .* \[\(.*\)\]$/\1/p' "$T/out" | tail -n 1
}

# A real terminal -----------------------------------------------------------------

# terminal COLUMNS LINES: one of its own, with a shell in it that has no prompt.
terminal() {
	need tmux
	TMUX_SOCKET=$T/tmux
	env -u TMUX -u NO_COLOR TERM=xterm-256color SHELL=/bin/sh \
	    tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x "$1" -y "$2" \
	    "PS1=; export PS1; exec /bin/sh" 3>&-
	started "$(tmux -S "$TMUX_SOCKET" display-message -p '#{pid}')"
}

# types TEXT: is typed there, with a newline.
types() {
	keys "$1"
	tmux -S "$TMUX_SOCKET" send-keys Enter
}

# keys TEXT: the same without it.
keys() {
	tmux -S "$TMUX_SOCKET" send-keys -l -- "$1"
}

# key NAME: one key, such as C-c.
key() {
	tmux -S "$TMUX_SOCKET" send-keys "$1"
}

# screen [OPTION]: what is to be seen; -e with the sequences for colours.
screen() {
	tmux -S "$TMUX_SOCKET" capture-pane -p "$@"
}

# shows TEXT: by now, for waiting.
shows() {
	screen | grep -qF -- "$1"
}

shows_not() {
	! shows "$1"
}

# in_terminal COMMAND LINE: types it and waits for its end.
in_terminal() {
	rm -f "$T/over"
	types "$1; echo \$? >$T/over"
	wait_for 20 test -s "$T/over" || fail "still: $(screen)"
	CODE=$(cat "$T/over")
}
