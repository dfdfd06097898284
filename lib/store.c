/*
 * The front of the store: finds the backend that a URI names and passes the
 * verbs on to it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store.h"

#include "store_impl.h"
#include "store_module.h"
#include "store_secret.h"

#include "banned.h"

/* Whether the URI is of that kind. */
static bool
has_scheme(const char *uri, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(uri, scheme, n) == 0 && uri[n] == ':';
}

static const struct store_ops *
find_backend(const char *uri, struct err *e)
{
	if (has_scheme(uri, store_sqlite_ops.scheme))
		return &store_sqlite_ops;
	if (has_scheme(uri, "postgresql") || has_scheme(uri, "postgres"))
		return store_module("pgsql", e);
	err_set(e,
	    "no store is of the kind \"%.*s\": use sqlite:/PATH or "
	    "postgresql://HOST/DATABASE",
	    (int)strcspn(uri, ":@ "), uri);
	return NULL;
}

enum result
store_check_uri(const char *uri, struct err *e)
{
	const struct store_ops *ops = find_backend(uri, e);

	return ops == NULL ? RES_INVALID : ops->check_uri(uri, e);
}

enum result
store_setup(const char *uri, struct err *e)
{
	enum result r = store_check_uri(uri, e);

	return r != RES_OK ? r : find_backend(uri, e)->setup(uri, e);
}

enum result
store_open(
    struct store **s, const char *uri, enum store_role role, struct err *e)
{
	const struct store_ops *ops;
	enum result r;

	*s = NULL;
	if ((r = store_check_uri(uri, e)) != RES_OK)
		return r;
	ops = find_backend(uri, e);
	if ((r = ops->open(s, uri, role, e)) != RES_OK)
		return r;
	(*s)->ops = ops;
	return RES_OK;
}

void
store_close(struct store *s)
{
	if (s != NULL)
		s->ops->close(s);
}

void
store_set_clock(struct store *s, int64_t (*now_ms)(void *arg), void *arg)
{
	s->now_ms = now_ms;
	s->now_arg = arg;
}

int64_t
store_now_ms(struct store *s)
{
	return s->ops->now_ms(s);
}

static bool
fits(const char *name, size_t size)
{
	return name[0] != '\0' && strlen(name) < size;
}

static enum result
check_names(const struct store_event *ev, struct err *e)
{
	const struct store_new *d;
	size_t i;

	if (!fits(ev->endpoint, DELIVERY_NAME_SIZE)) {
		err_set(e, "the endpoint name \"%.80s\" is empty or too long",
		    ev->endpoint);
		return RES_FAILED;
	}
	for (i = 0; i < ev->ndeliveries; i++) {
		d = &ev->deliveries[i];
		if (!fits(d->handler, DELIVERY_NAME_SIZE)) {
			err_set(e,
			    "the handler name \"%.80s\" is empty or too long",
			    d->handler);
			return RES_FAILED;
		}
		if (strlen(d->lane) >= DELIVERY_LANE_SIZE) {
			err_set(
			    e, "the lane \"%.80s...\" is too long", d->lane);
			return RES_FAILED;
		}
	}
	return RES_OK;
}

enum result
store_put(
    struct store *s, const struct store_event *ev, bool *differs, struct err *e)
{
	enum result r;

	*differs = false;
	r = check_names(ev, e);
	return r == RES_OK ? s->ops->put(s, ev, differs, e) : r;
}

enum result
store_claim(struct store *s, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	return store_turn(s, NULL, 0, NULL, want, claims, max, n, e);
}

enum result
store_finish(struct store *s, const struct store_finish *finishes, size_t n,
    enum result *each, struct err *e)
{
	enum result r;
	size_t none;

	r = store_turn(s, finishes, n, each, NULL, NULL, 0, &none, e);
	return r == RES_EMPTY ? RES_OK : r;
}

enum result
store_turn(struct store *s, const struct store_finish *finishes,
    size_t nfinishes, enum result *each, const struct store_want *want,
    struct store_claim *claims, size_t max, size_t *n, struct err *e)
{
	enum result r;
	size_t i;

	*n = 0;
	r = s->ops->turn(s, finishes, nfinishes, each, want, claims, max, n, e);
	if (r == RES_OK || r == RES_EMPTY)
		return r;
	/* Nothing was changed, or nobody knows: nothing is handed out. */
	for (i = 0; i < *n; i++)
		store_claim_free(&claims[i]);
	*n = 0;
	for (i = 0; each != NULL && i < nfinishes; i++)
		each[i] = r;
	return r;
}

void
store_claim_free(struct store_claim *c)
{
	buf_free(&c->body);
}

enum result
store_list(struct store *s, const struct store_filter *f,
    bool (*each)(const struct store_row *row, void *arg), void *arg,
    struct err *e)
{
	return s->ops->list(s, f, each, arg, e);
}

char *
store_counters(const char *uri)
{
	struct err e;

	if (store_check_uri(uri, &e) != RES_OK)
		return NULL;
	return find_backend(uri, &e)->counters(uri);
}

enum result
store_follow(struct store *s, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e)
{
	return s->ops->follow(s, mark, each, arg, e);
}

enum result
store_show(struct store *s, const char *endpoint, const char *event_id,
    struct store_shown *out, struct err *e)
{
	enum result r;

	memset(out, 0, sizeof(*out));
	r = s->ops->show(s, endpoint, event_id, out, e);
	if (r != RES_OK)
		store_shown_free(out);
	return r;
}

void
store_shown_free(struct store_shown *out)
{
	buf_free(&out->body);
	free(out->deliveries);
	free(out->attempts);
	free(out->nattempts);
	memset(out, 0, sizeof(*out));
}

enum result
store_retry(struct store *s, const struct store_filter *f, bool dry, int64_t *n,
    struct err *e)
{
	*n = 0;
	return s->ops->retry(s, f, dry, n, e);
}

enum result
store_give_up(
    struct store *s, const char *handler, bool dry, int64_t *n, struct err *e)
{
	*n = 0;
	return s->ops->give_up(s, handler, dry, n, e);
}

enum result
store_handlers(struct store *s,
    bool (*each)(const struct store_handler_stats *h, void *arg), void *arg,
    struct err *e)
{
	return s->ops->handlers(s, each, arg, e);
}

enum result
store_secrets(struct store *s,
    bool (*each)(const struct store_secret *secret, void *arg), void *arg,
    struct err *e)
{
	return s->ops->secrets(s, each, arg, e);
}

enum result
store_next_due(struct store *s, const struct store_handler *list, size_t n,
    int64_t *ms, struct err *e)
{
	*ms = -1;
	return s->ops->next_due(s, list, n, ms, e);
}

enum result
store_worker_enter(struct store *s, enum store_presence how, struct err *e)
{
	return s->ops->worker_enter(s, how, e);
}

void
store_worker_leave(struct store *s)
{
	s->ops->worker_leave(s);
}

bool
store_worker_present(struct store *s)
{
	return s->ops->worker_present(s);
}

const char *
store_place(struct store *s)
{
	return s->ops->place(s);
}

int64_t
store_free_bytes(struct store *s)
{
	return s->ops->free_bytes(s);
}

enum result
store_stats(struct store *s, struct store_stats *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	return s->ops->stats(s, out, e);
}

enum result
store_prune(struct store *s, int64_t age_ms, int64_t body_age_ms, int64_t limit,
    int64_t *n, struct err *e)
{
	*n = 0;
	return s->ops->prune(s, age_ms, body_age_ms, limit, n, e);
}

int
store_wake_fd(struct store *s)
{
	return s->ops->wake_fd(s);
}

void
store_wake_clear(struct store *s)
{
	s->ops->wake_clear(s);
}
