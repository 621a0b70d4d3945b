/*
 * The contacts of a zone, read back from its records: from the card of each ccTLD and the
 * `key=value; …` texts below it, as any client could. Works on zones that came from elsewhere too.
 * Knows nothing of how they are shown.
 */
#ifndef ZONE_EXPORT_FACTS_H
#define ZONE_EXPORT_FACTS_H

#include "conf/arena.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a TXT: any values, no NUL at the end. */
struct export_octets {
    const char *octets;
    size_t length;
};

struct export_pair {
    struct export_octets key;
    struct export_octets value;
};

struct export_contact {
    struct export_octets id;
    unsigned order; /* 0 when there is none */
    size_t pair_count;
    struct export_pair *pairs; /* as published; each key once (RFC 6763 §6.4) */
};

struct export_entry {
    struct export_octets label;    /* in presentation format, without a dot */
    struct export_octets registry; /* from the card; empty when it has no such line */
    size_t line_count;
    struct export_octets *lines; /* of the card, in order */
    size_t contact_count;
    struct export_contact *contacts; /* by order, then id; each id once */
};

/* Walks the entries of a zone. */
struct export_walk;

/* In `arena`; the source is rewound. STATUS_OK or what the source reported. */
MUST_CHECK enum status export_walk_open(const struct node_source *source, struct arena *arena,
                                        struct export_walk **out);
void export_walk_close(struct export_walk *walk);

/* The zone's serial, 0 without an SOA. */
uint32_t export_walk_serial(const struct export_walk *walk);

/*
 * The next entry, in canonical order of labels; valid until the next call.
 * STATUS_OK, STATUS_NOT_FOUND after the last, or what the source reported.
 */
MUST_CHECK enum status export_walk_next(struct export_walk *walk, struct export_entry *out);

/* The value of a key, or an empty one. */
struct export_octets export_value(const struct export_contact *contact, const char *key);

/* True when the octets are this text. */
bool export_is(struct export_octets octets, const char *text);

#endif
