/*
 * stripehook trigger: sending the events, several at a time, at a rate. The
 * lines printed are those of Stripe's own command line tool.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "cmd_cgi.h"
#include "cmd_time.h"
#include "cmd_times.h"
#include "cmd_trigger.h"
#include "mem.h"
#include "run.h"
#include "signature.h"

#include "banned.h"

#define WAIT_MS 1000 /* for an answer, before looking again */
#define HEADER_SIZE (SIGNATURE_TEXT_SIZE + 32)

/* Known to everybody, so nothing signed with it is genuine. */
#define FORGED_SECRET "whsec_forged_by_stripehook_trigger"

/* Events on their way. */
struct sender {
	const struct trigger *t; /* borrowed */
	struct client_crowd *crowd; /* owned; NULL with a CGI program */
	struct client_end cgi_end; /* of that, which answers at once */
	bool cgi_ended;
	int64_t total; /* events to be made */
	int64_t made;
	int64_t flying; /* requests on their way */
	int64_t accepted, refused, silent; /* answers, and none */
	int64_t began_ms; /* monotonic */
	struct cmd_progress progress;
	struct cmd_times times; /* owned */
	bool color;
	int status;
};

static void
print_line(struct sender *s, const char *mark, const struct trigger_event *ev,
    const char *where, long status)
{
	const bool good = status >= 200 && status <= 299;
	char when[CMD_TIME_SIZE];

	if (s->t->quiet && (where == NULL || good))
		return;
	cmd_progress_hide(&s->progress);
	cmd_time_format(cmd_time_now(), false, when);
	when[10] = ' ';
	printf("%s  %s ", when, mark);
	if (where != NULL)
		printf(" %s[%ld]%s POST ",
		    cmd_color(s->color, good ? CMD_GREEN : CMD_RED), status,
		    cmd_color(s->color, CMD_PLAIN));
	cmd_put(where != NULL ? where : ev->type, 0);
	printf(" [");
	cmd_put(ev->id, 0);
	printf("]\n");
	fflush(stdout);
}

/*
 * Every one of Stripe's attempts is signed afresh.
 */
static enum result
sign(const struct trigger *t, const struct trigger_event *ev, char *header,
    struct err *e)
{
	const char *secret = FORGED_SECRET;
	size_t len = strlen(secret);

	if (!t->forged) {
		secret = t->signer.secret->value;
		len = t->signer.secret->len;
	}
	return signature_sign(secret, len, cmd_time_now() / 1000,
	    buf_text(&ev->body), ev->body.len, header, e);
}

static void
post_cgi(struct sender *s, struct trigger_event *ev, const char *signature)
{
	const struct trigger *t = s->t;
	const struct cmd_cgi cgi = { .path = t->cgi,
		.conf = t->conf,
		.signature = signature,
		.body = buf_text(&ev->body),
		.len = ev->body.len,
		.timeout = t->timeout };
	struct client_end *end = &s->cgi_end;

	memset(end, 0, sizeof(*end));
	end->tag = ev;
	end->result = cmd_cgi_post(&cgi, &end->status, &end->why);
	end->took_us = (run_now_ms() - ev->started_ms) * 1000;
	s->cgi_ended = true;
}

/*
 * Starts a request for ev. Whether it is on its way.
 */
static bool
launch(struct sender *s, struct trigger_event *ev)
{
	static const char name[] = "Stripe-Signature: ";
	char header[HEADER_SIZE];
	const char *const headers[] = { header, NULL };
	struct err e = { "" };
	enum result r;

	memcpy(header, name, sizeof(name));
	if ((r = sign(s->t, ev, header + strlen(name), &e)) != RES_OK) {
		(void)cmd_result(r, &e);
		return false;
	}
	ev->left--;
	ev->started_ms = run_now_ms();
	print_line(s, s->t->fixture.account != NULL ? " --> connect" : " -->",
	    ev, NULL, 0);
	if (s->crowd == NULL) {
		post_cgi(s, ev, header + strlen(name));
	} else if (client_crowd_post(s->crowd, headers, buf_text(&ev->body),
		       ev->body.len, ev, &e) != RES_OK) {
		cmd_error("%s: %s", s->t->url, e.text);
		return false;
	}
	s->flying++;
	return true;
}

static void
drop(struct sender *s, struct trigger_event *ev, bool bad)
{
	if (bad)
		s->status = CMD_FAILED;
	cmd_progress_step(&s->progress, bad);
	buf_free(&ev->body);
	free(ev);
}

static void
make_one(struct sender *s)
{
	struct trigger_event *ev = mem_alloc(1, sizeof(*ev));

	if (trigger_make(s->t, s->made++, ev) != CMD_OK || !launch(s, ev)) {
		if (s->t->count > 1)
			s->made = s->total; /* the others would be no better */
		s->silent++;
		drop(s, ev, true);
	}
}

static void
print_event(struct sender *s)
{
	struct trigger_event ev;

	if (trigger_make(s->t, s->made++, &ev) == CMD_OK) {
		fwrite(buf_text(&ev.body), 1, ev.body.len, stdout);
		putchar('\n');
	} else {
		s->status = CMD_FAILED;
	}
	buf_free(&ev.body);
}

/*
 * Whether it was accepted.
 */
static bool
judge(struct sender *s, const struct client_end *end)
{
	const struct trigger *t = s->t;

	if (end->result != RES_OK) {
		cmd_progress_hide(&s->progress);
		cmd_error("%s%s%s", t->cgi != NULL ? "" : t->url,
		    t->cgi != NULL ? "" : ": ", end->why.text);
		s->silent++;
		return false;
	}
	cmd_times_add(&s->times, end->took_us);
	print_line(
	    s, "<--", end->tag, t->cgi != NULL ? t->cgi : t->url, end->status);
	if (end->status >= 200 && end->status <= 299) {
		s->accepted++;
		return true;
	}
	s->refused++;
	return false;
}

static void
land(struct sender *s, const struct client_end *end)
{
	struct trigger_event *ev = end->tag;
	bool good = judge(s, end);

	s->flying--;
	if (!good)
		s->status = CMD_FAILED;
	if (ev->left > 0 && launch(s, ev))
		return;
	drop(s, ev, !good);
}

/*
 * Milliseconds until the next event may go out; 0 for now.
 */
static int
pause_ms(const struct sender *s)
{
	int64_t due_ms;

	if (s->t->rate <= 0)
		return 0;
	due_ms = s->began_ms + (int64_t)((double)s->made * 1000 / s->t->rate) -
	    run_now_ms();
	if (due_ms <= 0)
		return 0;
	return due_ms < WAIT_MS ? (int)due_ms : WAIT_MS;
}

static bool
next_end(struct sender *s, int wait_ms, struct client_end *end)
{
	if (s->crowd != NULL)
		return client_crowd_next(s->crowd, wait_ms, end);
	if (!s->cgi_ended) {
		poll(NULL, 0, wait_ms);
		return false;
	}
	*end = s->cgi_end;
	s->cgi_ended = false;
	return true;
}

static void
send_all(struct sender *s)
{
	struct client_end end;
	int wait_ms;

	while (s->made < s->total || s->flying > 0) {
		wait_ms = WAIT_MS;
		if (s->made < s->total && s->flying < s->t->concurrency) {
			if ((wait_ms = pause_ms(s)) == 0) {
				make_one(s);
				/* those that have come are not left waiting */
				if (s->made < s->total &&
				    s->flying < s->t->concurrency)
					continue;
			}
		}
		while (next_end(s, wait_ms, &end)) {
			land(s, &end);
			wait_ms = 0;
		}
	}
}

static void
summarize(struct sender *s)
{
	double seconds = (double)(run_now_ms() - s->began_ms) / 1000;
	int64_t all = s->accepted + s->refused + s->silent;

	cmd_progress_hide(&s->progress);
	if (s->t->count > 1 || s->t->quiet)
		printf("%" PRId64 " sent: %" PRId64 " accepted, %" PRId64
		       " refused, %" PRId64
		       " without an answer; %.1f s, %.1f a second\n",
		    all, s->accepted, s->refused, s->silent, seconds,
		    seconds > 0 ? (double)all / seconds : 0);
	if (s->t->times)
		cmd_times_print(&s->times);
}

int
trigger_send(const struct trigger *t)
{
	struct sender s = { .t = t,
		.total = trigger_total(t),
		.color = cmd_color_wanted(),
		.status = CMD_OK };

	trigger_check_types(t);
	if (t->print) {
		while (s.made < s.total)
			print_event(&s);
		return s.status;
	}
	if (t->cgi == NULL) {
		s.crowd = client_crowd_open(
		    t->url, t->timeout, (size_t)t->concurrency);
		if (s.crowd == NULL) {
			cmd_error("no memory for requests");
			return CMD_LATER;
		}
	}
	cmd_progress_begin(&s.progress, s.total);
	s.began_ms = run_now_ms();
	send_all(&s);
	summarize(&s);
	cmd_times_free(&s.times);
	client_crowd_close(s.crowd);
	return s.status;
}
