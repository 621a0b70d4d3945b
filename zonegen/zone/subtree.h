/*
 * The first labels of a zone's names, in canonical order: a build hands out the zone one of them at
 * a time. Everything below a first label (and the name itself) is one subtree. Knows who owns each
 * label, not what stands there.
 */
#ifndef ZONE_SUBTREE_H
#define ZONE_SUBTREE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "wire/status.h"
#include "zone/build.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who owns a label. Where two want the same, the first kind of this list has it. */
enum subtree_kind {
    SUBTREE_ENTRY, /* the A-label of `tld` or `also`: all records of the contacts */
    SUBTREE_LIST,  /* _index and its like */
    SUBTREE_HOSTS, /* no records but addresses of name servers within the zone */
    SUBTREE_ALIAS, /* the U-label in raw UTF-8: a CNAME to the A-label */
    SUBTREE_UPPER, /* its upper-case form, the same */
};

struct subtree {
    const char *label;    /* not NUL-terminated for SUBTREE_HOSTS */
    uint32_t entry;       /* SUBTREE_ENTRY, _ALIAS, _UPPER: index in contacts */
    uint16_t which;       /* its label in the entry; SUBTREE_LIST: enum list_name */
    uint8_t label_octets; /* 1..63 */
    uint8_t kind;
    bool has_hosts;  /* a name server of the zone lies here too */
    bool is_kept;    /* of a summary: what the store has of it stays */
    bool gap_before; /* names may have to go that come right before it */
};

struct subtrees {
    size_t count;
    struct subtree *items; /* by label, each label once */
    size_t kept_count;
    bool gap_at_end; /* names may have to go that come after the last */
};

/* The `_` names at the apex, by their text. */
enum list_name { LIST_INDEX, LIST_META, LIST_MISSING, LIST_SCHEMA, LIST_STALE };
#define LIST_COUNT 5

/* "_index" */
const char *list_label(enum list_name list);

/*
 * Collects the first labels of a zone. A label that two entries claim (rule `label-twice`, an
 * error), and an alias that is the label or alias of another entry (rule `alias-taken`, a warning),
 * stay with the first owner.
 *
 * STATUS_OK, also with errors in `diag`; STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status subtrees_collect(const struct build_rules *rules, struct arena *arena,
                                        struct diag *diag, struct subtrees *out);

/* The subtree of a label, letter case aside, or NULL. */
const struct subtree *subtrees_find(const struct subtrees *subtrees, const char *label,
                                    size_t label_octets);

#endif
