/*
 * Words for a program that could not be executed: what the system's own error
 * names leave open.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run_impl.h"

#include "banned.h"

/*
 * "No such file" for a file that is there: it is what the file needs that is
 * missing.
 */
static const char *
explain_missing(const char *path)
{
	char head[256];
	char *end;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return strerror(ENOENT);
	n = read(fd, head, sizeof(head) - 1);
	run_fd_close(fd);
	if (n < 2 || head[0] != '#' || head[1] != '!')
		return "the loader that it was linked for is missing";
	head[n] = '\0';
	end = strchr(head, '\n');
	if (end != NULL && end[-1] == '\r')
		return "the interpreter named in its first line is missing: "
		       "the line ends in a carriage return, as on Windows";
	return "the interpreter named in its first line is missing";
}

static const char *
explain_exec(const char *path, int error)
{
	if (error == ENOENT)
		return explain_missing(path);
	if (error == ENOEXEC)
		return "it is neither a program for this machine nor a script "
		       "whose first line names an interpreter with #!, and "
		       "no shell is tried";
	return strerror(error);
}

/* What could not be done, NULL for what is said elsewhere. */
static const char *const explain_stages[] = {
	[RUN_STAGE_SETUP] = "prepare",
	[RUN_STAGE_NICE] = "set the nice value",
	[RUN_STAGE_MEMORY] = "limit the memory",
	[RUN_STAGE_OPEN_FILES] = "limit the open files",
	[RUN_STAGE_CORE] = "limit the core size",
	[RUN_STAGE_USER] = "change the user",
	[RUN_STAGE_DIRECTORY] = NULL,
	[RUN_STAGE_EXEC] = NULL,
};

void
run_explain(const struct run_spec *spec, const struct run_failure *f,
    char *reason, size_t size)
{
	switch (f->stage) {
	case RUN_STAGE_DIRECTORY:
		snprintf(reason, size, "cannot enter the directory %.120s: %s",
		    spec->directory == NULL ? "/" : spec->directory,
		    strerror(f->error));
		break;
	case RUN_STAGE_EXEC:
		snprintf(reason, size, "cannot execute %.120s: %s",
		    spec->argv[0], explain_exec(spec->argv[0], f->error));
		break;
	default:
		snprintf(reason, size, "cannot %s to execute %.120s: %s",
		    explain_stages[f->stage], spec->argv[0],
		    strerror(f->error));
		break;
	}
}
