#!/usr/bin/env python3
"""Runs for payment_intent.succeeded and writes the paid order down, once.

    handler "order" {
        events      = { "payment_intent.succeeded" }
        command     = { "/usr/local/lib/stripehook/order.py" }
        environment = { "ORDERS_DB=/var/lib/shop/orders.db" }
    }

The PaymentIntent's id is the primary key, so a second run for the same
payment, whether for a repeated attempt or for another event about it, finds
the row there and changes nothing. Whatever else is to happen once, such as
shipping, belongs into the same transaction or behind the same key.

An exception ends Python with exit code 1: the attempt is repeated later, with
the traceback kept. Exit code 100 means never again.
"""

import json
import os
import sqlite3
import sys

event = json.load(sys.stdin)
payment = event["data"]["object"]

order = (payment.get("metadata") or {}).get("order_id")
if not order:
    print(payment["id"], "names no order_id in its metadata")
    sys.exit(100)

db = sqlite3.connect(os.environ["ORDERS_DB"], timeout=10)
with db:
    db.execute(
        "CREATE TABLE IF NOT EXISTS paid (payment TEXT PRIMARY KEY,"
        " order_id TEXT NOT NULL, amount INTEGER NOT NULL,"
        " currency TEXT NOT NULL)"
    )
    new = db.execute(
        "INSERT OR IGNORE INTO paid VALUES (?, ?, ?, ?)",
        (
            payment["id"],
            order,
            payment["amount_received"],
            payment["currency"],
        ),
    ).rowcount
db.close()
print("order", order, "is paid" if new else "was paid already")
