/*
 * The YAML that people and programs write most: block mappings and lists of plain one-line values,
 * lists of words in brackets, comments on lines of their own, all of it printable ASCII. Read in
 * one pass over the octets, in a tenth of the time that libyaml takes. Knows no errors: whatever is
 * anything else it leaves to libyaml, from the start.
 */
#ifndef CONF_YAML_SIMPLE_H
#define CONF_YAML_SIMPLE_H

#include "conf/yaml.h"

/*
 * Reads `length` octets as one document, with the tree and the places that yaml_parse() documents.
 *
 *   file    name for places, kept by pointer
 *   octets  need not outlive the call
 *   arena   owns the tree; may keep some of its beginning where the document is left to libyaml
 *   out     the root, a mapping; NULL unless STATUS_OK
 *
 * STATUS_OK; STATUS_NOT_FOUND: it may be anything, right or wrong; STATUS_SYSTEM when memory is
 * out.
 */
MUST_CHECK enum status yaml_simple_parse(const char *file, const char *octets, size_t length,
                                         struct arena *arena, struct yaml_node **out);

#endif
