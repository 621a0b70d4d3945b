/* The labels that an entry answers for: syntax, forms, and whether they are delegated. */
#ifndef CONTACTS_LABEL_H
#define CONTACTS_LABEL_H

#include "contacts/entry.h"
#include "contacts/reading.h"

#include <stdbool.h>

/*
 * Reads a label, A-label or U-label, into all its forms; `territory` is what the delegated list
 * knows. True, or false with one diagnostic (rules label-syntax, label-delegated).
 *
 *   key   "tld" or "also"
 */
bool label_read(struct reading *reading, const struct yaml_node *node, const char *key,
                struct entry_label *out);

/* Complains when the name of a contacts file is not one of the label (rule file-name). */
void label_check_file(struct reading *reading, const char *file, const struct entry_label *label);

#endif
