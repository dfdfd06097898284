/*
 * Starting a program as nobody's child: the child forks again and ends, so
 * that the program passes to init, or to whoever adopts.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "detach.h"
#include "run_clean.h"

#include "banned.h"

/* Takes errno where exec failed; exec closes it. */
#define DETACH_FD_REPORT 3

static int
detach_descriptors(int *report)
{
	int null;

	/* out of the way of what comes to lie on 0 to 3 */
	*report = fcntl(*report, F_DUPFD_CLOEXEC, DETACH_FD_REPORT + 1);
	if (*report == -1)
		return -1;
	null = open("/dev/null", O_RDWR | O_NOCTTY);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    dup2(*report, DETACH_FD_REPORT) == -1)
		return -1;
	*report = DETACH_FD_REPORT;
	run_clean_descriptors(DETACH_FD_REPORT + 1);
	return fcntl(DETACH_FD_REPORT, F_SETFD, FD_CLOEXEC);
}

/*
 * In the child and in its own: system calls only, for there may have been
 * threads that held locks.
 */
static _Noreturn void
detach_child(const char *path, char *const *argv, char *const *envp, int report)
{
	pid_t pid = 0;
	int error;

	if (setsid() != -1)
		pid = fork();
	else
		pid = -1;
	if (pid > 0)
		_exit(0);
	if (pid == 0 && detach_descriptors(&report) == 0 && chdir("/") == 0 &&
	    run_clean_signals() == 0)
		execve(path, argv, envp);
	error = errno;
	/* nobody else is told */
	if (write(report, &error, sizeof(error)) == -1)
		_exit(126);
	_exit(127);
}

static pid_t
detach_fork(const char *path, char *const *argv, char *const *envp, int report)
{
	sigset_t all, old;
	pid_t pid;
	int error;

	/* no handler of ours may run in the child */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		detach_child(path, argv, envp, report);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}

/* The errno of who could not execute it; 0 where exec closed the pipe. */
static int
detach_hear(int fd)
{
	int error;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

enum result
detach(const char *path, char *const *argv, char *const *envp, struct err *e)
{
	int fds[2], error;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1) {
		err_set(e, "cannot start %.200s: no pipe: %s", path,
		    strerror(errno));
		return RES_FAILED;
	}
	pid = detach_fork(path, argv, envp, fds[1]);
	error = pid == -1 ? errno : 0;
	close(fds[1]);
	if (pid != -1) {
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			continue;
		error = detach_hear(fds[0]);
	}
	close(fds[0]);
	if (error == 0)
		return RES_OK;
	err_set(e, "cannot start %.200s: %s", path, strerror(error));
	return RES_FAILED;
}
