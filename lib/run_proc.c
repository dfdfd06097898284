/*
 * Reading proc(5): one process, all of them, our children.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run_proc.h"

#include "banned.h"

/* The fields of /proc/PID/stat after the name, from 3 on. */
enum {
	STAT_STATE = 3,

	STAT_GROUP = 5,
	STAT_SESSION,
	STAT_FLAGS = 9,
	STAT_START = 22
};

#define STAT_FLAG_KERNEL 0x00200000UL /* PF_KTHREAD */

static void
proc_field(struct run_proc *p, int field, const char *text)
{
	switch (field) {
	case STAT_STATE:
		p->state = text[0];
		break;
	case STAT_GROUP:
		p->group = (pid_t)strtol(text, NULL, 10);
		break;
	case STAT_SESSION:
		p->session = (pid_t)strtol(text, NULL, 10);
		break;
	case STAT_FLAGS:
		p->kernel = (strtoul(text, NULL, 10) & STAT_FLAG_KERNEL) != 0;
		break;
	case STAT_START:
		p->start = strtoull(text, NULL, 10);
		break;
	}
}

bool
run_proc_read(struct run_proc *p, pid_t pid)
{
	char path[32], line[1024], *at;
	size_t n;
	FILE *f;
	int field;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	/* the name may hold anything, brackets and blanks too */
	at = strrchr(line, ')');
	if (at == NULL)
		return false;
	memset(p, 0, sizeof(*p));
	p->pid = pid;
	for (field = STAT_STATE; field <= STAT_START; field++) {
		at = strchr(at, ' ');
		if (at == NULL)
			return false;
		proc_field(p, field, ++at);
	}
	return true;
}

bool
run_proc_is_over(const struct run_proc *p)
{
	return p->state == 'Z' || p->state == 'X';
}

static void
pids_add(struct run_pids *pids, size_t *max, pid_t pid)
{
	if (pids->n == *max) {
		*max = *max == 0 ? 64 : *max * 2;
		pids->list = mem_resize(pids->list, *max, sizeof(*pids->list));
	}
	pids->list[pids->n++] = pid;
}

/* 0 for what is no number, such as "self". */
static pid_t
pids_number(const char *text)
{
	char *end;
	long pid;

	pid = strtol(text, &end, 10);
	return *end == '\0' && pid > 0 ? (pid_t)pid : 0;
}

void
run_pids_all(struct run_pids *pids)
{
	struct dirent *d;
	size_t max = 0;
	pid_t pid;
	DIR *dir;

	memset(pids, 0, sizeof(*pids));
	dir = opendir("/proc");
	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if ((pid = pids_number(d->d_name)) != 0)
			pids_add(pids, &max, pid);
	closedir(dir);
}

/* The children that the kernel lists of one thread. false: it does not. */
static bool
pids_of_task(
    struct run_pids *pids, size_t *max, const char *tasks, const char *task)
{
	char path[256];
	FILE *f;
	long pid;
	int c;

	snprintf(path, sizeof(path), "%s/%s/children", tasks, task);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	for (pid = 0; (c = getc(f)) != EOF;) {
		if (c >= '0' && c <= '9') {
			pid = pid * 10 + (c - '0');
			continue;
		}
		if (pid > 0)
			pids_add(pids, max, (pid_t)pid);
		pid = 0;
	}
	fclose(f);
	return true;
}

void
run_pids_children(struct run_pids *pids, const char *tasks)
{
	struct dirent *d;
	size_t max = 0;
	bool listed = false;
	DIR *dir;

	memset(pids, 0, sizeof(*pids));
	dir = opendir(tasks);
	if (dir != NULL) {
		while ((d = readdir(dir)) != NULL)
			if (pids_number(d->d_name) != 0 &&
			    pids_of_task(pids, &max, tasks, d->d_name))
				listed = true;
		closedir(dir);
	}
	if (!listed)
		run_pids_all(pids);
}

void
run_pids_free(struct run_pids *pids)
{
	free(pids->list);
	pids->list = NULL;
	pids->n = 0;
}
