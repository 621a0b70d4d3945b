/* The rules that the contacts of one entry must obey together. */
#ifndef CONTACTS_ENTRY_RULES_H
#define CONTACTS_ENTRY_RULES_H

#include "contacts/entry.h"
#include "contacts/reading.h"

/*
 * Gives every contact its order and checks that ids and orders are unique and that not too many are
 * published (rules duplicate-id, duplicate-order, contacts-many).
 *
 *   list    the node of `contacts`, for places; its n-th item is the entry's n-th contact
 *   entry   contacts in the file's order, some perhaps with mistakes
 */
void entry_check_contacts(struct reading *reading, const struct yaml_node *list,
                          struct entry *entry);

/*
 * Warns of an entry that is of little help (rules internal-only, no-24x7, self-dependency). For
 * entries without errors, contacts still in the file's order.
 */
void entry_warn(struct reading *reading, const struct yaml_node *list, const struct entry *entry);

#endif
