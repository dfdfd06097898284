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

#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "run_clean.h"
#include "run_impl.h"

#include "banned.h"

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
	run_clean_descriptors(RUN_FD_REPORT + 1);
	return fcntl(RUN_FD_REPORT, F_SETFD, FD_CLOEXEC);
}

/* After a change of user, which would undo it. */
static int
child_bind(const struct run_child *c)
{
#ifdef __linux__
	if (!c->spec->bound)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return -1;
	/* it may have died before it was to be noticed */
	if (getppid() != c->parent)
		_exit(127);
#else
	(void)c;
#endif
	return 0;
}

static enum run_stage
child_exec(const struct run_child *c, int *report)
{
	const struct run_spec *spec = c->spec;
	enum run_stage stage;

	/* the session first: whoever stops us stops the group */
	if (setsid() == -1 || child_descriptors(c, report) == -1 ||
	    run_clean_signals() == -1)
		return RUN_STAGE_SETUP;
	/* before the user, who may have less; after closing descriptors */
	if (run_limits_apply(&spec->limits, &stage) == -1)
		return stage;
	if (run_user_become(&c->user) == -1)
		return RUN_STAGE_USER;
	if (child_bind(c) == -1)
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
	/* no memory is shared with what belongs to somebody else */
	pid = c->user.change ? fork() : vfork();
	if (pid == 0)
		child_main(c);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}
