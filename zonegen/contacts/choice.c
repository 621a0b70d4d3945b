#include "contacts/choice.h"

#include "conf/suggest.h"
#include "contacts/text.h"

#include <stdio.h>
#include <string.h>

/* "; a, b or c are right" */
static void list_words(char *out, size_t size, const char *const *words, size_t count)
{
    size_t length = (size_t)snprintf(out, size, "; ");
    for (size_t i = 0; i < count && length < size; i++) {
        const char *join = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        length += (size_t)snprintf(out + length, size - length, "%s%s", join, words[i]);
    }
    if (length < size)
        snprintf(out + length, size - length, " is right");
}

int choice_read(struct reading *reading, const struct yaml_node *node, const char *key,
                const char *const *words, size_t count)
{
    char all[200];
    struct suggestion suggestion;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(node->text, words[i]) == 0)
            return (int)i;
    }
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < count; i++)
        suggest_candidate(&suggestion, words[i]);
    list_words(all, sizeof all, words, count);
    reading_error(reading, node->place, key, "%s '%s' is not known%s", key,
                  text_quote(node->text).text, text_hint(suggestion.best, all).text);
    return -1;
}
