/*
 * One publish inside an edit, not committed: every configured zone brought to what the contacts
 * say, zones that left the configuration removed. Publish commits it, plan looks and aborts.
 */
#ifndef COMMAND_UPDATE_H
#define COMMAND_UPDATE_H

#include "command/contents.h"
#include "command/context.h"
#include "command/deletion.h"
#include "commit/commit.h"
#include "store/edit.h"

#include <stdbool.h>

/* What happened to one zone. */
struct zone_update {
    struct name apex;
    const struct config_zone *zone; /* NULL: it left the configuration */
    bool left_alone;                /* restored since the contacts last changed, and no --force */
    bool is_rolled_back;            /* what was restored is its own past */
    struct commit_result result;
    struct deletion deletion;
};

/* Why the names of a zone are visited. */
enum zone_fate {
    FATE_NEW,  /* the database does not have it yet */
    FATE_KEPT, /* only names that differ come by */
    FATE_LEFT, /* it left the configuration: all its names go */
};

/* Told of each zone before its names, of each name that differs, and of the zone when all of it is
 * in the edit; a zone that is left alone does not come by. */
struct update_observer {
    void *state;
    void (*begin)(void *state, size_t n, const struct name *apex, enum zone_fate fate);
    void (*changed)(void *state, const struct node *before, const struct node *after);
    void (*end)(void *state, const struct commit_result *result);
};

struct update {
    struct arena *arena;
    size_t count;
    struct zone_update *zones; /* the configured ones in order, then those that left */
    bool fingerprint_known;    /* one was stored */
    bool fingerprint_changed;
    uint8_t keys[SOURCE_DIGEST_OCTETS]; /* what all zones were signed with, see signing_digest() */
};

/*
 * Brings all zones into the edit, and the contacts' fingerprint.
 *
 *   contents   with all sources, and a build for each zone
 *   observer   or NULL
 *
 * STATUS_OK, or another status, said on standard error: the edit is to be aborted. update_close()
 * is fine after both.
 */
MUST_CHECK enum status update_apply(struct context *context, struct contents *contents,
                                    struct edit *edit, const struct update_observer *observer,
                                    struct update *out);
void update_close(struct update *update);

/* True when something would change, or changed. */
bool update_has_changes(const struct update *update);

/* Says on standard error which zones stay as they were restored, and what ends that. */
void update_say_left_alone(struct context *context, const struct update *update);

/*
 * Says on standard error each zone that loses too much (deletion.h), after `what` ("publish would
 * refuse this without --force"). True when there is one.
 */
bool update_say_mass_deletions(struct context *context, const struct update *update,
                               const char *what);

#endif
