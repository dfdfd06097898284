/*
 * Temporary SQLite stores for the tests of that backend.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite_case.h"

#include "mem.h"

#include "banned.h"

void
case_make(char uri[CONTRACT_URI_SIZE])
{
	char folder[] = "/tmp/t-store-XXXXXX";

	assert_non_null(mkdtemp(folder));
	(void)snprintf(uri, CONTRACT_URI_SIZE, "sqlite:%s/events.db", folder);
}

void
case_drop(const char *uri)
{
	char folder[CONTRACT_URI_SIZE], path[2 * CONTRACT_URI_SIZE];
	struct dirent *d;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s", case_path(uri));
	*strrchr(folder, '/') = '\0';
	assert_non_null(dir = opendir(folder));
	while ((d = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		(void)unlink(path);
	}
	closedir(dir);
	assert_int_equal(rmdir(folder), 0);
}

const char *
case_path(const char *uri)
{
	return uri + strlen("sqlite:");
}

enum result
case_put(struct store *s, int i, const char *lane, size_t len, struct err *e)
{
	static const char body[65536];
	struct store_new d = { "h", lane, 0 };
	struct event *ev = mem_alloc(1, sizeof(*ev));
	struct store_event se = { "shop", ev, body, len, &d, 1, NULL, 0 };
	enum result r;
	bool differs;

	(void)snprintf(ev->id, sizeof(ev->id), "evt_%d", i);
	(void)snprintf(ev->type, sizeof(ev->type), "invoice.paid");
	(void)snprintf(ev->object_id, sizeof(ev->object_id), "in_%d",
	    i % 10007 * 7919 % 10007);
	(void)snprintf(ev->customer, sizeof(ev->customer), "cus_%d",
	    i % 5003 * 3001 % 5003);
	r = store_put(s, &se, &differs, e);
	free(ev);
	return r;
}

void
case_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
query(const char *uri, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *st;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(case_path(uri), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	(void)snprintf(
	    out, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
}

void
case_assert_sound(const char *uri)
{
	char answer[256];

	query(uri, "PRAGMA integrity_check", answer, sizeof(answer));
	assert_string_equal(answer, "ok");
}

int
case_count(const char *uri, const char *sql)
{
	char answer[64];

	query(uri, sql, answer, sizeof(answer));
	return (int)strtol(answer, NULL, 10);
}
