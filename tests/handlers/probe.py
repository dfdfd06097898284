#!/usr/bin/python3
"""Tries what a sandbox may forbid, and writes what it could do to a file.

usage: probe.py FILE
"""
import errno
import mmap
import os
import socket
import stat
import subprocess
import sys
import tempfile

RESULT = sys.argv[1]


def execute():
    subprocess.run(["/bin/true"], check=True)


def home():
    os.listdir("/home")


def inet():
    with socket.socket(socket.AF_INET) as s:
        # Nobody listens there, but there is a way.
        error = s.connect_ex(("127.0.0.1", 1))
        if error != errno.ECONNREFUSED:
            raise OSError(error, "no way")


def nice():
    os.nice(1)


def store():
    with open(os.path.dirname(RESULT) + "/probe.file", "w"):
        pass


def suid():
    path = os.path.dirname(RESULT) + "/probe.file"
    os.chmod(path, stat.S_IRWXU | stat.S_ISUID)


def system():
    if not os.statvfs("/usr").f_flag & os.ST_RDONLY:
        return
    raise OSError(errno.EROFS, "read-only")


def tmp():
    with tempfile.TemporaryFile(dir="/tmp"):
        pass


def writexec():
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE
                   | mmap.PROT_EXEC):
        pass


def could(attempt):
    try:
        attempt()
    except (OSError, subprocess.SubprocessError):
        return "no"
    return "yes"


attempts = [("exec", execute), ("home", home), ("inet", inet), ("nice", nice),
            ("store", store), ("suid", suid), ("system", system),
            ("tmp", tmp), ("writexec", writexec)]
words = ["%s=%s" % (name, could(attempt)) for name, attempt in attempts]
with open(RESULT + ".new", "w") as out:
    out.write(" ".join(words) + "\n")
os.rename(RESULT + ".new", RESULT)
