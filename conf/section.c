#include "conf/section.h"

#include "conf/value_list.h"

#include <assert.h>
#include <string.h>

static size_t row_of(const struct option *option)
{
    size_t count;
    return (size_t)(option - option_table(&count));
}

/* An item that its section does not have: misplaced, or misspelt. */
static void refuse_unknown(const struct value_context *context, enum option_section section,
                           const struct yaml_node *key)
{
    const struct option *elsewhere = option_find_anywhere(key->text);
    const char *near = option_suggest(section, key->text);

    if (elsewhere != NULL && elsewhere->section == SECTION_TOP)
        diag_error(context->diag, key->place, "conf-misplaced-item",
                   "'%s' does not belong to '%s'; it stands at the top level, not indented",
                   key->text, option_section_name(section));
    else if (elsewhere != NULL)
        diag_error(context->diag, key->place, "conf-misplaced-item", "'%s' belongs to '%s'",
                   key->text, option_section_name(elsewhere->section));
    else if (near != NULL)
        diag_error(context->diag, key->place, "conf-unknown-item",
                   "unknown item '%s'; did you mean '%s'?", key->text, near);
    else
        diag_error(context->diag, key->place, "conf-unknown-item", "unknown item '%s'", key->text);
}

static void take_item(const struct value_context *context, struct section_given *given,
                      const struct yaml_node *key, const struct yaml_node *value)
{
    const struct option *option = option_find(given->section, key->text);

    if (option == NULL) {
        refuse_unknown(context, given->section, key);
        return;
    }
    if (option->kind == OPTION_INCLUDE || option->kind == OPTION_SECTION ||
        option->kind == OPTION_LIST_SECTION)
        return; /* taken apart by merge.h already */
    const struct yaml_node *first = given->values[row_of(option)];
    if (first != NULL) { /* in another file: within one, yaml.h sees to it */
        diag_error(context->diag, key->place, "conf-duplicate",
                   "'%s' is given twice; the first is at %s:%u:%u", key->text, first->place.file,
                   first->place.line, first->place.column);
        return;
    }
    given->values[row_of(option)] = value;
}

static void read_value(const struct value_context *context, const struct option *option,
                       const struct yaml_node *value, void *out)
{
    if (value_list_takes(option->kind))
        value_list_read(context, option, value, out);
    else
        value_read(context, option, value, out);
}

/* The default goes the way that a written value goes. Lists are written with blanks between. */
static void read_fallback(const struct value_context *context, const struct option *option,
                          void *out)
{
    struct yaml_node items[8];
    struct yaml_node *pointers[8];
    struct yaml_node list = {.kind = YAML_SEQUENCE, .items = pointers};
    const char *text = option->fallback;
    bool split = value_list_takes(option->kind);

    while (*text != '\0' && list.count < sizeof items / sizeof items[0]) {
        size_t length = split ? strcspn(text, " ") : strlen(text);
        struct yaml_node *item = &items[list.count];
        *item = (struct yaml_node){.kind = YAML_SCALAR, .length = length};
        item->text = arena_copy(context->arena, text, length);
        if (item->text == NULL)
            return;
        pointers[list.count++] = item;
        text += length + strspn(text + length, " ");
    }
    assert(split || list.count == 1);
    read_value(context, option, split ? &list : pointers[0], out);
}

static void finish_item(const struct value_context *context, const struct section_given *given,
                        const struct option *option, void *out)
{
    const struct yaml_node *value = given->values[row_of(option)];

    if (value != NULL)
        read_value(context, option, value, out);
    else if (option->fallback != NULL)
        read_fallback(context, option, out);
    else if (option->required && context->complete)
        diag_error(context->diag, given->place, "conf-missing", "%s%s%s lacks '%s'",
                   given->section == SECTION_TOP ? "the configuration" : "this '",
                   option_section_name(given->section), given->section == SECTION_TOP ? "" : "'",
                   option->item);
}

void section_read(const struct value_context *context, const struct merge_section *written,
                  void *out, struct section_given *given)
{
    size_t rows;
    const struct option *table = option_table(&rows);

    memset(given->values, 0, sizeof given->values);
    if (written->count > 0 && given->section != SECTION_TOP)
        given->place = written->mappings[0]->place;
    for (size_t i = 0; i < written->count; i++) {
        const struct yaml_node *mapping = written->mappings[i];
        for (size_t j = 0; j < mapping->count; j++)
            take_item(context, given, mapping->keys[j], mapping->items[j]);
    }
    for (size_t row = 0; row < rows; row++)
        if (table[row].section == given->section)
            finish_item(context, given, &table[row], out);
}

const struct yaml_node *section_value(const struct section_given *given, const char *item)
{
    const struct option *option = option_find(given->section, item);
    return option != NULL ? given->values[row_of(option)] : NULL;
}

struct place section_place(const struct section_given *given, const char *item)
{
    const struct yaml_node *value = section_value(given, item);
    return value != NULL ? value->place : given->place;
}
