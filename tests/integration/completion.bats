#!/usr/bin/env bats
# The command stripehook(1) in shells: completion, and what a slip leads to.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
}

teardown() {
	place_close
}

shell_place() {
	script fulfil </dev/null
	script mail </dev/null
	{
		shop
		handler fulfil '"payment_intent.*"'
		handler mail '"stripehook.*"'
	} | conf
}

# completes WORDS...: what bash offers for the last of them.
completes() {
	PATH=$builddir/src:$PATH bash --norc -c '
	eval "$(stripehook completion bash)"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_stripehook stripehook
	echo "${COMPREPLY[@]}"' bash stripehook "$@"
}

@test "completion: bash, commands, options, values" {
	shell_place
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086
		is "$want" "$(completes $words)" "$words"
	done <<-'CASES'
	tri|trigger
	re|retry replay
	-c x.conf li|listen list
	list --st|--state
	list --cu|--customer
	list --state s|succeeded
	list --handler f|fulfil
	retry --handler m|mail
	sign -e s|shop
	trigger checkout.session.e|checkout.session.expired
	trigger --live --times invoice.pai|invoice.paid
	trigger v2.core.account[r|v2.core.account[requirements].updated
	listen --type payment_intent.par|payment_intent.partially_funded
	stats --na|--nagios
	help pru|prune
	completion z|zsh
	metrics -|--help
	list --utc x|
	CASES
	# without a configuration the types that are built in
	STRIPEHOOK_CONFIG=$T/none.conf
	is charge.captured "$(completes trigger charge.ca)" types
	is '' "$(completes list --handler f)" handlers
}

@test "completion: every command and every option of the table" {
	local name option

	for name in $(completes ''); do
		exits 0 "$name" -h
		sed -nE 's/^ +(-[a-z], )?(--[a-z-]+).*/\2/p' "$T/out" |
		    sort >"$T/table"
		completes "$name" - | tr ' ' '\n' | grep -vx -e --help |
		    sort | diff "$T/table" - || fail "$name"
		while read -r option; do
			"$COMMAND" completion zsh | grep -qF -- "'*$option[" ||
			    fail "zsh: $name $option"
		done <"$T/table"
	done
	exits 2 completion fish
	said "stripehook: no completion for 'fish', only for bash and zsh"
	exits 2 completion
}

@test "completion: what is installed is what is printed" {
	"$COMMAND" completion bash | cmp - "$builddir/completion/stripehook"
	"$COMMAND" completion zsh | cmp - "$builddir/completion/_stripehook"
}

@test "completion: a real bash" {
	shell_place
	terminal 120 30
	types "exec env PATH=$builddir/src:$PATH STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG PS1=here: bash --norc"
	wait_for 10 shows here:
	types 'source <(stripehook completion bash); clear'
	keys 'stripehook tri'
	key Tab
	wait_for 10 shows 'stripehook trigger' || fail "$(screen)"
	keys 'checkout.session.ex'
	key Tab
	wait_for 10 shows 'trigger checkout.session.expired' || fail "$(screen)"
	keys '--ra'
	key Tab
	key Tab
	wait_for 10 shows '--rate' || fail "$(screen)"
	shows '--raw'
}

@test "completion: a real zsh" {
	need zsh
	shell_place
	terminal 120 30
	mkdir "$T/zsh"
	"$COMMAND" completion zsh >"$T/zsh/_stripehook"
	zsh -n "$T/zsh/_stripehook"
	types "exec env HOME=$T PATH=$builddir/src:$PATH STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG PS1=here: zsh -f"
	wait_for 10 shows here:
	types "fpath=($T/zsh \$fpath); autoload -U compinit; compinit -u -d $T/dump; clear"
	wait_for 10 test -e "$T/dump"
	keys 'stripehook tri'
	key Tab
	wait_for 10 shows 'stripehook trigger' || fail "$(screen)"
	keys 'checkout.session.ex'
	key Tab
	wait_for 10 shows 'trigger checkout.session.expired' || fail "$(screen)"
	keys '--handl'
	key C-u
	keys 'stripehook list --handler ful'
	key Tab
	wait_for 10 shows 'list --handler fulfil' || fail "$(screen)"
	key C-u
	keys 'stripehook list --s'
	key Tab
	key Tab
	wait_for 10 shows 'received then or later' || fail "$(screen)"
}

@test "a slip in a command or an option: what was meant" {
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086
		exits 2 $words
		said "stripehook: $want"
	done <<-'CASES'
	triger invoice.paid|no such command: triger; did you mean trigger?
	metric|no such command: metric; did you mean metrics?
	list --limti 5|no such option: --limti; did you mean --limit?
	trigger --overide a=1 a.b|no such option: --overide; did you mean --override?
	trigger --counts=5 a.b|no such option: --counts; did you mean --count?
	stats --nagois|no such option: --nagois; did you mean --nagios?
	show --bdoy evt_1|no such option: --bdoy; did you mean --body?
	CASES
	exits 2 list --qqqqqqqq
	refute grep -q 'did you mean' "$T/said"
	exits 2 list --st
	refute grep -q 'did you mean' "$T/said"
	exits 2 replay evt_1 --to
	refute grep -q 'did you mean' "$T/said"
}
