/*
 * Telling the service manager how we are (sd_notify(3)). libsystemd lives
 * here; without it, and without a manager that listens, nothing happens.
 */
#ifndef STRIPEHOOK_NOTIFY_H
#define STRIPEHOOK_NOTIFY_H

/* Ready, stopping; and alive, at least every other second: the worker's loop
 * turns that often, so a watchdog of a few seconds is fine. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
void notify_alive(void);

#endif
