/*
 * Asking for a secret at a terminal.
 */
#include "config.h"

#include <sys/select.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd_secrets.h"
#include "mem.h"

#include "banned.h"

/* Those that a person sends from the terminal, or somebody to end us. */
static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* What has to be put back. */
struct before {
	struct termios term;
	sigset_t mask;
	struct sigaction actions[SIGNALS];
};

/* That it came is all there is to know. */
static void
interrupt(int number)
{
	(void)number;
}

static void
end(const struct before *b)
{
	size_t i;

	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &b->term);
	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &b->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &b->mask, NULL);
}

/*
 * From here on a signal only ends the waiting, so that no terminal is left
 * without its echo. A stop from the keyboard waits until the answer is there.
 */
static bool
begin(struct before *b)
{
	struct termios quiet;
	struct sigaction sa;
	sigset_t block;
	size_t i;

	if (tcgetattr(STDIN_FILENO, &b->term) == -1)
		return false;
	sigemptyset(&block);
	sigaddset(&block, SIGTSTP);
	for (i = 0; i < SIGNALS; i++)
		sigaddset(&block, signals[i]);
	sigprocmask(SIG_BLOCK, &block, &b->mask);
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = interrupt;
	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &sa, &b->actions[i]);
	quiet = b->term;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0)
		return true;
	end(b);
	return false;
}

/*
 * Reads a line; a terminal gives it as a whole. Signals come only while
 * nothing is there to be read.
 */
static ssize_t
read_line(const struct before *b, char *value, size_t size)
{
	sigset_t mask = b->mask;
	fd_set fds;

	sigaddset(&mask, SIGTSTP);
	FD_ZERO(&fds);
	FD_SET(STDIN_FILENO, &fds);
	if (pselect(STDIN_FILENO + 1, &fds, NULL, NULL, NULL, &mask) != 1)
		return -1;
	return read(STDIN_FILENO, value, size);
}

bool
cmd_secrets_prompt(const char *question, char *value, size_t size)
{
	struct before before;
	ssize_t n;

	fprintf(stderr, "%s", question);
	fflush(stderr);
	if (!begin(&before))
		return false;
	n = read_line(&before, value, size);
	end(&before);
	if (n > 0 && value[n - 1] == '\n') {
		value[n - 1] = '\0';
		return true;
	}
	mem_cleanse(value, size);
	return false;
}
