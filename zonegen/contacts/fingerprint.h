/* OpenPGP fingerprints: 40 hex digits (version 4) or 64 (version 6), RFC 9580 §5.5.4. Does not know
 * whether such a key exists. */
#ifndef CONTACTS_FINGERPRINT_H
#define CONTACTS_FINGERPRINT_H

#include "contacts/reading.h"

/* The fingerprint in the arena, upper case without spaces, or NULL with a diagnostic (rule pgp). */
const char *fingerprint_read(struct reading *reading, const struct yaml_node *node);

#endif
