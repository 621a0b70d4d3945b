/*
 * RDATA in wire format: canonical order, and writers for the types that the builder makes. TXT has
 * a module of its own (zone/txt.h). Knows nothing of contacts.
 */
#ifndef ZONE_RDATA_H
#define ZONE_RDATA_H

#include "conf/arena.h"
#include "wire/name.h"
#include "wire/writer.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds the domain names in RDATA whose letters canonical form lower-cases (RFC 4034 §6.2 as
 * corrected by RFC 6840 §5.1: not those of NSEC, and HINFO has none). In every such type they
 * stand side by side. A6 is left out: historic, and no contact has one.
 *
 *   first, end   octets from the start of the RDATA; equal when there is no such name, or when
 *                the RDATA is not what its type asks for
 */
void rdata_names(uint16_t type, const uint8_t *octets, size_t length, size_t *first, size_t *end);

/* Negative, zero or positive: canonical order within an RRset (RFC 4034 §6.3). */
int rdata_compare(uint16_t type, const struct rdata *a, const struct rdata *b);

/*
 * What was written, copied into the arena. Empty RDATA (length 0, octets not NULL) when the writer
 * or the arena failed: the caller checks either one at the end of its work.
 */
struct rdata rdata_keep(const struct writer *w, struct arena *arena);

/* The RDATA of NS and CNAME, and a part of others: one name, uncompressed. */
void rdata_write_name(struct writer *w, const struct name *name);

/* RP (RFC 1183 §2.2). */
void rdata_write_rp(struct writer *w, const struct name *mailbox, const struct name *txt);

/* The numbers of an SOA (RFC 1035 §3.3.13), seconds but for the first. */
struct soa_numbers {
    uint32_t serial, refresh, retry, expire, minimum;
};

void rdata_write_soa(struct writer *w, const struct name *mname, const struct name *rname,
                     const struct soa_numbers *numbers);

/* Reads the numbers of an SOA RRset, its last 20 octets. False, and all zero, for NULL and for
 * RDATA that is shorter. */
bool rdata_read_soa(const struct rrset *soa, struct soa_numbers *out);

/* The TTL of negative answers and of what denies: min(TTL, MINIMUM) (RFC 2308 §3, RFC 9077 §3).
 * 0 for NULL and for RDATA that has no MINIMUM. */
uint32_t rdata_negative_ttl(const struct rrset *soa);

/* URI with weight 0 (RFC 7553 §4.5): the target's octets stand there without quotes. */
void rdata_write_uri(struct writer *w, unsigned priority, const char *target);

/*
 * CERT of type IPGP with a fingerprint and no URL (RFC 4398 §2.1); key tag and algorithm are 0,
 * since the key is none of DNSSEC's (RFC 4398 §2).
 *
 *   fingerprint   hex digits, an even number up to 510; anything else fails the writer
 */
void rdata_write_ipgp(struct writer *w, const char *fingerprint);

#endif
