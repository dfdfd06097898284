/*
 * stripehook show: one event with all that happened to it.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_pager.h"
#include "cmd_row.h"
#include "cmd_term.h"
#include "cmd_time.h"
#include "escape.h"

#include "banned.h"

struct show {
	const char *endpoint; /* NULL: whichever has it */
	const char *id;
	bool body;
	bool utc;
	bool json;
	bool color;
};

static void
print_field(const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	printf("%-9s ", name);
	cmd_put(value, 0);
	putchar('\n');
}

static void
print_time(const struct show *show, const char *name, int64_t ms)
{
	char when[CMD_TIME_SIZE];

	cmd_time_format(ms, show->utc, when);
	print_field(name, when);
}

static void
print_event(const struct show *show, const struct store_shown *shown)
{
	const struct store_row *row = &shown->row;

	print_field("event", row->id);
	print_field("type", row->type);
	print_field("style", event_style_name(row->style));
	print_field("mode", row->livemode ? "live" : "test");
	print_field("endpoint", row->endpoint);
	print_time(show, "created", row->created * 1000);
	print_time(show, "received", row->received_ms);
	print_field("object", row->object_id);
	print_field("customer", row->customer);
	print_field("account", row->account);
	printf("%-9s %" PRId64 " bytes%s\n", "body", row->size,
	    shown->body.len == 0 ? ", dropped" : "");
}

/*
 * What a handler wrote, each line behind a bar.
 */
static void
print_output(const struct attempt *a)
{
	const char *line, *end;
	struct buf b;

	if (a->output_len == 0)
		return;
	buf_init(&b, 16 * sizeof(a->output));
	escape_text(&b, a->output, a->output_len);
	for (line = buf_text(&b); *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		printf("      | %.*s\n", (int)(end - line), line);
		if (*end == '\n')
			end++;
	}
	buf_free(&b);
}

static void
print_attempt(const struct show *show, const struct attempt *a)
{
	char when[CMD_TIME_SIZE];

	cmd_time_format(a->started_ms, show->utc, when);
	printf("  %2d  %s  %s%s%s", a->number, when,
	    cmd_color(show->color, cmd_row_color(a->outcome)),
	    attempt_outcome_name(a->outcome),
	    cmd_color(show->color, CMD_PLAIN));
	if (a->ended_ms > 0)
		printf(" after %.3f s",
		    (double)(a->ended_ms - a->started_ms) / 1000);
	if (a->exit_code >= 0 && a->ended_ms > 0)
		printf(", exit %d", a->exit_code);
	if (a->term_signal > 0)
		printf(", signal %d", a->term_signal);
	putchar('\n');
	if (a->reason[0] != '\0') {
		printf("      ");
		cmd_put(a->reason, 0);
		putchar('\n');
	}
	print_output(a);
}

static void
print_delivery(const struct show *show, const struct delivery *d)
{
	char when[CMD_TIME_SIZE];

	printf("\nhandler   ");
	cmd_put(d->handler, 0);
	printf(": %s, %d attempt%s", delivery_state_name(d->state), d->attempts,
	    d->attempts == 1 ? "" : "s");
	if (d->state == DELIVERY_PENDING) {
		cmd_time_format(d->due_ms, show->utc, when);
		printf(", due %s", when);
	}
	putchar('\n');
	print_field("lane", d->lane);
}

static void
print_text(const struct show *show, const struct store_shown *shown)
{
	const struct attempt *a = shown->attempts;
	size_t i, j;

	print_event(show, shown);
	for (i = 0; i < shown->ndeliveries; i++) {
		print_delivery(show, &shown->deliveries[i]);
		for (j = 0; j < shown->nattempts[i]; j++)
			print_attempt(show, a++);
	}
}

static void
print_attempt_json(const struct attempt *a)
{
	printf("{\"number\":%d", a->number);
	cmd_row_json_text("outcome", attempt_outcome_name(a->outcome));
	cmd_row_json_time("started", a->started_ms);
	cmd_row_json_time("ended", a->ended_ms);
	printf(",\"exit_code\":%d,\"signal\":%d", a->exit_code, a->term_signal);
	cmd_row_json_text("reason", a->reason);
	printf(",\"output\":");
	cmd_put_json(a->output, a->output_len);
	putchar('}');
}

static void
print_delivery_json(
    const struct delivery *d, const struct attempt *attempts, size_t n)
{
	size_t i;

	printf("{\"handler\":");
	cmd_put_json(d->handler, strlen(d->handler));
	cmd_row_json_text("state", delivery_state_name(d->state));
	cmd_row_json_text("lane", d->lane);
	cmd_row_json_time("due", d->due_ms);
	cmd_row_json_time("finished", d->finished_ms);
	printf(",\"attempts\":[");
	for (i = 0; i < n; i++) {
		if (i > 0)
			putchar(',');
		print_attempt_json(&attempts[i]);
	}
	printf("]}");
}

static void
print_json(const struct store_shown *shown)
{
	const struct attempt *a = shown->attempts;
	size_t i;

	putchar('{');
	cmd_row_json(&shown->row);
	printf(",\"body_kept\":%s", shown->body.len > 0 ? "true" : "false");
	printf(",\"deliveries\":[");
	for (i = 0; i < shown->ndeliveries; i++) {
		if (i > 0)
			putchar(',');
		print_delivery_json(
		    &shown->deliveries[i], a, shown->nattempts[i]);
		a += shown->nattempts[i];
	}
	printf("]}\n");
}

static int
print_body(const struct store_shown *shown)
{
	struct buf b;

	if (shown->body.len == 0) {
		cmd_error("the body of %s is no longer kept", shown->row.id);
		return CMD_FAILED;
	}
	if (isatty(STDOUT_FILENO)) {
		/* What is only looked at must not steer the terminal. */
		buf_init(&b, 8 * shown->body.len + 1);
		escape_text(&b, shown->body.data, shown->body.len);
		puts(buf_text(&b));
		buf_free(&b);
	} else {
		fwrite(shown->body.data, 1, shown->body.len, stdout);
	}
	return CMD_OK;
}

static int
run(const struct cmd_global *g, const struct show *show)
{
	struct store_shown shown;
	struct cmd_pager pager;
	struct err e = { "" };
	struct store *s;
	enum result r;
	int status;

	if ((status = cmd_open_store(g, STORE_READER, &s)) != CMD_OK)
		return status;
	r = store_show(s, show->endpoint, show->id, &shown, &e);
	store_close(s);
	if (r != RES_OK)
		return cmd_result(r, &e);
	if (show->body) {
		status = print_body(&shown);
	} else if (show->json) {
		print_json(&shown);
	} else {
		cmd_pager_open(&pager);
		print_text(show, &shown);
		cmd_pager_close(&pager);
	}
	store_shown_free(&shown);
	return status;
}

enum long_option { OPT_BODY = 256, OPT_ENDPOINT, OPT_UTC, OPT_JSON };

int
cmd_show(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "body", no_argument, NULL, OPT_BODY },
		{ "endpoint", required_argument, NULL, OPT_ENDPOINT },
		{ "utc", no_argument, NULL, OPT_UTC },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct show show = { .color = cmd_color_wanted() };
	int ch;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (ch) {
		case OPT_BODY:
			show.body = true;
			break;
		case OPT_ENDPOINT:
			show.endpoint = optarg;
			break;
		case OPT_UTC:
			show.utc = true;
			break;
		case OPT_JSON:
			show.json = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (argc - optind != 1)
		return cmd_usage_error(self, "which event?");
	show.id = argv[optind];
	return run(g, &show);
}
