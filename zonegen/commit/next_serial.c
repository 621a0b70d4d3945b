#include "commit/next_serial.h"

#include "wire/serial.h"

#include <time.h>

static uint32_t date_serial(int64_t now)
{
    struct tm parts = {0};
    time_t seconds = (time_t)now;

    gmtime_r(&seconds, &parts);
    /* Unsigned: the year 2148 is beyond an int, and serials go round (RFC 1982 §3). */
    return ((uint32_t)parts.tm_year + 1900) * 1000000 + ((uint32_t)parts.tm_mon + 1) * 10000 +
           (uint32_t)parts.tm_mday * 100;
}

/* What the rule alone says; 0 where it has no opinion. */
static uint32_t rule_serial(enum serial_policy policy, int64_t now)
{
    switch (policy) {
    case SERIAL_UNIXTIME:
        return (uint32_t)now;
    case SERIAL_DATE:
        return date_serial(now);
    case SERIAL_COUNTER:
        break;
    }
    return 0;
}

uint32_t next_serial_after(enum serial_policy policy, uint32_t old, uint32_t newest, int64_t now)
{
    uint32_t serial = rule_serial(policy, now);

    if (serial == 0 || !serial_is_newer(serial, newest) || !serial_is_newer(serial, old))
        serial = newest + 1;
    return serial == 0 ? 1 : serial;
}

uint32_t next_serial_first(enum serial_policy policy, int64_t now)
{
    uint32_t serial = rule_serial(policy, now);
    return serial == 0 ? 1 : serial;
}
