/*
 * The command stripehook(1): the table of its commands, usage, dispatch.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_filter.h"
#include "cmd_options.h"
#include "near.h"
#include "program.h"

#include "banned.h"

static int cmd_help_command(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv);

/* clang-format off */
static const struct cmd commands[] = {
	{ "check", cmd_check,
	    "[-qs] [--json] [--no-secrets] [--ignore code] [--server file]",
	    "Check the configuration and all that it depends on.",
	    "  -q, --quiet          print errors only, and no summary\n"
	    "  -s, --strict         warnings count as errors do\n"
	    "      --json           print a JSON array\n"
	    "      --no-secrets     do not look at the secrets\n"
	    "      --ignore CODE    leave out findings of this topic\n"
	    "      --server FILE    hold this file of a web server's"
	    " configuration\n"
	    "                       against max-body\n" },
	{ "init", cmd_init, "[--upgrade | --print-roles]",
	    "Create the store, or bring it up to date.",
	    "      --upgrade        create none; as root, do it as the file's"
	    " owner\n"
	    "      --print-roles    print SQL that makes roles for PostgreSQL\n" },
	{ "sign", cmd_sign, "[-e endpoint | -s source] [-t time] [file]",
	    "Print the Stripe-Signature header for a file or standard input.",
	    "  -e, --endpoint NAME  sign with this endpoint's first secret\n"
	    "  -s, --secret SOURCE  sign with the secret from file:, env: or"
	    " credential:\n"
	    "  -t, --time TIME      sign for this time, not for now\n" },
	{ "trigger", cmd_trigger, "[options] (--raw | type ...)",
	    "Send signed test events to an endpoint.",
	    "  -u, --url URL        POST to this URL"
	    " (default http://127.0.0.1:4242/)\n"
	    "      --cgi FILE       execute this endpoint program as CGI"
	    " instead\n"
	    "  -p, --print          print the events and send nothing\n"
	    "  -e, --endpoint NAME  sign with this endpoint's first secret\n"
	    "  -s, --secret SOURCE  sign with the secret from file:, env: or"
	    " credential:\n"
	    "      --thin           send thin events\n"
	    "      --id ID          the event's id (default: random)\n"
	    "      --account ACCT   the connected account that it is about\n"
	    "      --live           with livemode true\n"
	    "      --api-version V  the API version that shaped it\n"
	    "      --override PATH=VALUE\n"
	    "                       set a field of the event's object\n"
	    "      --add PATH=VALUE set it where it is missing\n"
	    "      --remove PATH    take it away\n"
	    "      --raw            send what comes on standard input\n"
	    "      --forged         with a signature that is not genuine\n"
	    "      --repeat         send each twice\n"
	    "      --count N        send so many of each type\n"
	    "      --rate R         so many a second at most\n"
	    "      --concurrency C  so many at a time (default 1)\n"
	    "      --times          print how long the answers took\n"
	    "  -q, --quiet          print refusals and a summary only\n"
	    "      --save FILE      keep the event in this file, several in this"
	    " folder\n"
	    "      --timeout N      wait for an answer this many seconds"
	    " (default 30)\n" },
	{ "listen", cmd_listen, "[options]",
	    "Follow what arrives and what handlers do.",
	    "      --type PATTERN   events of these types: invoice.*\n"
	    "      --handler NAME   attempts of this handler\n"
	    "      --failed         attempts that did not succeed\n"
	    "  -n, --count N        end after so many lines\n"
	    "      --utc            print times in UTC\n"
	    "      --json           print a JSON object a line\n" },
	{ "list", cmd_list, "[options]",
	    "List events, the newest first.",
	    CMD_FILTER_HELP
	    "  -n, --limit N        at most so many (default 50; 0: all)\n"
	    "      --utc            print times in UTC\n"
	    "      --json           print a JSON object a line\n" },
	{ "show", cmd_show, "[--body] [--endpoint name] [--json] [--utc] id",
	    "Show an event with its deliveries and attempts.",
	    "      --body           write the exact bytes that were received\n"
	    "      --endpoint NAME  the endpoint that it came to\n"
	    "      --utc            print times in UTC\n"
	    "      --json           print a JSON object\n" },
	{ "retry", cmd_retry, "[options] [id]",
	    "Make deliveries due again.",
	    "      --failed         those that are parked as failed\n"
	    CMD_FILTER_HELP
	    "  -n, --dry-run        only say how many it would be\n" },
	{ "replay", cmd_replay,
	    "[--handler name] [--endpoint name] [--timeout n]"
	    " id --to program [argument ...]",
	    "Run a program on an event, and change nothing.",
	    "      --to PROGRAM     what to run; its arguments are the rest\n"
	    "      --handler NAME   with the environment, folder and limits of"
	    " this one\n"
	    "      --endpoint NAME  the endpoint that the event came to\n"
	    "      --timeout N      stop it after so many seconds\n" },
	{ "stats", cmd_stats, "[options]",
	    "Count events and deliveries.",
	    "      --nagios         as a monitoring plugin, by thresholds\n"
	    "  -w, --warning KEY=RANGE\n"
	    "  -c, --critical KEY=RANGE\n"
	    "                       of due, oldest, failed, silence, free,"
	    " worker\n"
	    CMD_FILTER_HELP
	    "      --utc            print times in UTC\n"
	    "      --json           print a JSON object\n" },
	{ "metrics", cmd_metrics, "",
	    "Print counts and states for Prometheus.", "" },
	{ "prune", cmd_prune,
	    "(--keep days [--keep-bodies days] |"
	    " --handler name [--dry-run]) [--force]",
	    "Delete old events that need no more work.",
	    "      --keep DAYS      keep events this long\n"
	    "      --keep-bodies DAYS\n"
	    "                       keep their bodies only this long\n"
	    "      --handler NAME   give up what waits for a handler that is"
	    " gone\n"
	    "      --dry-run        only say how many that would be\n"
	    "      --force          also below 31 days, while Stripe may send"
	    " again;\n"
	    "                       also for a handler that is configured\n" },
	{ "explain", cmd_explain,
	    "(--body file [--signature header] | --request file)"
	    " [-e endpoint] [-t time]",
	    "Say why a saved request was refused, or accepted.",
	    "  -b, --body FILE      the body, byte by byte\n"
	    "  -s, --signature TEXT the Stripe-Signature header\n"
	    "  -r, --request FILE   a whole request, head and body\n"
	    "  -e, --endpoint NAME  try this endpoint's secrets only\n"
	    "  -t, --time TIME      when the request came\n"
	    "      --utc            print times in UTC\n" },
	{ "route", cmd_route, "[-e endpoint] [--json] type",
	    "Print which handlers an event would reach.",
	    "  -e, --endpoint NAME  at this endpoint only\n"
	    "      --json           print a JSON array\n" },
	{ "secrets", cmd_secrets,
	    "[--json] [--utc] | secrets add [--file path] endpoint",
	    "List the secrets and when each was last used; add one.",
	    "      --utc            print times in UTC\n"
	    "      --json           print a JSON array\n"
	    "      --file PATH      write the new secret here\n" },
	{ "completion", cmd_completion, "bash | zsh",
	    "Print what a shell needs to complete command lines.", "" },
	{ "help", cmd_help_command, "[command]",
	    "Explain a command.", "" },
};
/* clang-format on */

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct cmd *
cmd_table(size_t n)
{
	return n < COMMANDS ? &commands[n] : NULL;
}

static const struct cmd *
find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown(const char *name)
{
	const char *near = NULL;
	int score, best = 0;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		score = near_score(name, commands[i].name);
		if (score >= 0 && (near == NULL || score < best)) {
			near = commands[i].name;
			best = score;
		}
	}
	if (near != NULL)
		cmd_error("no such command: %s; did you mean %s?", name, near);
	else
		cmd_error("no such command: %s; see stripehook -h", name);
	return CMD_USAGE;
}

static void
print_usage(FILE *f)
{
	size_t i;

	fputs("usage: stripehook [-hV] [-c file] command [argument ...]\n", f);
	fputs("\n  -c FILE   the configuration\n", f);
	fputs("  -h        print this, or after a command its usage\n", f);
	fputs("  -V        print the version\n\ncommands:\n", f);
	for (i = 0; i < COMMANDS; i++)
		fprintf(f, "  %-10s  %s\n", commands[i].name, commands[i].help);
#ifdef STRIPEHOOK_PORTABLE
	fputs("  worker      Run the handlers of queued deliveries"
	      " (worker -h).\n",
	    f);
#endif
}

static int
cmd_help_command(
    const struct cmd *self, const struct cmd_global *g, int argc, char **argv)
{
	const struct cmd *c;

	(void)g;
	if (argc > 2)
		return cmd_usage(self);
	if (argc < 2 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return CMD_OK;
	}
	if ((c = find(argv[1])) == NULL)
		return unknown(argv[1]);
	return cmd_show_manual() ? CMD_OK : cmd_help(c);
}

/*
 * A full disk must not look like success. A reader that has gone is no news
 * to anybody.
 */
static int
close_output(int status)
{
	int failed = ferror(stdout), saved = 0;

	if (fclose(stdout) != 0) {
		failed = 1;
		saved = errno;
	}
	if (!failed)
		return status;
	if (saved != EPIPE)
		cmd_error("standard output: %s",
		    saved != 0 ? strerror(saved) : "not all could be written");
	return status != CMD_OK ? status : CMD_FAILED;
}

static int
dispatch(const struct cmd_global *g, int argc, char **argv, char *name)
{
	const struct cmd *c = find(argv[0]);
	int status;

	if (c == NULL)
		return unknown(argv[0]);
	argv[0] = name; /* for the messages of getopt_long */
	optind = 0;
	status = c->run(c, g, argc, argv);
	if (status == CMD_USAGE)
		cmd_option_suggest(c, argc, argv);
	return status;
}

int
command_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct cmd_global g = { .conf = conf_default_path() };
	char name[] = PACKAGE_NAME;
	int ch;

	if (argc > 0)
		argv[0] = name;
	while ((ch = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		switch (ch) {
		case 'c':
			g.conf = optarg;
			g.conf_given = true;
			break;
		case 'h':
			print_usage(stdout);
			return close_output(CMD_OK);
		case 'V':
			puts(PACKAGE_STRING);
			return close_output(CMD_OK);
		default:
			print_usage(stderr);
			return CMD_USAGE;
		}
	}
	if (optind >= argc) {
		print_usage(stderr);
		return CMD_USAGE;
	}
	argc -= optind;
	argv += optind;
	return close_output(dispatch(&g, argc, argv, name));
}
