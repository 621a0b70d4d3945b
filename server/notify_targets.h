/*
 * Whom to tell of which zone: every address of every remote that a zone's `notify` names. Made of a
 * configuration, then fixed but for what is known of each; found by address and zone in a time that
 * does not grow with their number. Sends nothing.
 */
#ifndef SERVER_NOTIFY_TARGETS_H
#define SERVER_NOTIFY_TARGETS_H

#include "conf/config.h"
#include "server/notify_message.h"
#include "server/notify_progress.h"
#include "server/tsig.h"

#include <stddef.h>

#define NOTIFY_REMOTE_OCTETS 64

/* One address of a secondary, for one zone. */
struct notify_target {
    char remote[NOTIFY_REMOTE_OCTETS]; /* its id in the configuration, cut to fit */
    struct endpoint address;
    size_t zone; /* its number in the table */
    struct notify_progress progress;
    bool rebuffed; /* an error in response to NOTIFY was logged for this serial */
    /* notify_sign.h */
    const struct tsig_key *key; /* or NULL: nothing is signed */
    struct tsig_session told;   /* the last NOTIFY */
    struct tsig_session asked;  /* the last question */
    bool distrusted;            /* an answer was not believed, and that was logged */
};

/* A zone, with the newest that is known of it. */
struct notify_zone {
    struct name apex; /* lower case */
    bool known;       /* the database holds it, with this serial: */
    uint32_t serial;
    size_t soa_octets; /* 0: too long for a NOTIFY */
    uint8_t soa[NOTIFY_MESSAGE_OCTETS];
    size_t first; /* its targets are first … first+count-1 */
    size_t count;
};

struct notify_targets {
    size_t zone_count;
    struct notify_zone *zones; /* in the order of the configuration */
    size_t count;
    struct notify_target *targets; /* in the order of zones, remotes, addresses */
    size_t slot_count;             /* a power of two */
    size_t *slots;                 /* by hash: a target's number plus one, or 0 */
};

/*
 * Makes the table for `config`, which is not kept. What `before` knows of a zone, and of an address
 * for a zone, goes over.
 *
 *   before   NULL: nothing is known
 *
 * STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status notify_targets_create(const struct config *config,
                                             const struct notify_targets *before,
                                             struct notify_targets **out);
void notify_targets_destroy(struct notify_targets *all);

/*
 * The zone of that name, or NULL. `hint` is where it may stand: right for who asks in the order of
 * the configuration, harmless for others.
 */
struct notify_zone *notify_targets_zone(const struct notify_targets *all, const struct name *apex,
                                        size_t hint);

/*
 * The first target at that address for that zone; with the last one found in `after`, the next one:
 * two remotes may have the same address. NULL when there is none.
 *
 *   zone   letter case does not matter (RFC 4343 §3)
 */
struct notify_target *notify_targets_find(const struct notify_targets *all,
                                          const struct endpoint *address, const struct name *zone,
                                          const struct notify_target *after);

#endif
