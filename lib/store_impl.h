/*
 * What a backend provides: one constant table of queue verbs. Included by
 * store.c and the backends only. The contract of each entry stands in store.h
 * under the same name.
 */
#ifndef STRIPEHOOK_STORE_IMPL_H
#define STRIPEHOOK_STORE_IMPL_H

#include "store.h"
#include "store_secret.h"

struct store_ops {
	const char *scheme; /* "sqlite" */
	enum result (*check_uri)(const char *uri, struct err *e);
	enum result (*setup)(const char *uri, struct err *e);
	enum result (*open)(struct store **s, const char *uri,
	    enum store_role role, struct err *e);
	void (*close)(struct store *s);
	int64_t (*now_ms)(struct store *s);
	enum result (*put)(struct store *s, const struct store_event *ev,
	    bool *differs, struct err *e);
	enum result (*turn)(struct store *s,
	    const struct store_finish *finishes, size_t nfinishes,
	    enum result *each, const struct store_want *want,
	    struct store_claim *claims, size_t max, size_t *n, struct err *e);
	enum result (*list)(struct store *s, const struct store_filter *f,
	    bool (*each)(const struct store_row *row, void *arg), void *arg,
	    struct err *e);
	char *(*counters)(const char *uri); /* of a URI that was checked */
	enum result (*follow)(struct store *s, struct store_mark *mark,
	    bool (*each)(const struct store_news *news, void *arg), void *arg,
	    struct err *e);
	enum result (*show)(struct store *s, const char *endpoint,
	    const char *event_id, struct store_shown *out, struct err *e);
	enum result (*retry)(struct store *s, const struct store_filter *f,
	    bool dry, int64_t *n, struct err *e);
	enum result (*give_up)(struct store *s, const char *handler, bool dry,
	    int64_t *n, struct err *e);
	enum result (*stats)(
	    struct store *s, struct store_stats *out, struct err *e);
	enum result (*prune)(struct store *s, int64_t age_ms,
	    int64_t body_age_ms, int64_t limit, int64_t *n, struct err *e);
	enum result (*handlers)(struct store *s,
	    bool (*each)(const struct store_handler_stats *h, void *arg),
	    void *arg, struct err *e);
	enum result (*secrets)(struct store *s,
	    bool (*each)(const struct store_secret *secret, void *arg),
	    void *arg, struct err *e);
	enum result (*next_due)(struct store *s,
	    const struct store_handler *list, size_t n, int64_t *ms,
	    struct err *e);
	enum result (*worker_enter)(
	    struct store *s, enum store_presence how, struct err *e);
	void (*worker_leave)(struct store *s);
	bool (*worker_present)(struct store *s);
	const char *(*place)(struct store *s);
	int64_t (*free_bytes)(struct store *s);
	int (*wake_fd)(struct store *s);
	void (*wake_clear)(struct store *s);
};

/* Every backend's handle begins with this. */
struct store {
	const struct store_ops *ops;
	int64_t (*now_ms)(void *arg);
	void *now_arg;
};

extern const struct store_ops store_sqlite_ops;

/*
 * What a backend that is a module shows under the name
 * "stripehook_store_module". It has to be of the program's own version.
 */
struct store_module {
	const char *version;
	const struct store_ops *ops;
};

#endif
