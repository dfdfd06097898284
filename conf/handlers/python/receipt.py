#!/usr/bin/env python3
"""Mails the customer a receipt for a paid Checkout session, once.

    handler "receipt" {
        events      = { "checkout.session.completed",
            "checkout.session.async_payment_succeeded" }
        command     = { "/usr/local/lib/stripehook/receipt.py" }
        environment = { "MAIL_FROM=shop@shop.example",
            "SENT=/var/lib/shop/receipts" }
    }

A file in the folder SENT, named by the session, is locked while a run is at it
and written when the mail is out. Should the machine die in between, the mail
goes out again: twice is better than never, and the Message-ID is the same.

Test events are refused; LIVEMODE=false in the environment takes them instead.
SENDMAIL names another program than /usr/sbin/sendmail.

Exit 0: done, or nothing to do. 100: never. Else, such as after an exception
(1): later.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
from email.message import EmailMessage

# Amounts come in the currency's smallest unit as Stripe has it:
# https://docs.stripe.com/currencies. ISK and UGX come in hundredths.
NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE_DECIMALS = "bhd jod kwd omr tnd"


def money(amount, currency):
    code = currency.upper()
    if currency in NO_DECIMALS.split():
        return f"{code} {amount}"
    if currency in THREE_DECIMALS.split():
        return f"{code} {amount // 1000}.{amount % 1000:03}"
    return f"{code} {amount // 100}.{amount % 100:02}"


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
if session["payment_status"] != "paid":
    print("nothing was paid, so there is no receipt")
    sys.exit(0)

key = text(session["id"], "[A-Za-z0-9_]{1,255}", "session id")
order = text(
    session.get("client_reference_id"), "[A-Za-z0-9_-]+", "client_reference_id"
)
currency = text(session.get("currency"), "[a-z]{3}", "currency")
amount = session.get("amount_total")
if type(amount) is not int or not 0 <= amount < 10**12:
    never("strange amount")
# One address, and nothing that means something in a header.
to = text(
    (session.get("customer_details") or {}).get("email"),
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+",
    "e-mail",
)

mail_from = os.environ["MAIL_FROM"]
mail = EmailMessage()
mail["From"] = mail_from
mail["To"] = to
mail["Subject"] = f"Your payment for order {order}"
mail["Message-ID"] = f"<receipt.{key}@{mail_from.rpartition('@')[2]}>"
mail["Auto-Submitted"] = "auto-generated"
mail.set_content(
    f"Thank you. We have received {money(amount, currency)}"
    f" for your order {order}.\n"
)

os.umask(0o077)
with open(os.path.join(os.environ["SENT"], key), "a") as mark:
    fcntl.flock(mark, fcntl.LOCK_EX)
    if os.fstat(mark.fileno()).st_size > 0:
        print(f"the receipt for order {order} was mailed before")
        sys.exit(0)
    sendmail = os.environ.get("SENDMAIL", "/usr/sbin/sendmail")
    subprocess.run([sendmail, "-t", "-i"], input=mail.as_bytes(), check=True)
    print("mailed", file=mark, flush=True)
    os.fsync(mark.fileno())
print(f"the receipt for order {order} was mailed")
