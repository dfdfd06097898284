/*
 * Which events: the options that list, retry and stats share.
 */
#ifndef STRIPEHOOK_CMD_FILTER_H
#define STRIPEHOOK_CMD_FILTER_H

#include "store.h"

enum cmd_filter_option {
	CMD_FILTER_TYPE = 512,
	CMD_FILTER_STATE,
	CMD_FILTER_HANDLER,
	CMD_FILTER_ENDPOINT,
	CMD_FILTER_OBJECT,
	CMD_FILTER_CUSTOMER,
	CMD_FILTER_ACCOUNT,
	CMD_FILTER_TEXT,
	CMD_FILTER_SINCE,
	CMD_FILTER_UNTIL
};

/* For the table of getopt_long. */
#define CMD_FILTER_OPTIONS \
	{ "type", required_argument, NULL, CMD_FILTER_TYPE }, \
	    { "state", required_argument, NULL, CMD_FILTER_STATE }, \
	    { "handler", required_argument, NULL, CMD_FILTER_HANDLER }, \
	    { "endpoint", required_argument, NULL, CMD_FILTER_ENDPOINT }, \
	    { "object", required_argument, NULL, CMD_FILTER_OBJECT }, \
	    { "customer", required_argument, NULL, CMD_FILTER_CUSTOMER }, \
	    { "account", required_argument, NULL, CMD_FILTER_ACCOUNT }, \
	    { "text", required_argument, NULL, CMD_FILTER_TEXT }, \
	    { "since", required_argument, NULL, CMD_FILTER_SINCE }, \
	{ \
		"until", required_argument, NULL, CMD_FILTER_UNTIL \
	}

/* For the table of commands. */
#define CMD_FILTER_HELP \
	"      --type PATTERN   events of these types: invoice.*\n" \
	"      --state STATE    with a delivery that is pending, running," \
	" succeeded, failed\n" \
	"      --handler NAME   for this handler\n" \
	"      --endpoint NAME  that came to this endpoint\n" \
	"      --object ID      about this object\n" \
	"      --customer ID    about this customer\n" \
	"      --account ACCT   of this connected account\n" \
	"      --text TEXT      with this text in the body\n" \
	"      --since TIME     received then or later: 2h, 2026-11-23\n" \
	"      --until TIME     received before\n"

/*
 * Takes one of these options into f, which borrows arg. CMD_OK; CMD_USAGE where
 * the value cannot be, which was printed; -1 where ch is none of them.
 */
int cmd_filter_set(struct store_filter *f, int ch, const char *arg);

#endif
