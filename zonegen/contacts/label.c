#include "contacts/label.h"

#include "conf/idn.h"
#include "conf/suggest.h"
#include "contacts/text.h"

#include <string.h>
#include <strings.h>

static void refuse_syntax(struct reading *reading, const struct yaml_node *node, const char *key)
{
    char fixed[IDN_LABEL_OCTETS];
    const char *text = node->text;
    size_t length;

    text += text[0] == '.';
    length = strlen(text);
    if (length > 0 && length < sizeof fixed) {
        memcpy(fixed, text, length + 1);
        if (fixed[length - 1] == '.')
            fixed[length - 1] = '\0';
        char a_label[IDN_LABEL_OCTETS];
        if (strcmp(fixed, node->text) != 0 && idn_to_a_label(fixed, a_label) == STATUS_OK) {
            reading_error(reading, node->place, "label-syntax", "%s '%s' has a dot; write %s", key,
                          text_quote(node->text).text, fixed);
            return;
        }
    }
    reading_error(reading, node->place, "label-syntax",
                  "%s '%s' is not one label of a domain name; write the TLD's A-label or U-label",
                  key, text_quote(node->text).text);
}

/* Nearly all labels of two letters are one change apart: there, only a swap is a likely slip. */
static bool is_swapped(const char *a, const char *b)
{
    return strlen(a) == 2 && strlen(b) == 2 && a[0] == b[1] && a[1] == b[0];
}

/* A label that was likely meant: by its territory's name, else by its spelling. */
static const char *find_similar(const struct delegated_list *list, const char *text,
                                const char *a_label)
{
    struct suggestion suggestion;

    suggest_start(&suggestion, a_label);
    for (size_t i = 0; i < list->count; i++) {
        const struct delegated *item = &list->items[i];
        if (item->territory != NULL && strcasecmp(item->territory, text) == 0)
            return item->a_label;
        if (strlen(a_label) > 2 || is_swapped(a_label, item->a_label))
            suggest_candidate(&suggestion, item->a_label);
    }
    return suggestion.best;
}

static bool check_delegated(struct reading *reading, const struct yaml_node *node, const char *key,
                            const char *a_label)
{
    const struct delegated_list *list = &reading->rules->delegated;

    if (list->any || delegated_find(list, a_label) != NULL)
        return true;
    const char *similar = find_similar(list, node->text, a_label);
    reading_error(reading, node->place, "label-delegated", "%s '%s' is not a delegated ccTLD%s",
                  key, text_quote(node->text).text,
                  text_hint(similar, "; the setting tlds names another list").text);
    return false;
}

static const char *keep(struct reading *reading, const char *text)
{
    return arena_copy(reading->arena, text, strlen(text));
}

bool label_read(struct reading *reading, const struct yaml_node *node, const char *key,
                struct entry_label *out)
{
    char a_label[IDN_LABEL_OCTETS];
    char u_label[IDN_LABEL_OCTETS];
    char upper[IDN_LABEL_OCTETS];

    enum status status = idn_to_a_label(node->text, a_label);
    if (status == STATUS_OK)
        status = idn_to_u_label(a_label, u_label);
    if (status == STATUS_SYSTEM)
        reading_error(reading, node->place, "label-syntax", "out of memory");
    if (status == STATUS_SYSTEM)
        return false;
    if (status != STATUS_OK) {
        refuse_syntax(reading, node, key);
        return false;
    }
    if (!check_delegated(reading, node, key, a_label))
        return false;
    const struct delegated *known = delegated_find(&reading->rules->delegated, a_label);
    *out = (struct entry_label){.place = node->place, .a_label = keep(reading, a_label)};
    out->territory = known != NULL ? known->territory : NULL;
    if (strcmp(a_label, u_label) == 0)
        return true;
    out->u_label = keep(reading, u_label);
    if (idn_upper(u_label, upper) == STATUS_OK)
        out->upper = keep(reading, upper);
    return true;
}

void label_check_file(struct reading *reading, const char *file, const struct entry_label *label)
{
    char stem[IDN_LABEL_OCTETS];
    char a_label[IDN_LABEL_OCTETS];
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t length = dot != NULL ? (size_t)(dot - name) : strlen(name);

    if (length < sizeof stem) {
        memcpy(stem, name, length);
        stem[length] = '\0';
        if (idn_to_a_label(stem, a_label) == STATUS_OK && strcmp(a_label, label->a_label) == 0)
            return;
    }
    reading_error(reading, label->place, "file-name",
                  "tld '%s' stands in a file named '%s'; name it %s.yaml or correct tld",
                  label->a_label, text_quote(name).text, label->a_label);
}
