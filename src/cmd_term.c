/*
 * Terminals: colours, width, progress.
 */
#include "config.h"

#include <sys/ioctl.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_term.h"
#include "run.h"

#include "banned.h"

#define DRAW_MS 100 /* between two looks of the bar */
#define BAR_MAX 50 /* columns of the bar itself */
#define BAR_LEAST 5 /* fewer say nothing: then there are only the numbers */

bool
cmd_color_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

const char *
cmd_color(bool on, enum cmd_color color)
{
	static const char *const sequences[] = { "\033[0m", "\033[32m",
		"\033[31m", "\033[33m", "\033[36m", "\033[2m" };

	return on ? sequences[color] : "";
}

int
cmd_term_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

void
cmd_progress_begin(struct cmd_progress *p, int64_t total)
{
	const char *term = getenv("TERM");

	memset(p, 0, sizeof(*p));
	p->total = total;
	p->started_ms = run_now_ms();
	p->on = total > 1 && isatty(STDERR_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/*
 * Never as wide as the terminal, or the cursor would go to the next line.
 */
static void
draw(struct cmd_progress *p)
{
	int width = cmd_term_width(STDERR_FILENO), bar, full, n;
	int64_t ms = p->drawn_ms - p->started_ms;
	char numbers[128];

	n = snprintf(numbers, sizeof(numbers),
	    "%" PRId64 "/%" PRId64 " %3d%% %" PRId64 "/s %" PRId64 " refused",
	    p->done, p->total, (int)(p->done * 100 / p->total),
	    ms > 0 ? p->done * 1000 / ms : 0, p->bad);
	bar = width - n - 4;
	if (bar > BAR_MAX)
		bar = BAR_MAX;
	fputc('\r', stderr);
	if (bar >= BAR_LEAST) {
		full = (int)(p->done * bar / p->total);
		fputc('[', stderr);
		for (n = 0; n < bar; n++)
			fputc(n < full ? '#' : '.', stderr);
		fputs("] ", stderr);
	}
	fprintf(stderr, "%.*s\033[K", width - 1, numbers);
	fflush(stderr);
	p->shown = true;
}

void
cmd_progress_step(struct cmd_progress *p, bool bad)
{
	int64_t now_ms = run_now_ms();

	p->done++;
	if (bad)
		p->bad++;
	if (!p->on || (now_ms - p->drawn_ms < DRAW_MS && p->done < p->total))
		return;
	p->drawn_ms = now_ms;
	draw(p);
}

void
cmd_progress_hide(struct cmd_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
	p->drawn_ms = 0;
}
