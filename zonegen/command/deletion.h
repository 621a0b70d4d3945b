/*
 * When a publish deletes so much that a mistake is likelier than a wish: more than a tenth of a
 * zone's entries, or a whole zone. An empty folder, a wrong path, a disk that was not mounted must
 * not empty the directory that the world relies on.
 */
#ifndef COMMAND_DELETION_H
#define COMMAND_DELETION_H

#include "wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELETION_MAX_LABELS  10
#define DELETION_TEXT_OCTETS 2048

/* The entries that a zone would lose; the first few by name. */
struct deletion {
    size_t count;
    struct name owners[DELETION_MAX_LABELS];
};

/* Counts the entry of that name. */
void deletion_add(struct deletion *deletion, const struct name *owner);

/* True when `deleted` of `before` entries are more than a tenth. */
bool deletion_is_mass(uint32_t deleted, uint32_t before);

/* Writes "31 of 309 entries: aa, bb, cc, ... and 28 more"; `before` 0 is possible with a zone that
 * goes as a whole: "0 of 0 entries". */
void deletion_text(const struct deletion *deletion, uint32_t before,
                   char text[DELETION_TEXT_OCTETS]);

#endif
