/*
 * What the commands of stripehook(1) share. Each command is one function in
 * the table of stripehook.c; it reads its options with getopt_long, and its
 * usage is printed from the table.
 */
#ifndef STRIPEHOOK_CMD_H
#define STRIPEHOOK_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "store.h"

enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1, /* refused or failed */
	CMD_USAGE = 2,
	CMD_LATER = 75 /* EX_TEMPFAIL: the same command may work later */
};

/* The options that stand before the command. */
struct cmd_global {
	const char *conf; /* path of the configuration; never NULL */
	bool conf_given; /* with -c */
};

struct cmd {
	const char *name;
	int (*run)(const struct cmd *self, const struct cmd_global *g, int argc,
	    char **argv);
	const char *args; /* its synopsis, without the name */
	const char *help; /* what it does, on one line */
	const char *options; /* a line each; "" for none */
};

/*
 * The commands. argv[0] is the program's name, for getopt_long's messages.
 * Each returns an enum cmd_exit.
 */
int cmd_check(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_completion(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_init(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_sign(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_trigger(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_listen(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_list(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_show(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_metrics(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_replay(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_retry(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_stats(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_prune(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_explain(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_route(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);
int cmd_secrets(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);

/*
 * The n-th command of the table, or NULL behind the last.
 */
const struct cmd *cmd_table(size_t n);

/*
 * Prints the usage of a command: as an answer to -h on standard output, or,
 * after a mistake, a line of it on standard error. Return the exit status.
 */
int cmd_help(const struct cmd *self);
int cmd_usage(const struct cmd *self);

/*
 * The same for a mistake that deserves words, which come first.
 */
int cmd_usage_error(const struct cmd *self, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Shows the manual page, where standard output is a terminal and the page is
 * installed. Whether it did.
 */
bool cmd_show_manual(void);

/*
 * Prints "stripehook: ", the words and a newline on standard error.
 */
void cmd_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Prints the words of a result that is not RES_OK and returns its exit status.
 */
int cmd_result(enum result r, const struct err *e);

/*
 * Loads the configuration. CMD_OK, and c is the caller's to free; otherwise
 * its errors were printed.
 */
int cmd_load(const struct cmd_global *g, struct conf *c);

/*
 * The same without the secrets, for commands that verify and sign nothing: who
 * may read the store need not be able to read them.
 */
int cmd_load_secretless(const struct cmd_global *g, struct conf *c);

/*
 * Opens the store that the configuration names. CMD_OK, and *s is the
 * caller's to close; otherwise the reason was printed.
 */
int cmd_open_store(
    const struct cmd_global *g, enum store_role role, struct store **s);

/*
 * Reads a whole number without sign. Returns whether text is one from min to
 * max.
 */
bool cmd_number(const char *text, int64_t min, int64_t max, int64_t *n);

/*
 * Print text that came from outside on standard output: made safe for a
 * terminal and filled up to width with blanks; or as a JSON string. width in
 * bytes.
 */
void cmd_put(const char *s, int width);
void cmd_put_json(const char *s, size_t n);

#endif
