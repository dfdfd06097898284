#!/usr/bin/env perl
# Mails the customer a receipt for a paid Checkout session, once.
#
#	handler "receipt" {
#		events      = { "checkout.session.completed",
#		    "checkout.session.async_payment_succeeded" }
#		command     = { "/usr/local/lib/stripehook/receipt.pl" }
#		environment = { "MAIL_FROM=shop@shop.example",
#		    "SENT=/var/lib/shop/receipts" }
#	}
#
# A file in the folder SENT, named by the session, is locked while a run is at
# it and written when the mail is out. Should the machine die in between, the
# mail goes out again: twice is better than never, and the Message-ID is the
# same.
#
# Test events are refused; LIVEMODE=false in the environment takes them
# instead. SENDMAIL names another program than /usr/sbin/sendmail.
#
# Only what comes with Perl is used. Exit 0: done, or nothing to do. 100:
# never. Else: later.
use strict;
use warnings FATAL => 'all';
use Fcntl ':flock';
use IO::Handle;
use JSON::PP;

# Amounts come in the currency's smallest unit as Stripe has it:
# https://docs.stripe.com/currencies. ISK and UGX come in hundredths.
my %decimals = (
	(map { $_ => 0 } qw(bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf
	    xof xpf)),
	(map { $_ => 3 } qw(bhd jod kwd omr tnd)),
);

sub money {
	my ($amount, $currency) = @_;
	my $digits = $decimals{$currency} // 2;

	# A point between the digits: nothing is computed, so nothing rounded.
	$amount = sprintf "%0*d", $digits + 1, $amount;
	$amount =~ s/([0-9]{$digits})\z/.$1/ if $digits;
	return uc($currency) . " $amount";
}

sub never_again {
	print "$ENV{STRIPE_EVENT_ID}: @_\n";
	exit 100;
}

sub text {
	my ($value, $pattern, $what) = @_;

	never_again("no usable $what")
	    unless defined $value && !ref $value && $value =~ /\A$pattern\z/;
	return $value;
}

sub setting {
	return $ENV{$_[0]} // die "$_[0] is not set\n";
}

sub send_mail {
	my $sendmail = $ENV{SENDMAIL} // '/usr/sbin/sendmail';

	open my $pipe, '|-', $sendmail, '-t', '-i' or die "$sendmail: $!\n";
	print $pipe @_ or die "$sendmail: $!\n";
	close $pipe or die "$sendmail failed\n";
}

sub main {
	my $event = decode_json(do { local $/; <STDIN> });
	my $session = $event->{data}{object};
	my $mode = $ENV{LIVEMODE} // 'true';

	never_again('not a Checkout session')
	    if $session->{object} ne 'checkout.session';
	never_again('of the other livemode, see LIVEMODE in this script')
	    if $ENV{STRIPE_LIVEMODE} ne $mode;
	if ($session->{payment_status} ne 'paid') {
		print "nothing was paid, so there is no receipt\n";
		return;
	}

	my $key = text($session->{id}, '[A-Za-z0-9_]{1,255}', 'session id');
	my $order = text($session->{client_reference_id}, '[A-Za-z0-9_-]+',
	    'client_reference_id');
	my $amount = text($session->{amount_total}, '[0-9]{1,12}', 'amount');
	my $currency = text($session->{currency}, '[a-z]{3}', 'currency');
	# One address, and nothing that means something in a header.
	my $customer = $session->{customer_details} // {};
	my $to = text($customer->{email},
	    q([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+), 'e-mail');

	my $from = setting('MAIL_FROM');
	my ($host) = $from =~ /([^@]*)\z/;
	my $received = money($amount, $currency);
	umask 0077;
	my $file = setting('SENT') . "/$key";
	open my $mark, '>>', $file or die "$file: $!\n";
	flock $mark, LOCK_EX or die "$file: $!\n";
	if (-s $mark) {
		print "the receipt for order $order was mailed before\n";
		return;
	}
	send_mail(<<"MAIL");
From: $from
To: $to
Subject: Your payment for order $order
Message-ID: <receipt.$key\@$host>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

Thank you. We have received $received for your order $order.
MAIL
	print $mark "mailed\n" or die "$file: $!\n";
	$mark->flush && $mark->sync or die "$file: $!\n";
	print "the receipt for order $order was mailed\n";
}

# die() alone would exit with errno, which may be 100.
eval { main(); 1 } or do {
	print STDERR $@;
	exit 1;
};
