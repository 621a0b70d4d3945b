/* Moments for people: what the ticks of ticks.h were by the clock on the wall. */
#ifndef SERVER_MOMENT_H
#define SERVER_MOMENT_H

#include <stdint.h>

#define MOMENT_TEXT_OCTETS 32

/* Both clocks at one moment. */
struct clocks {
    int64_t ticks_ms; /* ticks_now() */
    int64_t wall_ms;  /* since 1970, UTC */
};

struct clocks clocks_now(void);

/* When, by the clock on the wall as it goes now, it was `ticks_ms`. */
int64_t clocks_wall_ms(const struct clocks *clocks, int64_t ticks_ms);

/* Writes 2026-11-22T13:00:00.123Z, and returns `text`. */
const char *moment_text(int64_t wall_ms, char text[MOMENT_TEXT_OCTETS]);

/* Writes "3 d 4 h", "4 h 5 min", "12 min", "5 s", and returns `text`. */
const char *span_text(int64_t span_ms, char text[MOMENT_TEXT_OCTETS]);

#endif
