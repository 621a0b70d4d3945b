/* The digest of a zone (RFC 8976): scheme SIMPLE, hash SHA-384. */
#ifndef ZONE_ZONEMD_H
#define ZONE_ZONEMD_H

#include "zone/node.h"

#define ZONEMD_SCHEME_SIMPLE 1
#define ZONEMD_HASH_SHA384   1
#define ZONEMD_DIGEST_OCTETS 48
#define ZONEMD_RDATA_OCTETS  (6 + ZONEMD_DIGEST_OCTETS)

/*
 * Digests all nodes of a source (RFC 8976 §3.3): canonical order, canonical RDATA (RFC 4034 §6.2),
 * apex ZONEMD and its RRSIG left out. Rewinds the source before.
 *
 * STATUS_OK, or what the source reported, or STATUS_SYSTEM.
 */
MUST_CHECK enum status zonemd_digest(const struct node_source *source,
                                     uint8_t digest[ZONEMD_DIGEST_OCTETS]);

/* Writes the RDATA of a ZONEMD record (RFC 8976 §2.2). */
void zonemd_rdata(uint8_t rdata[ZONEMD_RDATA_OCTETS], uint32_t serial,
                  const uint8_t digest[ZONEMD_DIGEST_OCTETS]);

/*
 * Checks the ZONEMD at the apex of a source, where there is one that can be checked.
 * STATUS_OK (it fits, or there is none: `*present` tells), STATUS_INVALID (it does not fit),
 * or what the source reported.
 */
MUST_CHECK enum status zonemd_verify(const struct node_source *source, bool *present);

#endif
