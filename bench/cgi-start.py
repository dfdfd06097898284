#!/usr/bin/env python3
"""What a request to a plain CGI program costs under a web server.

usage: cgi-start.py --pid PID --secret SECRET --requests N --rounds N \\
           [--hold DATABASE] NAME=URL ...

Sends N distinct signed events to each URL in turn, one after the other, in
every round, and reads before and after each lot how much processor time the
process PID and its children (that were waited for) have taken. PID is the one
process of the server that serves requests: Apache's mod_cgi waits for what it
starts. Prints, for each name, the medians of the rounds in microseconds a
request: processor time, time on the clock, and the proportion to the first.
--hold keeps a connection to an SQLite database meanwhile, as a worker does.
"""
import argparse
import hashlib
import hmac
import http.client
import os
import sqlite3
import statistics
import sys
import time
import urllib.parse

TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")
BODY = """{
  "id": "%s",
  "object": "event",
  "api_version": "2026-10-28.endive",
  "created": 1790000000,
  "data": {"object": {"id": "cs_%d", "object": "checkout.session",
    "amount_total": 2000, "currency": "eur", "customer": "cus_1",
    "metadata": {"filler": "%s"}}},
  "livemode": false,
  "pending_webhooks": 1,
  "request": {"id": null, "idempotency_key": null},
  "type": "checkout.session.completed"
}"""


def processor(pid):
    """User and system time of a process and its children, microseconds."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return sum(int(f) for f in fields[11:15]) * TICK


def post(url, number, secret):
    identity = "evt_%d_%d" % (os.getpid(), number)
    body = (BODY % (identity, number, "x" * 2500)).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body,
                      hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    connection.request("POST", url.path, body, {
        "Content-Type": "application/json",
        "Stripe-Signature": "t=%s,v1=%s" % (stamp, digest)})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit("%s: %d" % (url.geturl(), answer.status))


def lot(url, first, options):
    """Microseconds a request: of the processor, on the clock."""
    used, began = processor(options.pid), time.monotonic()
    for number in range(first, first + options.requests):
        post(url, number, options.secret)
    ended = time.monotonic()
    return ((processor(options.pid) - used) / options.requests,
            (ended - began) * 1e6 / options.requests)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hold")
    parser.add_argument("url", nargs="+")
    options = parser.parse_args()
    urls = [(name, urllib.parse.urlsplit(url))
            for name, url in (word.split("=", 1) for word in options.url)]
    if options.hold:
        held = sqlite3.connect(options.hold)
        held.execute("SELECT count(*) FROM event").fetchone()
    results = {name: [] for name, _ in urls}
    number = 0
    for name, url in urls:  # what is read for the first time
        for _ in range(3):
            post(url, number, options.secret)
            number += 1
    for _ in range(options.rounds):
        for name, url in urls:
            results[name].append(lot(url, number, options))
            number += options.requests
    base = None
    print("%-24s %10s %10s %8s   %s" % ("", "CPU us", "clock us", "times",
                                        "CPU of each round"))
    for name, _ in urls:
        used, clock = zip(*results[name])
        base = base or statistics.median(used)
        print("%-24s %10.0f %10.0f %8.2f   %s" % (
            name, statistics.median(used), statistics.median(clock),
            statistics.median(used) / base,
            " ".join("%.0f" % u for u in used)))


main()
