/*
 * YAML with places, through libyaml, as people write configuration and contacts: mappings,
 * sequences and scalars, every scalar is text. Refused with their place: anchors, aliases, tags,
 * several documents, duplicate keys, nesting beyond YAML_MAX_DEPTH, octets that are not UTF-8,
 * control characters, tabs where libyaml refuses them, text silently cut at " #" (a plain scalar
 * followed by a comment on the same line is accepted only where the comment's '#' has two or more
 * spaces, or nothing but the scalar's end of line, before it). Never guesses a type.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_DEPTH  8
#define YAML_MAX_OCTETS (16u << 20) /* of one file */

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    struct place place;
    /* scalar */
    const char *text; /* UTF-8, NUL-terminated, holds no NUL */
    size_t length;
    bool plain; /* written without quotes */
    /* sequence: items; mapping: keys and values alternate as key[i], item[i] */
    size_t count;
    struct yaml_node **items;
    struct yaml_node **keys;
};

/*
 * Reads `length` octets as one YAML document.
 *
 *   file    name for places, kept by pointer
 *   arena   owns the tree
 *   diag    gets every error found (rules yaml-…)
 *   out     the root: a mapping, or NULL for an empty document
 *
 * STATUS_OK, STATUS_INVALID (diagnostics added), or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status yaml_parse(const char *file, const char *octets, size_t length,
                                  struct arena *arena, struct diag *diag, struct yaml_node **out);

/* The value under `key`, or NULL. */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
