/*
 * Where the store is. A PostgreSQL URI may hold a password, and with the option
 * store-password it does.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "mem.h"
#include "secret.h"

#include "conf_impl.h"

#include "banned.h"

#define STORE_MAX 8192 /* of a URI with its password */

/* What stands behind the scheme, where libpq has to understand it; or NULL. */
static const char *
pgsql_part(const char *uri)
{
	if (strncmp(uri, "postgresql:", 11) == 0)
		return uri + 11;
	return strncmp(uri, "postgres:", 9) == 0 ? uri + 9 : NULL;
}

void
conf_check_store(const char *uri, int line, const struct conf_place *at)
{
	if (pgsql_part(uri) != NULL)
		return;
	if (strncmp(uri, "sqlite:", 7) != 0)
		conf_error(at, line,
		    "'store' is \"sqlite:/absolute/path\" or "
		    "\"postgresql://USER@HOST/DATABASE\", not '%.*s'",
		    (int)strcspn(uri, ":@ "), uri);
	else if (uri[7] != '/' || uri[8] == '\0')
		conf_error(at, line,
		    "the path in 'store' must be absolute: "
		    "\"sqlite:/absolute/path\"");
}

/* As in a URI: RFC 3986, section 2.1. */
static void
add_encoded(struct buf *b, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) != NULL)
			buf_putc(b, *text);
		else {
			buf_putc(b, '%');
			buf_putc(b, hex[c >> 4]);
			buf_putc(b, hex[c & 15]);
		}
	}
}

/* As in a connection string of libpq, "Keyword/Value Connection Strings". */
static void
add_quoted(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
}

static void
add_password(struct buf *b, const char *store, const char *password)
{
	buf_puts(b, store);
	if (strncmp(pgsql_part(store), "//", 2) == 0) {
		buf_puts(b, strchr(store, '?') == NULL ? "?" : "&");
		buf_puts(b, "password=");
		add_encoded(b, password);
	} else {
		buf_puts(b, " password='");
		add_quoted(b, password);
		buf_putc(b, '\'');
	}
}

void
conf_store_password(
    struct conf *c, const char *source, int line, const struct conf_place *at)
{
	struct secret s;
	struct err e;
	struct buf b;

	if (pgsql_part(c->store) == NULL) {
		conf_error(at, line,
		    "'store-password' is for a store \"postgresql:...\"");
		return;
	}
	if (secret_load(&s, source, &e) != RES_OK) {
		conf_error(at, line, "store-password: %s", e.text);
		return;
	}
	if (s.path != NULL) {
		conf_check_owner(s.path, line, at);
		conf_watch(c, s.path);
	}
	buf_init(&b, STORE_MAX);
	add_password(&b, c->store, s.value);
	if (b.failed)
		conf_error(at, line, "store-password: 'store' is too long");
	else {
		mem_cleanse(c->store, strlen(c->store));
		free(c->store);
		c->store = mem_strdup(buf_text(&b));
	}
	mem_cleanse(b.data, b.cap);
	buf_free(&b);
	secret_free(&s);
}

const char *
conf_store_shown(const struct conf *c)
{
	return pgsql_part(c->store) == NULL ? c->store : "PostgreSQL";
}
