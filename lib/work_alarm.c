/*
 * What the worker looks at besides attempts, to raise the program's own events.
 */
#include "config.h"

#include "alarm.h"
#include "log.h"
#include "work_impl.h"

#include "banned.h"

static bool
take_received(const struct store_row *row, void *arg)
{
	int64_t *last_ms = arg;

	if (row->received_ms > *last_ms)
		*last_ms = row->received_ms;
	return false;
}

/*
 * When the last event of Stripe's came, in seconds since 1970: our own do not
 * break a silence.
 */
static int64_t
last_received(struct worker *w)
{
	struct store_filter f = STORE_FILTER_ANY;
	int64_t last_ms = 0;
	size_t i;

	f.limit = 1;
	for (i = 0; i < w->conf->nendpoints; i++) {
		f.endpoint = w->conf->endpoints[i].name;
		(void)store_list(w->store, &f, take_received, &last_ms, NULL);
	}
	return last_ms / 1000;
}

static void
check_silence(struct worker *w)
{
	struct event_own own = { .kind = EVENT_OWN_SILENCE };
	int64_t since;

	if (w->conf->silence == 0)
		return;
	own.last_received = last_received(w);
	since = own.last_received > 0 ? own.last_received : w->started;
	if (store_now_ms(w->store) / 1000 - since >= w->conf->silence)
		alarm_raise(w->store, w->conf, &own);
}

static void
check_disk(struct worker *w)
{
	struct event_own own = { .kind = EVENT_OWN_DISK_LOW };

	if (w->conf->disk_low == 0)
		return;
	own.bytes_limit = w->conf->disk_low;
	own.bytes_free = store_free_bytes(w->store);
	if (own.bytes_free >= 0 && own.bytes_free < own.bytes_limit) {
		log_error("only %lld bytes are free for the store",
		    (long long)own.bytes_free);
		alarm_raise(w->store, w->conf, &own);
	}
}

void
work_alarm_state(struct worker *w)
{
	if (w->store == NULL)
		return;
	check_silence(w);
	check_disk(w);
}
