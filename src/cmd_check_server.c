/*
 * stripehook check: what a web server lets through, against max-body. Reads
 * directives line by line, which is enough to find a number that is too small.
 */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd_check.h"
#include "cmd.h"

#include "banned.h"

#define LINE_MAX_BYTES 4096

/* A directive that limits bodies. */
static const struct limit {
	const char *name;
	bool any_case; /* Apache's may be written in any */
	int64_t unit; /* bytes; 1: may end in k, m or g */
} limits[] = {
	{ "client_max_body_size", false, 1 }, /* nginx */
	{ "LimitRequestBody", true, 1 }, /* Apache: no letters, harmless */
	{ "server.max-request-size", false, 1024 }, /* lighttpd: kilobytes */
};

/* Where the usual web servers have their configuration. */
static const char *const usual[] = {
	"/etc/nginx/nginx.conf",
	"/etc/nginx/conf.d/*",
	"/etc/nginx/sites-enabled/*",
	"/etc/apache2/apache2.conf",
	"/etc/apache2/conf-enabled/*",
	"/etc/apache2/sites-enabled/*",
	"/etc/httpd/conf/httpd.conf",
	"/etc/httpd/conf.d/*",
	"/etc/lighttpd/lighttpd.conf",
	"/etc/lighttpd/conf-enabled/*",
};

/* A file as far as it was read. */
struct reading {
	const struct conf *conf; /* borrowed */
	struct conf_report *report; /* borrowed */
	const char *file; /* borrowed */
	int line;
	bool found; /* there was a limit */
};

/*
 * The bytes of a number with a unit, 0 for no limit; -1 where it is none.
 */
static int64_t
size_of(const char *text, const struct limit *limit)
{
	static const char letters[] = "kmg";
	int64_t bytes, unit = limit->unit;
	const char *letter;
	char digits[16];
	size_t n;

	n = strspn(text, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	letter = text[n] != '\0' ? strchr(letters, text[n] | 0x20) : NULL;
	if (letter != NULL)
		unit = (int64_t)1024 << 10 * (letter - letters);
	if (!cmd_number(digits, 0, INT64_MAX / unit, &bytes))
		return -1;
	return bytes * unit;
}

static void
report(struct reading *rd, const struct limit *limit, int64_t bytes, int column)
{
	rd->found = true;
	if (bytes <= 0 || (uint64_t)bytes >= rd->conf->max_body)
		return;
	conf_report_add(rd->report, CONF_WARNING, rd->file, rd->line,
	    "%s lets %lld bytes through, max-body is %zu\n"
	    "raise it, or larger events are refused before they arrive",
	    limit->name, (long long)bytes, rd->conf->max_body);
	conf_report_mark(rd->report, "server", column);
}

/*
 * Looks for a limit in a line without its comment. A directive stands at the
 * beginning, or behind one of the signs that end another.
 */
static void
read_line(struct reading *rd, char *line)
{
	const char *p = line, *value;
	size_t i, n;

	line[strcspn(line, "#\n")] = '\0';
	while (*(p += strspn(p, " \t\r{};")) != '\0') {
		for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
			n = strlen(limits[i].name);
			if ((limits[i].any_case
				    ? strncasecmp(p, limits[i].name, n)
				    : strncmp(p, limits[i].name, n)) != 0 ||
			    strchr(" \t=", p[n]) == NULL || p[n] == '\0')
				continue;
			value = p + n + strspn(p + n, " \t=\"");
			report(rd, &limits[i], size_of(value, &limits[i]),
			    (int)(p - line) + 1);
		}
		p += strcspn(p, "{};");
	}
}

/*
 * Whether the text of a file has the word, in a line that is no comment.
 */
static bool
speaks_of_us(FILE *f)
{
	char line[LINE_MAX_BYTES];
	bool found = false;

	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "#")] = '\0';
		found = strstr(line, "stripehook") != NULL;
	}
	rewind(f);
	return found;
}

/*
 * Reads a file. False where it could not be read.
 */
static bool
read_file(struct reading *rd, bool if_ours)
{
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(rd->file, "re");

	if (f == NULL)
		return false;
	rd->line = 0;
	if (!if_ours || speaks_of_us(f))
		while (fgets(line, sizeof(line), f) != NULL) {
			rd->line++;
			read_line(rd, line);
		}
	fclose(f);
	return true;
}

void
cmd_check_server(const struct conf *c, const char *file, struct conf_report *r)
{
	struct reading rd = { .conf = c, .report = r, .file = file };
	glob_t found;
	size_t i, j;

	if (file != NULL) {
		if (!read_file(&rd, false)) {
			conf_report_add(
			    r, CONF_ERROR, file, 0, "%s", strerror(errno));
			conf_report_mark(r, "server", 0);
		} else if (!rd.found) {
			conf_report_add(r, CONF_WARNING, file, 0,
			    "no limit for bodies is in this file\n"
			    "nginx lets 1 MiB through unless "
			    "client_max_body_size says more");
			conf_report_mark(r, "server", 0);
		}
		return;
	}
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (glob(usual[i], 0, NULL, &found) != 0)
			continue;
		for (j = 0; j < found.gl_pathc; j++) {
			rd.file = found.gl_pathv[j];
			(void)read_file(&rd, true);
		}
		globfree(&found);
	}
}
