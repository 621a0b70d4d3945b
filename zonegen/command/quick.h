/*
 * A publish that costs what changed: files that did not change are not read, the records of their
 * entries not made, compared or signed. Possible where all else that records depend on is as it was
 * at the last publish of everything; then it leaves, octet for octet, what another publish of
 * everything would leave.
 */
#ifndef COMMAND_QUICK_H
#define COMMAND_QUICK_H

#include "command/changed.h"
#include "command/contents.h"
#include "command/context.h"
#include "command/sources.h"
#include "store/edit.h"

/*
 * After this long a publish without PATHs is one of everything: it renews signatures. The bounds of
 * contactd.conf(5) count on a day between two of these; where no two publishes are further apart
 * than a day, half of one keeps it: either one interval of more than that, or two of less.
 */
#define QUICK_MAX_AGE_S (12 * 3600)

#define QUICK_REASON_OCTETS 400

/* Files that were named, as they are called in their folder. */
struct quick_names {
    size_t count; /* 0: all files are looked at */
    const char *const *items;
};

struct quick {
    struct arena *arena;
    struct sources_header header; /* as stored */
    struct changed changed;
    struct contents contents;
    struct diag *diag;                /* the context's, which has another one until quick_close() */
    char reason[QUICK_REASON_OCTETS]; /* why it is not possible */
};

enum quick_outcome {
    QUICK_READY,   /* `contents` can be published; diagnostics are not printed yet */
    QUICK_REFUSED, /* and said */
    QUICK_NOT,     /* publish everything: `reason` */
};

/*
 * Finds and reads what changed. With names, errors in those files refuse; without, they are left to
 * a publish of everything, which says them beside all others.
 *
 *   out   must stay where it is; quick_close() is fine after each outcome
 */
enum quick_outcome quick_prepare(struct context *context, struct edit *edit,
                                 const struct quick_names *names, struct quick *out);
void quick_close(struct context *context, struct quick *quick);

/* False, and said, when a named file neither exists nor is among those that something was published
 * from: most likely it is misspelt. */
MUST_CHECK bool quick_knows_names(struct context *context, const struct quick *quick,
                                  const struct quick_names *names);

#endif
