/*
 * What ldns knows and this project does not: mnemonics of certificates and algorithms, the RDATA
 * of rare types.
 */
#ifndef ZONE_ZONEFILE_LDNS_H
#define ZONE_ZONEFILE_LDNS_H

#include "wire/status.h"
#include "wire/writer.h"
#include "zone/zonefile_lex.h"
#include "zone/zonefile_word.h"

#include <stddef.h>
#include <stdint.h>

enum zonefile_ldns_table { ZONEFILE_LDNS_ALGORITHMS, ZONEFILE_LDNS_CERTIFICATES };

/* The number of a mnemonic, letter case aside. STATUS_OK or STATUS_NOT_FOUND. */
MUST_CHECK enum status zonefile_ldns_mnemonic(enum zonefile_ldns_table table, const char *text,
                                              size_t length, uint16_t *out);

/* As zonefile_rdata_read. Known limit: numbers beyond their field are taken modulo its size. */
MUST_CHECK enum status zonefile_ldns_rdata(const struct zonefile_scope *scope,
                                           const struct zonefile_entry *entry, size_t first,
                                           uint16_t type, struct writer *w);

#endif
