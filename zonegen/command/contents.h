/*
 * What the contacts files make of the configured zones: the files read and checked, and one build
 * for each zone, whose rules need records. Check, plan, publish and report begin here.
 */
#ifndef COMMAND_CONTENTS_H
#define COMMAND_CONTENTS_H

#include "command/context.h"
#include "command/fingerprint.h"
#include "conf/arena.h"
#include "contacts/contacts.h"
#include "zone/build.h"

/* One zone on its way into the database. */
struct zone_build {
    const struct config_zone *zone;
    struct diag *diag; /* NULL once it was merged */
    struct build_rules rules;
    struct arena *arena;
    struct build *build; /* NULL where its records break a rule */
};

struct contents {
    struct arena *arena;
    struct contacts_rules rules;
    struct contacts contacts;
    struct config_zone sample; /* check without a configuration: cc.example */
    size_t build_count;
    struct zone_build *builds; /* in the order of the configuration */
};

/*
 * Reads the contacts.
 *
 *   context   its configuration may be missing: the built-in list of ccTLDs and the default
 *             thresholds then hold. Diagnostics go to context->diag
 *   paths     files and folders
 *
 * STATUS_OK, also where diagnostics hold errors; STATUS_INVALID when a path or the list of ccTLDs
 * cannot be read (diagnostics added); STATUS_SYSTEM when memory is out. contents_close() is fine
 * after each.
 */
MUST_CHECK enum status contents_read(struct context *context, const char *const *paths,
                                     size_t path_count, struct contents *out);

/* The same for the configured contacts; none configured is STATUS_INVALID too. */
MUST_CHECK enum status contents_read_configured(struct context *context, struct contents *out);

/*
 * Opens a build for each zone, of the sample zone without a configuration: diagnostics about
 * records go to context->diag. Zones hold the same contacts, and what does not fit one fits no
 * other with a name as long: what several zones have to say about the same place and rule is said
 * once, by the one with the longest name. STATUS_OK, also where diagnostics hold errors;
 * STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status contents_build(struct context *context, struct contents *contents);

/*
 * All of it, for plan and publish: the configured contacts, errors and warnings printed on standard
 * error (notes are check's: on every publish they would drown the rest), after errors the summary
 * with `otherwise` ("nothing published").
 *
 *   fingerprint   out: of the files, taken before they are read: a change in between is then seen
 *                 by the next publish, never lost
 *
 * STATUS_OK when there is no error.
 */
MUST_CHECK enum status contents_prepare(struct context *context, struct fingerprint *fingerprint,
                                        const char *otherwise, struct contents *out);

/* Prints "309 files, 927 contacts: 1 error, 1 warning" and, after errors, "; " and `otherwise`. */
void contents_print_summary(const struct contents *contents, const struct diag *diag,
                            const char *otherwise, FILE *out);

void contents_close(struct contents *contents);

#endif
