/*
 * What the log says of an attempt.
 */
#include "config.h"

#include "log.h"
#include "report.h"

#include "banned.h"

void
report_attempt(const struct deliver_job *job, const struct store_finish *f,
    enum result finished)
{
	const char *id = job->claim.event_id;
	const char *name = job->handler->name;
	const char *reason = f->attempt.reason;
	int number = job->claim.number;

	if (finished == RES_LOST)
		log_error("%s, handler \"%s\", attempt %d: its claim was no "
			  "longer held when it ended (%s)",
		    id, name, number, reason[0] != '\0' ? reason : "exit 0");
	else if (f->state == DELIVERY_SUCCEEDED)
		log_info("%s, handler \"%s\", attempt %d: succeeded", id, name,
		    number);
	else if (f->state == DELIVERY_FAILED)
		log_error("%s, handler \"%s\", attempt %d: %s; parked as "
			  "failed, see \"stripehook show %s\"",
		    id, name, number, reason, id);
	else
		log_warning("%s, handler \"%s\", attempt %d: %s; again in "
			    "%lld s",
		    id, name, number, reason,
		    (long long)((f->delay_ms + 999) / 1000));
}
