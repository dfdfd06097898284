/*
 * The child's side of its limits. System calls only: see run_child.c.
 */
#include "config.h"

#include <sys/resource.h>

#include <errno.h>

#include "run_impl.h"

#include "banned.h"

#define NICE_MOST 19

static int
limits_nice(int more)
{
	int now;

	errno = 0;
	now = getpriority(PRIO_PROCESS, 0);
	if (now == -1 && errno != 0)
		return -1;
	if (more > NICE_MOST - now)
		more = NICE_MOST - now;
	return setpriority(PRIO_PROCESS, 0, now + more);
}

/* Both limits, so that the program cannot raise it again. */
static struct rlimit
limits_of(int64_t to)
{
	const struct rlimit limit = { (rlim_t)to, (rlim_t)to };

	return limit;
}

int
run_limits_apply(const struct run_limits *limits, enum run_stage *stage)
{
	const struct rlimit files = limits_of(limits->open_files);
	const struct rlimit core = limits_of(limits->core);
	const struct rlimit memory = limits_of(limits->memory);

	*stage = RUN_STAGE_NICE;
	if (limits->nice > 0 && limits_nice(limits->nice) == -1)
		return -1;
	*stage = RUN_STAGE_OPEN_FILES;
	if (limits->open_files > 0 && setrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	*stage = RUN_STAGE_CORE;
	if (setrlimit(RLIMIT_CORE, &core) == -1)
		return -1;
	*stage = RUN_STAGE_MEMORY;
	if (limits->memory > 0 && setrlimit(RLIMIT_AS, &memory) == -1)
		return -1;
	return 0;
}
