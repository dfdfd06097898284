/*
 * What a process that was killed itself left running. It is nobody's child
 * here, so its pid could pass to another while we look: it is held by a
 * descriptor, and where there is none of that, looked at again at the last
 * moment.
 */
#include "config.h"

#ifdef HAVE_PIDFD_OPEN
#include <sys/pidfd.h>
#endif
#include <sys/stat.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run_impl.h"
#include "run_proc.h"

#include "banned.h"

#define LEFT_ROUNDS 1000
#define LEFT_PAUSE_NS 1000000L

/* One call of run_leftovers. */
struct left {
	const char *place; /* borrowed */
	struct run_tag own;
	pid_t group; /* ours */
	int64_t until_ms;
	size_t killed;
};

/* Root runs things as any user; others see only their own ones anyway. */
static bool
left_may(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	return stat(path, &st) == 0 &&
	    (geteuid() == 0 || st.st_uid == geteuid());
}

static bool
left_owner_lives(const struct run_tag *tag)
{
	struct run_proc p;

	return run_proc_read(&p, tag->pid) && p.start == tag->start &&
	    !run_proc_is_over(&p);
}

static bool
left_is_one(const struct left *l, pid_t pid, struct run_proc *p)
{
	struct run_tag tag;

	return pid != l->own.pid && left_may(pid) && run_proc_read(p, pid) &&
	    !p->kernel && !run_proc_is_over(p) &&
	    run_tag_read(&tag, pid, true) && strcmp(tag.place, l->place) == 0 &&
	    tag.space == l->own.space && !left_owner_lives(&tag);
}

static int
left_hold(pid_t pid)
{
#ifdef HAVE_PIDFD_OPEN
	return pidfd_open(pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

/* 0 for sig: whether it is still the one that was looked at. */
static bool
left_signal(const struct run_proc *p, int fd, int sig)
{
	struct run_proc now;

#ifdef HAVE_PIDFD_OPEN
	if (fd != -1)
		return pidfd_send_signal(fd, sig, NULL, 0) == 0;
#else
	(void)fd;
#endif
	return run_proc_read(&now, p->pid) && now.start == p->start &&
	    kill(p->pid, sig) == 0;
}

static bool
left_wait(const struct left *l, const struct run_proc *p)
{
	const struct timespec pause = { 0, LEFT_PAUSE_NS };
	struct run_proc now;

	while (run_proc_read(&now, p->pid) && now.start == p->start &&
	    !run_proc_is_over(&now)) {
		if (run_now_ms() >= l->until_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Returns whether it was one and is gone. */
static bool
left_kill(struct left *l, pid_t pid)
{
	struct run_proc p;
	bool sent = false;
	int fd;

	/* held before it is looked at: then it is this one that is killed */
	fd = left_hold(pid);
	if (left_is_one(l, pid, &p) && left_signal(&p, fd, 0)) {
		/* the group's number is its own while it is there */
		if (p.group > 1 && p.group != l->group)
			kill(-p.group, SIGKILL);
		left_signal(&p, fd, SIGKILL);
		sent = true;
	}
	run_fd_close(fd);
	return sent && left_wait(l, &p);
}

size_t
run_leftovers(const char *place, int64_t wait_ms)
{
	struct left l = { .place = place };
	struct run_pids pids;
	size_t i, before;
	int round;

	run_tag_own(&l.own);
	l.group = getpgrp();
	l.until_ms = run_now_ms() + wait_ms;
	/* until none is found: they may have multiplied meanwhile */
	for (round = 0; round < LEFT_ROUNDS; round++) {
		before = l.killed;
		run_pids_all(&pids);
		for (i = 0; i < pids.n; i++)
			if (left_kill(&l, pids.list[i]))
				l.killed++;
		run_pids_free(&pids);
		if (l.killed == before || run_now_ms() >= l.until_ms)
			break;
	}
	return l.killed;
}
