/*
 * PostgreSQL backend: finding events and deliveries. The text of a query is
 * put together from what the filter asks for; values are always parameters.
 */
#include "config.h"

#include <string.h>

#include "store_pgsql.h"

#include "banned.h"

#define SQL_MAX 4096

static void
add_text(struct pgs_query *q, struct buf *sql, const char *condition,
    const char *text)
{
	if (text == NULL)
		return;
	pgs_text(q, text);
	buf_printf(sql, " AND %s $%d", condition, q->n);
}

static void
add_time(
    struct pgs_query *q, struct buf *sql, const char *condition, int64_t ms)
{
	if (ms <= 0)
		return;
	pgs_int8(q, ms);
	buf_printf(sql, " AND %s $%d", condition, q->n);
}

/*
 * A pattern (pattern.h) as a regular expression: a '*' is one part or several.
 */
static void
add_pattern(struct pgs_query *q, struct buf *sql, const char *pattern)
{
	if (pattern == NULL)
		return;
	pgs_text(q, pattern);
	buf_printf(sql,
	    " AND event.type ~ ('^' || replace(regexp_replace($%d,"
	    " '([^[:alnum:]_*])', '\\\\\\1', 'g'), '*', '.+') || '$')",
	    q->n);
}

/* All but handler and state, which are of a delivery. */
static void
of_event(struct pgs_query *q, struct buf *sql, const struct store_filter *f)
{
	add_text(q, sql, "event.endpoint =", f->endpoint);
	add_text(q, sql, "event.event_id =", f->event_id);
	add_pattern(q, sql, f->type);
	/* With the words of the partial indexes. */
	add_text(q, sql,
	    "event.object_id <> '' AND event.object_id =", f->object_id);
	add_text(
	    q, sql, "event.customer <> '' AND event.customer =", f->customer);
	add_text(q, sql, "event.account =", f->account);
	add_time(q, sql, "event.received_ms >=", f->since_ms);
	add_time(q, sql, "event.received_ms <", f->until_ms);
	if (f->text != NULL) {
		pgs_bytea(q, f->text, strlen(f->text));
		buf_printf(sql, " AND position($%d IN event.body) > 0", q->n);
	}
}

static void
of_delivery(struct pgs_query *q, struct buf *sql, const struct store_filter *f)
{
	add_text(q, sql, "delivery.handler =", f->handler);
	/* As a number in the text, so that a partial index can be used. */
	if (f->state >= 0)
		buf_printf(sql, " AND delivery.state = %d", f->state);
}

static void
add_limit(struct pgs_query *q, struct buf *sql, const struct store_filter *f)
{
	if (f->limit > 0) {
		pgs_int8(q, f->limit);
		buf_printf(sql, " LIMIT $%d", q->n);
	}
	if (sql->failed)
		q->failed = true;
	q->sql = buf_text(sql);
}

void
pgs_filter_events(struct pgs_query *q, struct buf *sql, const char *columns,
    const struct store_filter *f)
{
	pgs_query_once(q, "");
	buf_init(sql, SQL_MAX);
	buf_printf(sql, "SELECT %s FROM stripehook.event WHERE true", columns);
	if (f->state >= 0 || f->handler != NULL) {
		buf_puts(sql,
		    " AND EXISTS (SELECT 1 FROM stripehook.delivery"
		    " WHERE delivery.event = event.id");
		of_delivery(q, sql, f);
		buf_putc(sql, ')');
	}
	of_event(q, sql, f);
	buf_puts(sql, " ORDER BY event.id DESC");
	add_limit(q, sql, f);
}

void
pgs_filter_deliveries(struct pgs_query *q, struct buf *sql, const char *before,
    const char *after, const struct store_filter *f)
{
	buf_init(sql, SQL_MAX);
	buf_printf(sql,
	    "%sSELECT delivery.id FROM stripehook.delivery"
	    " JOIN stripehook.event ON event.id = delivery.event"
	    " WHERE delivery.state <> %d",
	    before, DELIVERY_RUNNING);
	of_delivery(q, sql, f);
	of_event(q, sql, f);
	buf_puts(sql, " ORDER BY delivery.event DESC, delivery.id");
	add_limit(q, sql, f);
	buf_puts(sql, after);
	q->sql = buf_text(sql);
}
