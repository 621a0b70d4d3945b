/* `verified`: the day on which the registry confirmed an entry. */
#ifndef CONTACTS_VERIFIED_H
#define CONTACTS_VERIFIED_H

#include "contacts/entry.h"
#include "contacts/reading.h"

/*
 * Reads the date into the entry; a warning when it is older than a threshold. A bad date is an
 * error, and so is one before there were ccTLDs, and one that has begun nowhere yet, which may be
 * the day after the rules' today (rules verified-date, verified-future; verified-due,
 * verified-stale, verified-expired).
 */
void verified_read(struct reading *reading, const struct yaml_node *node, struct entry *out);

#endif
