/*
 * SQLite backend: the turn, a lock on a file. The kernel queues who waits for
 * it and frees it when its holder dies.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/syscall.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store_sqlite.h"

#include "banned.h"

#if defined(__linux__) && defined(SIGEV_THREAD_ID)
#define TURN_TIMER 1
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#endif

#define POLL_MS 5 /* between two looks where there is no timer */

static int64_t
monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static enum result
turn_busy(struct err *e)
{
	err_set(e, "another writer has held the turn for too long");
	return RES_BUSY;
}

static enum result
turn_failed(struct err *e)
{
	err_set(e, "cannot be locked: %s", strerror(errno));
	return RES_FAILED;
}

/* Without order among those who wait, but everywhere. */
static enum result
wait_polling(int fd, int64_t deadline, struct err *e)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return turn_failed(e);
		if (monotonic_ms() >= deadline)
			return turn_busy(e);
		nanosleep(&pause, NULL);
	}
	return RES_OK;
}

#ifdef TURN_TIMER

/* Ignored by default, so that one too many does no harm. */
#define TURN_SIGNAL SIGURG
#define TURN_REPEAT_NS 100000000L

static void
interrupt(int number)
{
	(void)number;
}

/*
 * Makes the signal end a system call. False where the program uses it for
 * something else. All threads set the same, so it does not matter who is
 * first.
 */
static bool
prepare_signal(void)
{
	struct sigaction sa;

	if (sigaction(TURN_SIGNAL, NULL, &sa) == -1)
		return false;
	if (!(sa.sa_flags & SA_SIGINFO) && sa.sa_handler == interrupt)
		return true;
	if ((sa.sa_flags & SA_SIGINFO) ||
	    (sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN))
		return false;
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = interrupt;
	return sigaction(TURN_SIGNAL, &sa, NULL) == 0;
}

/*
 * A timer that interrupts this thread at the deadline and, as the signal may
 * come just before the call that it is to end, again and again after it.
 */
static bool
start_timer(timer_t *timer, int64_t ms)
{
	struct sigevent sev;
	struct itimerspec its;

	memset(&sev, 0, sizeof(sev));
	sev.sigev_notify = SIGEV_THREAD_ID;
	sev.sigev_signo = TURN_SIGNAL;
	sev.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &sev, timer) == -1)
		return false;
	its.it_value.tv_sec = ms / 1000;
	its.it_value.tv_nsec = ms % 1000 * 1000000L + 1;
	its.it_interval.tv_sec = 0;
	its.it_interval.tv_nsec = TURN_REPEAT_NS;
	if (timer_settime(*timer, 0, &its, NULL) == 0)
		return true;
	timer_delete(*timer);
	return false;
}

static enum result
wait_in_line(int fd, int64_t deadline, struct err *e)
{
	while (flock(fd, LOCK_EX) == -1) {
		if (errno != EINTR)
			return turn_failed(e);
		if (monotonic_ms() >= deadline)
			return turn_busy(e);
	}
	return RES_OK;
}

static enum result
wait_turn(int fd, int64_t bound_ms, struct err *e)
{
	int64_t deadline = monotonic_ms() + bound_ms;
	sigset_t set, old;
	enum result r;
	timer_t timer;

	if (!prepare_signal() || !start_timer(&timer, bound_ms))
		return wait_polling(fd, deadline, e);
	sigemptyset(&set);
	sigaddset(&set, TURN_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, &old);
	r = wait_in_line(fd, deadline, e);
	timer_delete(timer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

#else

static enum result
wait_turn(int fd, int64_t bound_ms, struct err *e)
{
	return wait_polling(fd, monotonic_ms() + bound_ms, e);
}

#endif

enum result
sq_turn_take(int fd, int64_t bound_ms, struct err *e)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return RES_OK;
	if (errno != EWOULDBLOCK && errno != EINTR)
		return turn_failed(e);
	return wait_turn(fd, bound_ms, e);
}

void
sq_turn_give(int fd)
{
	flock(fd, LOCK_UN);
}
