/* Values of contactd.conf that may be one or a list: addresses, name servers, ids, words. */
#ifndef CONF_VALUE_LIST_H
#define CONF_VALUE_LIST_H

#include "conf/value.h"

#include <stdbool.h>

/* True for the kinds that are read here. */
bool value_list_takes(enum option_kind kind);

/*
 * Reads one value or a list of them into the members (pointer and count) of `section`. Every wrong
 * or repeated item is a diagnostic and is left out.
 */
void value_list_read(const struct value_context *context, const struct option *option,
                     const struct yaml_node *node, void *section);

#endif
