/*
 * The portable build: one file that is the endpoint, the worker and the
 * command, for who can only copy a file into a folder.
 *
 * A request decides before any argument does: a web server may make arguments
 * of a query string (RFC 3875, section 4.4), and whoever sends one is not to
 * choose a command.
 */
#include "config.h"

#include <sys/socket.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#include "banned.h"

#define WORKER PACKAGE_NAME "-worker"

/*
 * libfcgi would tell, but not without signal handlers of its own.
 */
static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
	    0 &&
	    listening != 0;
}

static bool
is_request(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL ||
	    getenv("REQUEST_METHOD") != NULL || is_listening(STDIN_FILENO);
}

static bool
is_called(const char *argv0, const char *name)
{
	const char *slash = strrchr(argv0, '/');

	return strcmp(slash != NULL ? slash + 1 : argv0, name) == 0;
}

int
main(int argc, char *argv[])
{
	char worker[] = WORKER;

	if (is_request())
		return endpoint_main(argc, argv);
	if (argc > 0 && is_called(argv[0], WORKER))
		return worker_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "worker") == 0) {
		/* Executed again, it is to come here by its name. */
		argv[1] = worker;
		return worker_main(argc - 1, argv + 1);
	}
	return command_main(argc, argv);
}
