/* Values that are one of a few words. Knows nothing of what they mean. */
#ifndef CONTACTS_CHOICE_H
#define CONTACTS_CHOICE_H

#include "contacts/reading.h"

/*
 * The index of the node's text among `words`, or -1 with a diagnostic that suggests the nearest.
 *
 *   key   "role": what the value is, and the rule's id
 */
int choice_read(struct reading *reading, const struct yaml_node *node, const char *key,
                const char *const *words, size_t count);

#endif
