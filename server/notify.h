/*
 * Tells the secondaries of a zone that it has changed (RFC 1996), goes on until they serve what it
 * has become, and looks now and then whether they still do. Runs in the main thread's event loop;
 * what to do when is notify_progress.h, whom to tell notify_targets.h.
 *
 * Messages leave from the first `listen` address of the secondary's family, loopback for loopback,
 * since that is the primary that the secondary knows (RFC 1996 §3.10); from a wildcard, the kernel
 * chooses. They are signed where the remote has a key (notify_sign.h). A publish that concerns
 * thousands goes out some ten thousand messages a second, so that neither this thread nor the net
 * is flooded.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include "conf/config.h"
#include "server/log.h"
#include "server/notify_targets.h"
#include "server/zone_table.h"

struct event_base;
struct notify;

/*
 *   config   for its `listen`; not kept. Targets come with notify_configure
 *
 * STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status notify_create(struct event_base *base, const struct config *config,
                                     struct log *log, struct notify **out);
void notify_destroy(struct notify *notify);

/*
 * Takes the zones and remotes of `config`, and the keys; neither is kept. A target that was there
 * before keeps its progress, a new one is told of its zone at the next notify_zone().
 *
 *   keyring   of `config`; NULL has no key
 *
 * STATUS_OK, or STATUS_SYSTEM when memory is out: the targets are as before.
 */
MUST_CHECK enum status notify_configure(struct notify *notify, const struct config *config,
                                        const struct keyring *keyring);

/*
 * A zone is at this serial now: its targets that have not heard of it are told. Or the database
 * does not hold it any more: they are left alone until it does.
 *
 *   hint   the zone's place in the configuration, so that it need not be looked for
 */
void notify_zone(struct notify *notify, const struct served_zone *zone, size_t hint);

/* Sends NOTIFY for the zone's serial again, now, and until there is a response. */
void notify_again(struct notify *notify, const struct notify_target *target);

/* For those who show the state; valid until the next notify_configure(). */
const struct notify_targets *notify_targets(const struct notify *notify);

#endif
