/*
 * Reads contacts files: YAML to entries, every rule of contacts(5) checked, every error of every
 * file in one run. Knows nothing of zones and records; rules that need them (what fits 512 octets)
 * live with the builder.
 */
#ifndef CONTACTS_CONTACTS_H
#define CONTACTS_CONTACTS_H

#include "conf/arena.h"
#include "conf/config.h"
#include "conf/diag.h"
#include "contacts/entry.h"
#include "wire/status.h"

#include <stddef.h>
#include <stdint.h>

/* A delegated ccTLD; the built-in list comes from conf/cctlds.tsv. */
struct delegated {
    const char *a_label;
    const char *u_label;   /* or NULL */
    const char *territory; /* ASCII */
};

/* Which labels may have an entry, sorted by A-label. */
struct delegated_list {
    size_t count;
    const struct delegated *items;
    bool any; /* `tlds: any`: no label is refused, the list still knows territories */
};

/*
 * The list that the configuration asks for; `config` may be NULL: the built-in one. A file has the
 * columns of cctlds.tsv (a heading, tab-separated: a_label u_label kind territory_code territory
 * manager; only the first is required), or one label per line.
 * STATUS_OK, or STATUS_INVALID with diagnostics.
 */
MUST_CHECK enum status delegated_read(const struct config *config, struct arena *arena,
                                      struct diag *diag, struct delegated_list *out);

/* The item of an A-label, or NULL. */
const struct delegated *delegated_find(const struct delegated_list *list, const char *a_label);

/* What a reading of contacts needs to know from outside. */
struct contacts_rules {
    struct delegated_list delegated;
    struct config_freshness freshness;
    int32_t today; /* days since 1970-01-01 */
};

struct contacts {
    size_t file_count;
    size_t contact_count; /* in all valid entries, internal ones included */
    size_t entry_count;
    struct entry *entries; /* sorted by the A-label of `tld`; only those without an error */
};

/*
 * Reads the files and folders of `paths`.
 *
 *   arena   owns what `out` points to
 *   diag    every error and warning of every file
 *
 * STATUS_OK when all could be read, whether diagnostics hold errors or not (diag_count tells);
 * STATUS_INVALID when a path is missing, unreadable or a folder without contacts (diagnostics
 * added); STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status contacts_read(const char *const *paths, size_t path_count,
                                     const struct contacts_rules *rules, struct arena *arena,
                                     struct diag *diag, struct contacts *out);

enum freshness { FRESHNESS_FRESH, FRESHNESS_DUE, FRESHNESS_STALE, FRESHNESS_EXPIRED };

/* How old `verified_days` is on `today`: older than the threshold counts. */
enum freshness entry_freshness(int32_t verified_days, int32_t today,
                               const struct config_freshness *thresholds);

#endif
