/* One contact of an entry, from its mapping. Knows nothing of the other contacts. */
#ifndef CONTACTS_CONTACT_READ_H
#define CONTACTS_CONTACT_READ_H

#include "contacts/entry.h"
#include "contacts/reading.h"

#include <stdbool.h>

/* What a contact takes from its entry where it does not say otherwise. */
struct contact_defaults {
    const char *timezone;  /* or NULL */
    const char *languages; /* or NULL */
    bool timezone_given;   /* also when it was wrong */
};

/*
 * Reads a contact. After a mistake (diagnostics added) what could not be read is NULL or 0; `order`
 * is 0 as well where the file does not state one.
 */
void contact_read(struct reading *reading, const struct yaml_node *mapping,
                  const struct contact_defaults *defaults, struct contact *out);

#endif
