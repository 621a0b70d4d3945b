/*
 * One section of contactd.conf: its items, from one mapping or from those of several files, into
 * its struct. Unknown, misplaced, repeated and missing items are found here.
 */
#ifndef CONF_SECTION_H
#define CONF_SECTION_H

#include "conf/merge.h"
#include "conf/value.h"

#include <stdbool.h>
#include <stddef.h>

/* Which items were written, and where: what the checks of check.h point at. */
struct section_given {
    enum option_section section;
    struct place place; /* of the section; a file where nothing of it was written */
    const struct yaml_node *values[OPTION_MAX]; /* by row of the option table */
};

/*
 * Reads the items of `written` into `out`, the struct of the section; items that are not written
 * get their default.
 *
 *   written   one mapping, or one of each file for server, log, freshness and the top level
 *   given     in: the section, and the place where it would be missed; out: filled
 */
void section_read(const struct value_context *context, const struct merge_section *written,
                  void *out, struct section_given *given);

/* The value that was written for an item, or NULL. */
const struct yaml_node *section_value(const struct section_given *given, const char *item);

/* Where the item's value stands; where the section stands if it is not written. */
struct place section_place(const struct section_given *given, const char *item);

#endif
