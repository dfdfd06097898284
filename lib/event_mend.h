/*
 * Making an event readable for Jansson where Jansson is stricter than the
 * JSON parsers of Stripe's own libraries.
 */
#ifndef STRIPEHOOK_EVENT_MEND_H
#define STRIPEHOOK_EVENT_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was found. */
struct event_mend {
	size_t places; /* how many were mended */
	uint64_t trace; /* of what stood in them, whatever their order: two
	    texts that were mended from the same have the same */
	const char *twice; /* "id", "type" or "object" where the top level has
	    it twice, else NULL; static */
};

/*
 * Mends len bytes in place, changing no length. Numbers that may be too large
 * become null; lone surrogates in a value become \u0000, which no fact may
 * hold; lone surrogates and \u0000 in a key become \ufffd. Everything else,
 * valid or not, stays for Jansson to judge.
 */
void event_mend(char *text, size_t len, struct event_mend *m);

#endif
