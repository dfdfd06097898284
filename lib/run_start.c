/*
 * Starting a program: all that is made ready before the child, and what is
 * heard of it.
 */
#include "config.h"

#ifdef HAVE_PIDFD_OPEN
#include <sys/pidfd.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "run_impl.h"

#include "banned.h"

void
run_clear(struct run *r, int64_t now_ms)
{
	r->pid = 0;
	r->pidfd = -1;
	r->output_fd = -1;
	r->started_ms = now_ms;
	r->deadline_ms = INT64_MAX;
	r->grace_ms = 0;
	r->stopping = 0;
	r->timed_out = false;
	r->ended = false;
	r->end = RUN_NOT_STARTED;
	r->exit_code = -1;
	r->term_signal = 0;
	r->duration_ms = 0;
	r->mark = 0;
	r->reason[0] = '\0';
	r->output_len = 0;
}

void
run_refuse(struct run *r, int64_t now_ms, const char *fmt, ...)
{
	va_list ap;

	run_clear(r, now_ms);
	r->ended = true;
	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
}

static int
run_pipe(int *reader, int *writer)
{
	int fds[2];

	*reader = *writer = -1;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	*reader = run_fd_raise(fds[0]);
	*writer = run_fd_raise(fds[1]);
	return *reader == -1 || *writer == -1 ? -1 : 0;
}

/* Its user's own, or it could not open /dev/stderr by name. */
static int
run_output(struct run_child *c, int *reader)
{
	if (run_pipe(reader, &c->output) == -1 ||
	    fcntl(*reader, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	if (!c->user.change)
		return 0;
	return fchown(c->output, c->user.uid, c->user.gid);
}

/* Whether the child told of a failure; without one, exec closed the pipe. */
static bool
run_hear(int fd, struct run_failure *f)
{
	ssize_t n;

	do
		n = read(fd, f, sizeof(*f));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(*f);
}

static void
run_launch(struct run *r, struct run_child *c, int report, int64_t now_ms)
{
	struct run_failure f;
	pid_t pid;
	int status;

	pid = run_child_start(c);
	if (pid == -1) {
		run_refuse(r, now_ms, "cannot start a process for %.120s: %s",
		    c->spec->argv[0], strerror(errno));
		return;
	}
	run_fd_close(c->report);
	c->report = -1;
	if (run_hear(report, &f)) {
		run_reap(pid, &status);
		run_clear(r, now_ms);
		r->ended = true;
		run_explain(c->spec, &f, r->reason, sizeof(r->reason));
		return;
	}
	run_clear(r, now_ms);
	r->pid = pid;
	r->grace_ms = c->spec->grace_ms;
	r->deadline_ms = now_ms + c->spec->timeout_ms;
#ifdef HAVE_PIDFD_OPEN
	r->pidfd = pidfd_open(pid, 0);
#endif
}

void
run_start(struct run *r, const struct run_spec *spec, int64_t now_ms)
{
	struct run_child c = { .spec = spec,
		.parent = getpid(),
		.input = -1,
		.output = -1,
		.report = -1 };
	int output = -1, report = -1;
	struct err e;

	if (run_user_find(&c.user, spec->limits.user, &e) != RES_OK)
		run_refuse(r, now_ms, "cannot execute %.120s: %.120s",
		    spec->argv[0], e.text);
	else if (run_output(&c, &output) == -1 ||
	    run_pipe(&report, &c.report) == -1)
		run_refuse(r, now_ms, "cannot make a pipe for %.120s: %s",
		    spec->argv[0], strerror(errno));
	else if ((c.input = run_input_open(spec->input, spec->input_len)) == -1)
		run_refuse(r, now_ms,
		    "cannot make the standard input of %.120s: %s",
		    spec->argv[0], strerror(errno));
	else
		run_launch(r, &c, report, now_ms);
	if (r->ended)
		run_fd_close(output);
	else
		r->output_fd = output;
	run_fd_close(c.input);
	run_fd_close(c.output);
	run_fd_close(c.report);
	run_fd_close(report);
	run_user_free(&c.user);
}
