/*
 * Times as people write and read them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd_time.h"
#include "cmd.h"

#include "banned.h"

#define SECONDS_MAX 253402300799 /* the end of the year 9999 */

int64_t
cmd_time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * "2h": a number and a unit.
 */
static bool
parse_ago(const char *text, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {
		{ 's', 1 },
		{ 'm', 60 },
		{ 'h', 3600 },
		{ 'd', 86400 },
		{ 'w', 604800 },
	};
	size_t i, n = strlen(text);
	char digits[16];
	int64_t count;

	if (n < 2 || n > sizeof(digits))
		return false;
	memcpy(digits, text, n - 1);
	digits[n - 1] = '\0';
	if (!cmd_number(digits, 0, 1000000000, &count))
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == text[n - 1]) {
			*seconds = count * units[i].seconds;
			return true;
		}
	return false;
}

/*
 * Whether text has the digits and marks of form, in which '0' stands for a
 * digit and 'T' for a T or a blank, and then ends or says Z.
 */
static bool
has_form(const char *text, const char *form, bool *utc)
{
	for (; *form != '\0'; form++, text++) {
		if (*form == '0'       ? *text < '0' || *text > '9'
			: *form == 'T' ? *text != 'T' && *text != ' '
				       : *text != *form)
			return false;
	}
	*utc = *text == 'Z';
	return *text == '\0' || (*utc && text[1] == '\0');
}

static int
two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/*
 * Seconds since 1970 of the time in tm; false where there is no such time:
 * 30 February would be in another month.
 */
static bool
to_seconds(const struct tm *tm, bool utc, int64_t *seconds)
{
	struct tm copy = *tm;

	*seconds = utc ? timegm(&copy) : mktime(&copy);
	return copy.tm_mon == tm->tm_mon && tm->tm_hour < 24 &&
	    tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool
parse_date(const char *text, int64_t *seconds)
{
	struct tm tm = { .tm_isdst = -1 };
	bool utc, has_time, has_seconds;

	has_seconds = has_form(text, "0000-00-00T00:00:00", &utc);
	has_time = has_seconds || has_form(text, "0000-00-00T00:00", &utc);
	if (!has_time && !has_form(text, "0000-00-00", &utc))
		return false;
	tm.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
	tm.tm_mon = two_digits(text + 5) - 1;
	tm.tm_mday = two_digits(text + 8);
	if (has_time) {
		tm.tm_hour = two_digits(text + 11);
		tm.tm_min = two_digits(text + 14);
	}
	if (has_seconds)
		tm.tm_sec = two_digits(text + 17);
	return to_seconds(&tm, utc, seconds);
}

bool
cmd_time_parse(const char *text, int64_t now_ms, int64_t *ms)
{
	int64_t seconds;

	if (cmd_number(text, 0, SECONDS_MAX, &seconds) ||
	    parse_date(text, &seconds)) {
		*ms = seconds * 1000;
		return true;
	}
	if (!parse_ago(text, &seconds))
		return false;
	*ms = now_ms - seconds * 1000;
	return true;
}

void
cmd_time_format(int64_t ms, bool utc, char out[CMD_TIME_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if ((utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)) ==
		NULL ||
	    strftime(out, CMD_TIME_SIZE,
		utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		out[0] = '\0';
}
