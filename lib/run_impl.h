/*
 * What the parts of run share. Included by run*.c only.
 */
#ifndef STRIPEHOOK_RUN_IMPL_H
#define STRIPEHOOK_RUN_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "run.h"

/*
 * The descriptors that a child arranges: 0 to 2 for the program, and this one
 * for its report until exec closes it. Those that it is given lie above, so
 * that none is overwritten before it is moved.
 */
#define RUN_FD_REPORT 3

/* Where a child failed before it became the program. */
enum run_stage {
	RUN_STAGE_SETUP,
	RUN_STAGE_NICE,
	RUN_STAGE_MEMORY,
	RUN_STAGE_OPEN_FILES,
	RUN_STAGE_CORE,
	RUN_STAGE_USER,
	RUN_STAGE_DIRECTORY,
	RUN_STAGE_EXEC
};

/* What it says of that through its report. */
struct run_failure {
	enum run_stage stage;
	int error; /* errno */
};

/* Who the program is executed as. */
struct run_user {
	bool change; /* else it stays who we are, and the rest is unset */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int ngroups;
};

/* What a child needs, made ready: it may make system calls only. */
struct run_child {
	const struct run_spec *spec;
	struct run_user user;
	pid_t parent;
	int input; /* becomes descriptor 0 */
	int output; /* becomes 1 and 2 */
	int report; /* takes a struct run_failure, or is closed by exec */
};

/*
 * Starts the child and returns its pid, or -1 with errno. Returns at about the
 * time when it executes the program.
 */
pid_t run_child_start(const struct run_child *c);

/*
 * For the child: applies the limits, then becomes the user. 0, or -1 with
 * errno, and *stage says which.
 */
int run_limits_apply(const struct run_limits *limits, enum run_stage *stage);
int run_user_become(const struct run_user *u);

/*
 * For the parent: looks the user up. RES_OK and u is the caller's to free with
 * run_user_free; name may be NULL or "", then u changes nothing. RES_INVALID
 * where there is none or we may not; RES_FAILED otherwise.
 */
enum result run_user_find(struct run_user *u, const char *name, struct err *e);
void run_user_free(struct run_user *u);

/*
 * An unnamed file that holds len bytes, at its start, that can be read again
 * but not written through what is returned. The descriptor is above
 * RUN_FD_REPORT and closed by exec. -1 with errno on failure.
 */
int run_input_open(const void *input, size_t len);

/*
 * Moves fd (-1 is handed through) above RUN_FD_REPORT. -1 with errno, and fd
 * is closed.
 */
int run_fd_raise(int fd);

/*
 * Closes fd unless it is -1; keeps errno.
 */
void run_fd_close(int fd);

/*
 * Makes r one that has just begun, at now_ms, and owns nothing yet.
 */
void run_clear(struct run *r, int64_t now_ms);

/*
 * Whether this child of ours has ended, or is none. It keeps its pid until it
 * is reaped.
 */
bool run_is_over(pid_t pid);

/*
 * Waits for the end of a child and forgets it. Its pid, or -1 with errno.
 */
pid_t run_reap(pid_t pid, int *status);

/*
 * Says why the program was not executed.
 */
void run_explain(const struct run_spec *spec, const struct run_failure *f,
    char *reason, size_t size);

#endif
