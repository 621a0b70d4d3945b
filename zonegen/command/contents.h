/*
 * What the contacts files make of the configured zones: the files read and checked, and one build
 * for each zone, whose rules need records. Check, plan, publish and report begin here.
 */
#ifndef COMMAND_CONTENTS_H
#define COMMAND_CONTENTS_H

#include "command/accounts.h"
#include "command/context.h"
#include "command/sources.h"
#include "conf/arena.h"
#include "contacts/contacts.h"
#include "zone/build.h"
#include "zone/catalog.h"

/* One zone on its way into the database: contacts, or what a catalog lists. */
struct zone_build {
    const struct config_zone *zone;
    struct diag *diag; /* NULL once it was merged */
    struct build_rules rules;
    struct arena *arena;
    struct build *build;     /* NULL where its records break a rule, and for a catalog */
    struct catalog *catalog; /* of a zone with `catalog: on`, or NULL */
};

struct contents {
    struct arena *arena;
    struct contacts_rules rules;
    struct contacts contacts;
    bool without_notes; /* publish and plan print none: of a million entries many cost */
    struct contacts_witness witness; /* counts files for people, and for the account of them */
    struct progress *progress;
    struct accounts accounts;  /* of files, while they are read; only for publish and plan */
    struct sources sources;    /* all files: what the database is to remember of them */
    struct config_zone sample; /* check without a configuration: cc.example */
    size_t build_count;
    struct zone_build *builds; /* in the order of the configuration */
};

/*
 * Makes ready what reading contacts needs, the list of ccTLDs above all. Outcomes as of
 * contents_read().
 */
MUST_CHECK enum status contents_open(struct context *context, struct contents *out);

/*
 * After that: reads files and takes account of them. `contents` must stay where it is. Outcomes as
 * of contents_read().
 */
MUST_CHECK enum status contents_take(struct context *context, const char *const *paths,
                                     size_t path_count, struct contents *contents);

/*
 * Reads the contacts, both steps in one, without account.
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
 * with `otherwise` ("nothing published"). STATUS_OK when there is no error. `out` must stay where
 * it is.
 */
MUST_CHECK enum status contents_prepare(struct context *context, const char *otherwise,
                                        struct contents *out);

/* Prints the errors and warnings so far on standard error, in order. */
void contents_print_problems(struct context *context);

/* Prints "309 files, 927 contacts: 1 error, 1 warning" and, after errors, "; " and `otherwise`. */
void contents_print_summary(const struct contents *contents, const struct diag *diag,
                            const char *otherwise, FILE *out);

void contents_close(struct contents *contents);

#endif
