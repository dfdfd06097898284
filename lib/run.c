/*
 * Supervising a program from its start to its end.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "run.h"
#include "run_impl.h"

#include "banned.h"

#define RUN_READ_SIZE 16384
#define RUN_READS_STEP 8 /* a flood must not hold up the others */
#define RUN_READS_LAST 64 /* 1 MiB: the most that a pipe may hold */
#define RUN_TICK_MS 20 /* between two looks where there is no pidfd */

int64_t
run_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

pid_t
run_reap(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got == -1 && errno == EINTR);
	return got;
}

bool
run_is_over(pid_t pid)
{
	siginfo_t si;

	si.si_pid = 0;
	while (
	    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == -1) {
		if (errno != EINTR)
			return true;
	}
	return si.si_pid != 0;
}

/*
 * Stops whatever descends from the program. Call it before the program is
 * reaped: until then nobody else can have its group's number. Descendants in
 * groups of their own are left to run_sweep.
 */
static void
run_signal(const struct run *r, int sig)
{
	kill(-r->pid, sig);
	if (sig != SIGKILL)
		kill(-r->pid, SIGCONT); /* a stopped one would not hear it */
}

static void
run_keep(struct run *r, const char *p, size_t n)
{
	size_t max = sizeof(r->output);

	if (n >= max) {
		memcpy(r->output, p + n - max, max);
		r->output_len = max;
		return;
	}
	if (r->output_len + n > max) {
		size_t keep = max - n;

		memmove(r->output, r->output + r->output_len - keep, keep);
		r->output_len = keep;
	}
	memcpy(r->output + r->output_len, p, n);
	r->output_len += n;
}

static void
run_close_output(struct run *r)
{
	run_fd_close(r->output_fd);
	r->output_fd = -1;
}

/* Reads what there is, at most so many times. */
static void
run_drain(struct run *r, int reads)
{
	char chunk[RUN_READ_SIZE];
	ssize_t n;

	while (r->output_fd != -1 && reads-- > 0) {
		n = read(r->output_fd, chunk, sizeof(chunk));
		if (n > 0)
			run_keep(r, chunk, (size_t)n);
		else if (n == -1 && errno == EAGAIN)
			return;
		else if (n == 0 || errno != EINTR)
			run_close_output(r);
	}
}

static void
run_judge(struct run *r, int status)
{
	if (WIFSIGNALED(status))
		r->term_signal = WTERMSIG(status);
	if (r->timed_out) {
		r->end = RUN_TIMED_OUT; /* the reason is there already */
	} else if (r->stopping > 0) {
		r->end = RUN_SIGNALED;
		snprintf(
		    r->reason, sizeof(r->reason), "stopped ahead of its end");
	} else if (r->term_signal != 0) {
		r->end = RUN_SIGNALED;
		snprintf(r->reason, sizeof(r->reason),
		    "killed by signal %d (%s)", r->term_signal,
		    strsignal(r->term_signal));
	} else {
		r->end = RUN_EXITED;
		r->exit_code = WEXITSTATUS(status);
		if (r->exit_code != 0)
			snprintf(r->reason, sizeof(r->reason), "exit %d",
			    r->exit_code);
	}
}

static void
run_finish(struct run *r, int64_t now_ms)
{
	int status;
	bool known;

	run_signal(r, SIGKILL);
	known = run_reap(r->pid, &status) == r->pid;
	r->pid = 0;
	run_fd_close(r->pidfd);
	r->pidfd = -1;
	/* who left the group may hold the pipe: no waiting for its end */
	run_drain(r, RUN_READS_LAST);
	run_close_output(r);
	r->duration_ms = now_ms - r->started_ms;
	r->ended = true;
	if (known) {
		run_judge(r, status);
		return;
	}
	r->end = r->timed_out ? RUN_TIMED_OUT : RUN_EXITED;
	snprintf(r->reason, sizeof(r->reason),
	    "its exit status is lost: this process ignores SIGCHLD");
}

static void
run_term(struct run *r, int64_t now_ms)
{
	run_signal(r, SIGTERM);
	r->stopping = 1;
	r->deadline_ms = now_ms + r->grace_ms;
}

/* The deadline has passed: the first one, or that after TERM. */
static void
run_escalate(struct run *r, int64_t now_ms)
{
	int64_t limit = r->deadline_ms - r->started_ms;

	if (r->stopping == 0) {
		r->timed_out = true;
		snprintf(r->reason, sizeof(r->reason), "over its %lld%s",
		    (long long)(limit % 1000 == 0 ? limit / 1000 : limit),
		    limit % 1000 == 0 ? " s" : " ms");
		run_term(r, now_ms);
		return;
	}
	run_signal(r, SIGKILL);
	r->stopping = 2;
	r->deadline_ms = INT64_MAX;
	if (r->timed_out)
		snprintf(r->reason + strlen(r->reason),
		    sizeof(r->reason) - strlen(r->reason),
		    ", and did not end at SIGTERM");
}

static void
run_lower(int *timeout_ms, int64_t to)
{
	if (to < 0)
		to = 0;
	if (to <= INT_MAX && (*timeout_ms < 0 || to < *timeout_ms))
		*timeout_ms = (int)to;
}

size_t
run_poll(
    const struct run *r, struct pollfd fds[2], int64_t now_ms, int *timeout_ms)
{
	size_t n = 0;

	if (r->ended) {
		run_lower(timeout_ms, 0);
		return 0;
	}
	if (r->output_fd != -1)
		fds[n++] = (struct pollfd){ r->output_fd, POLLIN, 0 };
	if (r->pidfd != -1)
		fds[n++] = (struct pollfd){ r->pidfd, POLLIN, 0 };
	else
		run_lower(timeout_ms, RUN_TICK_MS);
	if (r->deadline_ms != INT64_MAX)
		run_lower(timeout_ms, r->deadline_ms - now_ms);
	return n;
}

bool
run_step(struct run *r, int64_t now_ms)
{
	if (r->ended)
		return true;
	run_drain(r, RUN_READS_STEP);
	if (run_is_over(r->pid))
		run_finish(r, now_ms);
	else if (now_ms >= r->deadline_ms)
		run_escalate(r, now_ms);
	return r->ended;
}

void
run_stop(struct run *r, int64_t now_ms)
{
	if (!r->ended && r->stopping == 0)
		run_term(r, now_ms);
}

void
run_wait(struct run *runs, size_t n)
{
	struct pollfd *fds;
	size_t i, nfds, left;
	int64_t now_ms;
	int timeout_ms;

	fds = mem_alloc(n, 2 * sizeof(*fds));
	for (;;) {
		now_ms = run_now_ms();
		timeout_ms = -1;
		nfds = left = 0;
		for (i = 0; i < n; i++) {
			if (run_step(&runs[i], now_ms))
				continue;
			left++;
			nfds +=
			    run_poll(&runs[i], fds + nfds, now_ms, &timeout_ms);
		}
		if (left == 0)
			break;
		/* an error here is a signal: the next turn looks anyway */
		poll(fds, (nfds_t)nfds, timeout_ms);
	}
	free(fds);
}

void
run_free(struct run *r)
{
	int status;

	if (r->pid != 0) {
		run_signal(r, SIGKILL);
		run_reap(r->pid, &status);
	}
	run_fd_close(r->pidfd);
	run_fd_close(r->output_fd);
	run_clear(r, r->started_ms);
	r->ended = true;
}
