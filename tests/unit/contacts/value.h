/* One value as a reader of a rule sees it, with everything around it, for tests of single rules. */
#ifndef TESTS_CONTACTS_VALUE_H
#define TESTS_CONTACTS_VALUE_H

#include "contacts/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define TODAY 20779 /* 2026-11-22 */

struct value {
    struct contacts_rules rules;
    struct reading reading;
};

static inline struct value value_start(void)
{
    struct value value = {
        .rules = {.freshness = {150, 180, 400}, .today = TODAY},
        .reading = {.arena = arena_create(), .diag = diag_create()},
    };
    assert_non_null(value.reading.arena);
    assert_non_null(value.reading.diag);
    return value;
}

static inline void value_end(struct value *value)
{
    arena_destroy(value->reading.arena);
    diag_destroy(value->reading.diag);
}

static inline struct yaml_node value_node(const char *text)
{
    return (struct yaml_node){
        .kind = YAML_SCALAR, .text = text, .length = strlen(text), .place = {"x.yaml", 1, 1}};
}

/* The rule of the only diagnostic, "" for none, "(many)" for more. */
static inline const char *value_rule(const struct value *value)
{
    size_t count = diag_total(value->reading.diag);
    if (count == 0)
        return "";
    return count == 1 ? diag_at(value->reading.diag, 0)->rule : "(many)";
}

static inline const char *value_message(const struct value *value)
{
    assert_int_equal(diag_total(value->reading.diag), 1);
    return diag_at(value->reading.diag, 0)->message;
}

#endif
