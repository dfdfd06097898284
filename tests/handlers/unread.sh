#!/bin/sh
# Does not look at its input.
exit 0
