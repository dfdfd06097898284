/*
 * SQLite backend: a filter as SQL. Only conditions that are set become part of
 * the query, so that it can use the index that fits; values are always bound.
 */
#include "config.h"

#include "store_sqlite.h"

#include "pattern.h"

#include "banned.h"

#define CONDITIONS 9
#define SQL_MAX 4096

struct condition {
	const char *sql;
	const char *text; /* borrowed; NULL for a number */
	int64_t number;
};

struct conditions {
	struct condition c[CONDITIONS];
	size_t n;
};

static void
pattern_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *pattern = (const char *)sqlite3_value_text(argv[0]);
	const char *type = (const char *)sqlite3_value_text(argv[1]);

	(void)argc;
	sqlite3_result_int(context,
	    pattern != NULL && type != NULL && pattern_match(pattern, type));
}

int
sq_filter_define(sqlite3 *db)
{
	return sqlite3_create_function(db, "type_matches", 2,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, pattern_function, NULL,
	    NULL);
}

static void
add_text(struct conditions *all, const char *sql, const char *text)
{
	if (text != NULL)
		all->c[all->n++] = (struct condition){ sql, text, 0 };
}

static void
add_time(struct conditions *all, const char *sql, int64_t ms)
{
	if (ms > 0)
		all->c[all->n++] = (struct condition){ sql, NULL, ms };
}

/* All but handler and state, which are of a delivery. At most 9. */
static void
of_event(struct conditions *all, const struct store_filter *f)
{
	all->n = 0;
	add_text(all, " AND event.endpoint = ?", f->endpoint);
	add_text(all, " AND event.event_id = ?", f->event_id);
	add_text(all, " AND type_matches(?, event.type)", f->type);
	/* With the words of the partial indexes. */
	add_text(all, " AND event.object_id <> '' AND event.object_id = ?",
	    f->object_id);
	add_text(all, " AND event.customer <> '' AND event.customer = ?",
	    f->customer);
	add_text(all, " AND event.account = ?", f->account);
	add_time(all, " AND event.received_ms >= ?", f->since_ms);
	add_time(all, " AND event.received_ms < ?", f->until_ms);
	/* The last, for it reads the body. */
	add_text(all, " AND instr(event.body, CAST(? AS BLOB)) > 0", f->text);
}

static void
of_delivery(struct buf *sql, const struct store_filter *f)
{
	if (f->handler != NULL)
		buf_puts(sql, " AND delivery.handler = ?");
	/* As a number in the text, so that a partial index can be used. */
	if (f->state >= 0)
		buf_printf(sql, " AND delivery.state = %d", f->state);
}

/* Prepares the text and binds: the handler, the rest, the limit. */
static void
prepare_bound(struct sq_query *q, struct sq_store *s, const struct buf *sql,
    const struct conditions *all, const struct store_filter *f)
{
	size_t i;

	sq_prepare_once(q, s, buf_text(sql));
	if (f->handler != NULL)
		sq_text(q, f->handler);
	for (i = 0; i < all->n; i++) {
		if (all->c[i].text != NULL)
			sq_text(q, all->c[i].text);
		else
			sq_int(q, all->c[i].number);
	}
	sq_int(q, f->limit > 0 ? f->limit : -1);
}

void
sq_filter_events(struct sq_query *q, struct sq_store *s, const char *columns,
    const struct store_filter *f)
{
	struct conditions all;
	struct buf sql;
	size_t i;

	of_event(&all, f);
	buf_init(&sql, SQL_MAX);
	buf_printf(&sql, "SELECT %s FROM event WHERE 1", columns);
	if (f->state == DELIVERY_FAILED) {
		/* Few among many: begin with them. */
		buf_puts(&sql,
		    " AND event.id IN"
		    " (SELECT event FROM delivery WHERE 1");
		of_delivery(&sql, f);
		buf_putc(&sql, ')');
	} else if (f->state >= 0 || f->handler != NULL) {
		buf_puts(&sql,
		    " AND EXISTS (SELECT 1 FROM delivery"
		    " WHERE delivery.event = event.id");
		of_delivery(&sql, f);
		buf_putc(&sql, ')');
	}
	for (i = 0; i < all.n; i++)
		buf_puts(&sql, all.c[i].sql);
	buf_puts(&sql, " ORDER BY event.id DESC LIMIT ?");
	prepare_bound(q, s, &sql, &all, f);
	buf_free(&sql);
}

void
sq_filter_deliveries(struct sq_query *q, struct sq_store *s,
    const char *columns, const struct store_filter *f)
{
	struct conditions all;
	struct buf sql;
	size_t i;

	of_event(&all, f);
	buf_init(&sql, SQL_MAX);
	buf_printf(&sql,
	    "SELECT %s FROM delivery JOIN event"
	    " ON event.id = delivery.event WHERE delivery.state <> %d",
	    columns, DELIVERY_RUNNING);
	of_delivery(&sql, f);
	for (i = 0; i < all.n; i++)
		buf_puts(&sql, all.c[i].sql);
	buf_puts(&sql, " ORDER BY delivery.event DESC, delivery.id LIMIT ?");
	prepare_bound(q, s, &sql, &all, f);
	buf_free(&sql);
}
