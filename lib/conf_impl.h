/*
 * What the sources of the configuration share. Included by conf*.c only.
 *
 * libConfuse 3.3 stops at the first mistake, ends quietly where a brace was
 * not closed, counts a comment as three lines, refuses comments inside lists
 * and drops what it does not know between tokens. So the text is scanned
 * first: mistakes of form are reported, and comments, titles and faulty
 * statements become blanks. What is left libConfuse reads without complaint,
 * with true lines.
 */
#ifndef STRIPEHOOK_CONF_IMPL_H
#define STRIPEHOOK_CONF_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/* Where findings go, and the file that they speak of. */
struct conf_place {
	struct conf_report *report; /* borrowed */
	const char *path; /* borrowed */
	const char *folder; /* borrowed: where the file is, absolute; NULL
	    where that cannot be found out */
	const char *topic; /* static: the code of the findings */
};

/*
 * The same place for findings of another topic.
 */
struct conf_place conf_topic(const struct conf_place *at, const char *topic);

/*
 * Add a finding, in the form of conf_report_add.
 */
void conf_error(const struct conf_place *at, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void conf_warn(const struct conf_place *at, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The store's URI and the worker's program unless the configuration says
 * otherwise. The caller frees them; never NULL.
 */
char *conf_default_store(const struct conf_place *at);
char *conf_default_worker(void);

/*
 * Sorts the findings by line, from the given one on.
 */
void conf_report_sort(struct conf_report *r, size_t from);

enum conf_token_kind {
	CONF_TOKEN_END,
	CONF_TOKEN_WORD,
	CONF_TOKEN_STRING,
	CONF_TOKEN_SIGN /* any other single character */
};

struct conf_token {
	enum conf_token_kind kind;
	char *p; /* where it begins; strings with their quotes */
	size_t len;
	int line;
	const char *fault; /* what is wrong with a string, or NULL */
};

struct conf_scan;

struct conf_scanner {
	struct conf_scan *out;
	const struct conf_place *at;
	const char *text; /* where it begins */
	char *next;
	int line;
};

/*
 * Adds an error at a token.
 */
void conf_token_error(const struct conf_scanner *s, const struct conf_token *t,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Takes the next token; comments before it become blanks. The last one can be
 * given back, to be taken again.
 */
struct conf_token conf_take(struct conf_scanner *s);
void conf_give_back(struct conf_scanner *s, const struct conf_token *t);

/*
 * Whether t is this sign; a word or a string.
 */
bool conf_is_sign(const struct conf_token *t, char c);
bool conf_is_text(const struct conf_token *t);

/*
 * Turns everything up to end into blanks; lines stay.
 */
void conf_blank(char *from, const char *end);

enum conf_kind { CONF_TOP, CONF_ENDPOINT, CONF_HANDLER, CONF_STRANGE };

struct conf_option {
	const char *name;
	bool list; /* takes several values */
	bool required;
};

#define CONF_OPTIONS_MAX 40

/*
 * The options of a kind of section, ended by one without a name; none for
 * CONF_STRANGE.
 */
const struct conf_option *conf_options(enum conf_kind kind);

/*
 * "endpoint" or "handler".
 */
const char *conf_kind_name(enum conf_kind kind);

struct conf_section {
	enum conf_kind kind; /* CONF_ENDPOINT or CONF_HANDLER */
	char *title; /* owned; "" where it is missing or not valid */
	int line;
};

struct conf_scan {
	struct conf_section *sections; /* owned, in the order of the file */
	size_t n;
	bool broken; /* there is a section that could not be placed */
};

/*
 * Scans text, which is changed to what libConfuse is to read, and collects
 * its endpoints and handlers into s, which the caller frees.
 */
void conf_scan(struct conf_scan *s, char *text, const struct conf_place *at);
void conf_scan_free(struct conf_scan *s);

/*
 * Fills c from a scanned text, and checks value by value.
 */
void conf_parse(struct conf *c, const struct conf_scan *s, const char *text,
    const struct conf_place *at);

struct cfg_t;
struct cfg_opt_t;

/* A section that is read, or what stands outside of them. */
struct conf_reader {
	struct cfg_t *cfg; /* libConfuse's */
	int line;
	const struct conf_place *at;
};

/*
 * Fills out (room for CONF_OPTIONS_MAX + 1) with libConfuse's view of the
 * options of a kind, ended, and returns how many there are.
 */
size_t conf_value_options(struct cfg_opt_t *out, enum conf_kind kind);

/*
 * The values of an option: how many, one of them, and the one of an option
 * that is no list, NULL where it was not given or is empty. Borrowed.
 */
size_t conf_value_count(const struct conf_reader *rd, const char *name);
const struct conf_text *conf_value_at(
    const struct conf_reader *rd, const char *name, size_t i);
const struct conf_text *conf_value(
    const struct conf_reader *rd, const char *name);

/*
 * Makes a value that begins with scheme ("file:" or the like, or "") and "./"
 * one with an absolute path, beside the configuration file. Any other stays as
 * it is, and so does one that is not there.
 */
void conf_value_beside(const struct conf_reader *rd, const char *name, size_t i,
    const char *scheme);

/*
 * Reports options whose one value is empty.
 */
void conf_value_check_empty(const struct conf_reader *rd, enum conf_kind kind);

/*
 * A whole number from lo to hi into *out, which stays as it is where the
 * option was not given, or is at fault.
 */
void conf_value_number(const struct conf_reader *rd, const char *name,
    int64_t lo, int64_t hi, int64_t *out);
void conf_value_int(
    const struct conf_reader *rd, const char *name, int lo, int hi, int *out);

/*
 * The place of the value in choices (ended by NULL), else dflt.
 */
int conf_value_choice(const struct conf_reader *rd, const char *name,
    const char *const *choices, int dflt);

/*
 * Copies, which the caller frees: of the one value, or of dflt (may be NULL);
 * of a list, ended by NULL; of a list with its lines.
 */
char *conf_value_text(
    const struct conf_reader *rd, const char *name, const char *dflt);
char **conf_value_array(const struct conf_reader *rd, const char *name);
struct conf_text *conf_value_list(
    const struct conf_reader *rd, const char *name, size_t *n);

/*
 * Reads a handler's section, with that title, into the next place of c. What
 * stands outside of the sections was read before.
 */
void conf_parse_handler(
    const struct conf_reader *rd, const char *title, struct conf *c);

/*
 * Checks of single values, reported with the line of the value. A program is
 * given by an absolute path, and called what in messages.
 */
void conf_check_command(
    const char *path, int line, const struct conf_place *at);
void conf_check_program(
    const char *what, const char *path, int line, const struct conf_place *at);
void conf_check_user(const char *name, int line, const struct conf_place *at);
void conf_check_directory(
    const char *path, int line, const struct conf_place *at);
void conf_check_environment(
    char *const *environment, size_t i, int line, const struct conf_place *at);

/*
 * Warns where a secret's file belongs to a user who should not have it.
 */
void conf_check_owner(const char *path, int line, const struct conf_place *at);

/*
 * Loads a secret into the next place of ep, unless it is faulty or one that c
 * (with ep being its last endpoint) has already.
 */
void conf_check_secret(struct conf *c, struct conf_endpoint *ep,
    const char *source, int line, const struct conf_place *at);

/*
 * Notes a file whose content makes the configuration.
 */
void conf_watch(struct conf *c, const char *path);

/*
 * Checks what concerns several sections.
 */
void conf_check_whole(const struct conf *c, const struct conf_place *at);

/* conf_store.c */

/*
 * Checks the form of the store's URI; what only its backend can tell is told
 * when it is opened. Nothing is repeated of what may hold a password.
 */
void conf_check_store(const char *uri, int line, const struct conf_place *at);

/*
 * Reads the password from source and puts it into c->store.
 */
void conf_store_password(
    struct conf *c, const char *source, int line, const struct conf_place *at);

#endif
