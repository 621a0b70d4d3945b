/* Small random zones, and a plain reading of RFC 1034 §4.3.2 and RFC 4592 over them: slow, and
 * nothing like the code under test. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "tests/unit/check.h"

#include "store/edit.h"
#include "store/lookup.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NODES 64

/* A small zone: names below the apex, some of them cuts. */
struct sample {
    size_t count;
    struct name names[MAX_NODES];
    bool cut[MAX_NODES];
};

static inline const struct sample *find_name(const struct sample *zone, const uint8_t *name,
                                             size_t *at)
{
    for (*at = 0; *at < zone->count; (*at)++)
        if (name_equals(zone->names[*at].octets, name))
            return zone;
    return NULL;
}

/* Depth of the topmost cut at or above a name, 0 for none. */
static inline uint8_t cut_above(const struct sample *zone, const uint8_t *name)
{
    size_t labels = name_labels(name);
    size_t at;
    for (size_t depth = 1; depth <= labels; depth++)
        if (find_name(zone, name_parent(name, labels - depth), &at) && zone->cut[at])
            return (uint8_t)depth;
    return 0;
}

static inline bool exists(const struct sample *zone, const uint8_t *name)
{
    for (size_t i = 0; i < zone->count; i++)
        if (name_is_within(zone->names[i].octets, name))
            return true;
    return false;
}

static inline enum lookup_outcome expected(const struct sample *zone, const uint8_t *name)
{
    size_t labels = name_labels(name);
    size_t at;
    uint8_t cut = cut_above(zone, name);

    if (cut > 0 && cut < labels)
        return LOOKUP_CUT;
    if (find_name(zone, name, &at))
        return LOOKUP_NODE;
    if (exists(zone, name))
        return LOOKUP_EMPTY;
    const uint8_t *encloser = name;
    while (*encloser != 0 && !exists(zone, encloser))
        encloser = name_parent(encloser, 1);
    struct name wildcard;
    assert_int_equal(name_prepend(&wildcard, (const uint8_t *)"*", 1, encloser), STATUS_OK);
    if (find_name(zone, wildcard.octets, &at))
        return LOOKUP_WILDCARD;
    return exists(zone, wildcard.octets) ? LOOKUP_EMPTY : LOOKUP_NOTHING; /* RFC 4592 §4.9 */
}

static inline struct name random_name(void)
{
    static const char *const labels[] = {"a", "b", "c", "*", "_x", "0", "zz"};
    struct name name = {.length = 1};
    for (long count = random() % 5; count > 0; count--) {
        const char *label = labels[random() % 7];
        assert_int_equal(name_prepend(&name, (const uint8_t *)label, strlen(label), name.octets),
                         STATUS_OK);
    }
    return name;
}

static inline struct sample random_zone(void)
{
    struct sample zone = {.count = 1, .names = {{.length = 1}}}; /* the apex */
    for (long count = random() % 12; count > 0; count--) {
        struct name name = random_name();
        size_t at;
        if (find_name(&zone, name.octets, &at))
            continue;
        zone.cut[zone.count] = random() % 5 == 0 && name.octets[1] != '*';
        zone.names[zone.count++] = name;
    }
    return zone;
}

/* True for a name that has NSEC: all but those below a cut (RFC 4035 §2.3). */
static inline bool is_signed(const struct sample *zone, const uint8_t *name)
{
    uint8_t cut = cut_above(zone, name);
    return cut == 0 || cut == name_labels(name);
}

/* Puts a node for each name: its line 16 holds the index of the name, and its proof, where it has
 * one, is the name. */
static inline void put_zone(struct store *store, const struct sample *zone, uint16_t number)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;

    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    for (size_t i = 0; i < zone->count; i++) {
        uint8_t value[128];
        struct writer w = writer_of(value, sizeof value);
        struct key key;
        uint8_t body[1] = {(uint8_t)i};
        const struct stored_answer answer = {
            .type = 16, .flags = STORED_ANSWERS, .records = {1}, .octets = {1}, .part = {body}};
        const struct name *name = &zone->names[i];
        bool proof = is_signed(zone, name->octets);
        const struct stored_draft draft = {.cut = cut_above(zone, name->octets),
                                           .answer_count = 1,
                                           .answers = &answer,
                                           .proof = name->octets,
                                           .proof_octets = proof ? name->length : 0,
                                           .proof_records = proof};
        key_of_name(&key, number, name->octets, name_labels(name->octets));
        stored_write(&w, key.octets, key.length, &draft);
        assert_int_equal(edit_put(edit, key.octets, key.length, value, writer_length(&w)),
                         STATUS_OK);
    }
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

#endif
