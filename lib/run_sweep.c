/*
 * Descendants that outlived their parents: adopted, told apart, killed.
 *
 * A child of ours keeps its pid until we reap it, and nobody else can: what
 * waitid(2) says is our child may be killed by its pid.
 */
#include "config.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "run_impl.h"
#include "run_proc.h"

#include "banned.h"

#define SWEEP_MOST_MS 500
#define SWEEP_ROUNDS 1000
#define SWEEP_PAUSE_NS 500000L
#define SWEEP_TASKS "/proc/self/task"

/* One call of run_sweep. */
struct sweep {
	const struct run *const *live; /* borrowed */
	size_t n;
	struct run_tag own;
	int64_t until_ms;
	size_t killed;
};

/* A child that was sent KILL. */
struct sweep_stray {
	pid_t pid;
	bool marked; /* all of its group may be taken for its run's */
};

void
run_adopt(void)
{
#ifdef __linux__
	/* where it cannot be had, strays become another's */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

static bool
sweep_has_children(void)
{
	siginfo_t si;

	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 ||
	    errno == EINTR;
}

static bool
sweep_is_child(pid_t pid)
{
	siginfo_t si;

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static bool
sweep_is_program(const struct sweep *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->live[i]->pid == pid)
			return true;
	return false;
}

/* Whether its run goes on. *marked: whether it carries a mark of ours. */
static bool
sweep_spares(const struct sweep *s, const struct run_proc *p, bool *marked)
{
	struct run_tag tag;
	size_t i;

	*marked = false;
	if (sweep_is_program(s, p->session))
		return true;
	if (!run_tag_read(&tag, p->pid, s->n > 0) || tag.pid != s->own.pid ||
	    tag.start != s->own.start || tag.space != s->own.space)
		return false;
	*marked = true;
	for (i = 0; i < s->n; i++)
		if (s->live[i]->mark != 0 && s->live[i]->mark == tag.number)
			return true;
	return false;
}

/*
 * Looks at one child. Returns whether it was sent KILL; *found becomes true
 * where it was a dead one, which may have left children.
 */
static bool
sweep_look(struct sweep *s, struct sweep_stray *stray, bool *found)
{
	struct run_proc p;
	int status;

	if (sweep_is_program(s, stray->pid) || !sweep_is_child(stray->pid))
		return false;
	if (!run_is_over(stray->pid) &&
	    (!run_proc_read(&p, stray->pid) ||
		sweep_spares(s, &p, &stray->marked)))
		return false;
	/* also one that died meanwhile, and had no mark left to be seen */
	if (run_is_over(stray->pid)) {
		run_reap(stray->pid, &status);
		*found = true;
		return false;
	}
	return kill(stray->pid, SIGKILL) == 0;
}

/* Waits for its death, takes its group along, and forgets it. */
static bool
sweep_bury(struct sweep *s, const struct sweep_stray *stray)
{
	const struct timespec pause = { 0, SWEEP_PAUSE_NS };
	pid_t group;
	int status;

	while (!run_is_over(stray->pid)) {
		if (run_now_ms() >= s->until_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	/* a dead one can no longer leave its group, and holds its number */
	group = getpgid(stray->pid);
	if (stray->marked && group > 1 && group != getpgrp() &&
	    !sweep_is_program(s, group))
		kill(-group, SIGKILL);
	run_reap(stray->pid, &status);
	return true;
}

/* All children once. Returns whether there may be new ones. */
static bool
sweep_round(struct sweep *s)
{
	struct sweep_stray *strays;
	struct run_pids pids;
	size_t i, n = 0;
	bool found = false;

	run_pids_children(&pids, SWEEP_TASKS);
	strays = mem_alloc(pids.n + 1, sizeof(*strays));
	/* the youngest first: they are about to have children */
	for (i = pids.n; i-- > 0;) {
		strays[n].pid = pids.list[i];
		if (sweep_look(s, &strays[n], &found))
			n++;
	}
	run_pids_free(&pids);
	for (i = 0; i < n; i++) {
		if (!sweep_bury(s, &strays[i]))
			continue;
		s->killed++;
		found = true;
	}
	free(strays);
	return found;
}

size_t
run_sweep(const struct run *const *live, size_t n)
{
	struct sweep s = { .live = live, .n = n };
	int round;

	if (n == 0 && !sweep_has_children())
		return 0;
	run_tag_own(&s.own);
	s.until_ms = run_now_ms() + SWEEP_MOST_MS;
	for (round = 0; round < SWEEP_ROUNDS; round++) {
		if (!sweep_round(&s))
			return s.killed;
		if (run_now_ms() >= s.until_ms)
			break;
	}
	return s.killed > 0 ? s.killed : 1; /* 0 would say: all done */
}
