/*
 * Distances between names: letters within the whole name, and parts within
 * the row of parts, whichever is less.
 */
#include "config.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "near.h"

#include "banned.h"

#define PARTS_MAX 16
#define PART_COST 3 /* of a missing or added part */
#define PARTS_LIMIT 4 /* beyond it, two names have nothing in common */
#define FAR (INT_MAX / 4)

struct part {
	const char *p;
	size_t len;
};

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * How many wrong letters a text of this length may have.
 */
static int
allowance(size_t len)
{
	if (len <= 4)
		return 1;
	if (len <= 9)
		return 2;
	return len <= 13 ? 3 : 4;
}

/*
 * Fills row i of the table of distances from the two rows above it, and
 * returns the least of it.
 */
static int
letters_row(struct part a, struct part b, size_t i, int *const rows[3])
{
	int *row = rows[2], low = (int)i;
	size_t j;

	row[0] = (int)i;
	for (j = 1; j <= b.len; j++) {
		row[j] = rows[1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
		row[j] = least(row[j], least(rows[1][j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
		    a.p[i - 2] == b.p[j - 1])
			row[j] = least(row[j], rows[0][j - 2] + 1);
		low = least(low, row[j]);
	}
	return low;
}

/*
 * Letters to add, drop, change or swap to get from a to b, or FAR if they are
 * more than limit.
 */
static int
letters(struct part a, struct part b, int limit)
{
	int space[3][NEAR_NAME_MAX + 1];
	int *rows[3] = { space[0], space[1], space[2] }, *oldest;
	size_t i, j;

	if ((a.len > b.len ? a.len - b.len : b.len - a.len) > (size_t)limit)
		return FAR;
	for (j = 0; j <= b.len; j++)
		rows[2][j] = (int)j;
	for (i = 1; i <= a.len; i++) {
		oldest = rows[0];
		rows[0] = rows[1];
		rows[1] = rows[2];
		rows[2] = oldest;
		if (letters_row(a, b, i, rows) > limit)
			return FAR;
	}
	return rows[2][b.len] <= limit ? rows[2][b.len] : FAR;
}

/*
 * Takes a name apart at its dots. Returns how many parts there are, 0 if they
 * are too many.
 */
static size_t
split(const char *name, struct part parts[PARTS_MAX])
{
	size_t n = 0;

	for (;;) {
		if (n == PARTS_MAX)
			return 0;
		parts[n].p = name;
		parts[n].len = strcspn(name, ".");
		name += parts[n++].len;
		if (*name == '\0')
			return n;
		name++;
	}
}

/*
 * The cheapest way to line up the parts of two names.
 */
static int
parts(const char *name, const char *known)
{
	struct part a[PARTS_MAX], b[PARTS_MAX];
	int cost[PARTS_MAX + 1][PARTS_MAX + 1], c;
	size_t na = split(name, a), nb = split(known, b), i, j;

	if (na == 0 || nb == 0)
		return FAR;
	for (i = 0; i <= na; i++)
		for (j = 0; j <= nb; j++) {
			c = i + j == 0 ? 0 : FAR;
			if (i > 0)
				c = least(c, cost[i - 1][j] + PART_COST);
			if (j > 0)
				c = least(c, cost[i][j - 1] + PART_COST);
			if (i > 0 && j > 0)
				c = least(c,
				    cost[i - 1][j - 1] +
					letters(a[i - 1], b[j - 1],
					    allowance(a[i - 1].len)));
			cost[i][j] = least(c, FAR);
		}
	return cost[na][nb] <= PARTS_LIMIT ? cost[na][nb] : FAR;
}

int
near_score(const char *name, const char *known)
{
	struct part a = { name, strlen(name) }, b = { known, strlen(known) };
	int score;

	if (a.len > NEAR_NAME_MAX || b.len > NEAR_NAME_MAX)
		return -1;
	score = least(letters(a, b, allowance(a.len)), parts(name, known));
	return score < FAR ? score : -1;
}
