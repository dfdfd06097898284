#!/usr/bin/env perl
# Mails a person that a customer disputes a payment, once for each dispute.
#
#	handler "dispute" {
#		events      = { "charge.dispute.created" }
#		command     = { "/usr/local/lib/stripehook/dispute.pl" }
#		environment = { "MAIL_TO=you@shop.example",
#		    "SENT=/var/lib/shop/disputes" }
#	}
#
# An unanswered dispute is lost, so the alert goes out whatever the event
# holds: what is missing or strange in it is shown as "unknown".
#
# A file in the folder SENT, named by the dispute, is locked while a run is at
# it and written when the mail is out. SENDMAIL in the environment names
# another program than /usr/sbin/sendmail.
#
# Only what comes with Perl is used. Exit 0: done. 100: never. Else: later.
use strict;
use warnings FATAL => 'all';
use Fcntl ':flock';
use IO::Handle;
use JSON::PP;
use POSIX 'strftime';

# Amounts come in the currency's smallest unit as Stripe has it:
# https://docs.stripe.com/currencies. ISK and UGX come in hundredths.
my %decimals = (
	(map { $_ => 0 } qw(bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf
	    xof xpf)),
	(map { $_ => 3 } qw(bhd jod kwd omr tnd)),
);

sub is_number {
	my ($value) = @_;

	return defined $value && !ref $value && $value =~ /\A[0-9]{1,12}\z/;
}

sub money {
	my ($amount, $currency) = @_;
	my $digits = $decimals{$currency} // 2;

	return 'an unknown amount' unless is_number($amount);
	# A point between the digits: nothing is computed, so nothing rounded.
	$amount = sprintf "%0*d", $digits + 1, $amount;
	$amount =~ s/([0-9]{$digits})\z/.$1/ if $digits;
	return uc($currency) . " $amount";
}

sub when_due {
	my ($seconds) = @_;

	return 'unknown' unless is_number($seconds);
	return strftime '%Y-%m-%d %H:%M UTC', gmtime $seconds;
}

# Letters, digits and _ only, or "unknown".
sub plain {
	my ($value) = @_;

	return defined $value && !ref $value
	    && $value =~ /\A[A-Za-z0-9_]{1,255}\z/ ? $value : 'unknown';
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
	my $dispute = $event->{data}{object};
	my $key = plain($dispute->{id});

	if (plain($dispute->{object}) ne 'dispute' || $key eq 'unknown') {
		print "$ENV{STRIPE_EVENT_ID}: not a dispute with an id\n";
		exit 100;
	}
	my $to = setting('MAIL_TO');
	my $test = $ENV{STRIPE_LIVEMODE} eq 'true' ? '' : '[test] ';
	my ($reason, $status, $charge, $payment, $currency) =
	    map { plain($dispute->{$_}) }
	    qw(reason status charge payment_intent currency);
	my $amount = money($dispute->{amount}, $currency);
	my $evidence = $dispute->{evidence_details};
	my $due = when_due(
	    ref $evidence eq 'HASH' ? $evidence->{due_by} : undef);

	umask 0077;
	my $file = setting('SENT') . "/$key";
	open my $mark, '>>', $file or die "$file: $!\n";
	flock $mark, LOCK_EX or die "$file: $!\n";
	if (-s $mark) {
		print "$key was told before\n";
		return;
	}
	send_mail(<<"MAIL");
To: $to
Subject: ${test}Dispute $key over $amount
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

A customer disputes a payment. Answer in the Stripe Dashboard before
$due.

Dispute: $key
Reason:  $reason
Status:  $status
Charge:  $charge
Payment: $payment

The event: stripehook show $ENV{STRIPE_EVENT_ID}
MAIL
	print $mark "mailed\n" or die "$file: $!\n";
	$mark->flush && $mark->sync or die "$file: $!\n";
	print "$key was told\n";
}

# die() alone would exit with errno, which may be 100.
eval { main(); 1 } or do {
	print STDERR $@;
	exit 1;
};
