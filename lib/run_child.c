/*
 * The child's side of starting a program: from fork to exec.
 *
 * The process has other threads, which may hold any lock at the time of the
 * fork, so the child makes system calls and nothing else. It also shares the
 * parent's memory (vfork, for a fork from a large process costs several times
 * as much), so it changes nothing but its own stack, and no signal handler
 * may run in it: all signals are blocked until every disposition is the
 * default one.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "run_impl.h"

#include "banned.h"

/* Where close_range is missing: look no further than this. */
#define RUN_FD_LIMIT 65536

static void
child_close_from(int first)
{
	struct rlimit limit;
	int last;

#ifdef HAVE_CLOSE_RANGE
	if (close_range((unsigned int)first, UINT_MAX, 0) == 0)
		return;
#endif
	last = RUN_FD_LIMIT;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < RUN_FD_LIMIT)
		last = (int)limit.rlim_cur;
	for (; first < last; first++)
		close(first);
}

/* *report follows the report to its new place. */
static int
child_descriptors(const struct run_child *c, int *report)
{
	if (dup2(c->input, STDIN_FILENO) == -1 ||
	    dup2(c->output, STDOUT_FILENO) == -1 ||
	    dup2(c->output, STDERR_FILENO) == -1 ||
	    dup2(c->report, RUN_FD_REPORT) == -1)
		return -1;
	*report = RUN_FD_REPORT;
	/* soon, for other threads wait for the ends of theirs among these */
	child_close_from(RUN_FD_REPORT + 1);
	return fcntl(RUN_FD_REPORT, F_SETFD, FD_CLOEXEC);
}

static int
child_signals(void)
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

static enum run_stage
child_exec(const struct run_child *c, int *report)
{
	const struct run_spec *spec = c->spec;

	/* the session first: whoever stops us stops the group */
	if (setsid() == -1 || child_descriptors(c, report) == -1 ||
	    child_signals() == -1)
		return RUN_STAGE_SETUP;
	umask((mode_t)spec->umask);
	if (chdir(spec->directory == NULL ? "/" : spec->directory) == -1)
		return RUN_STAGE_DIRECTORY;
	execve(spec->argv[0], spec->argv, spec->envp);
	return RUN_STAGE_EXEC;
}

static _Noreturn __attribute__((noinline)) void
child_main(const struct run_child *c)
{
	struct run_failure f;
	int report = c->report;

	f.stage = child_exec(c, &report);
	f.error = errno;
	/* without a reader for this there is nobody to tell */
	if (write(report, &f, sizeof(f)) == -1)
		_exit(126);
	_exit(127);
}

pid_t
run_child_start(const struct run_child *c)
{
	sigset_t all, old;
	pid_t pid;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (pid == 0)
		child_main(c);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}
