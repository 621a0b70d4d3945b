/*
 * YAML with places, through libyaml, as people write configuration and contacts: mappings,
 * sequences and scalars, every scalar is text. Never guesses a type. Refused with their place:
 *
 *   yaml-anchor yaml-tag        anchors, aliases and tags
 *   yaml-directive              directives (%YAML, %TAG)
 *   yaml-documents              a second document in the file
 *   yaml-duplicate-key          a key given twice in one mapping
 *   yaml-key                    a key that is no text, or empty
 *   yaml-depth                  nesting beyond YAML_MAX_DEPTH
 *   yaml-root                   a file that is a list or a text instead of a mapping
 *   yaml-utf8 yaml-control      octets that are not UTF-8; control characters, written or escaped
 *   yaml-tab                    tabs that indent, and tabs inside a value
 *   yaml-comment                text silently cut at " #": a plain scalar (or an empty value)
 *                               followed by a comment on the same line is accepted only where two
 *                               or more blanks stand before the '#'
 *   yaml-colon                  ": " inside a plain value
 *   yaml-indent yaml-quote yaml-syntax   the rest that libyaml cannot read
 *   yaml-size                   more than YAML_MAX_OCTETS
 *
 * A text holds no control character, with one exception: a line feed, where somebody wrote several
 * lines (a block scalar, a blank line inside a value, "\n"). The line feeds at its end are dropped.
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
 *   octets  need not outlive the call
 *   arena   owns the tree
 *   diag    gets every error found (rules yaml-…)
 *   out     the root: a mapping, or NULL for an empty document
 *
 * STATUS_OK, STATUS_INVALID (diagnostics added), or STATUS_SYSTEM when memory is out. A syntax
 * error ends the reading, and so does yaml-depth: STATUS_INVALID and `*out` NULL. After every other
 * error the reading goes on, and with STATUS_INVALID `*out` holds what could be read, for a caller
 * that wants to show the mistakes in it in the same run: a bad character is '_', U+00BF or U+FFFD,
 * of duplicate keys the first one stays.
 */
MUST_CHECK enum status yaml_parse(const char *file, const char *octets, size_t length,
                                  struct arena *arena, struct diag *diag, struct yaml_node **out);

/* The value under `key`, or NULL. */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
