#!/usr/bin/env python3
"""Listens on a Unix socket and executes a program with it as descriptor 0, as
systemd does for StandardInput=socket.

usage: listener.py SOCKET PROGRAM [ARGUMENT...]
"""
import os
import socket
import sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(128)
os.dup2(listener.fileno(), 0)
os.execv(sys.argv[2], sys.argv[2:])
