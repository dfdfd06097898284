/*
 * What the log says of an attempt, the same wherever it was made.
 */
#ifndef STRIPEHOOK_REPORT_H
#define STRIPEHOOK_REPORT_H

#include "deliver.h"
#include "err.h"
#include "store.h"

/*
 * Logs how an attempt ended. f is what deliver_judge said, finished what
 * store_finish answered to it.
 */
void report_attempt(const struct deliver_job *job, const struct store_finish *f,
    enum result finished);

#endif
