/*
 * The configuration as a whole.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

#include "buf.h"
#include "conf_impl.h"
#include "mem.h"

#include "banned.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

/*
 * Opens a regular file for reading, without waiting where it is none. Returns
 * -1 with errno set.
 */
static int
open_regular(const char *path, struct stat *st)
{
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == 0) {
		if (S_ISREG(st->st_mode))
			return fd;
		errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	}
	close(fd);
	return -1;
}

static ssize_t
read_some(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got == -1 && errno == EINTR);
	return got;
}

/*
 * Who may write to the file, or put another in its place.
 */
static void
check_writable(const struct stat *st, const struct conf_place *at)
{
	struct stat folder;

	if ((st->st_mode & S_IWOTH) != 0)
		conf_error(at, 0,
		    "all users may write to it, and so choose what is "
		    "executed\nchmod o-w it");
	else if (at->folder != NULL && stat(at->folder, &folder) == 0 &&
	    (folder.st_mode & S_IWOTH) != 0 && (folder.st_mode & S_ISVTX) == 0)
		conf_error(at, 0,
		    "all users may write to its folder %s, and so exchange it\n"
		    "chmod o-w the folder",
		    at->folder);
}

/*
 * Reads the file into b; what is wrong with it is reported.
 */
static bool
read_config(struct buf *b, const struct conf_place *at)
{
	char part[4096];
	struct stat st;
	ssize_t n;
	int fd;

	fd = open_regular(at->path, &st);
	if (fd == -1) {
		conf_error(at, 0,
		    "%s\ncreate it from the sample stripehook.conf, or name "
		    "another one with -c or $STRIPEHOOK_CONFIG",
		    strerror(errno));
		return false;
	}
	while ((n = read_some(fd, part, sizeof(part))) > 0 && !b->failed)
		buf_add(b, part, (size_t)n);
	if (n < 0)
		conf_error(at, 0, "%s", strerror(errno));
	close(fd);
	if (b->failed)
		conf_error(at, 0, "larger than %d bytes", FILE_MAX_BYTES);
	else if (memchr(buf_text(b), '\0', b->len) != NULL)
		conf_error(at, 0, "not a text file: it holds a NUL");
	else if (n == 0) {
		check_writable(&st, at);
		return true;
	}
	return false;
}

/*
 * The folder of a file, absolute, which the caller frees; NULL where that
 * cannot be found out.
 */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder, *real;

	if (slash == NULL)
		return realpath(".", NULL);
	folder = mem_strndup(path, (size_t)(slash - path) + 1);
	real = realpath(folder, NULL);
	free(folder);
	return real;
}

void
conf_watch(struct conf *c, const char *path)
{
	size_t n = 0;

	while (c->watch != NULL && c->watch[n] != NULL)
		n++;
	c->watch = mem_resize(c->watch, n + 2, sizeof(*c->watch));
	c->watch[n] = mem_strdup(path);
	c->watch[n + 1] = NULL;
}

static enum result
load(struct conf *c, const char *path, bool secretless, struct conf_report *r)
{
	char *folder = folder_of(path);
	struct conf_place at = { r, path, folder, "file" };
	const size_t first = r->n, errors = r->errors;
	struct conf_scan scan;
	struct buf b;

	memset(c, 0, sizeof(*c));
	c->secretless = secretless;
	catalogue_init(&c->catalogue);
	c->path = mem_strdup(path);
	conf_watch(c, path);
	buf_init(&b, FILE_MAX_BYTES);
	if (read_config(&b, &at)) {
		at.topic = "syntax";
		buf_putc(&b, '\n'); /* an empty file has no data yet */
		conf_scan(&scan, b.data, &at);
		at.topic = "value";
		conf_parse(c, &scan, b.data, &at);
		at.topic = "section";
		if (!scan.broken)
			conf_check_whole(c, &at);
		conf_scan_free(&scan);
	}
	buf_free(&b);
	free(folder);
	conf_report_sort(r, first);
	if (r->errors == errors)
		return RES_OK;
	conf_free(c);
	return RES_INVALID;
}

enum result
conf_load(struct conf *c, const char *path, struct conf_report *r)
{
	return load(c, path, false, r);
}

enum result
conf_load_secretless(struct conf *c, const char *path, struct conf_report *r)
{
	return load(c, path, true, r);
}

static void
free_array(char **array)
{
	size_t i;

	for (i = 0; array != NULL && array[i] != NULL; i++)
		free(array[i]);
	free(array);
}

static void
free_list(struct conf_text *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(list[i].text);
	free(list);
}

static void
free_endpoint(struct conf_endpoint *ep)
{
	size_t i;

	for (i = 0; i < ep->nsecrets; i++)
		secret_free(&ep->secrets[i]);
	free(ep->secrets);
	free_list(ep->sources, ep->nsources);
	free(ep->api_version);
}

static void
free_handler(struct conf_handler *h)
{
	free_list(h->events, h->nevents);
	free_list(h->endpoints, h->nendpoints);
	free_array(h->command);
	free_array(h->environment);
	free(h->directory);
	free(h->user);
}

void
conf_free(struct conf *c)
{
	size_t i;

	for (i = 0; i < c->nendpoints; i++)
		free_endpoint(&c->endpoints[i]);
	free(c->endpoints);
	for (i = 0; i < c->nhandlers; i++)
		free_handler(&c->handlers[i]);
	free(c->handlers);
	catalogue_free(&c->catalogue);
	free_array(c->watch);
	free(c->path);
	if (c->store != NULL)
		mem_cleanse(c->store, strlen(c->store));
	free(c->store);
	free(c->log);
	free(c->worker_program);
	memset(c, 0, sizeof(*c));
	catalogue_init(&c->catalogue);
}

static uint64_t
mix(uint64_t hash, const void *p, size_t n)
{
	const unsigned char *byte = p;

	for (; n > 0; n--)
		hash = (hash ^ *byte++) * FNV_PRIME;
	return hash;
}

/*
 * Mixes a file's content in, then how much of it there was: the end of one
 * file and the beginning of the next cannot be confused, nor an empty file
 * and none.
 */
static uint64_t
mix_file(uint64_t hash, const char *path)
{
	unsigned char part[4096];
	uint64_t total = 0;
	struct stat st;
	ssize_t n;
	int fd;

	fd = open_regular(path, &st);
	if (fd == -1)
		return mix(hash, "-", 1);
	while ((n = read_some(fd, part, sizeof(part))) > 0) {
		hash = mix(hash, part, (size_t)n);
		total += (uint64_t)n;
	}
	close(fd);
	mem_cleanse(part, sizeof(part));
	return mix(hash, &total, sizeof(total));
}

uint64_t
conf_fingerprint(const struct conf *c)
{
	uint64_t hash = FNV_START;
	size_t i;

	for (i = 0; c->watch != NULL && c->watch[i] != NULL; i++)
		hash = mix_file(hash, c->watch[i]);
	return hash != 0 ? hash : 1;
}

const struct conf_handler *
conf_find_handler(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nhandlers; i++)
		if (strcmp(c->handlers[i].name, name) == 0)
			return &c->handlers[i];
	return NULL;
}

const struct conf_endpoint *
conf_find_endpoint(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nendpoints; i++)
		if (strcmp(c->endpoints[i].name, name) == 0)
			return &c->endpoints[i];
	return NULL;
}
