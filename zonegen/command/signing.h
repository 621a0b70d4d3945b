/*
 * The DNSSEC of one zone in a publish: its keys brought together before, what the database is to
 * remember of them written after. Says on standard error what is wrong.
 */
#ifndef COMMAND_SIGNING_H
#define COMMAND_SIGNING_H

#include "command/context.h"
#include "command/sources.h"
#include "conf/arena.h"
#include "sign/keyset.h"
#include "store/edit.h"
#include "store/stored.h"

#include <stdbool.h>

struct signing {
    bool is_on;
    struct keyset keys; /* where it is on */
};

/*
 * Looks at what the store has of the zone and whether it can be signed now. Refused, and said:
 * keys that are missing or unusable (keyset.h); a clock earlier than the last publish, and a signed
 * zone that is to become unsigned, both but for --force. Signatures that have expired are said.
 *
 *   record   of the zone in the edit, or NULL when it is new
 *   arena    owns what the keys point to
 *
 * STATUS_OK; STATUS_INVALID, STATUS_MALFORMED or STATUS_SYSTEM, said.
 */
MUST_CHECK enum status signing_prepare(struct context *context, struct edit *edit,
                                       const struct config_zone *zone,
                                       const struct zone_record *record, struct arena *arena,
                                       struct signing *out);

/* Adds to a digest which keys sign what: it changes where another publish of the same records would
 * have other signatures. Starts as zeros; zones come in the order of the configuration. */
void signing_digest(const struct signing *signing, uint8_t digest[SOURCE_DIGEST_OCTETS]);

/* Remembers the keys of a zone that is now in the edit. STATUS_OK, or STATUS_SYSTEM, said. */
MUST_CHECK enum status signing_remember(struct context *context, struct edit *edit,
                                        const struct config_zone *zone, struct signing *signing);

#endif
