#!/bin/sh
# Reads the beginning of its input only.
head -c 10
