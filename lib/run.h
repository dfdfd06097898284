/*
 * Executing a program under supervision: own session and process group, a
 * clean environment, standard input from memory, the tail of its output kept,
 * a deadline, TERM and then KILL to the group. Nothing here blocks but
 * run_wait; nothing here knows of events.
 *
 * Safe in a process with threads. The process must not ignore SIGCHLD (a web
 * server may hand that on): the system then forgets how children ended.
 *
 * What it does not hold: a descendant that left the process group (setsid,
 * setpgid, a shell with job control) is not stopped, and lives on when the
 * program ends. It gets SIGPIPE when it writes to the output. One that cannot
 * be killed, as it sleeps in the kernel, is waited for.
 */
#ifndef STRIPEHOOK_RUN_H
#define STRIPEHOOK_RUN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "delivery.h"
#include "err.h"

/* What to execute. All borrowed for the time of run_start. */
struct run_spec {
	char *const *argv; /* NULL-terminated; [0] is an absolute path */
	char *const *envp; /* NULL-terminated; all that it gets */
	const char *directory; /* absolute; NULL: "/" */
	int umask;
	const void *input; /* standard input: an unnamed file that can be read
	    again */
	size_t input_len;
	int64_t timeout_ms; /* from start to TERM; at least 1 */
	int64_t grace_ms; /* from TERM to KILL */
};

enum run_end {
	RUN_EXITED, /* by itself; exit_code says how, -1: nobody knows */
	RUN_SIGNALED, /* by a signal that was not for its deadline, or in any
	    way after run_stop */
	RUN_TIMED_OUT, /* stopped for its deadline */
	RUN_NOT_STARTED /* could not be executed; reason says why */
};

/* A program in execution. Made by run_start, ended by run_free. */
struct run {
	pid_t pid; /* 0 once reaped */
	int pidfd; /* -1 where the system has none */
	int output_fd; /* its output and error output; -1 once closed */
	int64_t started_ms; /* by the monotonic clock */
	int64_t deadline_ms; /* next step of stopping it; monotonic */
	int64_t grace_ms;
	int stopping; /* 0 no, 1 TERM was sent, 2 KILL was sent */
	bool timed_out;
	bool ended; /* the rest is valid */
	enum run_end end;
	int exit_code; /* -1 unless RUN_EXITED */
	int term_signal; /* 0 unless a signal ended it */
	int64_t duration_ms;
	char reason[DELIVERY_REASON_SIZE]; /* "" for exit 0 */
	size_t output_len; /* the last DELIVERY_OUTPUT_MAX bytes */
	char output[DELIVERY_OUTPUT_MAX];
};

/*
 * The monotonic clock in milliseconds, which all times here are in.
 */
int64_t run_now_ms(void);

/*
 * Starts it. Never fails outright: what cannot be started has ended at once
 * as RUN_NOT_STARTED. The caller ends r with run_free.
 */
void run_start(struct run *r, const struct run_spec *spec, int64_t now_ms);

/*
 * In place of run_start: it has ended as RUN_NOT_STARTED for this reason.
 */
void run_refuse(struct run *r, int64_t now_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Writes up to 2 descriptors to wait for into fds and returns how many; and
 * lowers *timeout_ms (-1 for none) to the time until run_step is due anyway.
 */
size_t run_poll(
    const struct run *r, struct pollfd fds[2], int64_t now_ms, int *timeout_ms);

/*
 * Does what is to be done now: reads output, reaps, sends TERM or KILL.
 * Judged by the program's own end, never by who still holds its output; its
 * group is killed when it ends. Returns whether it has ended.
 */
bool run_step(struct run *r, int64_t now_ms);

/*
 * Asks for the end ahead of its deadline: TERM now, KILL after the grace.
 */
void run_stop(struct run *r, int64_t now_ms);

/*
 * Steps n of them until all have ended.
 */
void run_wait(struct run *runs, size_t n);

/*
 * Releases descriptors; kills and reaps first what has not ended.
 */
void run_free(struct run *r);

#endif
