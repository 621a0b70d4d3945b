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

/* The zone of a city that is written alone ("London"), or what is spelt nearly like `wrong`. */
static const char *find_similar(const char *wrong)
{
    struct suggestion suggestion;

    suggest_start(&suggestion, wrong);
    for (size_t i = 0; i < tables_timezones_count; i++) {
        const char *name = tables_timezones[i];
        const char *slash = strrchr(name, '/');
        bool is_city = slash != NULL && strcasecmp(slash + 1, wrong) == 0;
        if (is_city || strcasecmp(name, wrong) == 0)
            return name;
        suggest_candidate(&suggestion, name);
    }
    return suggestion.best;
}

const char *timezone_read(struct reading *reading, const struct yaml_node *node)
{
    const char *const *line = bsearch(node->text, tables_timezones, tables_timezones_count,
                                      sizeof tables_timezones[0], compare_line);
    if (line != NULL)
        return *line;
    reading_error(
        reading, node->place, "timezone", "timezone '%s' is not an IANA name%s",
        text_quote(node->text).text,
        text_hint(find_similar(node->text), "; write one such as Europe/London, or UTC").text);
    return NULL;
}
