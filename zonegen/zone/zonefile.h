/*
 * Standard zone files (RFC 1035 §5.1): printed so that every server reads them, read as every
 * server writes them.
 */
#ifndef ZONE_ZONEFILE_H
#define ZONE_ZONEFILE_H

#include "conf/diag.h"
#include "zone/node.h"

#include <stdio.h>

/*
 * Prints a whole zone, deterministic: absolute names, one record a line, TTL and class each time,
 * every octet outside A-Za-z0-9-_ of a name as \c or \DDD, the SOA first, types by name where every
 * server reads that name (rrtype.c), others and RDATA that does not fit its type as TYPEnnn with \#
 * (RFC 3597 §5). A signature is printed with the TTL of what it covers (RFC 4034 §3).
 *
 * Known limit: ldns reads no owner of more than 255 characters of text, which a name with many
 * escapes can have; there is no other way to write it.
 *
 * STATUS_OK, what the source reported, or STATUS_SYSTEM when `out` refuses (errno says why).
 */
MUST_CHECK enum status zonefile_print(const struct node_source *source, FILE *out);

/* Prints the records of one RRset, each line preceded by `prefix` ("+", "-" or ""). */
void zonefile_print_rrset(const uint8_t *owner, const struct rrset *rrset, const char *prefix,
                          FILE *out);

/* A zone file that was read: its records, in memory or in a file of their own. */
struct zonefile;

/* How much of a zone file is held in memory at once, in octets of its records. */
#define ZONEFILE_HELD_OCTETS ((size_t)64 << 20)

/*
 * A place for the records of one zone file. Those beyond `octets` go into a file without a name,
 * which is gone with the process: once where the owners stand in canonical order (RFC 4034 §6.1),
 * else twice for a moment. Of names in that order `octets` are held at once, of others up to three
 * times as many, however many there are; beside them what the largest name has.
 *
 *   folder   where that file goes, kept by pointer
 *   octets   ZONEFILE_HELD_OCTETS, or less for those who try it
 *
 * NULL when memory is out.
 */
struct zonefile *zonefile_create(const char *folder, size_t octets);
void zonefile_destroy(struct zonefile *zonefile);

/*
 * Reads a zone file, as people and other servers write it: relative names, $ORIGIN and $TTL, left
 * out owners, TTLs and classes, parentheses, raw octets in names, what dig prints of a transfer.
 * Nothing is guessed and nothing changed; letter case is kept (of an owner that is written in
 * several ways, the first).
 *
 * Refused, each with its line: $INCLUDE and $GENERATE, relative names without an origin, quotes
 * that do not close on their line, NUL octets, numbers and texts beyond their field, records cut
 * short or with something behind them, TTLs beyond 2^31-1 (RFC 2181 §8), a class other than IN,
 * types that are for questions, names outside the zone, no or several SOA, TTLs that differ within
 * an RRset (RFC 2181 §5.2), CNAME beside other data (RFC 2181 §10.1), DNAME, wildcard NS, RRsets
 * that no message can carry, signatures of nothing or with another TTL than what they cover.
 * Warned of: no NS, no TTL anywhere but in the SOA, NSEC3, RRsets that other servers refuse. Equal
 * records are kept once (RFC 2181 §5) and noted. A ZONEMD is not checked here: see zonemd_verify.
 *
 *   file       path, for places too; read once, from its beginning to its end: a pipe is fine
 *   apex       what the zone must be, and the origin to begin with, or NULL: the owner of its SOA
 *   zonefile   nothing was read into it
 *   diag       every error with its place, at most about 100, as many of RRsets that are only
 * warned of or noted; rules zonefile-… out        source over the zone, valid as long as `zonefile`
 *
 * STATUS_OK; STATUS_INVALID with diagnostics, also when the file cannot be opened or read, or the
 * folder has no place for records; STATUS_SYSTEM with a diagnostic when memory is out.
 */
MUST_CHECK enum status zonefile_read(const char *file, const struct name *apex,
                                     struct zonefile *zonefile, struct diag *diag,
                                     struct node_source *out);

#endif
