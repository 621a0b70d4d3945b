/*
 * One value of contactd.conf: from a node of the file to its member of a struct in settings.h, by
 * the kind that the option table gives it. Knows nothing of lists (value_list.h) and of what values
 * mean together (check.h). Whatever is wrong becomes a diagnostic, and the member stays as it was.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/options.h"
#include "conf/settings.h"
#include "conf/yaml.h"

/* What every reading needs. */
struct value_context {
    struct arena *arena; /* of the configuration */
    struct diag *diag;
    const struct config
        *config;   /* remotes, acls and policies that were read before: ids lead there */
    bool complete; /* false when a file is missing: an unknown id may be in it */
};

/* The text of a node that must be one line of text; NULL after a diagnostic. */
const char *value_text(const struct value_context *context, const struct option *option,
                       const struct yaml_node *node);

/* The value of the word in the option's list; false after a diagnostic. */
bool value_word(const struct value_context *context, const struct option *option,
                const struct yaml_node *node, unsigned *out);

/* Says that no `what` ("remote") has the id; `near` is one that was probably meant, or NULL. Silent
 * where a file is missing that may define it. */
void value_refuse_reference(const struct value_context *context, const struct yaml_node *node,
                            const char *what, const char *near);

/* Reads a kind with one value into its member of `section`, a struct of the option's section. */
void value_read(const struct value_context *context, const struct option *option,
                const struct yaml_node *node, void *section);

#endif
