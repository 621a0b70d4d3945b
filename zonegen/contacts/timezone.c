#include "contacts/timezone.h"

#include "contacts/suggest.h"
#include "contacts/tables.h"
#include "contacts/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int compare_line(const void *wanted, const void *line)
{
    return strcmp(wanted, *(const char *const *)line);
}

/* The zone of a city that is written alone ("London"), or what is spelt nearly like `wrong`. */
static struct suggestion find_similar(const char *wrong)
{
    struct suggestion suggestion = suggest_start(wrong);

    for (size_t i = 0; i < tables_timezones_count; i++) {
        const char *name = tables_timezones[i];
        const char *slash = strrchr(name, '/');
        if (slash != NULL && strcasecmp(slash + 1, wrong) == 0) {
            suggestion.best = name;
            return suggestion;
        }
        suggest_offer(&suggestion, name);
    }
    return suggestion;
}

const char *timezone_read(struct reading *reading, const struct yaml_node *node)
{
    const char *const *line = bsearch(node->text, tables_timezones, tables_timezones_count,
                                      sizeof tables_timezones[0], compare_line);
    if (line != NULL)
        return *line;
    struct suggestion suggestion = find_similar(node->text);
    reading_error(reading, node->place, "timezone", "timezone '%s' is not an IANA name%s",
                  text_quote(node->text).text,
                  suggest_finish(&suggestion, "; write one such as Europe/London, or UTC").text);
    return NULL;
}
