#!/bin/sh
# exit.sh CODE [WORDS]: says the words and exits with the code.
[ $# -lt 2 ] || echo "$2"
exit "$1"
