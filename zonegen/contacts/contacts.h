/*
 * Reads contacts files: YAML to entries, every rule of contacts(5) checked, every error of every
 * file in one run. Knows nothing of zones and records; rules that need them (what fits 512 octets)
 * live with the builder.
 */
#ifndef CONTACTS_CONTACTS_H
#define CONTACTS_CONTACTS_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "contacts/delegated.h"
#include "contacts/entry.h"
#include "contacts/freshness.h"
#include "contacts/rules.h"
#include "wire/status.h"

#include <stddef.h>

struct contacts {
    size_t file_count;
    size_t contact_count; /* in all valid entries, internal ones included */
    size_t entry_count;
    struct entry *entries; /* sorted by the A-label of `tld`; only those without an error */
    /* Beside summaries: every label, aliases too, under which files that have changed since, or are
     * gone, were published. Their names may have to go. */
    size_t former_count;
    const char *const *former;
};

/*
 * Reads the files and folders of `paths`; of a folder, *.yaml *.yml *.json directly in it. A file
 * that comes twice is read once. A file with an error yields no entry.
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

#endif
