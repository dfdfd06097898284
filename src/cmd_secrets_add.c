/*
 * stripehook secrets add: writes a new secret where the endpoint's are.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_owner.h"
#include "cmd_secret.h"
#include "cmd_secrets.h"
#include "mem.h"

#include "banned.h"

#define ALONE 0600 /* the mode where there is no other file to go by */
#define VALUE_SIZE (SECRET_MAX + 3) /* with a line end, and one too many */

/* A secret on its way into a file. */
struct adding {
	const struct conf_endpoint *endpoint; /* borrowed */
	const struct conf *conf; /* borrowed */
	struct cmd_secrets known; /* owned */
	char value[VALUE_SIZE]; /* cleansed */
	size_t len;
	char fingerprint[SIGNATURE_FINGERPRINT_SIZE];
	char *path; /* owned: where it goes */
	const struct stat *like; /* borrowed: of a file of the endpoint; NULL */
};

/*
 * Reads to the end, so that it does not matter how it is written to us.
 */
static bool
read_input(struct adding *a)
{
	size_t n;

	n = fread(a->value, 1, sizeof(a->value) - 1, stdin);
	if (ferror(stdin)) {
		cmd_error("standard input: %s", strerror(errno));
		return false;
	}
	a->len = n;
	if (a->len > 0 && a->value[a->len - 1] == '\n')
		a->len--;
	if (a->len > 0 && a->value[a->len - 1] == '\r')
		a->len--;
	return true;
}

static bool
read_value(struct adding *a)
{
	char question[DELIVERY_NAME_SIZE + 64];

	if (!isatty(STDIN_FILENO))
		return read_input(a);
	(void)snprintf(question, sizeof(question),
	    "New signing secret of endpoint \"%s\" (not shown): ",
	    a->endpoint->name);
	if (!cmd_secrets_prompt(question, a->value, sizeof(a->value))) {
		cmd_error("no secret was given: nothing was written");
		return false;
	}
	a->len = strlen(a->value);
	return true;
}

/*
 * Whether the value can be a secret, and is a new one. Never shown.
 */
static bool
check_value(struct adding *a)
{
	const struct cmd_secret *s;
	struct err e;
	size_t i;

	if (!secret_usable(a->value, a->len)) {
		cmd_error("%s: give the secret alone, as Stripe shows it",
		    a->len == 0 ? "the secret is empty"
				: "the secret is too long, or holds a blank or "
				  "a control character");
		return false;
	}
	if (strncmp(a->value, "whsec_", 6) != 0) {
		cmd_error("that is no signing secret: Stripe's begin with "
			  "whsec_");
		return false;
	}
	if (signature_fingerprint(a->value, a->len, a->fingerprint, &e) !=
	    RES_OK) {
		cmd_error("%s", e.text);
		return false;
	}
	for (i = 0; i < a->known.n; i++) {
		s = &a->known.list[i];
		if (!s->loaded || s->secret.len != a->len ||
		    memcmp(s->secret.value, a->value, a->len) != 0)
			continue;
		cmd_error("it is there already: endpoint \"%s\", secret %zu",
		    s->endpoint->name, s->position);
		return false;
	}
	return true;
}

/*
 * The file of a secret of the endpoint, or NULL.
 */
static const char *
other_file(const struct adding *a)
{
	const char *source;
	size_t i;

	for (i = 0; i < a->endpoint->nsources; i++) {
		source = a->endpoint->sources[i].text;
		if (strncmp(source, "file:/", 6) == 0)
			return source + 5;
	}
	return NULL;
}

/*
 * Beside another one of the endpoint, else beside the configuration. The
 * fingerprint makes the name a new one.
 */
static char *
choose_path(const struct adding *a)
{
	const char *other = other_file(a), *slash;
	char *real = NULL, *path;
	struct buf b;

	if (other == NULL)
		other = real = realpath(a->conf->path, NULL);
	buf_init(&b, SIZE_MAX / 2);
	slash = other != NULL ? strrchr(other, '/') : NULL;
	if (slash != NULL)
		buf_add(&b, other, (size_t)(slash - other));
	buf_printf(&b, "/%s-%s.whsec", a->endpoint->name, a->fingerprint);
	path = mem_strdup(buf_text(&b));
	buf_free(&b);
	free(real);
	return path;
}

/*
 * Writes the value into an open file, with the owner and the mode of the
 * endpoint's other one.
 */
static bool
fill(int fd, const struct adding *a)
{
	const mode_t mode =
	    a->like != NULL ? a->like->st_mode & 0660 : (mode_t)ALONE;
	size_t done;
	ssize_t n;

	if (a->like != NULL &&
	    fchown(fd, geteuid() == 0 ? a->like->st_uid : (uid_t)-1,
		a->like->st_gid) == -1)
		return false;
	if (fchmod(fd, mode) == -1)
		return false;
	for (done = 0; done < a->len; done += (size_t)n)
		if ((n = write(fd, a->value + done, a->len - done)) == -1)
			return false;
	return write(fd, "\n", 1) == 1 && fsync(fd) == 0;
}

/*
 * Makes the name durable.
 */
static void
sync_folder(const char *path)
{
	char *folder = mem_strdup(path);
	int fd;

	strrchr(folder, '/')[1] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/*
 * Whole or not at all, and never over another file: link(2) fails where there
 * is one.
 */
static bool
write_file(const struct adding *a)
{
	bool good = false;
	char *temporary;
	struct buf b;
	int fd;

	buf_init(&b, SIZE_MAX / 2);
	buf_printf(&b, "%s.XXXXXX", a->path);
	temporary = mem_strdup(buf_text(&b));
	buf_free(&b);
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd != -1) {
		good = fill(fd, a);
		good = close(fd) == 0 && good;
		good = good && link(temporary, a->path) == 0;
	}
	if (!good)
		cmd_error("%s: %s", a->path, strerror(errno));
	if (fd != -1)
		unlink(temporary);
	free(temporary);
	if (good)
		sync_folder(a->path);
	return good;
}

static void
print_written(const struct adding *a)
{
	char name[CMD_OWNER_SIZE];
	struct stat st;

	cmd_put(a->path, 0);
	printf(": written, fingerprint %s", a->fingerprint);
	if (stat(a->path, &st) == 0) {
		printf(
		    ", mode %04o, owner ", (unsigned int)(st.st_mode & 07777));
		cmd_put(cmd_user_name(st.st_uid, name), 0);
		printf(", group ");
		cmd_put(cmd_group_name(st.st_gid, name), 0);
	}
	putchar('\n');
}

/*
 * The line that a person puts into the configuration. A source that may be a
 * secret itself is not shown.
 */
static void
print_advice(const struct adding *a)
{
	const struct conf_endpoint *ep = a->endpoint;
	size_t i;

	if (a->like == NULL)
		printf("The endpoint's user must be able to read it.\n");
	printf("In endpoint \"%s\", line %d of ", ep->name, ep->line);
	cmd_put(a->conf->path, 0);
	printf(", write:\n    secrets = { \"file:");
	cmd_put(a->path, 0);
	putchar('"');
	for (i = 0; i < ep->nsources; i++) {
		printf(", \"");
		cmd_put(strstr(ep->sources[i].text, "whsec_") == NULL
			? ep->sources[i].text
			: "...",
		    0);
		putchar('"');
	}
	printf(" }\nThen run \"stripehook check\". When \"stripehook secrets\" "
	       "says that the old one can\ngo, take it out.\n");
}

static bool
add(struct adding *a, const char *path)
{
	const char *other = other_file(a);
	struct stat st;

	if (path != NULL && path[0] != '/') {
		cmd_error("%s: the path must be absolute", path);
		return false;
	}
	if (!read_value(a) || !check_value(a))
		return false;
	if (other != NULL && stat(other, &st) == 0)
		a->like = &st;
	a->path = path != NULL ? mem_strdup(path) : choose_path(a);
	if (!write_file(a))
		return false;
	print_written(a);
	print_advice(a);
	return true;
}

int
cmd_secrets_add(
    const struct conf *c, const struct conf_endpoint *ep, const char *path)
{
	struct adding a = { .endpoint = ep, .conf = c };
	bool good;

	cmd_secrets_load(&a.known, c, NULL);
	good = add(&a, path);
	mem_cleanse(a.value, sizeof(a.value));
	free(a.path);
	cmd_secrets_free(&a.known);
	return good ? CMD_OK : CMD_FAILED;
}
