/*
 * Leaving nothing of the parent to a child.
 */
#include "config.h"

#include <sys/resource.h>

#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "run_clean.h"

#include "banned.h"

/* Where close_range is missing: look no further than this. */
#define CLEAN_FD_LIMIT 65536

void
run_clean_descriptors(int first)
{
	struct rlimit limit;
	int last;

#ifdef HAVE_CLOSE_RANGE
	if (close_range((unsigned int)first, UINT_MAX, 0) == 0)
		return;
#endif
	last = CLEAN_FD_LIMIT;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < CLEAN_FD_LIMIT)
		last = (int)limit.rlim_cur;
	for (; first < last; first++)
		close(first);
}

int
run_clean_signals(void)
{
	struct sigaction def;
	sigset_t none;
	int sig;

	/* those that the C library keeps for itself fail, and are default */
	def.sa_handler = SIG_DFL;
	def.sa_flags = 0;
	sigemptyset(&def.sa_mask);
	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &def, NULL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}
