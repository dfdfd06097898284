#!/usr/bin/env python3
"""Mails a person that a customer disputes a payment, once for each dispute.

    handler "dispute" {
        events      = { "charge.dispute.created" }
        command     = { "/usr/local/lib/stripehook/dispute.py" }
        environment = { "MAIL_TO=you@shop.example",
            "SENT=/var/lib/shop/disputes" }
    }

An unanswered dispute is lost, so the alert goes out whatever the event holds:
what is missing or strange in it is shown as "unknown".

A file in the folder SENT, named by the dispute, is locked while a run is at it
and written when the mail is out. SENDMAIL in the environment names another
program than /usr/sbin/sendmail.

Exit 0: done. 100: never. Else, such as after an exception (1): later.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from email.message import EmailMessage

# Amounts come in the currency's smallest unit as Stripe has it:
# https://docs.stripe.com/currencies. ISK and UGX come in hundredths.
NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE_DECIMALS = "bhd jod kwd omr tnd"


def is_number(value):
    return type(value) is int and 0 <= value < 10**12


def money(amount, currency):
    if not is_number(amount):
        return "an unknown amount"
    code = currency.upper()
    if currency in NO_DECIMALS.split():
        return f"{code} {amount}"
    if currency in THREE_DECIMALS.split():
        return f"{code} {amount // 1000}.{amount % 1000:03}"
    return f"{code} {amount // 100}.{amount % 100:02}"


def when(seconds):
    if not is_number(seconds):
        return "unknown"
    try:
        date = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError):  # beyond the year 9999
        return "unknown"
    return date.strftime("%Y-%m-%d %H:%M UTC")


def plain(value):
    """Letters, digits and _ only, or "unknown"."""
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9_]{1,255}", value):
        return value
    return "unknown"


dispute = json.load(sys.stdin)["data"]["object"]
key = plain(dispute.get("id"))
if dispute.get("object") != "dispute" or key == "unknown":
    print(os.environ["STRIPE_EVENT_ID"] + ": not a dispute with an id")
    sys.exit(100)

amount = money(dispute.get("amount"), plain(dispute.get("currency")))
test = "" if os.environ["STRIPE_LIVEMODE"] == "true" else "[test] "
mail = EmailMessage()
mail["To"] = os.environ["MAIL_TO"]
mail["Subject"] = f"{test}Dispute {key} over {amount}"
mail["Auto-Submitted"] = "auto-generated"
evidence = dispute.get("evidence_details")
due = evidence.get("due_by") if isinstance(evidence, dict) else None
mail.set_content(
    f"""\
A customer disputes a payment. Answer in the Stripe Dashboard before
{when(due)}.

Dispute: {key}
Reason:  {plain(dispute.get("reason"))}
Status:  {plain(dispute.get("status"))}
Charge:  {plain(dispute.get("charge"))}
Payment: {plain(dispute.get("payment_intent"))}

The event: stripehook show {os.environ["STRIPE_EVENT_ID"]}
"""
)

os.umask(0o077)
with open(os.path.join(os.environ["SENT"], key), "a") as mark:
    fcntl.flock(mark, fcntl.LOCK_EX)
    if os.fstat(mark.fileno()).st_size > 0:
        print(key, "was told before")
        sys.exit(0)
    sendmail = os.environ.get("SENDMAIL", "/usr/sbin/sendmail")
    subprocess.run([sendmail, "-t", "-i"], input=mail.as_bytes(), check=True)
    print("mailed", file=mark, flush=True)
    os.fsync(mark.fileno())
print(key, "was told")
