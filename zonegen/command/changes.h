/*
 * The lines in which people read what would change, collected zone by zone. Zones with the same
 * contents change alike: a line that several of them share is printed once, under their names.
 */
#ifndef COMMAND_CHANGES_H
#define COMMAND_CHANGES_H

#include "wire/status.h"

#include <stddef.h>
#include <stdio.h>

struct changes;

/* STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status changes_create(struct changes **out);
void changes_destroy(struct changes *changes);

/* Adds a line about zone number `zone`, counted from 0; equal lines of one zone stay once. */
void changes_add(struct changes *changes, size_t zone, const char *text);

/*
 * Makes one line of those that several zones share, and brings them into the order in which they
 * are printed. `names` as below. STATUS_OK, or STATUS_SYSTEM when memory is, or was, out.
 */
MUST_CHECK enum status changes_order(struct changes *changes, const char *const *names);

/* After that: how many lines there are, and the n-th, from 0. */
size_t changes_count(const struct changes *changes);
const char *changes_text(const struct changes *changes, size_t n);

/*
 * Orders and prints all lines: those that the same zones share stand together, in the order in
 * which they were added, under "in a.example, b.example:". Without that heading where there is one
 * zone.
 *
 *   names   of the zones
 *
 * STATUS_OK, or STATUS_SYSTEM when memory is, or was, out.
 */
MUST_CHECK enum status changes_print(struct changes *changes, const char *const *names,
                                     size_t name_count, FILE *out);

#endif
