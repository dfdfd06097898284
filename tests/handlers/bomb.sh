#!/bin/sh
# bomb.sh [WORDS]: leaves a loop behind, in a session of its own, that starts
# 200 children, each executed by the words, such as setsid.
# shellcheck disable=SC2016 # the inner shell expands it
setsid sh -c 'trap "" TERM HUP
for i in $(seq 1 200); do
	'"$1"' sleep 300 &
done
wait' &
echo "$!"
# field 6 is the session
while read -r _ _ _ _ _ session _ <"/proc/$!/stat" &&
	[ "$session" != $! ]; do
	sleep 0.01
done
