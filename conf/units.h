/* Numbers with suffixes, dates and addresses as people write them. No diagnostics: the caller has
 * the place and the item's name. All take NUL-terminated text and refuse anything left over. */
#ifndef CONF_UNITS_H
#define CONF_UNITS_H

#include "conf/address.h"
#include "wire/status.h"

#include <stdint.h>

/* A whole number, decimal. STATUS_OK or STATUS_MALFORMED (also for one beyond `limit`). */
MUST_CHECK enum status units_number(const char *text, uint64_t limit, uint64_t *out);

/* Seconds: 90, 90s, 15m, 4h, 150d, 4w, also joined (1h30m). STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status units_seconds(const char *text, uint64_t limit, uint64_t *out);

/* Writes seconds in the largest unit that needs no fraction: "15m", "60d", never weeks. */
void units_seconds_text(uint64_t seconds, char text[32]);

/* Octets: 1232, 64K, 16M, 1G (powers of 1024). STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status units_octets(const char *text, uint64_t limit, uint64_t *out);

/* A date YYYY-MM-DD that exists, as days since 1970-01-01 (may be negative). */
MUST_CHECK enum status units_date(const char *text, int32_t *days);

/* Writes YYYY-MM-DD and a NUL: 11 octets for years 0000 to 9999. */
void units_date_text(int32_t days, char text[16]);

/* ADDR or ADDR@PORT; IPv6 without brackets, a %scope allowed. */
MUST_CHECK enum status units_endpoint(const char *text, uint16_t default_port,
                                      struct endpoint *out);

/* ADDR or ADDR/BITS; a host bit set beyond the prefix is STATUS_MALFORMED. */
MUST_CHECK enum status units_prefix(const char *text, struct prefix *out);

#endif
