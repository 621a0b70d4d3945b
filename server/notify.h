/*
 * Tells the secondaries of a zone that it has changed (RFC 1996), and goes on until they serve what
 * it has become. Runs in the main thread's event loop; what to do when is notify_progress.h.
 *
 * Messages leave from the first `listen` address of the secondary's family, loopback for loopback,
 * since that is the primary that the secondary knows (RFC 1996 §3.10); from a wildcard, the kernel
 * chooses. They are not signed.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include "conf/config.h"
#include "server/log.h"
#include "server/notify_progress.h"
#include "server/zone_table.h"

#include <stddef.h>

struct event_base;
struct notify;

#define NOTIFY_REMOTE_OCTETS 64

/* One address of a secondary, for one zone. */
struct notify_target {
    char remote[NOTIFY_REMOTE_OCTETS]; /* its id in the configuration, cut to fit */
    struct endpoint address;
    struct name zone; /* lower case */
    struct notify_progress progress;
    bool rebuffed; /* an error in response to NOTIFY was logged for this serial */
};

/*
 *   config   for its `listen`; not kept. Targets come with notify_configure
 *
 * STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status notify_create(struct event_base *base, const struct config *config,
                                     struct log *log, struct notify **out);
void notify_destroy(struct notify *notify);

/*
 * Takes the zones and remotes of `config`, which is not kept; a target that was there before keeps
 * its progress, a new one is told of its zone at the next notify_zone().
 * STATUS_OK, or STATUS_SYSTEM when memory is out: the targets are as before.
 */
MUST_CHECK enum status notify_configure(struct notify *notify, const struct config *config);

/* A zone is at this serial now: its targets that have not heard of it are told. */
void notify_zone(struct notify *notify, const struct served_zone *zone);

/* For those who show the state. */
size_t notify_count(const struct notify *notify);
const struct notify_target *notify_at(const struct notify *notify, size_t n);

#endif
