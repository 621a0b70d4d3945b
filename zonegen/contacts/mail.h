/*
 * Mail addresses that DNS can carry: the local part is one label of an RP record (RFC 1183 §2.2),
 * so it is an ASCII dot-string (RFC 5321 §4.1.2) of at most 63 octets; the domain is a host name.
 */
#ifndef CONTACTS_MAIL_H
#define CONTACTS_MAIL_H

#include "contacts/reading.h"

/*
 * Reads an address; the domain comes out in lower case. In the arena, or NULL with diagnostics
 * (rules mail-syntax, mail-local, mail-domain, mail-length).
 */
const char *mail_read(struct reading *reading, const struct yaml_node *node);

#endif
