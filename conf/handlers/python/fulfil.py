#!/usr/bin/env python3
"""Fulfils a paid Checkout session, once: adds a row to a table of paid orders.

    handler "fulfil" {
        events      = { "checkout.session.completed",
            "checkout.session.async_payment_succeeded" }
        command     = { "/usr/local/lib/stripehook/fulfil.py" }
        environment = { "ORDERS_DB=/var/lib/shop/orders.db" }
    }

The idempotency key is the session's id, the same in every attempt and in both
events. It is the table's primary key, so a second run finds the row there and
changes nothing. Whatever else is to happen once belongs into the same
transaction or behind the same key.

Before you ship, compare amount and currency with your price: with a payment
link, the customer can choose the client_reference_id. Test events are refused;
LIVEMODE=false in the environment takes them instead.

Exit 0: done, or nothing to do. 100: never. Else, such as after an exception
(1): later.
"""

import json
import os
import re
import sqlite3
import sys


def never(why):
    print(os.environ["STRIPE_EVENT_ID"] + ":", why)
    sys.exit(100)


def text(value, pattern, what):
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        never("no usable " + what)
    return value


session = json.load(sys.stdin)["data"]["object"]
if session["object"] != "checkout.session":
    never("not a Checkout session")
if os.environ["STRIPE_LIVEMODE"] != os.environ.get("LIVEMODE", "true"):
    never("of the other livemode, see LIVEMODE in this script")
status = session["payment_status"]
if status == "unpaid":
    print("not paid yet; async_payment_succeeded will tell")
    sys.exit(0)
if status not in ("paid", "no_payment_required"):
    never("unknown payment_status")

key = text(session["id"], "[A-Za-z0-9_]{1,255}", "session id")
order = text(
    session.get("client_reference_id"), "[A-Za-z0-9_-]+", "client_reference_id"
)
currency = text(session.get("currency"), "[a-z]{3}", "currency")
amount = session.get("amount_total")  # in the currency's smallest unit
if type(amount) is not int or not 0 <= amount < 10**12:
    never("strange amount")

db = sqlite3.connect(os.environ["ORDERS_DB"], timeout=10)
with db:
    db.execute(
        "CREATE TABLE IF NOT EXISTS paid (session TEXT PRIMARY KEY,"
        " order_id TEXT NOT NULL, amount INTEGER NOT NULL,"
        " currency TEXT NOT NULL)"
    )
    new = db.execute(
        "INSERT INTO paid (session, order_id, amount, currency)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (session) DO NOTHING",
        (key, order, amount, currency),
    ).rowcount
db.close()
print("order", order, "is fulfilled" if new else "was fulfilled before")
