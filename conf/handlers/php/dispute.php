#!/usr/bin/env php
<?php
/*
 * Mails a person that a customer disputes a payment, once for each dispute.
 *
 *	handler "dispute" {
 *		events      = { "charge.dispute.created" }
 *		command     = { "/usr/local/lib/stripehook/dispute.php" }
 *		environment = { "MAIL_TO=you@shop.example",
 *		    "SENT=/var/lib/shop/disputes" }
 *	}
 *
 * An unanswered dispute is lost, so the alert goes out whatever the event
 * holds: what is missing or strange in it is shown as "unknown".
 *
 * A file in the folder SENT, named by the dispute, is locked while a run is at
 * it and written when the mail is out. SENDMAIL in the environment names
 * another program than /usr/sbin/sendmail.
 *
 * Exit 0: done. 100: never. Else: later.
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

function is_number(mixed $value): bool
{
	return is_int($value) && $value >= 0 && $value < 10 ** 12;
}

function money(mixed $amount, string $currency): string
{
	if (!is_number($amount)) {
		return 'an unknown amount';
	}
	$code = strtoupper($currency);
	if (in_array($currency, NO_DECIMALS, true)) {
		return "$code $amount";
	}
	$digits = in_array($currency, THREE_DECIMALS, true) ? 3 : 2;
	$unit = 10 ** $digits;
	return sprintf("%s %d.%0{$digits}d", $code, intdiv($amount, $unit),
	    $amount % $unit);
}

function when(mixed $seconds): string
{
	return is_number($seconds) ? gmdate('Y-m-d H:i \U\T\C', $seconds)
	    : 'unknown';
}

// Letters, digits and _ only, or "unknown".
function plain(mixed $value): string
{
	return is_string($value)
	    && preg_match('/\A[A-Za-z0-9_]{1,255}\z/', $value) === 1
	    ? $value : 'unknown';
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
$dispute = $event['data']['object'];
$key = plain($dispute['id'] ?? null);
if (($dispute['object'] ?? null) !== 'dispute' || $key === 'unknown') {
	echo getenv('STRIPE_EVENT_ID'), ": not a dispute with an id\n";
	exit(100);
}

$fact = fn(string $name): string => plain($dispute[$name] ?? null);
$to = setting('MAIL_TO');
$test = getenv('STRIPE_LIVEMODE') === 'true' ? '' : '[test] ';
$amount = money($dispute['amount'] ?? null, $fact('currency'));
$due = when($dispute['evidence_details']['due_by'] ?? null);
$id = getenv('STRIPE_EVENT_ID');
$mail = <<<MAIL
To: $to
Subject: {$test}Dispute $key over $amount
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

A customer disputes a payment. Answer in the Stripe Dashboard before
$due.

Dispute: $key
Reason:  {$fact('reason')}
Status:  {$fact('status')}
Charge:  {$fact('charge')}
Payment: {$fact('payment_intent')}

The event: stripehook show $id

MAIL;

umask(0077);
$mark = fopen(setting('SENT') . "/$key", 'ae');
if (!flock($mark, LOCK_EX)) {
	throw new Exception('no lock');
}
if (fstat($mark)['size'] > 0) {
	echo "$key was told before\n";
	exit(0);
}
send($mail);
fwrite($mark, "mailed\n");
fsync($mark);
echo "$key was told\n";
