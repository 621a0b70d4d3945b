/* `verified`: the day on which the registry confirmed an entry, and how old that is. */
#ifndef CONTACTS_FRESHNESS_H
#define CONTACTS_FRESHNESS_H

#include "contacts/entry.h"
#include "contacts/reading.h"

/*
 * Reads the date into the entry; a warning when it is older than a threshold. A bad or future date
 * is an error (rules verified-date, verified-future; verified-due, verified-stale,
 * verified-expired).
 */
void freshness_read(struct reading *reading, const struct yaml_node *node, struct entry *out);

#endif
