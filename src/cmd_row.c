/*
 * An event as list and show print it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd_row.h"
#include "cmd.h"
#include "cmd_time.h"

#include "banned.h"

/* What a person asks about first comes first. */
static const enum delivery_state order[DELIVERY_STATES] = { DELIVERY_SUCCEEDED,
	DELIVERY_FAILED, DELIVERY_RUNNING, DELIVERY_PENDING };

void
cmd_row_state(
    const int64_t deliveries[DELIVERY_STATES], char out[CMD_ROW_STATE_SIZE])
{
	int64_t all = 0;
	struct buf b;
	size_t i;

	buf_init(&b, CMD_ROW_STATE_SIZE - 1);
	for (i = 0; i < DELIVERY_STATES; i++)
		all += deliveries[i];
	for (i = 0; i < DELIVERY_STATES; i++) {
		int64_t n = deliveries[order[i]];

		if (n == 0)
			continue;
		if (b.len > 0)
			buf_puts(&b, ", ");
		if (all > 1)
			buf_printf(&b, "%" PRId64 " ", n);
		buf_puts(&b, delivery_state_name(order[i]));
	}
	snprintf(out, CMD_ROW_STATE_SIZE, "%s",
	    all == 0 ? "no handler" : buf_text(&b));
	buf_free(&b);
}

enum cmd_color
cmd_row_color(enum attempt_outcome outcome)
{
	switch (outcome) {
	case ATTEMPT_SUCCEEDED:
		return CMD_GREEN;
	case ATTEMPT_NEVER:
		return CMD_RED;
	default:
		return CMD_YELLOW;
	}
}

void
cmd_row_json_text(const char *name, const char *value)
{
	printf(",\"%s\":", name);
	cmd_put_json(value, strlen(value));
}

void
cmd_row_json_time(const char *name, int64_t ms)
{
	char when[CMD_TIME_SIZE];

	if (ms == 0) {
		printf(",\"%s\":null", name);
		return;
	}
	cmd_time_format(ms, true, when);
	when[strcspn(when, "Z")] = '\0';
	printf(",\"%s\":\"%s.%03dZ\"", name, when, (int)(ms % 1000));
}

void
cmd_row_json_counts(const int64_t deliveries[DELIVERY_STATES])
{
	size_t i;

	for (i = 0; i < DELIVERY_STATES; i++)
		printf("%s\"%s\":%" PRId64, i == 0 ? "{" : ",",
		    delivery_state_name(order[i]), deliveries[order[i]]);
	putchar('}');
}

void
cmd_row_json(const struct store_row *row)
{
	printf("\"id\":");
	cmd_put_json(row->id, strlen(row->id));
	cmd_row_json_text("type", row->type);
	cmd_row_json_text("style", event_style_name(row->style));
	cmd_row_json_text("endpoint", row->endpoint);
	cmd_row_json_time("received", row->received_ms);
	printf(",\"created\":%" PRId64, row->created);
	printf(",\"livemode\":%s", row->livemode ? "true" : "false");
	cmd_row_json_text("object_id", row->object_id);
	cmd_row_json_text("customer", row->customer);
	cmd_row_json_text("account", row->account);
	printf(",\"size\":%" PRId64, row->size);
}
