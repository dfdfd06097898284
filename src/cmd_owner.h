/*
 * Whose a file is, in words.
 */
#ifndef STRIPEHOOK_CMD_OWNER_H
#define STRIPEHOOK_CMD_OWNER_H

#include <sys/types.h>

#define CMD_OWNER_SIZE 256

/*
 * The name of a user or a group, or the number where there is no name, into
 * dst, which it returns. The portable build gives numbers: a static program
 * must not look names up in another system's databases.
 */
const char *cmd_user_name(uid_t uid, char dst[CMD_OWNER_SIZE]);
const char *cmd_group_name(gid_t gid, char dst[CMD_OWNER_SIZE]);

/*
 * Becomes a user with all groups of that user; for root. With the group given
 * where the user has no name. An enum cmd_exit; what went wrong was printed.
 */
int cmd_become(uid_t uid, gid_t gid);

#endif
