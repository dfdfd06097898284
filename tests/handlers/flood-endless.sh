#!/bin/sh
# Writes for ever and does not care for TERM.
trap '' TERM
yes "all work and no play"
