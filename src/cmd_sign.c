/*
 * stripehook sign: the Stripe-Signature header for a body.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "cmd_file.h"
#include "cmd_signer.h"
#include "cmd_time.h"
#include "signature.h"

#include "banned.h"

static int
sign(const struct secret *secret, int64_t time_ms, const char *path)
{
	char header[SIGNATURE_TEXT_SIZE];
	struct err e = { "" };
	struct buf body;
	enum result r;
	int status;

	status = cmd_file_read(path, &body);
	if (status == CMD_OK) {
		r = signature_sign(secret->value, secret->len, time_ms / 1000,
		    buf_text(&body), body.len, header, &e);
		if (r == RES_OK)
			puts(header);
		else
			status = cmd_result(r, &e);
	}
	buf_free(&body);
	return status;
}

int
cmd_sign(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "endpoint", required_argument, NULL, 'e' },
		{ "secret", required_argument, NULL, 's' },
		{ "time", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *endpoint = NULL, *source = NULL;
	int64_t time_ms = cmd_time_now();
	struct cmd_signer signer;
	int ch, status;

	while ((ch = getopt_long(argc, argv, "e:s:t:h", options, NULL)) != -1) {
		switch (ch) {
		case 'e':
			endpoint = optarg;
			break;
		case 's':
			source = optarg;
			break;
		case 't':
			if (!cmd_time_parse(optarg, time_ms, &time_ms))
				return cmd_usage_error(
				    self, "not a time: %s", optarg);
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (argc - optind > 1 || (endpoint != NULL && source != NULL))
		return cmd_usage(self);
	status = cmd_signer_open(&signer, g, source, endpoint);
	if (status != CMD_OK)
		return status;
	status =
	    sign(signer.secret, time_ms, optind < argc ? argv[optind] : "-");
	cmd_signer_close(&signer);
	return status;
}
