#include "server/moment.h"

#include "server/ticks.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct clocks clocks_now(void)
{
    struct timespec wall = {0};
    /* As coarse as the ticks: both step together, so that a moment is always told alike. */
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return (struct clocks){ticks_now(), (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000};
}

int64_t clocks_wall_ms(const struct clocks *clocks, int64_t ticks_ms)
{
    return clocks->wall_ms - (clocks->ticks_ms - ticks_ms);
}

const char *moment_text(int64_t wall_ms, char text[MOMENT_TEXT_OCTETS])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, MOMENT_TEXT_OCTETS, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, MOMENT_TEXT_OCTETS - length, ".%03dZ", (int)(wall_ms % 1000));
    return text;
}

const char *span_text(int64_t span_ms, char text[MOMENT_TEXT_OCTETS])
{
    int64_t minutes = span_ms / 60000, hours = minutes / 60, days = hours / 24;
    if (days > 0)
        snprintf(text, MOMENT_TEXT_OCTETS, "%" PRId64 " d %" PRId64 " h", days, hours % 24);
    else if (hours > 0)
        snprintf(text, MOMENT_TEXT_OCTETS, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else if (minutes > 0)
        snprintf(text, MOMENT_TEXT_OCTETS, "%" PRId64 " min", minutes);
    else
        snprintf(text, MOMENT_TEXT_OCTETS, "%" PRId64 " s", span_ms / 1000);
    return text;
}
