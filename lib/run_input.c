/*
 * Standard input for a program: an unnamed file, so that it can be read
 * again, never blocks whoever writes it, and never raises SIGPIPE.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_impl.h"

#include "banned.h"

#define RUN_INPUT_TEMPLATE "/tmp/stripehook-input-XXXXXX"

void
run_fd_close(int fd)
{
	int error = errno;

	if (fd != -1)
		close(fd);
	errno = error;
}

int
run_fd_raise(int fd)
{
	int raised;

	if (fd == -1 || fd > RUN_FD_REPORT)
		return fd;
	raised = fcntl(fd, F_DUPFD_CLOEXEC, RUN_FD_REPORT + 1);
	run_fd_close(fd);
	return raised;
}

/* Leaves the offset where it is: at the start. */
static int
input_write(int fd, const char *p, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += (size_t)n) {
		n = pwrite(fd, p + done, len - done, (off_t)done);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return -1;
	}
	return 0;
}

#ifdef HAVE_MEMFD_CREATE
static int
input_memory(const void *input, size_t len)
{
	int fd;

	fd = memfd_create("event", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (input_write(fd, input, len) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) ==
		-1) {
		run_fd_close(fd);
		return -1;
	}
	return fd;
}
#endif

/* The same without memfd: a file with no name, opened for reading only. */
static int
input_file(const void *input, size_t len)
{
	char path[] = RUN_INPUT_TEMPLATE;
	int out, fd;

	out = mkostemp(path, O_CLOEXEC);
	if (out == -1)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	/* nor by its name below /proc, but for root */
	if (fd != -1 &&
	    (fchmod(out, S_IRUSR) == -1 ||
		input_write(out, input, len) == -1)) {
		run_fd_close(fd);
		fd = -1;
	}
	run_fd_close(out);
	return fd;
}

int
run_input_open(const void *input, size_t len)
{
	int fd = -1;

#ifdef HAVE_MEMFD_CREATE
	fd = input_memory(input, len);
#endif
	if (fd == -1)
		fd = input_file(input, len);
	return run_fd_raise(fd);
}
