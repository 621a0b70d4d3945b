#include "contacts/form.h"

#include "conf/suggest.h"
#include "contacts/text.h"

#include <string.h>

static const struct form_key *find_key(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (form->keys[i].name[0] == name[0] && strcmp(form->keys[i].name, name) == 0)
            return &form->keys[i];
    }
    return NULL;
}

static void refuse_key(struct reading *reading, const struct yaml_node *key,
                       const struct form *form)
{
    if (form->other != NULL && find_key(form->other, key->text) != NULL) {
        reading_error(reading, key->place, "key-misplaced",
                      "'%s' does not belong in %s; move it to %s", key->text, form->where,
                      form->other->where);
        return;
    }
    struct suggestion suggestion;
    suggest_start(&suggestion, key->text);
    for (size_t i = 0; i < form->count; i++)
        suggest_candidate(&suggestion, form->keys[i].name);
    reading_error(reading, key->place, "key-unknown", "'%s' is not a key of %s%s",
                  text_quote(key->text).text, form->where,
                  text_hint(suggestion.best, "; contacts(5) lists them").text);
}

/* What YAML and JSON write for "none", of which a text would be made otherwise. */
static bool is_null(const struct yaml_node *node)
{
    static const char *const words[] = {"~", "null", "Null", "NULL"};

    if (!node->plain || node->length > strlen("null") || strchr("~nN", node->text[0]) == NULL)
        return false; /* as nearly all */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(node->text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && (node->length == 0 || is_null(node));
}

static bool check_text(struct reading *reading, const struct yaml_node *node, const char *key)
{
    if (node->kind != YAML_SCALAR) {
        reading_error(reading, node->place, "value-kind", "%s takes one text, not a %s", key,
                      node->kind == YAML_MAPPING ? "mapping; if it holds ': ', put it in quotes"
                                                 : "list; write one value");
        return false;
    }
    if (is_null(node)) {
        reading_error(reading, node->place, "value-empty",
                      "%s has no value: '%s' without quotes is none; write one, or remove the key",
                      key, node->text);
        return false;
    }
    if (node->length == 0) {
        reading_error(reading, node->place, "value-empty",
                      "%s has no value; write one, or remove the key", key);
        return false;
    }
    return true;
}

static bool check_items(struct reading *reading, const struct yaml_node *list,
                        const struct form_key *key)
{
    bool right = true;

    if (list->count == 0) {
        reading_error(reading, list->place, "value-empty", "%s is an empty list; add an item",
                      key->name);
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *item = list->items[i];
        if (key->kind == FORM_TEXTS) {
            right = check_text(reading, item, key->name) && right;
        } else if (item->kind != YAML_MAPPING) {
            reading_error(reading, item->place, "value-kind",
                          "an item of %s is a mapping; write its keys below each other, as "
                          "'- id: NAME'",
                          key->name);
            right = false;
        }
    }
    return right;
}

static bool check_value(struct reading *reading, const struct yaml_node *node,
                        const struct form_key *key)
{
    if (key->kind == FORM_TEXT || (key->kind == FORM_TEXTS && node->kind != YAML_SEQUENCE))
        return check_text(reading, node, key->name);
    if (node->kind == YAML_SEQUENCE)
        return check_items(reading, node, key);
    if (is_empty(node))
        return check_text(reading, node, key->name);
    reading_error(reading, node->place, "value-kind",
                  "%s takes a list of mappings; begin each item with '- '", key->name);
    return false;
}

void form_read(struct reading *reading, const struct yaml_node *mapping, const struct form *form,
               const struct yaml_node **values)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (find_key(form, mapping->keys[i]->text) == NULL)
            refuse_key(reading, mapping->keys[i], form);
    }
    for (size_t i = 0; i < form->count; i++) {
        const struct form_key *key = &form->keys[i];
        const struct yaml_node *node = yaml_get(mapping, key->name);
        if (node == NULL && key->required)
            reading_error(reading, mapping->place, "key-missing", "%s lacks %s; add it",
                          form->where, key->name);
        bool right = node != NULL && check_value(reading, node, key);
        values[i] = right ? node : NULL;
    }
}

size_t form_text_count(const struct yaml_node *node)
{
    if (node == NULL)
        return 0;
    return node->kind == YAML_SEQUENCE ? node->count : 1;
}

const struct yaml_node *form_text(const struct yaml_node *node, size_t n)
{
    return node->kind == YAML_SEQUENCE ? node->items[n] : node;
}

struct place form_place(const struct yaml_node *mapping, const char *key)
{
    const struct yaml_node *node = yaml_get(mapping, key);
    return node != NULL ? node->place : mapping->place;
}
