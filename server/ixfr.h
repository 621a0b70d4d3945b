/*
 * The difference between a serial and the present contents (IXFR, RFC 1995), condensed over any
 * number of changes: present SOA, old SOA, all that was removed, present SOA, all that was added,
 * present SOA (RFC 1995 §4, §5).
 */
#ifndef SERVER_IXFR_H
#define SERVER_IXFR_H

#include "server/name_difference.h"
#include "server/transfer_message.h"
#include "store/history.h"

enum ixfr_stage {
    IXFR_FIRST_SOA,
    IXFR_OLD_SOA,
    IXFR_REMOVED,
    IXFR_NEW_SOA,
    IXFR_ADDED,
    IXFR_LAST_SOA,
    IXFR_DONE,
};

struct ixfr {
    struct snapshot *snapshot;
    uint16_t zone;
    const struct name *apex;
    enum ixfr_stage stage;
    struct history_walk *walk;
    const uint8_t *soa; /* from type to RDATA */
    size_t soa_octets;
    const uint8_t *old_soa;
    size_t old_soa_octets;
    uint64_t weight; /* octets of records so far, see ixfr_weigh() */
    uint64_t zone_octets;
    bool in_name; /* `difference` is that of the name in work */
    struct name_difference difference;
    const uint8_t *rest; /* the record that found no room, or NULL */
    size_t rest_octets;
};

/* Names looked at before others have their turn, fewer where they are in many steps or have many
 * records: half a millisecond. */
#define IXFR_NAMES_AT_ONCE 64

/*
 * Finds where the difference from `serial` begins. Points into the map.
 *
 *   snapshot   used by nobody else until the end: its place moves
 *   apex       outlives it
 *
 * STATUS_OK; STATUS_NOT_FOUND (the history has no such serial, or too many steps since),
 * STATUS_MALFORMED (it is damaged), STATUS_SYSTEM. Nothing is to be closed on failure.
 */
MUST_CHECK enum status ixfr_open(struct ixfr *ixfr, struct snapshot *snapshot, uint16_t zone,
                                 const struct name *apex, uint32_t serial);

/* NULL inside is fine: it may be closed twice. */
void ixfr_close(struct ixfr *ixfr);

/*
 * Reads what ixfr_write() will: whether all of it is sound, and less than the zone (RFC 1995 §5).
 * Before the first write, or not at all.
 *
 * STATUS_OK; STATUS_NO_SPACE when IXFR_NAMES_AT_ONCE were read and there are more: to be called
 * again; STATUS_NOT_FOUND when the zone is shorter; STATUS_MALFORMED, STATUS_SYSTEM.
 */
MUST_CHECK enum status ixfr_weigh(struct ixfr *ixfr);

/*
 * Adds to a message, which begins with the first record that the one before it had no room for.
 * STATUS_OK when all is written; STATUS_NO_SPACE when the message is full, or when
 * IXFR_NAMES_AT_ONCE were looked at, whether they differed or not; STATUS_MALFORMED or
 * STATUS_SYSTEM when the database is damaged.
 */
MUST_CHECK enum status ixfr_write(struct ixfr *ixfr, struct transfer_message *message);

/* True when the last ixfr_write() ended because of IXFR_NAMES_AT_ONCE, not of room. */
static inline bool ixfr_paused(const struct ixfr *ixfr)
{
    return ixfr->rest == NULL;
}

/*
 * True when the newest few steps lead from `serial` to the present, and what they removed and added
 * is no more than `octets`: cheap to find out, for who answers by UDP.
 */
bool ixfr_is_small(struct snapshot *snapshot, uint16_t zone, uint32_t serial, uint64_t octets);

#endif
