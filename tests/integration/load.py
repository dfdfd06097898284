#!/usr/bin/env python3
"""A load of signed events, by several clients at once.

usage: load.py --secret SECRET --url URL [OPTION...]

Each event is sent until it is answered 200, as Stripe would, with a new
signature each time. Prints "200 ID" for every event that was acknowledged and
"- ID" for every other that was sent, and at the end how many requests it took
on standard error, with the answers to them.

  --events N       so many events in all
  --until FILE     without end, until the file is there
  --prefix TEXT    of the events' ids
  --clients N      that send at the same time
  --objects N      that the events are of, in turn; default: each its own
  --customers N    that the objects belong to
  --race           events 2n and 2n + 1 are "created" and "updated" of one
                   object, and are sent by two clients at the same moment
  --repeat P       the share of acknowledged events that are sent once more
  --pause SECONDS  of a client between two events, at most
  --seed N         of what is left to chance

Exit 0: every event was acknowledged, or --until was given.
"""
import argparse
import collections
import hashlib
import hmac
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse

PATIENCE = 60  # seconds until an event that nobody takes is a failure


def event(number, options):
    """Its id and its bytes."""
    kind = "created" if number % 2 == 0 else "updated"
    if options.race:
        thing = number // 2
    elif options.objects:
        thing = number % options.objects
    else:
        thing = number
    name = "%s_%d" % (options.prefix, number)
    body = {
        "id": name,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1790000000 + number,
        "data": {"object": {
            "id": "sub_%d" % thing,
            "object": "subscription",
            "customer": "cus_%d" % (thing % options.customers),
            "number": number,
        }},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "customer.subscription." + kind,
    }
    return name, json.dumps(body, indent=2).encode()


class Client:
    """One connection, and what came of the events sent over it."""

    def __init__(self, options, seed):
        self.options = options
        self.chance = random.Random(seed)
        self.where = urllib.parse.urlsplit(options.url)
        self.connection = None
        self.requests = 0
        self.answers = collections.Counter()
        self.outcomes = []

    def post(self, body):
        """The status, or 0 where there was no answer."""
        stamp = str(int(time.time()))
        digest = hmac.new(self.options.secret.encode(),
                          stamp.encode() + b"." + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": "t=%s,v1=%s" % (stamp, digest.hexdigest()),
        }
        self.requests += 1
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    self.where.netloc, timeout=30)
            self.connection.request("POST", self.where.path or "/", body,
                                    headers)
            answer = self.connection.getresponse()
            answer.read()
            self.answers[answer.status] += 1
            return answer.status
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            self.answers["none"] += 1
            return 0

    def close(self):
        """Servers that give a connection a process wait for its end."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def over(self):
        return self.options.until and os.path.exists(self.options.until)

    def send(self, number):
        name, body = event(number, self.options)
        patience = time.monotonic() + PATIENCE
        while True:
            status = self.post(body)
            if status == 200:
                break
            if self.over() or time.monotonic() > patience:
                self.outcomes.append("- " + name)
                return
            time.sleep(0.02 + self.chance.random() * 0.1)
        self.outcomes.append("200 " + name)
        if self.chance.random() < self.options.repeat:
            self.post(body)
        if self.options.pause:
            time.sleep(self.chance.random() * self.options.pause)


class Numbers:
    """Hands out the numbers of the events."""

    def __init__(self, count):
        self.lock = threading.Lock()
        self.count = count
        self.given = 0

    def take(self):
        with self.lock:
            if self.count is not None and self.given == self.count:
                return None
            self.given += 1
            return self.given - 1


def work(client, numbers):
    while not client.over():
        number = numbers.take()
        if number is None:
            break
        client.send(number)
    client.close()


def race(client, which, start, count):
    """The two clients meet before each pair."""
    for pair in range(count // 2):
        start.wait()
        client.send(2 * pair + which)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--secret", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--events", type=int)
    parser.add_argument("--until")
    parser.add_argument("--prefix", default="evt_load")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--objects", type=int, default=0)
    parser.add_argument("--customers", type=int, default=1000000)
    parser.add_argument("--race", action="store_true")
    parser.add_argument("--repeat", type=float, default=0)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    options = parse()
    clients = [Client(options, options.seed + n)
               for n in range(options.clients)]
    numbers = Numbers(options.events)
    start = threading.Barrier(2)
    threads = []
    for n, client in enumerate(clients):
        args = (client, n, start, options.events) if options.race else (
            client, numbers)
        threads.append(threading.Thread(
            target=race if options.race else work, args=args))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = [line for client in clients for line in client.outcomes]
    print("\n".join(outcomes))
    answers = sum((client.answers for client in clients),
                  collections.Counter())
    print("%d requests: %s" % (
        sum(client.requests for client in clients),
        ", ".join("%d %s" % (n, status) for status, n in answers.items())),
        file=sys.stderr)
    failed = any(line.startswith("-") for line in outcomes)
    return 1 if failed and not options.until else 0


if __name__ == "__main__":
    sys.exit(main())
