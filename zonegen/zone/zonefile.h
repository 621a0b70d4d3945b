/*
 * Standard zone files (RFC 1035 §5.1): printed so that every server reads them, read as every
 * server writes them.
 */
#ifndef ZONE_ZONEFILE_H
#define ZONE_ZONEFILE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "zone/node.h"

#include <stdio.h>

/*
 * Prints a whole zone, deterministic: absolute names, one record a line, TTL and class each time,
 * every octet outside A-Za-z0-9-_ of a name as \c or \DDD, types that a server may not know as
 * TYPEnnn with \# (RFC 3597 §5).
 * STATUS_OK, what the source reported, or STATUS_SYSTEM when `out` refuses (errno says why).
 */
MUST_CHECK enum status zonefile_print(const struct node_source *source, FILE *out);

/* Prints the records of one RRset, each line preceded by `prefix` ("+", "-" or ""). */
void zonefile_print_rrset(const uint8_t *owner, const struct rrset *rrset, const char *prefix,
                          FILE *out);

/*
 * Reads a zone file and checks what ldns lets through: out-of-zone names, mixed TTLs in an RRset,
 * duplicates, TTLs beyond 2^31-1, a class other than IN, unterminated quotes, records cut short,
 * no or several SOA, CNAME beside other data, names below a DNAME, a wildcard NS or DNAME, RRsets
 * that no message can carry.
 *
 *   file    path, for places too
 *   apex    what the zone must be, or NULL: the owner of its SOA
 *   arena   owns the nodes
 *   diag    every error with its line
 *   out     source over the zone, valid as long as the arena
 *
 * STATUS_OK, STATUS_INVALID with diagnostics, STATUS_SYSTEM.
 */
MUST_CHECK enum status zonefile_read(const char *file, const struct name *apex, struct arena *arena,
                                     struct diag *diag, struct node_source *out);

#endif
