/*
 * What every reader of a value is given: where to keep results, where to complain, what to know.
 * A reader that finds a mistake adds a diagnostic and yields nothing (NULL, 0, false); it never
 * stops the reading, so that one run shows every mistake.
 */
#ifndef CONTACTS_READING_H
#define CONTACTS_READING_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "contacts/rules.h"

struct reading {
    struct arena *arena; /* owns what entries keep; the YAML tree lives elsewhere, and shorter */
    struct diag *diag;
    const struct contacts_rules *rules;
};

#define reading_error(reading, place, rule, ...)                                                   \
    diag_error((reading)->diag, (place), (rule), __VA_ARGS__)
#define reading_warning(reading, place, rule, ...)                                                 \
    diag_warning((reading)->diag, (place), (rule), __VA_ARGS__)

#endif
