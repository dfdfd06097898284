#!/usr/bin/env perl
# Fulfils a paid Checkout session, once: puts the order into a folder, which
# is what the people or programs that pack it look at.
#
#	handler "fulfil" {
#		events      = { "checkout.session.completed",
#		    "checkout.session.async_payment_succeeded" }
#		command     = { "/usr/local/lib/stripehook/fulfil.pl" }
#		environment = { "ORDERS=/var/lib/shop/orders" }
#	}
#
# The idempotency key is the session's id, the same in every attempt and in
# both events. It is the name of the order's file, which appears whole or not
# at all, and only one run can make it. So leave the files where they are.
#
# Before you ship, compare amount and currency with your price: with a payment
# link, the customer can choose the client_reference_id. Test events are
# refused; LIVEMODE=false in the environment takes them instead.
#
# Only what comes with Perl is used. Exit 0: done, or nothing to do. 100:
# never. Else: later.
use strict;
use warnings FATAL => 'all';
use Errno 'EEXIST';
use File::Temp;
use IO::Handle;
use JSON::PP;

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

sub main {
	my $folder = $ENV{ORDERS} // die "ORDERS is not set\n";
	my $event = decode_json(do { local $/; <STDIN> });
	my $session = $event->{data}{object};
	my $mode = $ENV{LIVEMODE} // 'true';

	never_again('not a Checkout session')
	    if $session->{object} ne 'checkout.session';
	never_again('of the other livemode, see LIVEMODE in this script')
	    if $ENV{STRIPE_LIVEMODE} ne $mode;
	my $status = $session->{payment_status};
	if ($status eq 'unpaid') {
		print "not paid yet; async_payment_succeeded will tell\n";
		return;
	}
	never_again('unknown payment_status')
	    unless $status =~ /\A(?:paid|no_payment_required)\z/;

	my $key = text($session->{id}, '[A-Za-z0-9_]{1,255}', 'session id');
	my $order = text($session->{client_reference_id}, '[A-Za-z0-9_-]+',
	    'client_reference_id');
	my $amount = text($session->{amount_total}, '[0-9]{1,12}', 'amount');
	my $currency = text($session->{currency}, '[a-z]{3}', 'currency');

	# The amount stays in the currency's smallest unit.
	my $draft = File::Temp->new(DIR => $folder, TEMPLATE => '.draft.XXXXXX');
	print $draft JSON::PP->new->canonical->encode({
		session => $key, order => $order, amount => 0 + $amount,
		currency => $currency }), "\n" or die "$draft: $!\n";
	chmod 0640, $draft or die "$draft: $!\n";
	$draft->flush && $draft->sync or die "$draft: $!\n";
	if (link "$draft", "$folder/$key") {
		print "order $order is fulfilled\n";
	} elsif ($! == EEXIST) {
		print "order $order was fulfilled before\n";
	} else {
		die "$folder/$key: $!\n";
	}
}

# die() alone would exit with errno, which may be 100.
eval { main(); 1 } or do {
	print STDERR $@;
	exit 1;
};
