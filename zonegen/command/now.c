#include "command/now.h"

#include "conf/units.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define SECONDS_OF_DAY 86400
#define DATE_LENGTH    10         /* YYYY-MM-DD */
#define FIRST_SECOND   1577836800 /* 2020-01-01T00:00:00Z */

/* Two digits below `limit`, or -1. */
static int two_digits(const char *text, int limit)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    int value = (text[0] - '0') * 10 + (text[1] - '0');
    return value < limit ? value : -1;
}

/* The seconds of "THH:MM:SSZ", or -1. */
static int64_t time_of_day(const char *text)
{
    if (strlen(text) != strlen("THH:MM:SSZ") || text[0] != 'T' || text[3] != ':' ||
        text[6] != ':' || text[9] != 'Z')
        return -1;
    int hour = two_digits(text + 1, 24);
    int minute = two_digits(text + 4, 60);
    int second = two_digits(text + 7, 60);
    if (hour < 0 || minute < 0 || second < 0)
        return -1;
    return (hour * 60 + minute) * 60 + second;
}

enum status now_parse(const char *text, int64_t *seconds)
{
    char date[DATE_LENGTH + 1];
    int32_t days;

    if (strlen(text) < DATE_LENGTH)
        return STATUS_MALFORMED;
    memcpy(date, text, DATE_LENGTH);
    date[DATE_LENGTH] = '\0';
    if (units_date(date, &days) != STATUS_OK || days < 0)
        return STATUS_MALFORMED;
    const char *rest = text + DATE_LENGTH;
    int64_t within = *rest == '\0' ? 0 : time_of_day(rest);
    if (within < 0)
        return STATUS_MALFORMED;
    *seconds = (int64_t)days * SECONDS_OF_DAY + within;
    return STATUS_OK;
}

int32_t now_days(int64_t seconds)
{
    int64_t days = seconds / SECONDS_OF_DAY;
    if (seconds % SECONDS_OF_DAY < 0)
        days--;
    return (int32_t)days;
}

bool now_is_plausible(int64_t seconds)
{
    return seconds >= FIRST_SECOND;
}

const char *now_text(int64_t seconds, char text[NOW_TEXT_OCTETS])
{
    struct tm parts = {0};
    time_t moment = (time_t)seconds;

    gmtime_r(&moment, &parts);
    strftime(text, NOW_TEXT_OCTETS, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return text;
}
