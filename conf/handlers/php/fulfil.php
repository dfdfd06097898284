#!/usr/bin/env php
<?php
/*
 * Fulfils a paid Checkout session, once: adds a row to a table of paid orders.
 *
 *	handler "fulfil" {
 *		events      = { "checkout.session.completed",
 *		    "checkout.session.async_payment_succeeded" }
 *		command     = { "/usr/local/lib/stripehook/fulfil.php" }
 *		environment = { "ORDERS_DSN=sqlite:/var/lib/shop/orders.db" }
 *	}
 *
 * ORDERS_DSN, ORDERS_USER and ORDERS_PASSWORD are those of PDO, so the table
 * may be in the shop's own database. In MySQL give it "COLLATE ascii_bin":
 * Stripe's ids differ in case.
 *
 * The idempotency key is the session's id, the same in every attempt and in
 * both events. It is the table's primary key, so a second run cannot add
 * another row. Whatever else is to happen once belongs into the same
 * transaction or behind the same key.
 *
 * Before you ship, compare amount and currency with your price: with a payment
 * link, the customer can choose the client_reference_id. Test events are
 * refused; LIVEMODE=false in the environment takes them instead.
 *
 * Exit 0: done, or nothing to do. 100: never. Else: later.
 */
declare(strict_types=1);

// Every complaint of PHP's is an exception, and an exception means: later.
set_error_handler(function (int $level, string $what): never {
	throw new ErrorException($what);
});
set_exception_handler(function (Throwable $e): never {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
});

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

$event = json_decode(stream_get_contents(STDIN), true, 512,
    JSON_THROW_ON_ERROR);
$session = $event['data']['object'];
if ($session['object'] !== 'checkout.session') {
	never_again('not a Checkout session');
}
if (getenv('STRIPE_LIVEMODE') !== (getenv('LIVEMODE') ?: 'true')) {
	never_again('of the other livemode, see LIVEMODE in this script');
}
$status = $session['payment_status'];
if ($status === 'unpaid') {
	echo "not paid yet; async_payment_succeeded will tell\n";
	exit(0);
}
if (!in_array($status, ['paid', 'no_payment_required'], true)) {
	never_again('unknown payment_status');
}

$key = text($session['id'], '[A-Za-z0-9_]{1,255}', 'session id');
$order = text($session['client_reference_id'] ?? null, '[A-Za-z0-9_-]+',
    'client_reference_id');
$currency = text($session['currency'] ?? null, '[a-z]{3}', 'currency');
$amount = $session['amount_total'] ?? null; // in the currency's smallest unit
if (!is_int($amount) || $amount < 0 || $amount >= 10 ** 12) {
	never_again('strange amount');
}

$db = new PDO(getenv('ORDERS_DSN') ?: throw new Exception('no ORDERS_DSN'),
    getenv('ORDERS_USER') ?: null, getenv('ORDERS_PASSWORD') ?: null,
    [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$db->exec('CREATE TABLE IF NOT EXISTS paid (session VARCHAR(255) PRIMARY KEY,'
    . ' order_id VARCHAR(255) NOT NULL, amount BIGINT NOT NULL,'
    . ' currency CHAR(3) NOT NULL)');
try {
	$db->prepare('INSERT INTO paid (session, order_id, amount, currency)'
	    . ' VALUES (?, ?, ?, ?)')
	    ->execute([$key, $order, $amount, $currency]);
	echo "order $order is fulfilled\n";
} catch (PDOException $e) {
	// No database says "twice" like another; whether the row is there does.
	$old = $db->prepare('SELECT 1 FROM paid WHERE session = ?');
	$old->execute([$key]);
	if ($old->fetchColumn() === false) {
		throw $e;
	}
	echo "order $order was fulfilled before\n";
}
