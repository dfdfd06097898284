/*
 * Handing a request straight to the endpoint program as CGI.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd_cgi.h"
#include "buf.h"
#include "mem.h"
#include "run.h"

#include "banned.h"

#define ANSWER_MAX 65536
#define VARIABLES_MAX 16

/* The variables of the request. */
struct variables {
	char *text[VARIABLES_MAX]; /* owned: "NAME=value" */
	size_t n;
};

static void
add(struct variables *v, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = mem_alloc(size, 1);

	snprintf(text, size, "%s=%s", name, value);
	v->text[v->n++] = text;
}

static void
add_all(struct variables *v, const struct cmd_cgi *cgi)
{
	char length[32];

	snprintf(length, sizeof(length), "%zu", cgi->len);
	add(v, "GATEWAY_INTERFACE", "CGI/1.1");
	add(v, "SERVER_PROTOCOL", "HTTP/1.1");
	add(v, "SERVER_SOFTWARE", PACKAGE_NAME "/" PACKAGE_VERSION);
	add(v, "SERVER_NAME", "localhost");
	add(v, "SERVER_PORT", "80");
	add(v, "REQUEST_METHOD", "POST");
	add(v, "REQUEST_URI", "/");
	add(v, "SCRIPT_NAME", "/");
	add(v, "QUERY_STRING", "");
	add(v, "REMOTE_ADDR", "127.0.0.1");
	add(v, "CONTENT_TYPE", "application/json; charset=utf-8");
	add(v, "CONTENT_LENGTH", length);
	add(v, "HTTP_STRIPE_SIGNATURE", cgi->signature);
	if (cgi->conf != NULL)
		add(v, "STRIPEHOOK_CONFIG", cgi->conf);
}

/*
 * Whether a variable of ours must not reach the program: it would be taken
 * for a header, or the request sets it.
 */
static bool
is_replaced(const struct variables *v, const char *own)
{
	size_t i, n = strcspn(own, "=") + 1;

	if (strncmp(own, "HTTP_", 5) == 0)
		return true;
	for (i = 0; i < v->n; i++)
		if (strncmp(v->text[i], own, n) == 0)
			return true;
	return false;
}

/*
 * The whole environment; the strings stay with their owners.
 */
static char **
make_environment(const struct variables *v)
{
	size_t i, n = 0, own = 0;
	char **env;

	while (environ[own] != NULL)
		own++;
	env = mem_alloc(own + v->n + 1, sizeof(*env));
	for (i = 0; i < own; i++)
		if (!is_replaced(v, environ[i]))
			env[n++] = environ[i];
	for (i = 0; i < v->n; i++)
		env[n++] = v->text[i];
	return env;
}

/*
 * The body as a file without a name, so that nobody has to wait for a reader.
 */
static FILE *
make_input(const struct cmd_cgi *cgi, struct err *e)
{
	FILE *f = tmpfile();

	if (f != NULL && fwrite(cgi->body, 1, cgi->len, f) == cgi->len &&
	    fflush(f) == 0 && lseek(fileno(f), 0, SEEK_SET) == 0 &&
	    fcntl(fileno(f), F_SETFD, FD_CLOEXEC) == 0)
		return f;
	err_set(e, "temporary file: %s", strerror(errno));
	if (f != NULL)
		fclose(f);
	return NULL;
}

static enum result
spawn(const struct cmd_cgi *cgi, int in, int out, pid_t *pid, struct err *e)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = { mem_strdup(cgi->path), NULL };
	struct variables v = { .n = 0 };
	char **env;
	size_t i;
	int error;

	add_all(&v, cgi);
	env = make_environment(&v);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	error = posix_spawn(pid, cgi->path, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	for (i = 0; i < v.n; i++)
		free(v.text[i]);
	free(argv[0]);
	if (error == 0)
		return RES_OK;
	err_set(e, "%s: %s", cgi->path, strerror(error));
	return RES_INVALID;
}

/*
 * Reads up to the end of the answer; what is above its maximum goes by.
 * Whether the end came in time.
 */
static bool
read_answer(int fd, int timeout, struct buf *answer)
{
	int64_t now, end = run_now_ms() + timeout * (int64_t)1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[4096];
	ssize_t n;

	while ((now = run_now_ms()) < end) {
		if (poll(&p, 1, (int)(end - now)) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
		if (n > 0 && (size_t)n <= answer->max - answer->len)
			buf_add(answer, chunk, (size_t)n);
	}
	return false;
}

/*
 * Takes the status out of a CGI response (RFC 3875 section 6.2): 200 where
 * no Status header stands among the others. 0 where this is no response.
 */
static long
parse_status(const char *answer)
{
	const char *line = answer, *end;
	long status = 200;

	while ((end = strchr(line, '\n')) != NULL) {
		if (line == end || (*line == '\r' && line + 1 == end))
			return line > answer ? status : 0;
		if (strncasecmp(line, "Status:", 7) == 0)
			status = strtol(line + 7, NULL, 10);
		else if (memchr(line, ':', (size_t)(end - line)) == NULL)
			return 0;
		line = end + 1;
	}
	return 0;
}

static enum result
judge(const char *path, const char *answer, int ended, long *status,
    struct err *e)
{
	if ((*status = parse_status(answer)) > 0)
		return RES_OK;
	if (WIFSIGNALED(ended))
		err_set(e, "%s: ended by signal %d", path, WTERMSIG(ended));
	else
		err_set(e, "%s: exit status %d and no CGI response", path,
		    WEXITSTATUS(ended));
	return RES_FAILED;
}

static enum result
execute(const struct cmd_cgi *cgi, int in, struct buf *answer, long *status,
    struct err *e)
{
	int out[2], ended = 0;
	enum result r;
	bool in_time;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0) {
		err_set(e, "pipe: %s", strerror(errno));
		return RES_FAILED;
	}
	r = spawn(cgi, in, out[1], &pid, e);
	close(out[1]);
	if (r == RES_OK) {
		in_time = read_answer(out[0], cgi->timeout, answer);
		if (!in_time)
			kill(pid, SIGKILL);
		while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
			continue;
		if (in_time) {
			r = judge(
			    cgi->path, buf_text(answer), ended, status, e);
		} else {
			err_set(e, "%s: no answer within %d s", cgi->path,
			    cgi->timeout);
			r = RES_BUSY;
		}
	}
	close(out[0]);
	return r;
}

enum result
cmd_cgi_post(const struct cmd_cgi *cgi, long *status, struct err *e)
{
	struct buf answer;
	enum result r;
	FILE *in;

	*status = 0;
	if ((in = make_input(cgi, e)) == NULL)
		return RES_FAILED;
	buf_init(&answer, ANSWER_MAX);
	r = execute(cgi, fileno(in), &answer, status, e);
	buf_free(&answer);
	fclose(in);
	return r;
}
