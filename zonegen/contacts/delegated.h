/* Which labels may have an entry: the delegated ccTLDs, built in or from a file. */
#ifndef CONTACTS_DELEGATED_H
#define CONTACTS_DELEGATED_H

#include "conf/arena.h"
#include "conf/config.h"
#include "conf/diag.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A delegated ccTLD; the built-in list comes from conf/cctlds.tsv. */
struct delegated {
    const char *a_label;
    const char *u_label;   /* or NULL */
    const char *territory; /* ASCII, or NULL where the list does not say */
};

/* Which labels may have an entry, sorted by A-label. */
struct delegated_list {
    size_t count;
    const struct delegated *items;
    bool any; /* `tlds: any`: no label is refused, the list still knows territories */
};

/*
 * The list that the configuration asks for; `config` may be NULL: the built-in one. A file has the
 * columns of cctlds.tsv, tab-separated below a heading that names them (a_label u_label kind
 * territory_code territory manager territory_ascii; only the first is required, others are
 * ignored), or one label per line without a heading. Labels may be U-labels; empty lines and those
 * that begin with `#` are skipped, a label that comes again counts once. Where a file states no
 * ASCII territory, the built-in list's is taken.
 * STATUS_OK, STATUS_INVALID with diagnostics (rule tlds-syntax, and those of reading a file), or
 * STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status delegated_read(const struct config *config, struct arena *arena,
                                      struct diag *diag, struct delegated_list *out);

/* The item of an A-label, or NULL. */
const struct delegated *delegated_find(const struct delegated_list *list, const char *a_label);

#endif
