/*
 * What the system tells of other processes: proc(5). Where it has none of
 * that, there is nobody to be seen.
 */
#ifndef STRIPEHOOK_RUN_PROC_H
#define STRIPEHOOK_RUN_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct run_proc {
	pid_t pid;
	char state; /* 'R', 'S' ... */
	pid_t group;
	pid_t session;
	bool kernel; /* a thread of the kernel's own */
	uint64_t start; /* tells it from a later one of this pid */
};

/*
 * Reads about one. false where there is none.
 */
bool run_proc_read(struct run_proc *p, pid_t pid);

/*
 * Whether it is dead, and only not reaped yet.
 */
bool run_proc_is_over(const struct run_proc *p);

/* Pids, which may be out of date. */
struct run_pids {
	pid_t *list; /* owned */
	size_t n;
};

/*
 * All processes; those that may be children of this one, which are all where
 * the kernel keeps no list of them. tasks is where our threads are:
 * "/proc/self/task". The caller frees pids with run_pids_free.
 */
void run_pids_all(struct run_pids *pids);
void run_pids_children(struct run_pids *pids, const char *tasks);
void run_pids_free(struct run_pids *pids);

/* A mark, taken apart. See run_mark. */
struct run_tag {
	char place[128];
	uint64_t space;
	pid_t pid;
	uint64_t start;
	uint64_t number;
};

/*
 * The part of a mark that names this process; number and place are left.
 */
void run_tag_own(struct run_tag *tag);

/*
 * Takes the value of STRIPEHOOK_RUN apart. false where it is none of ours.
 */
bool run_tag_parse(struct run_tag *tag, const char *value);

/*
 * Reads the mark that a process carries. false where it has none, is dead, or
 * must not be looked at. patient: waits for one that is just being executed.
 */
bool run_tag_read(struct run_tag *tag, pid_t pid, bool patient);

#endif
