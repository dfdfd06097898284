/*
 * Executing a program under supervision: own session and process group, a
 * clean environment, standard input from memory, the tail of its output kept,
 * a deadline, TERM and then KILL to the group. Nothing here blocks but
 * run_wait; nothing here knows of events.
 *
 * Safe in a process with threads. The process must not ignore SIGCHLD (a web
 * server may hand that on): the system then forgets how children ended.
 *
 * A descendant that left the process group (setsid, setpgid, a shell with job
 * control) is out of reach of the deadline. In a process that called run_adopt
 * it is killed by run_sweep once the program has ended; in others it lives on,
 * and gets SIGPIPE when it writes to the output. A program that cannot be
 * killed, as it sleeps in the kernel, is waited for.
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

/*
 * Bounds for a program; 0 of any: as the caller has it. What cannot be set
 * keeps it from being started.
 */
struct run_limits {
	int nice; /* added, 0 to 19 */
	int64_t memory; /* bytes of address space: RLIMIT_AS */
	int64_t open_files; /* RLIMIT_NOFILE */
	int64_t core; /* bytes of a core dump; 0: none is written */
	const char *user; /* borrowed; NULL or "": no change. Needs root;
	    sets user, group and supplementary groups. HOME and the like in
	    envp are the caller's matter */
};

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
	struct run_limits limits;
	bool bound; /* it is killed when the calling thread dies, but not what
	    descends from it. Linux only; a program with the set-user-ID bit
	    or capabilities of its own gets rid of it */
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
	uint64_t mark; /* the number in its mark, for run_sweep; 0 for none.
	    Set by the caller after run_start */
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
 * 0 for one that has ended.
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
 * Makes descendants of what is run, whose parents have ended, children of this
 * process, so that none escapes by setsid. Linux only (prctl(2),
 * PR_SET_CHILD_SUBREAPER); elsewhere it does nothing. For a process whose only
 * children come from run_start.
 */
void run_adopt(void);

/*
 * Kills and reaps adopted descendants: all that belong to no run that still
 * goes on. live are all n runs that have not ended yet; who carries the mark of
 * one, or is in its session, is spared. Repeats until none is left, for what is
 * killed may leave children in its turn; but for half a second at most, for
 * some multiply faster than they are killed, or sleep in the kernel. Returns
 * how many it killed, and at least 1 where its time was up: after 0 none is
 * left that can be killed, else call again. Costs next to nothing where this
 * process has no children.
 */
size_t run_sweep(const struct run *const *live, size_t n);

#define RUN_PLACE_MAX 100 /* bytes of a place, without NUL */
#define RUN_MARK_SIZE 256

/*
 * The variable that marks every process of a run, for run_sweep and
 * run_leftovers: "STRIPEHOOK_RUN=" place ":" space ":" pid ":" start ":" number,
 * where pid is this process, start tells it from later ones of that pid, and
 * space is its name space of pids; 0 each where the system does not say. place
 * tells one store from another, without blanks or colons. run_start adds
 * nothing by itself: the caller puts it into envp. A program that clears its
 * environment loses its mark.
 */
void run_mark(char out[RUN_MARK_SIZE], const char *place, uint64_t number);

/*
 * At the start of a process that runs things: kills what a dead predecessor
 * with the same place left running, with its process group, and waits until it
 * is gone, for at most wait_ms. Returns how many processes were killed, besides
 * those in their groups. Only processes whose mark names a process of our own
 * name space of pids that no longer exists, and of this user, but for root,
 * whose runs may be of any user. Linux only; elsewhere 0.
 */
size_t run_leftovers(const char *place, int64_t wait_ms);

/*
 * Releases descriptors; kills and reaps first what has not ended.
 */
void run_free(struct run *r);

#endif
