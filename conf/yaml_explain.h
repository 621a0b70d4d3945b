/* What a syntax error of libyaml means to the person who wrote the file. */
#ifndef CONF_YAML_EXPLAIN_H
#define CONF_YAML_EXPLAIN_H

#include "conf/diag.h"
#include "conf/source.h"

#include <stddef.h>

/* An error as libyaml states it; lines and columns count from 0, characters from the text's start.
 */
struct yaml_problem {
    const char *text; /* "mapping values are not allowed in this context" */
    size_t line, column, character;
    size_t context_line, context_column; /* where the thing began that the error is in */
};

/* Adds one diagnostic for it, with a rule yaml-… and what would be right. */
void yaml_explain(const struct yaml_problem *problem, struct source *source, struct diag *diag);

#endif
