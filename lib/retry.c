/*
 * When to try again: arithmetic only.
 */
#include "config.h"

#include "retry.h"

#include "banned.h"

int64_t
retry_delay(const struct retry_policy *p, int number, uint32_t chance)
{
	int64_t delay, half;

	delay = p->backoff_ms;
	while (number-- > 1 && delay > 0 && delay < p->backoff_max_ms)
		delay = delay > INT64_MAX / 2 ? INT64_MAX : delay * 2;
	if (delay > p->backoff_max_ms)
		delay = p->backoff_max_ms;
	if (delay < 1)
		return 1;
	/* half * chance / 2^32, in two parts as the product may pass 64 bits */
	half = delay / 2;
	delay -= (half >> 32) * (int64_t)chance;
	delay -= (int64_t)(((uint64_t)half & UINT32_MAX) * chance >> 32);
	return delay;
}

bool
retry_over(const struct retry_policy *p, int number, int64_t age_ms)
{
	if (number >= p->attempts)
		return true;
	return p->give_up_ms > 0 && age_ms > p->give_up_ms;
}
