/*
 * SQLite backend: the order in which attempts ended.
 */
#ifndef STRIPEHOOK_STORE_SQLITE_FOLLOW_H
#define STRIPEHOOK_STORE_SQLITE_FOLLOW_H

#include "store_sqlite.h"

/* The place of an attempt that ends now among those that have. */
#define SQ_NEXT_SEQ \
	"1 + ifnull((SELECT seq FROM attempt WHERE seq IS NOT NULL" \
	" ORDER BY seq DESC LIMIT 1), 0)"

enum result sq_follow(struct store *base, struct store_mark *mark,
    bool (*each)(const struct store_news *news, void *arg), void *arg,
    struct err *e);

#endif
