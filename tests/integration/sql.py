#!/usr/bin/env python3
"""Looks into a store, whatever its kind.

usage: sql.py STORE SQL

STORE is the path of an SQLite file, or a connection string of PostgreSQL that
begins with "postgresql:". Rows are printed as sqlite3(1) does, with "|"
between the columns.
"""
import os
import sqlite3
import subprocess
import sys

FIELD, RECORD = "\x1f", "\x1e"


def pgsql(store, sql):
    conninfo = store.split(":", 1)[1]
    options = dict(os.environ, PGOPTIONS="-c search_path=stripehook")
    done = subprocess.run(
        ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-F", FIELD, "-R", RECORD,
         "-d", conninfo, "-c", sql], env=options, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        raise RuntimeError("psql: exit code %d" % done.returncode)
    text = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    if not text:
        return []
    return [tuple(row.split(FIELD)) for row in text.split(RECORD)]


def sqlite(store, sql):
    db = sqlite3.connect(store, timeout=30)
    with db:
        found = db.execute(sql).fetchall()
    db.close()
    return [tuple(map(str, row)) for row in found]


def rows(store, sql):
    """The rows, as texts. What changes the store is committed."""
    kind = pgsql if store.startswith("postgresql:") else sqlite
    return kind(store, sql)


if __name__ == "__main__":
    for line in rows(sys.argv[1], sys.argv[2]):
        print("|".join(line))
