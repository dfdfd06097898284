/*
 * From a request to verified bytes: cheap refusals first, and nothing is
 * parsed before it is verified.
 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "receive_impl.h"

#include "banned.h"

#define DIAGNOSE_MAX 262144 /* bytes; variants of larger bodies are not tried */

static bool
check_method(struct passage *p)
{
	if (p->req->method != NULL && strcmp(p->req->method, "POST") == 0)
		return true;
	receive_refuse(p, 405, "method",
	    "only POST brings events; browsers and probes send others");
	return false;
}

static bool
check_encoding(struct passage *p)
{
	struct err e;

	if (http_encoding_is_identity(p->req->content_encoding))
		return true;
	err_set(&e,
	    "Content-Encoding is \"%.40s\": Stripe signs and sends plain "
	    "bytes, so something on the way encoded them",
	    p->req->content_encoding);
	receive_refuse(p, 415, "content-encoding", e.text);
	return false;
}

static bool
check_length(struct passage *p, size_t *n)
{
	struct err e;

	switch (http_content_length(
	    p->req->content_length, p->r->conf->max_body, n)) {
	case HTTP_LENGTH_OK:
		return true;
	case HTTP_LENGTH_MISSING:
		receive_refuse(p, 411, "content-length",
		    "CONTENT_LENGTH did not reach the program: the web server "
		    "must buffer chunked requests and pass it on");
		return false;
	case HTTP_LENGTH_TOO_LARGE:
		err_set(&e,
		    "CONTENT_LENGTH is %.24s, max-body is %zu: raise it, or "
		    "this event is lost after Stripe's last attempt",
		    p->req->content_length, p->r->conf->max_body);
		receive_refuse(p, 413, "content-length", e.text);
		return false;
	case HTTP_LENGTH_MALFORMED:
		break;
	}
	err_set(&e, "CONTENT_LENGTH is \"%.40s\", not a number",
	    p->req->content_length);
	receive_refuse(p, 400, "content-length", e.text);
	return false;
}

static bool
read_body(struct passage *p, size_t n)
{
	struct buf *body = &p->r->body;
	struct err e;
	size_t got;

	buf_reset(body, RECEIVE_BODY_KEEP);
	if (!buf_reserve(body, n)) {
		receive_refuse(p, 503, "memory", "none left for the body");
		return false;
	}
	got = n > 0 ? p->req->read(p->req->read_arg, body->data, n) : 0;
	body->len = got;
	if (got == n)
		return true;
	err_set(&e, "CONTENT_LENGTH is %zu, but only %zu bytes came", n, got);
	receive_refuse(p, 400, "short-body", e.text);
	return false;
}

/*
 * A digest that no secret gives: finds out whether the body was changed on
 * the way, which costs more than a refusal should, so only up to a size.
 */
static void
refuse_wrong(
    struct passage *p, const struct signature_header *h, const struct err *why)
{
	const struct buf *body = &p->r->body;
	struct err changed;

	if (body->len <= DIAGNOSE_MAX &&
	    signature_diagnose(
		p->r->set, h, buf_text(body), body->len, &changed) == RES_OK)
		receive_refuse(p, 400, "body-changed", changed.text);
	else
		receive_refuse(
		    p, 400, signature_verdict_name(SIGNATURE_WRONG), why->text);
}

/*
 * Names the secrets that verified the request, for the store to remember.
 */
static void
note_secrets(struct passage *p, const struct signature_found *found)
{
	struct receiver *r = p->r;
	size_t i;

	for (i = found->secret; i < r->nsecrets && i < 64; i++) {
		if ((found->matched >> i & 1) == 0 ||
		    r->owner[i] != r->owner[found->secret] ||
		    p->nsecrets == RECEIVE_SECRETS_MAX)
			continue;
		if (r->marks[i][0] != '\0' ||
		    signature_set_fingerprint(r->set, i, r->marks[i], NULL) ==
			RES_OK)
			p->secrets[p->nsecrets++] = r->marks[i];
	}
}

static bool
verify(struct passage *p, const struct signature_header *h)
{
	struct receiver *r = p->r;
	struct signature_found found;
	enum signature_verdict v;
	struct err e;

	v = signature_verify(r->set, h, buf_text(&r->body), r->body.len,
	    (int64_t)time(NULL), &found, &e);
	if (v == SIGNATURE_OK || v == SIGNATURE_OLD || v == SIGNATURE_FUTURE) {
		/* Genuine: so it tells of the clocks. */
		p->tally.has_age = true;
		p->tally.age = found.age;
	}
	switch (v) {
	case SIGNATURE_OK:
		p->tally.add[COUNTER_VERIFIED]++;
		p->endpoint = &r->conf->endpoints[r->owner[found.secret]];
		note_secrets(p, &found);
		return true;
	case SIGNATURE_WRONG:
		refuse_wrong(p, h, &e);
		return false;
	case SIGNATURE_NO_SECRET:
	case SIGNATURE_ERROR:
		receive_refuse(p, 503, signature_verdict_name(v), e.text);
		return false;
	default:
		receive_refuse(p, 400, signature_verdict_name(v), e.text);
		return false;
	}
}

bool
receive_admit(struct passage *p)
{
	struct signature_header h;
	enum signature_verdict v;
	struct err e;
	size_t n;

	if (!check_method(p) || !check_encoding(p) || !check_length(p, &n))
		return false;
	if (p->r->set == NULL) {
		receive_refuse(p, 503,
		    signature_verdict_name(SIGNATURE_NO_SECRET),
		    "no usable secret: see the messages at the start");
		return false;
	}
	v = signature_parse(p->req->signature, &h, &e);
	if (v != SIGNATURE_OK) {
		receive_refuse(p, 400, signature_verdict_name(v), e.text);
		return false;
	}
	return read_body(p, n) && verify(p, &h);
}
