/*
 * PostgreSQL backend: statements, their parameters and their results.
 */
#include "config.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store_pgsql.h"

#include "mem.h"

#include "banned.h"

#define ARRAY_MAX 16777216 /* bytes of one array's text */

void
pgs_query(struct pgs_query *q, const char *sql)
{
	memset(q, 0, sizeof(*q));
	q->sql = sql;
}

void
pgs_query_once(struct pgs_query *q, const char *sql)
{
	pgs_query(q, sql);
	q->once = true;
}

void
pgs_query_free(struct pgs_query *q)
{
	while (q->narrays > 0)
		buf_free(&q->arrays[--q->narrays]);
}

static void
add(struct pgs_query *q, enum pgs_type type, const char *value, size_t len,
    int format)
{
	if (q->n == PGS_PARAMS || len > INT32_MAX) {
		q->failed = true;
		return;
	}
	q->types[q->n] = (Oid)type;
	q->values[q->n] = value;
	q->lengths[q->n] = (int)len;
	q->formats[q->n++] = format;
}

void
pgs_text(struct pgs_query *q, const char *text)
{
	add(q, PGS_TEXT, text, 0, 0);
}

static void
add_number(struct pgs_query *q, enum pgs_type type, int64_t number)
{
	if (q->n < PGS_PARAMS)
		(void)snprintf(
		    q->numbers[q->n], PGS_NUMBER_SIZE, "%" PRId64, number);
	add(q, type, q->n < PGS_PARAMS ? q->numbers[q->n] : NULL, 0, 0);
}

void
pgs_int8(struct pgs_query *q, int64_t number)
{
	add_number(q, PGS_INT8, number);
}

void
pgs_int4(struct pgs_query *q, int number)
{
	add_number(q, PGS_INT4, number);
}

void
pgs_bool(struct pgs_query *q, bool value)
{
	add(q, PGS_BOOL, value ? "t" : "f", 0, 0);
}

void
pgs_bytea(struct pgs_query *q, const void *p, size_t len)
{
	/* A NULL pointer would be NULL, which means a dropped body. */
	add(q, PGS_BYTEA, len == 0 ? "" : p, len, 1);
}

void
pgs_now(struct pgs_query *q, const struct pgs_store *s)
{
	if (s->base.now_ms == NULL)
		add(q, PGS_INT8, NULL, 0, 0);
	else
		pgs_int8(q, s->base.now_ms(s->base.now_arg));
}

/* The text of an array that is being made. */
static struct buf *
begin_array(struct pgs_query *q)
{
	struct buf *b;

	if (q->narrays == sizeof(q->arrays) / sizeof(q->arrays[0])) {
		q->failed = true;
		return NULL;
	}
	b = &q->arrays[q->narrays++];
	buf_init(b, ARRAY_MAX);
	buf_putc(b, '{');
	return b;
}

static void
end_array(struct pgs_query *q, enum pgs_type type, struct buf *b)
{
	buf_putc(b, '}');
	if (b->failed)
		q->failed = true;
	add(q, type, buf_text(b), 0, 0);
}

void
pgs_int8_array(struct pgs_query *q, size_t n,
    int64_t (*at)(const void *arg, size_t i), const void *arg)
{
	struct buf *b = begin_array(q);
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < n; i++)
		buf_printf(b, "%s%" PRId64, i == 0 ? "" : ",", at(arg, i));
	end_array(q, PGS_INT8_ARRAY, b);
}

/* Quoted, so that neither commas nor "NULL" mean anything. */
static void
add_element(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

void
pgs_text_array(struct pgs_query *q, size_t n,
    const char *(*at)(const void *arg, size_t i), const void *arg)
{
	struct buf *b = begin_array(q);
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		add_element(b, at(arg, i));
	}
	end_array(q, PGS_TEXT_ARRAY, b);
}

int64_t
pgs_col_int(const PGresult *res, int row, int col)
{
	const char *p = PQgetvalue(res, row, col);
	uint64_t eight;
	uint32_t four;

	if (PQgetisnull(res, row, col))
		return 0;
	switch (PQgetlength(res, row, col)) {
	case sizeof(eight):
		memcpy(&eight, p, sizeof(eight));
		return (int64_t)be64toh(eight);
	case sizeof(four):
		memcpy(&four, p, sizeof(four));
		return (int32_t)be32toh(four);
	case 1:
		return *p;
	default:
		return 0;
	}
}

void
pgs_col_text(const PGresult *res, int row, int col, char *dst, size_t size)
{
	mem_copy(dst, size, PQgetvalue(res, row, col));
}

bool
pgs_col_buf(const PGresult *res, int row, int col, struct buf *b)
{
	size_t len = (size_t)PQgetlength(res, row, col);

	buf_init(b, len);
	if (len > 0)
		buf_add(b, PQgetvalue(res, row, col), len);
	return !b->failed;
}
