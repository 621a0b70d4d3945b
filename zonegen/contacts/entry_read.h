/* One entry, from the mapping that a contacts file holds. Knows nothing of other files. */
#ifndef CONTACTS_ENTRY_READ_H
#define CONTACTS_ENTRY_READ_H

#include "contacts/entry.h"
#include "contacts/reading.h"

/*
 * Reads an entry with all its contacts and checks it whole. After a mistake (errors added) the
 * entry is not to be used, but for its labels: those that are right are in it all the same, so that
 * other files can be compared with them.
 */
void entry_read(struct reading *reading, const struct yaml_node *root, const char *file,
                struct entry *out);

#endif
