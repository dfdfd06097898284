/*
 * stripehook trigger: making the events.
 */
#include "config.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_file.h"
#include "cmd_time.h"
#include "cmd_trigger.h"
#include "mem.h"

#include "banned.h"

#define BODY_MAX (1024 * 1024)
#define SUGGESTIONS 3
#define TYPE_SIZE (EVENT_TYPE_SIZE + 4)

int64_t
trigger_total(const struct trigger *t)
{
	return t->raw ? t->count : t->count * (int64_t)t->ntypes;
}

static bool
is_thin_name(const char *type)
{
	return strncmp(type, "v1.", 3) == 0 || strncmp(type, "v2.", 3) == 0;
}

/*
 * The event type that a name given means.
 */
static void
find_type(const struct trigger *t, const char *name, char type[TYPE_SIZE])
{
	const bool twin = strncmp(name, "v1.", 3) == 0;

	snprintf(type, TYPE_SIZE, "%s%s",
	    twin || (t->thin && !is_thin_name(name)) ? "v1." : "",
	    fixture_type_of(twin ? name + 3 : name));
}

static void
warn_unknown(const struct trigger *t, const char *type)
{
	const char *near[SUGGESTIONS];
	struct buf b;
	size_t i, n;

	n = catalogue_suggest(t->catalogue, type, near, SUGGESTIONS);
	buf_init(&b, 4096);
	for (i = 0; i < n; i++) {
		if (i == 0)
			buf_puts(&b, "; did you mean ");
		else
			buf_puts(&b, i + 1 < n ? ", " : " or ");
		buf_puts(&b, near[i]);
	}
	cmd_error("warning: unknown event type %s%s%s", type, buf_text(&b),
	    n > 0 ? "?" : "");
	buf_free(&b);
}

void
trigger_check_types(const struct trigger *t)
{
	char type[TYPE_SIZE];
	size_t i;

	for (i = 0; i < t->ntypes; i++) {
		find_type(t, t->types[i], type);
		if (catalogue_find(t->catalogue, type) == NULL)
			warn_unknown(t, type);
	}
}

/*
 * Completes the fixture by what the catalogue knows of the type.
 */
static void
describe(const struct trigger *t, const char *type, struct fixture *f)
{
	const struct catalogue_type *known = catalogue_find(t->catalogue, type);

	*f = t->fixture;
	f->type = type;
	f->style = is_thin_name(type) ? EVENT_THIN : EVENT_SNAPSHOT;
	f->now = cmd_time_now() / 1000;
	if (getrandom(&f->seed, sizeof(f->seed), 0) < 0)
		f->seed = (uint64_t)cmd_time_now();
	if (known == NULL)
		return;
	f->style = known->style;
	f->object = known->object;
}

/*
 * Keeps the exact bytes: in the file named, or in a folder by the event's id.
 */
static int
save(const struct trigger *t, const struct trigger_event *ev)
{
	struct buf path;
	struct stat st;
	int status;

	if (stat(t->save, &st) != 0 || !S_ISDIR(st.st_mode)) {
		if (trigger_total(t) == 1)
			return cmd_file_write(
			    t->save, buf_text(&ev->body), ev->body.len);
		cmd_error("%s: for several events this must be a folder that "
			  "exists",
		    t->save);
		return CMD_FAILED;
	}
	if (ev->id[0] == '.' || strchr(ev->id, '/') != NULL ||
	    strcmp(ev->id, "?") == 0) {
		cmd_error("%s: no file can have the name of this event: %s",
		    t->save, ev->id);
		return CMD_FAILED;
	}
	buf_init(&path, 8192);
	buf_printf(&path, "%s/%s.json", t->save, ev->id);
	status =
	    cmd_file_write(buf_text(&path), buf_text(&ev->body), ev->body.len);
	buf_free(&path);
	return status;
}

/*
 * What is sent need not be an event: to see it refused is a use of its own.
 */
static int
take_raw(const struct trigger *t, int64_t n, struct trigger_event *ev)
{
	struct event parsed;
	struct err e;

	buf_add(&ev->body, t->body.data, t->body.len);
	if (event_parse(buf_text(&ev->body), ev->body.len, &parsed, &e) ==
	    RES_OK) {
		mem_copy(ev->type, sizeof(ev->type), parsed.type);
		mem_copy(ev->id, sizeof(ev->id), parsed.id);
	} else if (n == 0) {
		cmd_error("warning: standard input is no event: %s", e.text);
	}
	return CMD_OK;
}

static int
build(const struct trigger *t, int64_t n, struct trigger_event *ev)
{
	const char *name = t->types[n % (int64_t)t->ntypes];
	struct err e = { "" };
	struct event parsed;
	char type[TYPE_SIZE];
	struct fixture f;
	enum result r;

	find_type(t, name, type);
	describe(t, type, &f);
	if ((r = fixture_event(&f, &ev->body, &e)) == RES_OK)
		r = event_parse(ev->body.data, ev->body.len, &parsed, &e);
	if (r != RES_OK)
		return cmd_result(r, &e);
	mem_copy(ev->type, sizeof(ev->type), parsed.type);
	mem_copy(ev->id, sizeof(ev->id), parsed.id);
	return CMD_OK;
}

int
trigger_make(const struct trigger *t, int64_t n, struct trigger_event *ev)
{
	int status;

	memset(ev, 0, sizeof(*ev));
	ev->type[0] = ev->id[0] = '?';
	buf_init(&ev->body, t->raw ? CMD_FILE_MAX : BODY_MAX);
	status = t->raw ? take_raw(t, n, ev) : build(t, n, ev);
	if (status == CMD_OK && t->save != NULL)
		status = save(t, ev);
	ev->left = t->repeat ? 2 : 1;
	return status;
}
