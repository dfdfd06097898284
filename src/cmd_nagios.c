/*
 * stats as a monitoring plugin.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_nagios.h"
#include "cmd.h"
#include "cmd_time.h"
#include "store.h"

#include "banned.h"

static const struct {
	const char *name;
	const char *unit; /* of the performance data */
} keys[NAGIOS_KEYS] = {
	[NAGIOS_DUE] = { "due", "" },
	[NAGIOS_OLDEST] = { "oldest", "s" },
	[NAGIOS_FAILED] = { "failed", "" },
	[NAGIOS_SILENCE] = { "silence", "s" },
	[NAGIOS_FREE] = { "free", "B" },
	[NAGIOS_WORKER] = { "worker", "" },
};

void
nagios_init(struct nagios *n)
{
	memset(n, 0, sizeof(*n));
	nagios_range_parse(&n->warning[NAGIOS_OLDEST], "300");
	nagios_range_parse(&n->critical[NAGIOS_OLDEST], "3600");
	nagios_range_parse(&n->warning[NAGIOS_FAILED], "0");
}

/*
 * A whole number, or one with a fraction, up to the end of text or a colon.
 */
static bool
parse_number(const char **text, double *value)
{
	const char *s = *text;
	size_t n = strspn(s, "-0123456789.");
	char *end;

	if (n == 0 || (s[n] != '\0' && s[n] != ':'))
		return false;
	*value = strtod(s, &end);
	*text = end;
	return end == s + n;
}

bool
nagios_range_parse(struct nagios_range *r, const char *text)
{
	const char *s = text;

	r->text = text;
	r->lo = 0;
	r->hi = INFINITY;
	r->inside = *s == '@';
	if (r->inside)
		s++;
	if (strncmp(s, "~:", 2) == 0) {
		r->lo = -INFINITY;
		s += 2;
	} else {
		if (!parse_number(&s, &r->lo))
			return false;
		if (*s == '\0') {
			r->hi = r->lo;
			r->lo = 0;
			return true;
		}
		s++;
		if (*s == '\0')
			return true;
	}
	return parse_number(&s, &r->hi) && *s == '\0' && r->lo <= r->hi;
}

bool
nagios_range_alerts(const struct nagios_range *r, double value)
{
	if (r->text == NULL)
		return false;
	return (value >= r->lo && value <= r->hi) == r->inside;
}

bool
nagios_set(struct nagios *n, bool critical, const char *text)
{
	size_t len = strcspn(text, "=");
	struct nagios_range *r;
	int i;

	for (i = 0; i < NAGIOS_KEYS; i++)
		if (strlen(keys[i].name) == len &&
		    strncmp(keys[i].name, text, len) == 0)
			break;
	if (i == NAGIOS_KEYS || text[len] != '=')
		return false;
	r = critical ? &n->critical[i] : &n->warning[i];
	if (text[len + 1] == '\0') {
		r->text = NULL;
		return true;
	}
	return nagios_range_parse(r, text + len + 1);
}

static int64_t
seconds_since(int64_t ms, int64_t now_ms)
{
	return ms > 0 && ms < now_ms ? (now_ms - ms) / 1000 : 0;
}

static enum result
look(const struct conf *c, int64_t values[NAGIOS_KEYS], struct err *e)
{
	int64_t now_ms = cmd_time_now();
	struct store_stats st;
	struct store *s;
	enum result r;

	if ((r = store_open(&s, c->store, STORE_READER, e)) != RES_OK)
		return r;
	if ((r = store_stats(s, &st, e)) == RES_OK) {
		values[NAGIOS_DUE] = st.due;
		values[NAGIOS_OLDEST] = seconds_since(st.oldest_due_ms, now_ms);
		values[NAGIOS_FAILED] = st.deliveries[DELIVERY_FAILED];
		values[NAGIOS_SILENCE] =
		    seconds_since(st.last_received_ms, now_ms);
		values[NAGIOS_FREE] = store_free_bytes(s);
		values[NAGIOS_WORKER] = store_worker_present(s);
	}
	store_close(s);
	return r;
}

static void
print_words(
    const struct nagios *n, const int64_t values[NAGIOS_KEYS], int status)
{
	static const enum nagios_key always[] = { NAGIOS_DUE, NAGIOS_OLDEST,
		NAGIOS_FAILED };
	const struct nagios_range *r;
	const char *part = " - ";
	int i;

	for (i = 0; status != NAGIOS_OK && i < NAGIOS_KEYS; i++) {
		r = &n->critical[i];
		if (!nagios_range_alerts(r, (double)values[i]))
			r = &n->warning[i];
		if (!nagios_range_alerts(r, (double)values[i]))
			continue;
		printf("%s%s is %" PRId64 "%s, %s range %s", part, keys[i].name,
		    values[i], keys[i].unit,
		    r == &n->critical[i] ? "critical" : "warning", r->text);
		part = ", ";
	}
	for (i = 0; status == NAGIOS_OK && i < 3; i++) {
		printf("%s%s %" PRId64 "%s", part, keys[always[i]].name,
		    values[always[i]], keys[always[i]].unit);
		part = ", ";
	}
}

static void
print_numbers(const struct nagios *n, const int64_t values[NAGIOS_KEYS])
{
	int i;

	printf(" |");
	for (i = 0; i < NAGIOS_KEYS; i++)
		printf(" %s=%" PRId64 "%s;%s;%s;0", keys[i].name, values[i],
		    keys[i].unit,
		    n->warning[i].text != NULL ? n->warning[i].text : "",
		    n->critical[i].text != NULL ? n->critical[i].text : "");
	printf("\n");
}

int
nagios_unknown(const char *why)
{
	printf("STRIPEHOOK UNKNOWN - ");
	cmd_put(why, 0);
	printf("\n");
	return NAGIOS_UNKNOWN;
}

int
nagios_run(const struct nagios *n, const struct conf *c)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
	int64_t values[NAGIOS_KEYS] = { 0 };
	struct err e = { "" };
	int i, status = NAGIOS_OK;

	if (look(c, values, &e) != RES_OK)
		return nagios_unknown(e.text);
	for (i = 0; i < NAGIOS_KEYS; i++) {
		if (nagios_range_alerts(&n->critical[i], (double)values[i]))
			status = NAGIOS_CRITICAL;
		else if (status == NAGIOS_OK &&
		    nagios_range_alerts(&n->warning[i], (double)values[i]))
			status = NAGIOS_WARNING;
	}
	printf("STRIPEHOOK %s", words[status]);
	print_words(n, values, status);
	print_numbers(n, values);
	return status;
}
