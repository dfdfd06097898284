#!/usr/bin/env python3
"""Keeps an endpoint and workers running, and kills them at random moments.

usage: chaos.py --socket PATH --store STORE --enough FILE [OPTION...]
                ENDPOINT WORKER

The listening socket is ours, as it would be systemd's: the endpoint gets it as
descriptor 0 each time, and requests wait in it while there is none.

  --kills N     so many, then the file "enough" is made and all are told to stop
  --workers N   that work at the same time
  --seed N      of what is left to chance
  --crash COMMAND
                kills the server that has the store, and starts it again

When all workers were killed at once, nobody holds a lease any more; we say so
in the store, since the time until the leases end by themselves is longer than
a test should take. Says how many were killed; exit 0 where every one of them
was running when it was killed, and ended with 0 when it was told to stop.
"""
import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import time

from sql import rows

STOP_TIME = 60  # seconds that the last ones have to end


class Chaos:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(options.socket)
        self.listener.listen(512)
        self.endpoint = None
        self.workers = [None] * options.workers
        self.killed = {"endpoint": 0, "worker": 0, "server": 0}
        self.leases = 0

    def start_endpoint(self):
        self.endpoint = subprocess.Popen(
            [self.options.endpoint], stdin=self.listener,
            stdout=subprocess.DEVNULL)

    def start_worker(self, n):
        self.workers[n] = subprocess.Popen(
            [self.options.worker], stdin=subprocess.DEVNULL)

    def kill(self, process, what):
        if process.poll() is not None:
            raise RuntimeError("%s had ended by itself: %d" % (
                what, process.returncode))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.killed[what] += 1

    def leases_over(self):
        """Those whose owners are all dead."""
        self.leases += len(rows(
            self.options.store,
            "UPDATE delivery SET due_ms = 1, ready_ms = 1 WHERE state = 1"
            " RETURNING id"))

    def kill_workers(self):
        for worker in self.workers:
            self.kill(worker, "worker")
        self.leases_over()
        for n in range(len(self.workers)):
            self.start_worker(n)

    def kill_server(self):
        subprocess.run(self.options.crash, shell=True, check=True,
                       stdin=subprocess.DEVNULL, timeout=100)
        self.killed["server"] += 1

    def strike(self):
        """One of them, or all workers at once, or everybody."""
        what = self.chance.random()
        if self.options.crash and self.chance.random() < 0.2:
            self.kill_server()
        elif what < 0.4:
            self.kill(self.endpoint, "endpoint")
            self.start_endpoint()
        elif what < 0.7:
            n = self.chance.randrange(len(self.workers))
            self.kill(self.workers[n], "worker")
            self.start_worker(n)
        elif what < 0.9:
            self.kill_workers()
        else:
            self.kill(self.endpoint, "endpoint")
            self.kill_workers()
            self.start_endpoint()

    def moment(self):
        """Often so short that it meets who has only just begun."""
        if self.chance.random() < 0.2:
            return self.chance.random() * 0.05
        return self.chance.random() * 1.2

    def run(self):
        self.start_endpoint()
        for n in range(len(self.workers)):
            self.start_worker(n)
        while sum(self.killed.values()) < self.options.kills:
            time.sleep(self.moment())
            self.strike()
        with open(self.options.enough, "w"):
            pass
        self.stop()

    def stop(self):
        """As an init system would; all of them have to end well."""
        ending = [self.endpoint] + self.workers
        for process in ending:
            process.terminate()
        for process in ending:
            status = process.wait(STOP_TIME)
            # Told before it was ready for it.
            if status not in (0, -signal.SIGTERM):
                raise RuntimeError("exit code %d" % status)

    def end(self):
        for process in [self.endpoint] + self.workers:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def terminated(number, frame):
    sys.exit(143)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--enough", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crash")
    parser.add_argument("endpoint")
    parser.add_argument("worker")
    signal.signal(signal.SIGTERM, terminated)
    options = parser.parse_args()
    chaos = Chaos(options)
    try:
        chaos.run()
    finally:
        chaos.end()
        if not os.path.exists(options.enough):
            with open(options.enough, "w"):
                pass
    print("killed: endpoint %d times, workers %d times, server %d times;"
          " %d leases cut short" % (
              chaos.killed["endpoint"], chaos.killed["worker"],
              chaos.killed["server"], chaos.leases))
    return 0


if __name__ == "__main__":
    sys.exit(main())
