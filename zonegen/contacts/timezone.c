#include "contacts/timezone.h"

#include "conf/suggest.h"
#include "contacts/tables.h"
#include "contacts/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int compare_line(const void *wanted, const void *line)
{
    return strcmp(wanted, *(const char *const *)line);
}

static bool is_etc(const char *name)
{
    return strncmp(name, "Etc/", 4) == 0;
}

/* True for offsets and abbreviations. Countries (Japan, NZ) and UTC, which all know, are none. */
static bool is_of_no_place(const char *name)
{
    static const char *const names[] = {"CET", "CST6CDT",   "EET",   "EST",     "EST5EDT",
                                        "GMT", "GMT+0",     "GMT-0", "GMT0",    "Greenwich",
                                        "HST", "MET",       "MST",   "MST7MDT", "PST8PDT",
                                        "UCT", "Universal", "WET",   "Zulu"};

    if (strchr(name, '/') != NULL)
        return is_etc(name) && strcmp(name, "Etc/UTC") != 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* True for a zone that may be shown to somebody who wrote another: an area's city. GMT+3 is no
 * hint at Etc/GMT+3, which is UTC-3, IST none at EST, and who writes Samoa does not mean
 * Pacific/Samoa, which is American Samoa, 24 hours behind. */
static bool is_hint(const char *name)
{
    return strchr(name, '/') != NULL && !is_etc(name) && strcmp(name, "Pacific/Samoa") != 0;
}

/* "London" of Europe/London; NULL for US/Central and the like, of which several have the name. */
static const char *find_city(const char *name)
{
    static const char *const countries[] = {"Brazil/", "Canada/", "Chile/", "Mexico/", "US/"};

    for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++) {
        if (strncmp(name, countries[i], strlen(countries[i])) == 0)
            return NULL;
    }
    return strrchr(name, '/') + 1;
}

/* True where the letters of the city alone are near enough: Asia/Delhi is not Asia/Dili, and
 * Europe the beginning of no zone in particular. */
static bool is_slip(const char *wrong, const char *name)
{
    size_t letters = strlen(strrchr(name, '/') + 1);
    return suggest_distance(wrong, name) <= (letters < 6 ? 1 : letters / 3);
}

/* The zone of a city that is written alone ("London"), or what is spelt nearly like `wrong`. */
static const char *find_similar(const char *wrong)
{
    struct suggestion suggestion;

    suggest_start(&suggestion, wrong);
    for (size_t i = 0; i < tables_timezones_count; i++) {
        const char *name = tables_timezones[i];
        if (strcasecmp(name, wrong) == 0 && !is_of_no_place(name))
            return name;
        if (!is_hint(name))
            continue;
        const char *city = find_city(name);
        if (city != NULL && strcasecmp(city, wrong) == 0)
            return name;
        suggest_candidate(&suggestion, name);
    }
    const char *best = suggestion.best;
    return best != NULL && is_slip(wrong, best) ? best : NULL;
}

/* A zone that is right, but not what somebody in some place goes by. */
static void warn_of_no_place(struct reading *reading, const struct yaml_node *node)
{
    const char *text = node->text;
    bool is_offset = strncmp(text, "Etc/GMT", 7) == 0 && strpbrk(text, "123456789") != NULL;

    if (is_offset) /* as in POSIX, the sign is the other way round */
        reading_warning(reading, node->place, "timezone-place",
                        "timezone '%s' is UTC%c%s; write a city, such as Europe/London", text,
                        text[7] == '+' ? '-' : '+', text + 8);
    else
        reading_warning(reading, node->place, "timezone-place",
                        "timezone '%s' is no city's, and not all read it alike; write a city, "
                        "such as Europe/London, or UTC",
                        text);
}

const char *timezone_read(struct reading *reading, const struct yaml_node *node)
{
    const char *const *line = bsearch(node->text, tables_timezones, tables_timezones_count,
                                      sizeof tables_timezones[0], compare_line);
    if (line != NULL) {
        if (is_of_no_place(*line))
            warn_of_no_place(reading, node);
        return *line;
    }
    reading_error(
        reading, node->place, "timezone", "timezone '%s' is not an IANA name%s",
        text_quote(node->text).text,
        text_hint(find_similar(node->text), "; write a city, such as Europe/London, or UTC").text);
    return NULL;
}
