/*
 * Telling the service manager how we are.
 */
#include "config.h"

#include <stdio.h>
/* There is no static libsystemd, and no service where it would matter. */
#ifdef STRIPEHOOK_PORTABLE
#undef HAVE_LIBSYSTEMD
#endif
#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#include <time.h>
#endif

#include "notify.h"

#include "banned.h"

#ifdef HAVE_LIBSYSTEMD

void
notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

/*
 * A manager of Type=notify-reload wants to know when it began
 * (systemd.service(5)).
 */
void
notify_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void
notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

#else

void
notify_ready(const char *status)
{
	(void)status;
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_alive(void)
{
}

#endif
