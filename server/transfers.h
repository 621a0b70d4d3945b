/*
 * What each secondary has fetched: for every zone and every remote that its `notify` names, the
 * transfer under way, the last one that ended well, and the last that did not, or was refused.
 * Written by the workers when a transfer starts, ends or is refused, read by the main thread; one
 * lock, held for a look into a table. Who is none of those remotes is not remembered: nobody else
 * can fill it.
 */
#ifndef SERVER_TRANSFERS_H
#define SERVER_TRANSFERS_H

#include "conf/config.h"

#include <stddef.h>

#define TRANSFERS_REASON_OCTETS 96
#define TRANSFERS_REMOTE_OCTETS 64

/* Which zone goes to which remote. Copied, so that it outlives the configuration it comes from. */
struct transfers_who {
    struct name zone;
    char remote[TRANSFERS_REMOTE_OCTETS]; /* its id, cut to fit; "" for who is none of them */
};

struct transfers;

/* A transfer as a secondary sees it, at its end; or why there was none. */
struct transfer_seen {
    int64_t when_ms; /* ticks_now(); 0: there was none */
    struct endpoint client;
    bool incremental; /* differences were sent: IXFR */
    bool has_from;    /* the secondary said which serial it had: */
    uint32_t from;
    uint32_t serial;
    uint64_t records;
    uint64_t octets;
    int64_t took_ms;
    char reason[TRANSFERS_REASON_OCTETS]; /* of one that failed: "transfer ended early: …" */
};

/* Of one zone and one remote. */
struct transfers_of {
    unsigned running;
    struct transfer_seen done;   /* the last that ended well */
    struct transfer_seen failed; /* the last that ended early or was refused */
};

enum transfers_event {
    TRANSFERS_STARTS,
    TRANSFERS_DONE,
    TRANSFERS_ENDED_EARLY, /* it had started */
    TRANSFERS_REFUSED,     /* it has not */
};

/* STATUS_OK or STATUS_SYSTEM (memory). It remembers nothing before transfers_configure. */
MUST_CHECK enum status transfers_create(struct transfers **out);
void transfers_destroy(struct transfers *transfers);

/*
 * Takes the zones and remotes of `config`, which is not kept; what is known of those that were
 * there before stays.
 * STATUS_OK, or STATUS_SYSTEM when memory is out: all is as before.
 */
MUST_CHECK enum status transfers_configure(struct transfers *transfers,
                                           const struct config *config);

/*
 * Who that is: the remote of the zone's `notify` that has the client's address or, where none has
 * it, the first one whose keys hold the one that signed the request.
 *
 *   key   NULL: it was not signed
 */
struct transfers_who transfers_identify(const struct config_zone *zone,
                                        const struct endpoint *client,
                                        const struct config_key *key);

/*
 * Remembers what has happened. Any thread. Nothing is locked for who is no remote.
 *
 *   transfers   NULL: nothing is remembered
 *   seen        its `when_ms` is now; `reason` matters where it failed
 */
void transfers_note(struct transfers *transfers, const struct transfers_who *who,
                    enum transfers_event event, const struct transfer_seen *seen);

/* What is known of a zone and a remote; all zero where nothing is. Any thread. */
struct transfers_of transfers_look(struct transfers *transfers, const struct transfers_who *who);

#endif
