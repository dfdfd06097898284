/*
 * Executing a program as another user: looked up by the parent, for the child
 * may make system calls only.
 */
#include "config.h"

#include <sys/syscall.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run_impl.h"

#include "banned.h"

#define USER_TEXT_MAX ((size_t)1 << 20)
#define USER_GROUPS_MAX 65536 /* of Linux */

static enum result
user_entry(const char *name, struct run_user *u, struct err *e)
{
	struct passwd entry, *found = NULL;
	size_t size = 1024;
	char *text = NULL;
	int error;

	do {
		size *= 2;
		text = mem_resize(text, size, 1);
		error = getpwnam_r(name, &entry, text, size, &found);
	} while (error == EINTR || (error == ERANGE && size < USER_TEXT_MAX));
	if (found != NULL) {
		u->uid = entry.pw_uid;
		u->gid = entry.pw_gid;
	}
	free(text);
	if (found != NULL)
		return RES_OK;
	/* some systems report an unknown name as an error (getpwnam(3)) */
	if (error == 0 || error == ENOENT || error == ESRCH) {
		err_set(e, "there is no user %.64s", name);
		return RES_INVALID;
	}
	err_set(e, "cannot look up the user %.64s: %s", name, strerror(error));
	return RES_FAILED;
}

static enum result
user_groups(const char *name, struct run_user *u, struct err *e)
{
	int max = 16;

	for (;;) {
		u->groups =
		    mem_resize(u->groups, (size_t)max, sizeof(*u->groups));
		u->ngroups = max;
		if (getgrouplist(name, u->gid, u->groups, &u->ngroups) != -1)
			return RES_OK;
		if (max >= USER_GROUPS_MAX)
			break;
		max = u->ngroups > max ? u->ngroups : max * 2;
	}
	err_set(e, "the user %.64s is in too many groups", name);
	return RES_FAILED;
}

enum result
run_user_find(struct run_user *u, const char *name, struct err *e)
{
	enum result res;

	memset(u, 0, sizeof(*u));
	if (name == NULL || name[0] == '\0')
		return RES_OK;
	if (geteuid() != 0) {
		err_set(e, "only root may execute it as the user %.64s", name);
		return RES_INVALID;
	}
	res = user_entry(name, u, e);
	if (res == RES_OK)
		res = user_groups(name, u, e);
	u->change = res == RES_OK;
	if (res != RES_OK)
		run_user_free(u);
	return res;
}

void
run_user_free(struct run_user *u)
{
	free(u->groups);
	u->groups = NULL;
	u->ngroups = 0;
}

/*
 * The C library's own functions try to change all threads of the process, and
 * those of the parent are in its books: the bare system calls do not.
 */
#if defined(SYS_setresuid32)
#define user_setgroups(n, list) syscall(SYS_setgroups32, n, list)
#define user_setgid(id) syscall(SYS_setresgid32, id, id, id)
#define user_setuid(id) syscall(SYS_setresuid32, id, id, id)
#elif defined(SYS_setresuid)
#define user_setgroups(n, list) syscall(SYS_setgroups, n, list)
#define user_setgid(id) syscall(SYS_setresgid, id, id, id)
#define user_setuid(id) syscall(SYS_setresuid, id, id, id)
#else
#define user_setgroups(n, list) setgroups(n, list)
#define user_setgid(id) setgid(id)
#define user_setuid(id) setuid(id)
#endif

/* The groups first: afterwards we may no longer. */
int
run_user_become(const struct run_user *u)
{
	if (!u->change)
		return 0;
	if (user_setgroups((size_t)u->ngroups, u->groups) == -1 ||
	    user_setgid(u->gid) == -1 || user_setuid(u->uid) == -1)
		return -1;
	/* half a change would be worse than none */
	if (getuid() != u->uid || geteuid() != u->uid || getgid() != u->gid ||
	    getegid() != u->gid ||
	    (u->uid != 0 && user_setuid((uid_t)0) != -1)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
