/*
 * stripehook check: the clock. Signatures are judged by it.
 */
#include "config.h"

#ifdef __linux__
#include <sys/timex.h>
#endif

#include <string.h>
#include <time.h>

#include "cmd_check.h"

#include "banned.h"

#define YEAR_MIN 2026 /* of this program */
#define YEAR_MAX 2099

/*
 * Whether the kernel was told that its clock is kept right by somebody. True
 * where that cannot be found out.
 */
static bool
synchronised(void)
{
#ifdef __linux__
	struct timex t;

	memset(&t, 0, sizeof(t)); /* no modes: nothing is set */
	return adjtimex(&t) == -1 || (t.status & STA_UNSYNC) == 0;
#else
	return true;
#endif
}

void
cmd_check_clock(const struct conf *c, time_t now, struct conf_report *r)
{
	struct tm tm;
	int year;

	year = gmtime_r(&now, &tm) != NULL ? tm.tm_year + 1900 : 0;
	if (year < YEAR_MIN || year > YEAR_MAX) {
		conf_report_add(r, CONF_ERROR, c->path, 0,
		    "this machine's clock says that it is the year %d\n"
		    "set it: every signature will be refused as too old or too "
		    "new",
		    year);
		conf_report_mark(r, "clock", 0);
	} else if (!synchronised()) {
		conf_report_add(r, CONF_WARNING, c->path, 0,
		    "nothing keeps this machine's clock right, says the "
		    "kernel\n"
		    "run an NTP client: signatures are refused when it is off "
		    "by more than the tolerance");
		conf_report_mark(r, "clock", 0);
	}
}
