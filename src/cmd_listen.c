/*
 * stripehook listen: what arrives and what handlers do, as it happens.
 *
 * It reads the store a few times a second and needs no port. A look where
 * nothing has changed costs one number out of shared memory.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_row.h"
#include "cmd_term.h"
#include "cmd_time.h"
#include "mem.h"
#include "pattern.h"

#include "banned.h"

#define LOOK_MS 250 /* between two looks */

/* Something heard, kept until the store has been left. */
struct item {
	struct store_row row;
	bool is_attempt;
	char handler[DELIVERY_NAME_SIZE];
	struct attempt attempt;
	enum delivery_state state;
	int64_t due_ms;
};

struct listen {
	const char *type; /* a pattern; NULL: all */
	const char *handler; /* NULL: all */
	bool failed; /* only attempts that did not succeed */
	bool utc, json, color;
	int64_t count; /* lines still to be printed; negative: no end */
	struct item *items; /* owned: what was heard and is not yet printed */
	size_t nitems;
};

static bool
is_wanted(const struct listen *l, const struct store_news *news)
{
	if (l->type != NULL && !pattern_match(l->type, news->row->type))
		return false;
	if (news->handler == NULL)
		return !l->failed && l->handler == NULL;
	if (l->failed && news->attempt->outcome == ATTEMPT_SUCCEEDED)
		return false;
	return l->handler == NULL || strcmp(l->handler, news->handler) == 0;
}

static void
print_json(const struct store_news *news)
{
	const struct attempt *a = news->attempt;

	printf("{\"what\":\"%s\"", a == NULL ? "event" : "attempt");
	putchar(',');
	cmd_row_json(news->row);
	if (a != NULL) {
		cmd_row_json_text("handler", news->handler);
		printf(",\"number\":%d", a->number);
		cmd_row_json_text("outcome", attempt_outcome_name(a->outcome));
		cmd_row_json_time("started", a->started_ms);
		cmd_row_json_time("ended", a->ended_ms);
		printf(",\"exit_code\":%d,\"signal\":%d", a->exit_code,
		    a->term_signal);
		cmd_row_json_text("reason", a->reason);
		cmd_row_json_text("state", delivery_state_name(news->state));
		cmd_row_json_time("due", news->due_ms);
	}
	printf("}\n");
}

static void
print_attempt(const struct listen *l, const struct store_news *news)
{
	const struct attempt *a = news->attempt;
	char when[CMD_TIME_SIZE];

	printf("  <--  ");
	cmd_put(news->handler, 0);
	printf(": %s%s%s after %.3f s",
	    cmd_color(l->color, cmd_row_color(a->outcome)),
	    attempt_outcome_name(a->outcome), cmd_color(l->color, CMD_PLAIN),
	    (double)(a->ended_ms - a->started_ms) / 1000);
	if (a->outcome != ATTEMPT_SUCCEEDED && a->reason[0] != '\0') {
		printf(", ");
		cmd_put(a->reason, 0);
	}
	if (news->state == DELIVERY_FAILED) {
		printf(", given up");
	} else if (news->state == DELIVERY_PENDING) {
		cmd_time_format(news->due_ms, l->utc, when);
		printf(", again at %s", when);
	}
}

static void
print_text(const struct listen *l, const struct store_news *news)
{
	const struct attempt *a = news->attempt;
	char when[CMD_TIME_SIZE];

	cmd_time_format(
	    a != NULL ? a->ended_ms : news->row->received_ms, l->utc, when);
	printf("%s%s%s", cmd_color(l->color, CMD_DIM), when,
	    cmd_color(l->color, CMD_PLAIN));
	if (a != NULL) {
		print_attempt(l, news);
	} else {
		printf("  -->  %s", cmd_color(l->color, CMD_CYAN));
		cmd_put(news->row->type, 0);
		printf("%s", cmd_color(l->color, CMD_PLAIN));
	}
	printf(" [");
	cmd_put(news->row->id, 0);
	printf("]\n");
}

/*
 * Keeps it: printing may wait for whoever reads, and the store must not.
 */
static bool
hear(const struct store_news *news, void *arg)
{
	struct listen *l = arg;
	struct item *item;

	if (!is_wanted(l, news))
		return true;
	l->items = mem_resize(l->items, l->nitems + 1, sizeof(*l->items));
	item = &l->items[l->nitems++];
	memset(item, 0, sizeof(*item));
	item->row = *news->row;
	if (news->handler != NULL) {
		item->is_attempt = true;
		mem_copy(item->handler, sizeof(item->handler), news->handler);
		item->attempt = *news->attempt;
		item->state = news->state;
		item->due_ms = news->due_ms;
	}
	return l->count < 0 || (int64_t)l->nitems < l->count;
}

/*
 * Whether there is more to be printed, and somebody reads.
 */
static bool
tell(struct listen *l)
{
	size_t i;

	for (i = 0; i < l->nitems; i++) {
		const struct item *item = &l->items[i];
		const struct store_news news = { .row = &item->row,
			.handler = item->is_attempt ? item->handler : NULL,
			.attempt = item->is_attempt ? &item->attempt : NULL,
			.state = item->state,
			.due_ms = item->due_ms };

		if (l->json)
			print_json(&news);
		else
			print_text(l, &news);
		if (l->count > 0)
			l->count--;
	}
	l->nitems = 0;
	return fflush(stdout) == 0 && l->count != 0;
}

/*
 * Waits for the next look. False where nobody reads any longer: the pipe or
 * the terminal has gone.
 */
static bool
pause_reading(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = 0 };

	if (poll(&p, 1, LOOK_MS) < 0)
		return errno == EINTR;
	return (p.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

static int
follow(struct store *s, struct listen *l)
{
	struct store_mark mark = { .begun = false };
	struct err e = { "" };
	bool ready = false;
	enum result r;

	do {
		while ((r = store_follow(s, &mark, hear, l, &e)) == RES_OK)
			if (!tell(l))
				return CMD_OK;
		if (r != RES_EMPTY && r != RES_BUSY)
			return cmd_result(r, &e);
		if (r == RES_EMPTY && !ready) {
			/* On standard error: the rest is for scripts. */
			cmd_error("listening, Ctrl-C ends");
			ready = true;
		}
	} while (pause_reading());
	return CMD_OK;
}

static int
run(const struct cmd_global *g, struct listen *l)
{
	struct store *s;
	int status;

	if ((status = cmd_open_store(g, STORE_READER, &s)) != CMD_OK)
		return status;
	l->color = cmd_color_wanted() && !l->json;
	status = follow(s, l);
	store_close(s);
	free(l->items);
	return status;
}

enum long_option { OPT_TYPE = 256, OPT_HANDLER, OPT_FAILED, OPT_UTC, OPT_JSON };

int
cmd_listen(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, OPT_TYPE },
		{ "handler", required_argument, NULL, OPT_HANDLER },
		{ "failed", no_argument, NULL, OPT_FAILED },
		{ "count", required_argument, NULL, 'n' },
		{ "utc", no_argument, NULL, OPT_UTC },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct listen l = { .count = -1 };
	int ch;

	while ((ch = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		switch (ch) {
		case OPT_TYPE:
			l.type = optarg;
			if (!pattern_valid(optarg))
				return cmd_usage_error(self,
				    "no pattern of event types: %s", optarg);
			break;
		case OPT_HANDLER:
			l.handler = optarg;
			break;
		case OPT_FAILED:
			l.failed = true;
			break;
		case 'n':
			if (!cmd_number(optarg, 1, INT64_MAX, &l.count))
				return cmd_usage_error(
				    self, "not a number: %s", optarg);
			break;
		case OPT_UTC:
			l.utc = true;
			break;
		case OPT_JSON:
			l.json = true;
			break;
		case 'h':
			return cmd_help(self);
		default:
			return cmd_usage(self);
		}
	}
	if (optind < argc)
		return cmd_usage(self);
	return run(g, &l);
}
