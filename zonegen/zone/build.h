/*
 * Builds the records of one zone from contacts: every owner name and RRset of DESIGN's table
 * (README "Names and records"), streamed in canonical order, one ccTLD's names at a time, so that
 * memory does not grow with the zone. Knows nothing of the store.
 */
#ifndef ZONE_BUILD_H
#define ZONE_BUILD_H

#include "conf/arena.h"
#include "conf/config.h"
#include "conf/diag.h"
#include "contacts/contacts.h"
#include "zone/node.h"

#include <stdint.h>

struct build_rules {
    const struct config_zone *zone;
    const struct contacts *contacts;
    const struct delegated_list *delegated;
    struct config_freshness freshness;
    int32_t today;    /* days since 1970-01-01 */
    unsigned threads; /* that make records beside the caller; 0: other cores, for entries enough */
};

struct build; /* one zone being built; in the arena it was opened with */

/*
 * Prepares the build: which entries this zone's audience sees, the order of names, the lists of
 * `_index`, `_missing` and `_stale`. `rules` and all it points to outlive the build.
 *
 * Diagnostics: every rule that depends on what the records become, each once per entry (not once
 * per label): cards that were shortened (a note), answers above 512 octets (a warning), more than
 * 100 records or 16 kB in an RRset (an error), a card that cannot be made to fit (an error).
 *
 * STATUS_OK, STATUS_INVALID (errors were added), or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status build_open(const struct build_rules *rules, struct arena *arena,
                                  struct diag *diag, struct build **out);

/* What SOA and _meta say; both zero until called. `published` is seconds since 1970. */
void build_stamp(struct build *build, uint32_t serial, int64_t published);

/*
 * The nodes; valid as long as the build.
 *
 * Of a partial build they are those of the entries that are no summaries, and of the zone itself.
 * Where they leave out names that the store has, next() yields the label before and the label after
 * each run of nodes, without RRsets: "from the end of the names below here" and "up to here". The
 * first run begins with the apex; the last one may go on to the end. find() must not be asked for
 * what build_has() denies.
 */
struct node_source build_source(struct build *build);

/* True where the store is to keep names that come from summaries. */
bool build_is_partial(const struct build *build);

/* False for a name at or below a label of a summary. */
bool build_has(const struct build *build, const uint8_t *owner);

/* Frees what the arena does not own. NULL is fine. */
void build_close(struct build *build);

#endif
