#!/bin/sh
# stray.sh [WORDS]: leaves a grandchild behind, executed by the words, such as
# setsid or env -i, says its pid and goes on.
(
	# shellcheck disable=SC2086 # split on purpose
	$1 sleep 300 &
	until grep -q sleep "/proc/$!/comm"; do
		sleep 0.01
	done
	echo "$!"
)
echo ready
exec sleep 299
