/*
 * RFC 3339, read to the last byte. No time zone of this machine and no locale
 * has a part in it.
 */
#include "config.h"

#include <stddef.h>

#include "event_time.h"

#include "banned.h"

/* Taken apart; numbers as they stand in the text. */
struct moment {
	int year, month, day;
	int hour, minute, second;
	int offset; /* minutes east of UTC */
};

/*
 * Takes n digits off *s, or returns false.
 */
static bool
take_number(const char **s, int n, int *value)
{
	*value = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*value = *value * 10 + (**s - '0');
	}
	return true;
}

static bool
take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool
take_date(const char **s, struct moment *m)
{
	return take_number(s, 4, &m->year) && take_char(s, '-') &&
	    take_number(s, 2, &m->month) && take_char(s, '-') &&
	    take_number(s, 2, &m->day);
}

static bool
take_clock(const char **s, struct moment *m)
{
	int digit;

	if (!take_number(s, 2, &m->hour) || !take_char(s, ':') ||
	    !take_number(s, 2, &m->minute) || !take_char(s, ':') ||
	    !take_number(s, 2, &m->second))
		return false;
	if (!take_char(s, '.'))
		return true;
	if (!take_number(s, 1, &digit))
		return false;
	while (**s >= '0' && **s <= '9')
		(*s)++;
	return true;
}

static bool
take_offset(const char **s, struct moment *m)
{
	int sign, hours, minutes;

	m->offset = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	sign = **s == '-' ? -1 : 1;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, &hours) || !take_char(s, ':') ||
	    !take_number(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	m->offset = sign * (hours * 60 + minutes);
	return true;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/*
 * Days of the months before this one, in a year.
 */
static int
days_before(int month, int year)
{
	static const int days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273,
		304, 334, 365 };

	return days[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

static bool
exists(const struct moment *m)
{
	int days;

	if (m->month < 1 || m->month > 12 || m->hour > 23 || m->minute > 59 ||
	    m->second > 60)
		return false;
	days =
	    days_before(m->month + 1, m->year) - days_before(m->month, m->year);
	return m->day >= 1 && m->day <= days;
}

/*
 * Days from 1970 to the first of January of a year from 0 on.
 */
static int64_t
days_to_year(int year)
{
	int64_t y = year, before = y - 1;

	if (year == 0)
		return -719528;
	return y * 365 + before / 4 - before / 100 + before / 400 - 719527;
}

bool
event_time_parse(const char *text, int64_t *seconds)
{
	struct moment m;
	int64_t days;

	if (!take_date(&text, &m) ||
	    (!take_char(&text, 'T') && !take_char(&text, 't')) ||
	    !take_clock(&text, &m) || !take_offset(&text, &m) ||
	    *text != '\0' || !exists(&m))
		return false;
	days = days_to_year(m.year) + days_before(m.month, m.year) + m.day - 1;
	*seconds = days * 86400 + m.hour * 3600 + (m.minute - m.offset) * 60 +
	    m.second;
	return true;
}
