/*
 * How near a mistyped name is to a known one, for "did you mean". Names may
 * have parts between dots, as event types do.
 */
#ifndef STRIPEHOOK_NEAR_H
#define STRIPEHOOK_NEAR_H

#define NEAR_NAME_MAX 255 /* longer names are near to nothing */

/*
 * 0 for the same name, a small number for one that is near (wrong, missing,
 * added or swapped letters; a missing or added part), -1 for one that is not.
 */
int near_score(const char *name, const char *known);

#endif
