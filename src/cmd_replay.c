/*
 * stripehook replay: a program under development gets a stored event as a
 * handler gets it. The store is only read.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_time.h"
#include "deliver.h"
#include "escape.h"
#include "mem.h"

#include "banned.h"

/* What a handler has where its section says nothing: stripehook.conf(5). */
#define DEFAULT_TIMEOUT 30
#define DEFAULT_GRACE 5
#define DEFAULT_ATTEMPTS 12
#define DEFAULT_UMASK 022

struct replay {
	const char *id;
	const char *endpoint; /* NULL: whichever has it */
	const char *handler; /* NULL: none */
	int64_t timeout; /* 0: the handler's */
	char **command; /* borrowed, NULL-terminated */
};

/*
 * The handler that is not configured, or the configured one with another
 * program.
 */
static int
make_handler(
    const struct replay *r, const struct conf *c, struct conf_handler *h)
{
	const struct conf_handler *known;

	memset(h, 0, sizeof(*h));
	mem_copy(h->name, sizeof(h->name), "replay");
	h->timeout = DEFAULT_TIMEOUT;
	h->grace = DEFAULT_GRACE;
	h->attempts = DEFAULT_ATTEMPTS;
	h->umask = DEFAULT_UMASK;
	h->backoff = h->backoff_max = 1;
	if (r->handler != NULL) {
		if ((known = conf_find_handler(c, r->handler)) == NULL) {
			cmd_error("%s: no handler \"%s\"", c->path, r->handler);
			return CMD_FAILED;
		}
		*h = *known;
	}
	h->command = r->command;
	if (r->timeout > 0)
		h->timeout = (int)r->timeout;
	return CMD_OK;
}

/*
 * The event as if it had just been claimed for the first time.
 */
static void
make_claim(const struct store_shown *shown, const struct conf_handler *h,
    struct store_claim *c)
{
	memset(c, 0, sizeof(*c));
	c->number = 1;
	c->now_ms = c->received_ms = cmd_time_now();
	mem_copy(c->endpoint, sizeof(c->endpoint), shown->row.endpoint);
	mem_copy(c->event_id, sizeof(c->event_id), shown->row.id);
	mem_copy(c->handler, sizeof(c->handler), h->name);
	buf_init(&c->body, shown->body.len);
	buf_add(&c->body, shown->body.data, shown->body.len);
}

static void
print_output(const struct run *run)
{
	struct buf b;

	buf_init(&b, 16 * sizeof(run->output));
	escape_text(&b, run->output, run->output_len);
	fputs(buf_text(&b), stdout);
	if (b.len > 0 && buf_text(&b)[b.len - 1] != '\n')
		putchar('\n');
	buf_free(&b);
	if (run->output_len == sizeof(run->output))
		printf("(only the last %d bytes are shown, and kept)\n",
		    DELIVERY_OUTPUT_MAX);
}

/*
 * What the worker would make of that end.
 */
static int
print_verdict(const struct deliver_job *job)
{
	const struct run *run = &job->run;
	struct store_finish f;

	deliver_judge(job, 0, &f);
	printf("%s after %.3f s", attempt_outcome_name(f.attempt.outcome),
	    (double)run->duration_ms / 1000);
	if (run->exit_code >= 0)
		printf(", exit %d", run->exit_code);
	if (run->term_signal > 0)
		printf(", signal %d", run->term_signal);
	if (run->reason[0] != '\0' && run->exit_code < 0) {
		printf(": ");
		cmd_put(run->reason, 0);
	}
	printf("\n");
	return f.attempt.outcome == ATTEMPT_SUCCEEDED ? CMD_OK : CMD_FAILED;
}

static int
execute(const struct store_shown *shown, const struct conf_handler *h)
{
	/* it is not to live on when this command is interrupted */
	const struct deliver_place place = { .mark = NULL, .bound = true };
	struct store_claim claim;
	struct deliver_job job;
	int status;

	make_claim(shown, h, &claim);
	deliver_begin(&job, h, &claim, &place, run_now_ms());
	run_wait(&job.run, 1);
	print_output(&job.run);
	status = print_verdict(&job);
	deliver_end(&job);
	store_claim_free(&claim);
	return status;
}

static int
replay(const struct replay *r, const struct conf *c)
{
	struct store_shown shown;
	struct conf_handler h;
	struct err e = { "" };
	struct store *s;
	enum result res;
	int status;

	if ((status = make_handler(r, c, &h)) != CMD_OK)
		return status;
	if ((res = store_open(&s, c->store, STORE_READER, &e)) != RES_OK)
		return cmd_result(res, &e);
	res = store_show(s, r->endpoint, r->id, &shown, &e);
	store_close(s);
	if (res != RES_OK)
		return cmd_result(res, &e);
	if (shown.body.len > 0) {
		status = execute(&shown, &h);
	} else {
		cmd_error("the body of %s is no longer kept", r->id);
		status = CMD_FAILED;
	}
	store_shown_free(&shown);
	return status;
}

static int
run(const struct replay *r, const struct cmd_global *g)
{
	char *path = realpath(r->command[0], NULL);
	struct conf c;
	int status;

	if (path == NULL) {
		cmd_error("%s: %s", r->command[0], strerror(errno));
		return CMD_FAILED;
	}
	r->command[0] = path;
	if ((status = cmd_load_secretless(g, &c)) == CMD_OK) {
		status = replay(r, &c);
		conf_free(&c);
	}
	free(path);
	return status;
}

enum long_option { OPT_TO = 256, OPT_HANDLER, OPT_ENDPOINT, OPT_TIMEOUT };

/*
 * What stands behind --to is the program's own, also where it looks like an
 * option of ours.
 */
static int
split_command(int argc, char **argv, struct replay *r)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--to") == 0)
			break;
	if (i + 1 >= argc)
		return argc;
	r->command = argv + i + 1;
	argv[i] = NULL;
	return i;
}

int
cmd_replay(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "to", required_argument, NULL, OPT_TO },
		{ "handler", required_argument, NULL, OPT_HANDLER },
		{ "endpoint", required_argument, NULL, OPT_ENDPOINT },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct replay r = { .id = NULL };
	int ch;

	argc = split_command(argc, argv, &r);
	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (ch) {
		case OPT_TO:
			return cmd_usage_error(
			    self, "write it as \"--to PROGRAM\", the last");
		case OPT_HANDLER:
			r.handler = optarg;
			break;
		case OPT_ENDPOINT:
			r.endpoint = optarg;
			break;
		case OPT_TIMEOUT:
			if (!cmd_number(optarg, 1, 86400, &r.timeout))
				return cmd_usage_error(self,
				    "not a number of seconds: %s", optarg);
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (argc - optind != 1)
		return cmd_usage_error(self, "which event?");
	if (r.command == NULL)
		return cmd_usage_error(self, "which program? --to PROGRAM");
	r.id = argv[optind];
	return run(&r, g);
}
