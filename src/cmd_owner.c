#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_owner.h"
#include "mem.h"

#include "banned.h"

#ifdef STRIPEHOOK_PORTABLE

static struct passwd *
find_user(uid_t uid)
{
	(void)uid;
	return NULL;
}

static struct group *
find_group(gid_t gid)
{
	(void)gid;
	return NULL;
}

static int
take_groups(const struct passwd *pw, gid_t gid)
{
	(void)pw;
	return setgroups(1, &gid);
}

#else

static struct passwd *
find_user(uid_t uid)
{
	return getpwuid(uid);
}

static struct group *
find_group(gid_t gid)
{
	return getgrgid(gid);
}

static int
take_groups(const struct passwd *pw, gid_t gid)
{
	return pw != NULL ? initgroups(pw->pw_name, gid) : setgroups(1, &gid);
}

#endif

static const char *
name_or_number(const char *name, unsigned long number, char *dst)
{
	if (name == NULL || mem_copy(dst, CMD_OWNER_SIZE, name) == -1)
		(void)snprintf(dst, CMD_OWNER_SIZE, "%lu", number);
	return dst;
}

const char *
cmd_user_name(uid_t uid, char dst[CMD_OWNER_SIZE])
{
	const struct passwd *pw = find_user(uid);

	return name_or_number(pw == NULL ? NULL : pw->pw_name, uid, dst);
}

const char *
cmd_group_name(gid_t gid, char dst[CMD_OWNER_SIZE])
{
	const struct group *gr = find_group(gid);

	return name_or_number(gr == NULL ? NULL : gr->gr_name, gid, dst);
}

int
cmd_become(uid_t uid, gid_t gid)
{
	const struct passwd *pw = find_user(uid);

	if (pw != NULL)
		gid = pw->pw_gid;
	if (take_groups(pw, gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0)
		return CMD_OK;
	cmd_error("cannot become user %lu, whose the store is: %s",
	    (unsigned long)uid, strerror(errno));
	return CMD_FAILED;
}
