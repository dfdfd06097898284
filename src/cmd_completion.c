/*
 * stripehook completion: what a shell needs to complete command lines, made
 * from the table of commands.
 */
#include "config.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_options.h"

#include "banned.h"

/* What can stand behind an option, or as an argument. */
enum kind {
	KIND_NONE,
	KIND_FILES,
	KIND_TYPES,
	KIND_HANDLERS,
	KIND_ENDPOINTS,
	KIND_STATES,
	KIND_COMMANDS,
	KIND_LISTS
};

#define STATES "pending running succeeded failed"
#define LISTS "bash zsh"

static enum kind
kind_of_option(const struct cmd_option *o)
{
	static const struct {
		const char *name;
		enum kind kind;
	} known[] = {
		{ "type", KIND_TYPES },
		{ "handler", KIND_HANDLERS },
		{ "endpoint", KIND_ENDPOINTS },
		{ "state", KIND_STATES },
		{ "to", KIND_FILES },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, o->name) == 0)
			return known[i].kind;
	return strcmp(o->arg, "FILE") == 0 ? KIND_FILES : KIND_NONE;
}

/*
 * Of the arguments that are no options, by the synopsis.
 */
static enum kind
kind_of_arguments(const struct cmd *c)
{
	if (strcmp(c->name, "help") == 0)
		return KIND_COMMANDS;
	if (strcmp(c->name, "completion") == 0)
		return KIND_LISTS;
	if (strstr(c->args, "file") != NULL)
		return KIND_FILES;
	return strstr(c->args, "type") != NULL ? KIND_TYPES : KIND_NONE;
}

static void
print_commands(void)
{
	const struct cmd *c;
	size_t i;

	for (i = 0; (c = cmd_table(i)) != NULL; i++)
		printf("%s%s", i > 0 ? " " : "", c->name);
}

static void
bash_words(enum kind kind)
{
	switch (kind) {
	case KIND_FILES:
		printf("files=yes");
		break;
	case KIND_TYPES:
		printf("words=$(\"$1\" completion types 2>/dev/null)");
		break;
	case KIND_HANDLERS:
		printf("words=$(\"$1\" completion handlers 2>/dev/null)");
		break;
	case KIND_ENDPOINTS:
		printf("words=$(\"$1\" completion endpoints 2>/dev/null)");
		break;
	case KIND_STATES:
		printf("words='" STATES "'");
		break;
	case KIND_COMMANDS:
		printf("words='");
		print_commands();
		putchar('\'');
		break;
	case KIND_LISTS:
		printf("words='" LISTS "'");
		break;
	case KIND_NONE:
		printf(":");
		break;
	}
}

static void
bash_command(const struct cmd *c)
{
	const char *text = c->options;
	struct cmd_option o;

	printf("\t%s)\n\t\tcase $prev in\n", c->name);
	while (cmd_option_next(&text, &o)) {
		if (o.arg[0] == '\0')
			continue;
		printf("\t\t--%s", o.name);
		if (o.letter != '\0')
			printf(" | -%c", o.letter);
		printf(") ");
		bash_words(kind_of_option(&o));
		printf(" ;;\n");
	}
	printf("\t\t*)\n\t\t\tcase $cur in\n\t\t\t-*) words='");
	for (text = c->options; cmd_option_next(&text, &o);)
		printf("--%s ", o.name);
	printf("--help' ;;\n\t\t\t*) ");
	bash_words(kind_of_arguments(c));
	printf(" ;;\n\t\t\tesac\n\t\t\t;;\n\t\tesac\n\t\t;;\n");
}

static void
print_bash(void)
{
	const struct cmd *c;
	size_t i;

	printf("# bash completion for stripehook(1), made by"
	       " \"stripehook completion bash\".\n"
	       "_stripehook()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	       "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal command='' words='' files='' i\n\n"
	       "\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t-c | --config) ((++i)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*)\n\t\t\tcommand=${COMP_WORDS[i]}\n\t\t\tbreak\n\t\t\t;;\n"
	       "\t\tesac\n\tdone\n"
	       "\tcase $command in\n\t'')\n\t\tcase $prev in\n"
	       "\t\t-c | --config) files=yes ;;\n"
	       "\t\t*)\n\t\t\tcase $cur in\n"
	       "\t\t\t-*) words='--config --help --version' ;;\n"
	       "\t\t\t*) words='");
	print_commands();
	printf("' ;;\n\t\t\tesac\n\t\t\t;;\n\t\tesac\n\t\t;;\n");
	for (i = 0; (c = cmd_table(i)) != NULL; i++)
		bash_command(c);
	printf("\tesac\n"
	       "\tif [ -n \"$files\" ]; then\n"
	       "\t\tcompopt -o filenames 2>/dev/null\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	       "\telse\n"
	       /* not compgen -W, which would expand them as the shell does */
	       "\t\twhile read -r i; do\n"
	       "\t\t\t[[ $i != \"$cur\"* ]] || COMPREPLY+=(\"$i\")\n"
	       "\t\tdone <<<\"${words// /$'\\n'}\"\n"
	       "\tfi\n}\ncomplete -F _stripehook stripehook\n");
}

/*
 * Text inside of single quotes; brackets, which zsh would take for its own,
 * and colons get a backslash where wanted.
 */
static void
zsh_text(const char *s, bool spec)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'') {
			printf("'\\''");
			continue;
		}
		if (spec && strchr("[]:", *s) != NULL)
			putchar('\\');
		putchar(*s);
	}
}

static const char *
zsh_action(enum kind kind)
{
	static const char *const actions[] = { [KIND_NONE] = " ",
		[KIND_FILES] = "_files",
		[KIND_TYPES] = "{_stripehook_list types}",
		[KIND_HANDLERS] = "{_stripehook_list handlers}",
		[KIND_ENDPOINTS] = "{_stripehook_list endpoints}",
		[KIND_STATES] = "(" STATES ")",
		[KIND_COMMANDS] = "_stripehook_commands",
		[KIND_LISTS] = "(" LISTS ")" };

	return actions[kind];
}

static void
zsh_option(const char *dashes, const struct cmd_option *o)
{
	const char *s;

	printf(" \\\n\t\t\t'*%s[", dashes);
	zsh_text(o->help, true);
	putchar(']');
	if (o->arg[0] != '\0') {
		putchar(':');
		for (s = o->arg; *s != '\0'; s++)
			putchar(tolower((unsigned char)*s));
		printf(":%s", zsh_action(kind_of_option(o)));
	}
	putchar('\'');
}

static void
zsh_command(const struct cmd *c)
{
	char dashes[sizeof(((struct cmd_option *)NULL)->name) + 2];
	const char *text = c->options;
	enum kind kind = kind_of_arguments(c);
	struct cmd_option o;

	printf("\t\t%s)\n\t\t\t_arguments '(- *)'{-h,--help}'[explain it]'",
	    c->name);
	while (cmd_option_next(&text, &o)) {
		snprintf(dashes, sizeof(dashes), "--%s", o.name);
		zsh_option(dashes, &o);
		if (o.letter == '\0')
			continue;
		snprintf(dashes, sizeof(dashes), "-%c", o.letter);
		zsh_option(dashes, &o);
	}
	if (kind != KIND_NONE)
		printf(" \\\n\t\t\t'*:argument:%s'", zsh_action(kind));
	printf("\n\t\t\t;;\n");
}

static void
print_zsh(void)
{
	const struct cmd *c;
	size_t i;

	printf("#compdef stripehook\n"
	       "# zsh completion for stripehook(1), made by"
	       " \"stripehook completion zsh\".\n\n"
	       "_stripehook_list() {\n"
	       "\tcompadd -- ${(f)\"$(stripehook completion $1"
	       " 2>/dev/null)\"}\n}\n\n"
	       "_stripehook_commands() {\n\tlocal -a commands=(\n");
	for (i = 0; (c = cmd_table(i)) != NULL; i++) {
		printf("\t\t'%s:", c->name);
		zsh_text(c->help, false);
		printf("'\n");
	}
	printf("\t)\n\t_describe command commands\n}\n\n"
	       "_stripehook() {\n"
	       "\tlocal curcontext=$curcontext state line\n"
	       "\ttypeset -A opt_args\n\n"
	       "\t_arguments -C \\\n"
	       "\t\t'(-c --config)'{-c,--config}'[the configuration]"
	       ":file:_files' \\\n"
	       "\t\t'(- *)'{-h,--help}'[print a summary]' \\\n"
	       "\t\t'(- *)'{-V,--version}'[print the version]' \\\n"
	       "\t\t'1:command:_stripehook_commands' \\\n"
	       "\t\t'*::argument:->argument'\n"
	       "\tif [[ $state == argument ]]; then\n"
	       "\t\tcase $words[1] in\n");
	for (i = 0; (c = cmd_table(i)) != NULL; i++)
		zsh_command(c);
	printf("\t\tesac\n\tfi\n}\n\n_stripehook \"$@\"\n");
}

/*
 * Names out of the configuration, a line each.
 */
static int
print_names(const struct cmd_global *g, const char *what)
{
	struct conf c;
	size_t i;

	if (cmd_load_secretless(g, &c) != CMD_OK)
		return CMD_FAILED;
	for (i = 0; strcmp(what, "types") == 0 && i < c.catalogue.n; i++)
		puts(c.catalogue.types[i].name);
	for (i = 0; strcmp(what, "handlers") == 0 && i < c.nhandlers; i++)
		puts(c.handlers[i].name);
	for (i = 0; strcmp(what, "endpoints") == 0 && i < c.nendpoints; i++)
		puts(c.endpoints[i].name);
	conf_free(&c);
	return CMD_OK;
}

/*
 * Those that are built in do without a configuration.
 */
static int
print_types(const struct cmd_global *g)
{
	struct catalogue types;
	struct conf_report report;
	struct conf c;
	size_t i;

	conf_report_init(&report);
	if (conf_load_secretless(&c, g->conf, &report) == RES_OK) {
		conf_free(&c);
		conf_report_free(&report);
		return print_names(g, "types");
	}
	conf_report_free(&report);
	catalogue_init(&types);
	for (i = 0; i < types.n; i++)
		puts(types.types[i].name);
	catalogue_free(&types);
	return CMD_OK;
}

int
cmd_completion(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *what;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (ch == 'h')
			return cmd_help(self);
		return cmd_usage(self);
	}
	if (argc - optind != 1)
		return cmd_usage_error(self, "which shell? bash or zsh");
	what = argv[optind];
	if (strcmp(what, "bash") == 0)
		print_bash();
	else if (strcmp(what, "zsh") == 0)
		print_zsh();
	else if (strcmp(what, "types") == 0)
		return print_types(g);
	else if (strcmp(what, "handlers") == 0 ||
	    strcmp(what, "endpoints") == 0)
		return print_names(g, what);
	else
		return cmd_usage_error(self,
		    "no completion for '%s', only for bash and zsh", what);
	return CMD_OK;
}
