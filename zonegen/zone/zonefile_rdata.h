/*
 * RDATA of a zone file's entry: from words to wire format, by the fields of its type. Types that
 * are in no table of ours (LOC, APL, SVCB …) go through ldns; \# (RFC 3597 §5) works for all.
 *
 * ldns is not asked for the others because it takes much for granted: a key tag of 70000 becomes
 * 4464, an odd hex digit gets a zero, an unknown type in a bitmap becomes type 0, a TXT of more
 * than 65 535 octets is cut, all with "All OK" (ldns 1.8.3).
 */
#ifndef ZONE_ZONEFILE_RDATA_H
#define ZONE_ZONEFILE_RDATA_H

#include "wire/status.h"
#include "wire/writer.h"
#include "zone/zonefile_lex.h"
#include "zone/zonefile_word.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the words of an entry that follow its type.
 *
 *   first   index of the first of them; may be entry->count
 *   w       gets the RDATA; its room is the limit, 65 535 octets for a record
 *
 * STATUS_OK; STATUS_INVALID with a diagnostic; STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status zonefile_rdata_read(const struct zonefile_scope *scope,
                                           const struct zonefile_entry *entry, size_t first,
                                           uint16_t type, struct writer *w);

#endif
