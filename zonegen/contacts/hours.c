#include "contacts/hours.h"

#include "conf/units.h"
#include "contacts/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAYS           7
#define HOURS_MAX_TEXT 64
#define MINUTES_OF_DAY (24 * 60)
#define WAIT_MIN       60             /* seconds */
#define WAIT_MAX       (24 * 60 * 60) /* seconds */

/* Reads what people write and builds what the format wants; equal means it was right already. */
struct scan {
    const char *next;
    char canonical[HOURS_MAX_TEXT];
    size_t length;
    bool failed;
    unsigned days;   /* bits of the days named */
    const char *why; /* what is wrong although the form is right, or NULL */
};

static void put(struct scan *scan, const char *text)
{
    size_t length = strlen(text);
    if (scan->length + length >= sizeof scan->canonical) {
        scan->failed = true;
        return;
    }
    memcpy(scan->canonical + scan->length, text, length + 1);
    scan->length += length;
}

static void skip_spaces(struct scan *scan)
{
    scan->next += strspn(scan->next, " ");
}

/* Takes a mark that people write for another: an en dash or "to" for `-`. */
static bool take(struct scan *scan, char mark)
{
    static const char *const dashes[] = {"-", "–", "to ", "bis "};

    skip_spaces(scan);
    if (mark != '-') {
        bool found = *scan->next == mark;
        scan->next += found ? 1 : 0;
        return found;
    }
    for (size_t i = 0; i < sizeof dashes / sizeof dashes[0]; i++) {
        size_t length = strlen(dashes[i]);
        if (strncmp(scan->next, dashes[i], length) == 0) {
            scan->next += length;
            return true;
        }
    }
    return false;
}

/* Takes a day: Mo, Mon or Monday. 0..6. */
static unsigned take_day(struct scan *scan)
{
    static const char *const names[DAYS] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};
    size_t length = 0;

    skip_spaces(scan);
    while (isalpha((unsigned char)scan->next[length]))
        length++;
    for (unsigned day = 0; day < DAYS; day++) {
        if (length < 2 || strncasecmp(scan->next, names[day], length) != 0)
            continue;
        put(scan, (char[]){names[day][0], names[day][1], '\0'});
        scan->next += length;
        return day;
    }
    scan->failed = true;
    return 0;
}

static void add_day(struct scan *scan, unsigned day)
{
    if (scan->days & 1u << day)
        scan->why = "a day stands in it twice";
    scan->days |= 1u << day;
}

static void take_days(struct scan *scan)
{
    do {
        if (scan->length > 0)
            put(scan, ",");
        unsigned day = take_day(scan);
        add_day(scan, day);
        if (scan->failed || !take(scan, '-'))
            continue;
        put(scan, "-");
        unsigned last = take_day(scan);
        while (!scan->failed && day != last) {
            day = (day + 1) % DAYS;
            add_day(scan, day);
        }
    } while (!scan->failed && take(scan, ','));
}

static unsigned take_number(struct scan *scan)
{
    unsigned value = 0;
    size_t digits = 0;

    while (digits < 2 && isdigit((unsigned char)scan->next[digits]))
        value = value * 10 + (unsigned)(scan->next[digits++] - '0');
    scan->failed = scan->failed || digits == 0;
    scan->next += digits;
    return value;
}

/* "HH:MM" */
static void put_digits(char text[6], unsigned hour, unsigned minute)
{
    const char digits[] = {(char)('0' + hour / 10),   (char)('0' + hour % 10),   ':',
                           (char)('0' + minute / 10), (char)('0' + minute % 10), '\0'};
    memcpy(text, digits, sizeof digits);
}

/* Takes a time of day: 08:00, 8:00, 8.00, 8h30 or 8. Minutes since midnight. */
static unsigned take_time(struct scan *scan)
{
    char text[32];

    skip_spaces(scan);
    unsigned hour = take_number(scan);
    unsigned minute = 0;
    if (!scan->failed && *scan->next != '\0' && strchr(":.h", *scan->next) != NULL) {
        scan->next++;
        minute = take_number(scan);
    }
    if (minute > 59 || hour * 60 + minute > MINUTES_OF_DAY)
        scan->why = "a time in it does not exist";
    if (hour < 100 && minute < 100) /* as all that are right are */
        put_digits(text, hour, minute);
    else
        snprintf(text, sizeof text, "%02u:%02u", hour, minute);
    put(scan, text);
    return hour * 60 + minute;
}

static void take_span(struct scan *scan)
{
    put(scan, " ");
    unsigned start = take_time(scan);
    scan->failed = scan->failed || !take(scan, '-');
    put(scan, "-");
    unsigned end = take_time(scan);
    if (scan->why == NULL && start == MINUTES_OF_DAY)
        scan->why = "24:00 is an end; what begins then begins at 00:00 of the next day";
    else if (scan->why == NULL && start == end)
        scan->why = "it begins when it ends";
    if (scan->days == (1u << DAYS) - 1 && start == 0 && end == MINUTES_OF_DAY)
        snprintf(scan->canonical, sizeof scan->canonical, HOURS_ALWAYS);
}

/* The hours that `text` means in the right form. */
static struct scan scan_hours(const char *text)
{
    static const char *const always[] = {HOURS_ALWAYS, "24/7", "24 x 7", "24h", "24*7", "always"};
    struct scan scan = {.next = text};

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (strcasecmp(text, always[i]) == 0) {
            put(&scan, HOURS_ALWAYS);
            return scan;
        }
    }
    take_days(&scan);
    if (!scan.failed)
        take_span(&scan);
    skip_spaces(&scan);
    scan.failed = scan.failed || *scan.next != '\0';
    return scan;
}

bool hours_are_always(const char *hours)
{
    return hours != NULL && strcmp(hours, HOURS_ALWAYS) == 0;
}

const char *hours_read(struct reading *reading, const struct yaml_node *node)
{
    const char *text = node->text;
    struct scan scan = scan_hours(text);

    if (!scan.failed && scan.why != NULL)
        reading_error(reading, node->place, "hours-syntax", "hours '%s' cannot be: %s",
                      text_quote(text).text, scan.why);
    else if (scan.failed)
        reading_error(reading, node->place, "hours-syntax",
                      "hours '%s' are neither 24x7 nor days and one span; write for example "
                      "Mo-Fr 08:00-18:00",
                      text_quote(text).text);
    else if (strcmp(text, scan.canonical) != 0)
        reading_error(reading, node->place, "hours-syntax",
                      "hours '%s' are not in the form that all read; write %s",
                      text_quote(text).text, scan.canonical);
    else
        return arena_copy(reading->arena, text, strlen(text));
    return NULL;
}

const char *hours_read_wait(struct reading *reading, const struct yaml_node *node)
{
    const char *text = node->text;
    uint64_t seconds = 0;
    bool in_form = text[strspn(text, "0123456789mh")] == '\0' && strpbrk(text, "mh") != NULL &&
                   units_seconds(text, UINT32_MAX, &seconds) == STATUS_OK;
    bool ends_in_unit = in_form && !isdigit((unsigned char)text[strlen(text) - 1]);

    if (ends_in_unit && seconds >= WAIT_MIN && seconds <= WAIT_MAX)
        return arena_copy(reading->arena, text, strlen(text));
    if (strspn(text, "0123456789") == strlen(text) && strlen(text) <= 3)
        reading_error(reading, node->place, "wait", "wait '%s' has no unit; write %sm", text, text);
    else
        reading_error(reading, node->place, "wait",
                      "wait '%s' is not a time from 1m to 24h; write for example 15m or 1h",
                      text_quote(text).text);
    return NULL;
}
