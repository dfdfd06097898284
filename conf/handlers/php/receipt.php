#!/usr/bin/env php
<?php
/*
 * Mails the customer a receipt for a paid Checkout session, once.
 *
 *	handler "receipt" {
 *		events      = { "checkout.session.completed",
 *		    "checkout.session.async_payment_succeeded" }
 *		command     = { "/usr/local/lib/stripehook/receipt.php" }
 *		environment = { "MAIL_FROM=shop@shop.example",
 *		    "SENT=/var/lib/shop/receipts" }
 *	}
 *
 * A file in the folder SENT, named by the session, is locked while a run is at
 * it and written when the mail is out. Should the machine die in between, the
 * mail goes out again: twice is better than never, and the Message-ID is the
 * same.
 *
 * Test events are refused; LIVEMODE=false in the environment takes them
 * instead. SENDMAIL names another program than /usr/sbin/sendmail.
 *
 * Exit 0: done, or nothing to do. 100: never. Else: later.
 */
declare(strict_types=1);

// Amounts come in the currency's smallest unit as Stripe has it:
// https://docs.stripe.com/currencies. ISK and UGX come in hundredths.
const NO_DECIMALS = ['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga',
    'pyg', 'rwf', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'];
const THREE_DECIMALS = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];

// Every complaint of PHP's is an exception, and an exception means: later.
set_error_handler(function (int $level, string $what): never {
	throw new ErrorException($what);
});
set_exception_handler(function (Throwable $e): never {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
});

function money(int $amount, string $currency): string
{
	$code = strtoupper($currency);
	if (in_array($currency, NO_DECIMALS, true)) {
		return "$code $amount";
	}
	$digits = in_array($currency, THREE_DECIMALS, true) ? 3 : 2;
	$unit = 10 ** $digits;
	return sprintf("%s %d.%0{$digits}d", $code, intdiv($amount, $unit),
	    $amount % $unit);
}

function never_again(string $why): never
{
	echo getenv('STRIPE_EVENT_ID'), ": $why\n";
	exit(100);
}

function text(mixed $value, string $pattern, string $what): string
{
	if (!is_string($value) || preg_match("/\\A$pattern\\z/", $value) !== 1) {
		never_again("no usable $what");
	}
	return $value;
}

function setting(string $name): string
{
	return getenv($name) ?: throw new Exception("$name is not set");
}

function send(string $mail): void
{
	$sendmail = getenv('SENDMAIL') ?: '/usr/sbin/sendmail';
	$process = proc_open([$sendmail, '-t', '-i'], [['pipe', 'r']], $pipes);
	fwrite($pipes[0], $mail);
	fclose($pipes[0]);
	if (proc_close($process) !== 0) {
		throw new Exception("$sendmail failed");
	}
}

$event = json_decode(stream_get_contents(STDIN), true, 512,
    JSON_THROW_ON_ERROR);
$session = $event['data']['object'];
if ($session['object'] !== 'checkout.session') {
	never_again('not a Checkout session');
}
if (getenv('STRIPE_LIVEMODE') !== (getenv('LIVEMODE') ?: 'true')) {
	never_again('of the other livemode, see LIVEMODE in this script');
}
if ($session['payment_status'] !== 'paid') {
	echo "nothing was paid, so there is no receipt\n";
	exit(0);
}

$key = text($session['id'], '[A-Za-z0-9_]{1,255}', 'session id');
$order = text($session['client_reference_id'] ?? null, '[A-Za-z0-9_-]+',
    'client_reference_id');
$currency = text($session['currency'] ?? null, '[a-z]{3}', 'currency');
$amount = $session['amount_total'] ?? null;
if (!is_int($amount) || $amount < 0 || $amount >= 10 ** 12) {
	never_again('strange amount');
}
// One address, and nothing that means something in a header.
$to = text($session['customer_details']['email'] ?? null,
    "[A-Za-z0-9.!#$%&'*+\\/=?^_`{|}~-]+@[A-Za-z0-9.-]+", 'e-mail');

$from = setting('MAIL_FROM');
$host = substr(strrchr("@$from", '@'), 1);
$received = money($amount, $currency);
$mail = <<<MAIL
From: $from
To: $to
Subject: Your payment for order $order
Message-ID: <receipt.$key@$host>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

Thank you. We have received $received for your order $order.

MAIL;

umask(0077);
$mark = fopen(setting('SENT') . "/$key", 'ae');
if (!flock($mark, LOCK_EX)) {
	throw new Exception('no lock');
}
if (fstat($mark)['size'] > 0) {
	echo "the receipt for order $order was mailed before\n";
	exit(0);
}
send($mail);
fwrite($mark, "mailed\n");
fsync($mark);
echo "the receipt for order $order was mailed\n";
