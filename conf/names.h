/* Domain names and mailboxes as people write them in a configuration, stricter than a zone file:
 * letters, digits, '-' and '_', and labels in other scripts, which become A-labels. */
#ifndef CONF_NAMES_H
#define CONF_NAMES_H

#include "wire/name.h"

#include <stdbool.h>

/*
 * Reads a domain name, with or without its final dot, in lower case. The root is refused.
 *
 *   host   true for the name of a machine: no '_' (RFC 952, RFC 1123 §2.1)
 *   out    untouched on failure
 *
 * NULL when it is one, else why it is none: "a label is longer than 63 octets".
 */
MUST_CHECK const char *names_domain(const char *text, bool host, struct name *out);

/*
 * Reads LOCAL@DOMAIN, or a name that stands for a mailbox already (hostmaster.example, with \. for
 * a dot in the first label), as the RNAME of a SOA (RFC 1035 §3.3.13, §8). Same outcomes.
 */
MUST_CHECK const char *names_mailbox(const char *text, struct name *out);

#endif
