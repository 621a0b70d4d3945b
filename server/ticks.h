/* Milliseconds of a clock that never jumps. Whatever reckons with time takes `now_ms` as an
 * argument, so that tests bring their own; only what waits for events asks here. */
#ifndef SERVER_TICKS_H
#define SERVER_TICKS_H

#include <stdint.h>
#include <time.h>

/* The coarse clock: right to a few milliseconds, a fifth of the price; our shortest limit is 50. */
static inline int64_t ticks_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
