#!/bin/sh
# Says who it is; its input and its outputs can be opened by name.
echo "user $(id -u) $(id -ru)"
echo "group $(id -g) $(id -rg)"
echo "groups $(id -G)"
cat /dev/fd/0
echo >/dev/stdout
echo err >/dev/stderr
