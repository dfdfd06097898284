/*
 * Signing secrets: from a file, from the environment, or from a systemd
 * credential.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"

#include "mem.h"

#include "banned.h"

#define NAME_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/*
 * What stands behind prefix in source, or NULL.
 */
static const char *
after(const char *source, const char *prefix)
{
	const size_t n = strlen(prefix);

	return strncmp(source, prefix, n) == 0 ? source + n : NULL;
}

int
secret_usable(const char *value, size_t len)
{
	size_t i;

	if (value == NULL || len == 0 || len > SECRET_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if ((unsigned char)value[i] <= ' ' || value[i] == 0x7f)
			return 0;
	return 1;
}

/*
 * Takes the value over into s, or says what is wrong with it.
 */
static enum result
keep(struct secret *s, const char *value, size_t len, struct err *e)
{
	if (len > 0 && value[len - 1] == '\n')
		len--;
	if (len > 0 && value[len - 1] == '\r')
		len--;
	if (len == 0) {
		err_set(e, "it is empty");
		return RES_INVALID;
	}
	if (len > SECRET_MAX) {
		err_set(e, "it has more than %d bytes", SECRET_MAX);
		return RES_INVALID;
	}
	if (!secret_usable(value, len)) {
		err_set(e,
		    "it holds a blank, a line end or a control character; "
		    "it must be the secret alone, as Stripe shows it");
		return RES_INVALID;
	}
	s->value = mem_strndup(value, len);
	s->len = len;
	return RES_OK;
}

/*
 * Whether an open file may hold a secret.
 */
static enum result
check_file(int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		err_set(e, "%s", strerror(errno));
		return RES_INVALID;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, "it is not a regular file");
		return RES_INVALID;
	}
	if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0) {
		err_set(e,
		    "all users may %s it: change its mode (0%o) to 0640 or "
		    "0600",
		    (st.st_mode & S_IROTH) != 0 ? "read" : "write",
		    (unsigned int)st.st_mode & 07777);
		return RES_INVALID;
	}
	return RES_OK;
}

/*
 * Reads as much of fd as can matter: a secret, its line end and one byte more.
 */
static enum result
read_value(struct secret *s, int fd, struct err *e)
{
	char value[SECRET_MAX + 3];
	size_t len = 0;
	ssize_t n = 1;
	enum result res;

	while (len < sizeof(value) && n != 0) {
		n = read(fd, value + len, sizeof(value) - len);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			len += (size_t)n;
	}
	if (n < 0) {
		err_set(e, "%s", strerror(errno));
		res = RES_INVALID;
	} else {
		res = keep(s, value, len, e);
	}
	mem_cleanse(value, sizeof(value));
	return res;
}

static enum result
load_file(struct secret *s, const char *path, struct err *e)
{
	enum result res;
	int fd;

	if (path[0] != '/') {
		err_set(e, "the path of the file must be absolute");
		return RES_INVALID;
	}
	s->path = mem_strdup(path);
	/* Not to hang where somebody named a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		err_set(e, "%s", strerror(errno));
		return RES_INVALID;
	}
	res = check_file(fd, e);
	if (res == RES_OK)
		res = read_value(s, fd, e);
	close(fd);
	return res;
}

static enum result
load_env(struct secret *s, const char *name, struct err *e)
{
	const char *value;

	if (name[0] == '\0' || name[strspn(name, NAME_CHARS)] != '\0') {
		err_set(e, "that is no name of an environment variable");
		return RES_INVALID;
	}
	/* The web server puts what the client sends there. */
	if (after(name, "HTTP_") != NULL) {
		err_set(e, "HTTP_ variables come from the request");
		return RES_INVALID;
	}
	value = getenv(name);
	if (value == NULL) {
		err_set(e, "the environment has no such variable");
		return RES_INVALID;
	}
	return keep(s, value, strlen(value), e);
}

static enum result
load_credential(struct secret *s, const char *name, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	enum result res;
	char *path;

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		err_set(e, "that is no name of a credential");
		return RES_INVALID;
	}
	if (dir == NULL || dir[0] != '/') {
		err_set(e,
		    "$CREDENTIALS_DIRECTORY is not set: systemd gives it to a "
		    "service with LoadCredential=");
		return RES_INVALID;
	}
	if (asprintf(&path, "%s/%s", dir, name) == -1) {
		err_set(e, "%s", strerror(errno));
		return RES_FAILED;
	}
	res = load_file(s, path, e);
	free(path);
	return res;
}

enum result
secret_load(struct secret *s, const char *source, struct err *e)
{
	const char *rest;
	enum result res;

	memset(s, 0, sizeof(*s));
	if ((rest = after(source, "file:")) != NULL)
		res = load_file(s, rest, e);
	else if ((rest = after(source, "env:")) != NULL)
		res = load_env(s, rest, e);
	else if ((rest = after(source, "credential:")) != NULL)
		res = load_credential(s, rest, e);
	else {
		/* It may be the secret itself: never shown. */
		err_set(e,
		    "a secret is named by where it is kept: "
		    "\"file:/absolute/path\", \"env:NAME\" or "
		    "\"credential:NAME\"");
		return RES_INVALID;
	}
	if (res == RES_OK) {
		s->source = mem_strdup(source);
		return RES_OK;
	}
	secret_free(s);
	/* Nor is one that stands where a name should. */
	if (strstr(source, "whsec_") == NULL)
		err_prefix(e, "secret \"%s\"", source);
	else
		err_prefix(e, "secret");
	return RES_INVALID;
}

void
secret_free(struct secret *s)
{
	free(s->source);
	free(s->path);
	if (s->value != NULL)
		mem_cleanse(s->value, s->len);
	free(s->value);
	memset(s, 0, sizeof(*s));
}
