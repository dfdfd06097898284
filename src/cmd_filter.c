/*
 * Which events: the options that list, retry and stats share.
 */
#include "config.h"

#include "cmd_filter.h"
#include "cmd.h"
#include "cmd_time.h"
#include "pattern.h"

#include "banned.h"

static int
wrong(const char *what, const char *arg)
{
	cmd_error("%s: %s", what, arg);
	return CMD_USAGE;
}

/*
 * Those whose value is checked.
 */
static int
set_checked(struct store_filter *f, int ch, const char *arg)
{
	enum delivery_state state;

	switch (ch) {
	case CMD_FILTER_TYPE:
		f->type = arg;
		return pattern_valid(arg)
		    ? CMD_OK
		    : wrong("no pattern of event types, such as 'invoice.*'",
			  arg);
	case CMD_FILTER_STATE:
		if (delivery_state_parse(arg, &state) != RES_OK)
			return wrong("no state, which is pending, running, "
				     "succeeded or failed",
			    arg);
		f->state = (int)state;
		return CMD_OK;
	case CMD_FILTER_SINCE:
	case CMD_FILTER_UNTIL:
		return cmd_time_parse(arg, cmd_time_now(),
			   ch == CMD_FILTER_SINCE ? &f->since_ms : &f->until_ms)
		    ? CMD_OK
		    : wrong("not a time", arg);
	default:
		return -1;
	}
}

int
cmd_filter_set(struct store_filter *f, int ch, const char *arg)
{
	switch (ch) {
	case CMD_FILTER_HANDLER:
		f->handler = arg;
		return CMD_OK;
	case CMD_FILTER_ENDPOINT:
		f->endpoint = arg;
		return CMD_OK;
	case CMD_FILTER_OBJECT:
		f->object_id = arg;
		return CMD_OK;
	case CMD_FILTER_CUSTOMER:
		f->customer = arg;
		return CMD_OK;
	case CMD_FILTER_ACCOUNT:
		f->account = arg;
		return CMD_OK;
	case CMD_FILTER_TEXT:
		f->text = arg;
		return CMD_OK;
	default:
		return set_checked(f, ch, arg);
	}
}
