/*
 * What the secretariat has to do, from the contacts alone: which entries were not confirmed for too
 * long, which ccTLDs have none, which cannot be reached at night or while their own TLD is down.
 * Knows nothing of how it is printed.
 */
#ifndef COMMAND_FINDINGS_H
#define COMMAND_FINDINGS_H

#include "conf/arena.h"
#include "contacts/contacts.h"

#include <stddef.h>
#include <stdint.h>

enum issue {
    ISSUE_DUE,        /* older than `due`, not yet stale */
    ISSUE_STALE,      /* older than `stale`, not yet expired */
    ISSUE_EXPIRED,    /* older than `expired` */
    ISSUE_MISSING,    /* a delegated ccTLD without an entry; none with `tlds: any` */
    ISSUE_NOT_24X7,   /* no published security contact answers 24x7 */
    ISSUE_INSIDE_TLD, /* the mailboxes of all published 24x7 contacts lie under its own labels */
    /* About zones, not entries: found by report_signing.h. */
    ISSUE_DS_WRONG,   /* the DS at the parent is of no key in the zone */
    ISSUE_DS_MISSING, /* signed, and the parent has no DS */
    ISSUE_DS_UNKNOWN, /* nobody says what the parent has */
    ISSUE_SIGNATURES, /* signatures end before copies of the zone do */
};
#define ISSUE_COUNT 10

struct finding {
    enum issue issue;
    const char *label;         /* A-label; the zone where the issue is about one */
    const struct entry *entry; /* NULL: missing, or about a zone */
    int32_t days;              /* since it was verified, at least 0; 0 without entry */
    const char *detail;        /* registry, or territory; may be "" */
};

struct findings {
    size_t count;
    struct finding *items; /* by issue, then oldest first, then by label */
};

/* Makes the list, in the arena. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status findings_make(const struct contacts *contacts,
                                     const struct contacts_rules *rules, struct arena *arena,
                                     struct findings *out);

/* The name of an issue in CSV and JSON: "inside-tld". */
const char *finding_issue_name(enum issue issue);

#endif
