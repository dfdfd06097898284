/*
 * stripehook sign: the Stripe-Signature header for a body.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_signer.h"
#include "cmd_time.h"
#include "signature.h"

#include "banned.h"

#define BODY_MAX (64 * 1024 * 1024)
#define CHUNK 65536

/*
 * Reads the file, or standard input for "-", byte by byte as it is.
 */
static int
read_body(const char *path, struct buf *body)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "rb");
	int failed;

	if (f == NULL) {
		cmd_error("%s: %s", path, strerror(errno));
		return CMD_FAILED;
	}
	while (buf_reserve(body, CHUNK)) {
		size_t n = fread(body->data + body->len, 1, CHUNK, f);

		body->len += n;
		if (n < CHUNK)
			break;
	}
	if ((failed = ferror(f)) != 0)
		cmd_error("%s: %s", path, strerror(errno));
	else if (body->failed)
		cmd_error("%s: larger than %d bytes", path, BODY_MAX);
	if (!is_stdin)
		fclose(f);
	return failed || body->failed ? CMD_FAILED : CMD_OK;
}

static int
sign(const struct secret *secret, int64_t time_ms, const char *path)
{
	char header[SIGNATURE_TEXT_SIZE];
	struct err e = { "" };
	struct buf body;
	enum result r;
	int status;

	buf_init(&body, BODY_MAX + CHUNK);
	status = read_body(path, &body);
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
