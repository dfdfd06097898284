#!/usr/bin/env python3
"""Compares what clients heard, what handlers did and what the store knows.

usage: ledger.py --store STORE --sent FILE --marks FILE

--sent has a line "200 ID" for every acknowledged event (load.py); --marks a
line for each begin "B", success "E" and failure "F" of a run, as "B HANDLER
OBJECT EVENT ATTEMPT", written by the handlers themselves in the order of what
happened. The store (see sql.py) is at rest: no worker is there any more.

  1  every acknowledged event is in the store, with a delivery for each handler
  2  every delivery has succeeded or is parked
  3  every run belongs to an attempt, and no attempt ran twice
  4  an attempt that did not run, or whose run was cut off, is known as lost;
     or as refused, where all attempts before it were lost or failed
  5  an attempt that is recorded as succeeded did succeed, a failed one failed
  6  after an attempt that was recorded as succeeded there is none, and no run
  7  no two runs of a handler in a lane overlapped

Exit 0 where all of it holds; else 1, with what does not.
"""
import argparse
import collections
import sys

from sql import rows

SUCCEEDED, FAILED = 2, 3  # states of a delivery
OUTCOMES = {0: "running", 1: "succeeded", 2: "later", 3: "never", 4: "lost"}


class Ledger:
    def __init__(self, options):
        self.wrong = []
        self.acknowledged = set()
        with open(options.sent) as lines:
            for line in lines:
                status, name = line.split()
                if status == "200":
                    self.acknowledged.add(name)
        self.marks = []
        with open(options.marks) as lines:
            for line in lines:
                mark, handler, _, name, number = line.split()
                self.marks.append((mark, (handler, name, int(number))))
        self.runs = collections.defaultdict(list)
        for mark, key in self.marks:
            self.runs[key].append(mark)
        self.events = {row[0] for row in rows(
            options.store,
            "SELECT event_id FROM event WHERE endpoint = 'shop'")}
        self.deliveries = {
            row[:2]: (int(row[2]), int(row[3]), row[4]) for row in rows(
                options.store,
                "SELECT handler, event_id, state, attempts, lane"
                " FROM delivery JOIN event ON event.id = event")}
        self.attempts = {
            row[:2] + (int(row[2]),): OUTCOMES[int(row[3])] for row in rows(
                options.store,
                "SELECT handler, event_id, number, outcome FROM attempt"
                " JOIN delivery ON delivery.id = delivery"
                " JOIN event ON event.id = event")}
        self.handlers = {handler for handler, _ in self.deliveries}

    def claim(self, true, *words):
        if not true:
            self.wrong.append(" ".join(map(str, words)))

    def check_kept(self):
        self.claim(self.acknowledged, "no event was acknowledged")
        for name in self.acknowledged:
            self.claim(name in self.events, name, "acknowledged and lost")
        for name in self.events:
            for handler in self.handlers:
                self.claim((handler, name) in self.deliveries, name,
                           "has no delivery for", handler)

    def check_finished(self):
        for key, (state, attempts, _) in self.deliveries.items():
            self.claim(state in (SUCCEEDED, FAILED), key, "is left in state",
                       state)
            self.claim((key + (attempts,)) in self.attempts or attempts == 0,
                       key, "has no record of its last attempt")
            self.claim(all((key + (n + 1,)) in self.attempts
                           for n in range(attempts)), key, "lacks attempts")
            last = self.attempts.get(key + (attempts,))
            self.claim(state == FAILED or last == "succeeded", key,
                       "has succeeded, its last attempt is", last)

    def check_runs(self):
        for key, marks in self.runs.items():
            self.claim(key in self.attempts, key, "ran without an attempt")
            self.claim(marks.count("B") == 1 and marks[0] == "B" and
                       len(marks) <= 2, key, "ran more than once:", marks)

    def check_outcomes(self):
        allowed = {
            "succeeded": (["B", "E"],),
            "later": (["B", "F"],),
            "never": ([],),
            "lost": ([], ["B"], ["B", "E"], ["B", "F"]),
        }
        for key, outcome in self.attempts.items():
            marks = self.runs.get(key, [])
            self.claim(marks in allowed.get(outcome, ()), key, "is", outcome,
                       "and ran as", marks)

    def check_refused(self):
        """Only after as many attempts as the handler may have: two."""
        for (handler, name, number), outcome in self.attempts.items():
            self.claim(outcome != "never" or
                       (handler == "hopeless" and number == 3),
                       handler, name, "was refused at attempt", number)

    def check_once(self):
        for (handler, name, number), outcome in self.attempts.items():
            if outcome != "succeeded":
                continue
            later = (handler, name, number + 1)
            self.claim(later not in self.attempts and later not in self.runs,
                       handler, name, "began again after its success")

    def check_lanes(self):
        """A run that was cut off has no end; it cannot show an overlap."""
        open_runs = collections.defaultdict(set)
        for mark, key in self.marks:
            lane = self.deliveries[key[:2]][2]
            if lane == "":
                continue
            if mark == "B":
                for other in open_runs[key[0], lane]:
                    if len(self.runs[other]) == 2:
                        self.claim(False, key, "began while", other, "ran")
                open_runs[key[0], lane].add(key)
            else:
                open_runs[key[0], lane].discard(key)

    def check(self):
        self.check_kept()
        self.check_finished()
        self.check_runs()
        self.check_outcomes()
        self.check_refused()
        self.check_once()
        self.check_lanes()

    def tell(self):
        count = collections.Counter(self.attempts.values())
        ran = sum(1 for key in self.attempts if key in self.runs)
        states = collections.Counter(d[0] for d in self.deliveries.values())
        print("events: %d acknowledged, %d kept" % (
            len(self.acknowledged), len(self.events)))
        print("deliveries: %d succeeded, %d parked" % (
            states[SUCCEEDED], states[FAILED]))
        print("attempts: %d = %d runs + %d that never began; %s" % (
            len(self.attempts), ran, len(self.attempts) - ran,
            ", ".join("%d %s" % (n, what) for what, n in count.items())))
        for words in self.wrong[:20]:
            print("WRONG:", words)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--sent", required=True)
    parser.add_argument("--marks", required=True)
    ledger = Ledger(parser.parse_args())
    ledger.check()
    ledger.tell()
    return 1 if ledger.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
