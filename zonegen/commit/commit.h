/*
 * Brings a zone's new contents into the store: compares what is there with what a source yields,
 * writes what differs, moves the serial when something did, all in one edit that the caller commits
 * or aborts. Publish, plan and restore differ only in what they do with the result.
 */
#ifndef COMMIT_COMMIT_H
#define COMMIT_COMMIT_H

#include "conf/config.h"
#include "conf/diag.h"
#include "sign/keyset.h"
#include "store/edit.h"
#include "store/stored.h"
#include "zone/build.h"
#include "zone/catalog.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stdint.h>

/* Told of each owner name that differs; `before` or `after` is NULL when it is new or gone. Both
 * are valid during the call. SOA, ZONEMD and what _meta says of serial and time are not
 * differences. */
struct commit_observer {
    void *state;
    void (*changed)(void *state, const struct node *before, const struct node *after);
};

/* What a commit did, or would do. */
struct commit_result {
    bool created;    /* the zone was not there */
    bool changed;    /* contents differ: the serial moved */
    uint32_t serial; /* after */
    uint32_t old_serial;
    uint32_t newest_serial;  /* that the zone ever had before; 0: it is new */
    uint32_t entries_before; /* ccTLD labels that had a card */
    uint32_t entries_deleted;
    uint32_t entries_after;
    uint32_t names_added, names_changed, names_deleted, names_after;
    uint32_t names_renewed;   /* nothing changed but signatures or NSEC */
    uint32_t signatures_made; /* as far as they stay: those of the serial count once */
};

/* What a publish of one zone is told. A step of its past is made of what it changes, within the
 * zone's `history` (recorder.h). */
struct commit_request {
    struct edit *edit;
    const struct config_zone *zone;
    const struct keyset *keys; /* NULL: unsigned */
    unsigned threads;          /* that sign; 0: one for each core */
    int64_t now;               /* seconds since 1970: serial, `published`, signatures */
    const struct commit_observer *observer; /* or NULL */
    struct diag *diag;
};

/*
 * Puts the build of a zone into the edit; of a partial one (zone/build.h), what it has, the rest
 * stays as the store has it. The zone must then be there, as a build of the same rules left it,
 * without NSEC3; its counts are those of the whole zone. Signed where there are keys: new serial by
 * the zone's rule where something changed, a signature that was due included, else nothing is
 * written. The new serial is newer (RFC 1982) than any that the zone ever had, also where a restore
 * has set it back: the rule's value, or else the newest + 1.
 *
 * STATUS_OK, STATUS_MALFORMED (what is in the store is damaged), STATUS_NO_SPACE (an answer that no
 * message can carry; diag says which), STATUS_INVALID (a key cannot be used; diag says which),
 * STATUS_SYSTEM. On failure the edit is to be aborted.
 */
MUST_CHECK enum status commit_build(const struct commit_request *request, struct build *build,
                                    struct commit_result *out);

/* The same for a catalog, which is never partial. */
MUST_CHECK enum status commit_catalog(const struct commit_request *request, struct catalog *catalog,
                                      struct commit_result *out);

/* Signs what the store has of the zone anew, as far as it is due; its contents stay. Outcomes as
 * above; STATUS_NOT_FOUND when there is no such zone. */
MUST_CHECK enum status commit_renew(const struct commit_request *request,
                                    struct commit_result *out);

/*
 * Brings contents of the zone's own past back: those of `source`, without what signing made of them
 * (it is made anew, as by commit_build), under a new serial. A publish will leave them alone as
 * after a restore (ZONE_RESTORED). Outcomes as above; STATUS_NOT_FOUND when there is no such zone.
 */
MUST_CHECK enum status commit_rollback(const struct commit_request *request,
                                       const struct node_source *source, struct commit_result *out);

/* Puts a zone as it is (its SOA, its ZONEMD) into the edit: what was there before is gone, but for
 * the newest serial that it had, which the next publish follows. Keys and threads are not used. */
MUST_CHECK enum status commit_restore(const struct commit_request *request,
                                      const struct node_source *source, struct commit_result *out);

/* Removes a zone and its past; its entries count as deleted. */
MUST_CHECK enum status commit_remove(struct edit *edit, const struct zone_record *zone,
                                     const struct commit_observer *observer,
                                     struct commit_result *out);

/* Whether contents differ: a new zone, or names that were added, changed, deleted or renewed. */
bool commit_has_changes(const struct commit_result *result);

#endif
