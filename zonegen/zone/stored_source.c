#include "zone/stored_source.h"

#include "store/key.h"
#include "store/nsec3.h"
#include "wire/record.h"
#include "zone/gather.h"

#include <stdlib.h>
#include <string.h>

struct stored_source {
    struct snapshot *snapshot;
    uint16_t zone;
    struct name apex;
    struct arena *next_scratch; /* of the node that next() yielded last */
    struct arena *find_scratch; /* of the node that find() yielded last */
    /* The node that next() yields is the first that is not before this key. It is sought each time:
     * whoever else walks the snapshot in between, or writes to its edit, does no harm. One octet
     * more than a key, for what follows it. */
    uint8_t key[KEY_MAX_OCTETS + 1];
    size_t key_octets;
    /* The same of its NSEC3 records. */
    uint8_t nsec3_key[NSEC3_KEY_OCTETS + 1];
    size_t nsec3_key_octets;
};

static enum status source_rewind(void *state)
{
    struct stored_source *source = state;
    const uint8_t lowest[NSEC3_HASH_OCTETS] = {0};
    struct key apex;

    key_of_name(&apex, source->zone, source->apex.octets, 0);
    memcpy(source->key, apex.octets, apex.length);
    source->key_octets = apex.length;
    nsec3_key(source->nsec3_key, source->zone, lowest);
    source->nsec3_key_octets = NSEC3_KEY_OCTETS;
    return STATUS_OK;
}

enum status stored_source_open(struct snapshot *snapshot, const struct zone_record *zone,
                               struct stored_source **out)
{
    struct stored_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return STATUS_SYSTEM;
    source->snapshot = snapshot;
    source->zone = zone->number;
    name_set(&source->apex, zone->apex);
    source->next_scratch = arena_create();
    source->find_scratch = arena_create();
    if (source->next_scratch == NULL || source->find_scratch == NULL) {
        stored_source_close(source);
        return STATUS_SYSTEM;
    }
    *out = source;
    return source_rewind(source);
}

void stored_source_close(struct stored_source *source)
{
    if (source == NULL)
        return;
    arena_destroy(source->next_scratch);
    arena_destroy(source->find_scratch);
    free(source);
}

/* Takes the records of one part of an answer; each has the question's name as its owner. */
static bool take_part(const struct stored_answer *answer, enum stored_part part,
                      struct gathered *gathered)
{
    struct reader r = reader_of(answer->part[part], answer->octets[part]);

    for (size_t i = 0; i < answer->records[part]; i++)
        if (reader_u16(&r) != (0xc000 | DNS_HEADER_OCTETS) || !gather_record(gathered, &r))
            return false;
    return reader_left(&r) == 0;
}

/* Takes what the denial proof has of this owner: its NSEC and the signatures of that. */
static bool take_proof(const struct stored *stored, const struct name *owner,
                       struct gathered *gathered)
{
    struct reader r = reader_of(stored->proof, stored->proof_octets);

    for (size_t i = 0; i < stored->proof_records; i++) {
        size_t length;
        const uint8_t *name = name_take(&r, &length);
        if (name == NULL || !gather_record(gathered, &r))
            return false;
        if (!name_equals(name, owner->octets))
            gathered->count--;
    }
    return reader_left(&r) == 0;
}

/* Makes room for all records that a value can have. */
static enum status make_room(const struct stored *stored, struct arena *scratch,
                             struct gathered *out)
{
    *out = (struct gathered){.size = stored->proof_records};
    for (size_t n = 0; n < stored->answer_count; n++) {
        struct stored_answer answer;
        if (stored_answer_at(stored, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        if (answer.flags & STORED_IN_ZONE)
            out->size += (size_t)answer.records[PART_ANSWER] +
                         (size_t)answer.records[PART_ANSWER_SIGNATURES];
    }
    out->records = arena_alloc(scratch, out->size * sizeof *out->records);
    return out->records != NULL ? STATUS_OK : STATUS_SYSTEM;
}

static enum status gather(const struct stored *stored, const struct name *owner,
                          struct arena *scratch, struct gathered *out)
{
    enum status status = make_room(stored, scratch, out);
    for (size_t n = 0; n < stored->answer_count && status == STATUS_OK; n++) {
        struct stored_answer answer;
        status = stored_answer_at(stored, n, &answer);
        if (status == STATUS_OK && (answer.flags & STORED_IN_ZONE) &&
            (!take_part(&answer, PART_ANSWER, out) ||
             !take_part(&answer, PART_ANSWER_SIGNATURES, out)))
            status = STATUS_MALFORMED;
    }
    if (status == STATUS_OK && !take_proof(stored, owner, out))
        status = STATUS_MALFORMED;
    return status;
}

/* The owner: its labels below the apex with their capitals, or what the key says. */
static enum status make_owner(const struct item *item, const struct stored *stored,
                              const uint8_t *apex, struct name *out)
{
    size_t apex_octets = name_octets(apex);
    struct name written;

    enum status status = key_to_name(out, item->key, item->key_octets, apex);
    if (status != STATUS_OK || stored->owner == NULL)
        return status;
    if (stored->owner_octets + apex_octets != out->length)
        return STATUS_MALFORMED;
    memcpy(written.octets, stored->owner, stored->owner_octets);
    memcpy(written.octets + stored->owner_octets, apex, apex_octets);
    written.length = out->length;
    /* The key has been read as a name, the labels have not: they must be the same in capitals. */
    for (size_t i = 0; i < stored->owner_octets; i++) {
        uint8_t octet = written.octets[i];
        if (octet >= 'A' && octet <= 'Z')
            octet |= 0x20;
        if (octet != out->octets[i])
            return STATUS_MALFORMED;
    }
    *out = written;
    return STATUS_OK;
}

enum status stored_source_decode(const struct item *item, const uint8_t *apex,
                                 struct arena *scratch, struct node *out)
{
    struct stored stored;
    struct gathered gathered;

    /* A copy: the map moves under a node when an edit writes. */
    const char *value = arena_copy(scratch, item->value, item->value_octets);
    if (value == NULL)
        return STATUS_SYSTEM;
    enum status status = stored_open(item->key, item->key_octets, (const uint8_t *)value,
                                     item->value_octets, &stored);
    if (status == STATUS_OK)
        status = make_owner(item, &stored, apex, &out->owner);
    if (status == STATUS_OK)
        status = gather(&stored, &out->owner, scratch, &gathered);
    if (status == STATUS_OK)
        status = gather_rrsets(&gathered, scratch, out);
    return status;
}

/* Turns an item of the NSEC3 table into a node in `scratch`. */
static enum status decode_nsec3(const struct item *item, struct arena *scratch, struct node *out)
{
    struct item copy = *item;
    struct nsec3_value value;
    struct gathered gathered = {.count = 0};

    copy.value = (const uint8_t *)arena_copy(scratch, item->value, item->value_octets);
    if (copy.value == NULL)
        return STATUS_SYSTEM;
    enum status status = nsec3_value_read(&copy, &value);
    if (status != STATUS_OK || value.records == 0)
        return status == STATUS_OK ? STATUS_MALFORMED : status;
    gathered.size = value.records;
    gathered.records = arena_alloc(scratch, gathered.size * sizeof *gathered.records);
    if (gathered.records == NULL)
        return STATUS_SYSTEM;
    struct reader r = reader_of(value.octets, value.length);
    for (size_t i = 0; i < value.records; i++) {
        size_t length;
        const uint8_t *owner = name_take(&r, &length);
        if (owner == NULL || !gather_record(&gathered, &r))
            return STATUS_MALFORMED;
        name_set(&out->owner, owner);
    }
    return gather_rrsets(&gathered, scratch, out);
}

/* The item of the zone's nodes that comes first at or after a key. */
static enum status seek(const struct stored_source *source, const uint8_t *key, size_t key_octets,
                        struct item *out)
{
    struct key apex;

    key_of_name(&apex, source->zone, source->apex.octets, 0);
    enum status status = snapshot_walk(source->snapshot, WALK_AT_OR_AFTER, key, key_octets, out);
    if (status != STATUS_OK)
        return status;
    bool in_zone =
        out->key_octets >= apex.length && memcmp(out->key, apex.octets, apex.length) == 0;
    return in_zone ? STATUS_OK : STATUS_NOT_FOUND;
}

/* The zone's NSEC3 that comes first at or after the place of next(). */
static enum status seek_nsec3(const struct stored_source *source, struct item *out)
{
    enum status status = snapshot_walk(source->snapshot, WALK_AT_OR_AFTER, source->nsec3_key,
                                       source->nsec3_key_octets, out);
    if (status == STATUS_OK && (out->key_octets != NSEC3_KEY_OCTETS ||
                                memcmp(out->key, source->nsec3_key, KEY_PREFIX_OCTETS) != 0))
        return STATUS_NOT_FOUND;
    return status;
}

/* True when an owner of NSEC3 comes before a node in canonical order. */
static bool is_before(const struct stored_source *source, const struct name *owner,
                      const struct item *item)
{
    struct key key;

    if (!name_is_within(owner->octets, source->apex.octets))
        return true;
    key_of_name(&key, source->zone, owner->octets,
                name_labels(owner->octets) - name_labels(source->apex.octets));
    size_t shorter = key.length < item->key_octets ? key.length : item->key_octets;
    return memcmp(key.octets, item->key, shorter) < 0;
}

static enum status yield_node(struct stored_source *source, const struct item *item,
                              struct node *out)
{
    if (item->key_octets > KEY_MAX_OCTETS)
        return STATUS_MALFORMED;
    memcpy(source->key, item->key, item->key_octets);
    source->key_octets = item->key_octets;
    source->key[source->key_octets++] = 0; /* the first key that may come after */
    arena_reset(source->next_scratch);
    return stored_source_decode(item, source->apex.octets, source->next_scratch, out);
}

/* Decodes an NSEC3 and yields it where its turn has come; else STATUS_NOT_FOUND. */
static enum status yield_nsec3(struct stored_source *source, const struct item *item,
                               const struct item *node, struct node *out)
{
    arena_reset(source->next_scratch);
    enum status status = decode_nsec3(item, source->next_scratch, out);
    if (status != STATUS_OK)
        return status;
    if (node != NULL && !is_before(source, &out->owner, node))
        return STATUS_NOT_FOUND;
    memcpy(source->nsec3_key, item->key, NSEC3_KEY_OCTETS);
    source->nsec3_key[NSEC3_KEY_OCTETS] = 0;
    source->nsec3_key_octets = NSEC3_KEY_OCTETS + 1;
    return STATUS_OK;
}

static enum status source_next(void *state, struct node *out)
{
    struct stored_source *source = state;
    struct item node;
    struct item nsec3;

    enum status has_node = seek(source, source->key, source->key_octets, &node);
    enum status has_nsec3 = seek_nsec3(source, &nsec3);
    if (has_nsec3 == STATUS_OK) {
        has_nsec3 = yield_nsec3(source, &nsec3, has_node == STATUS_OK ? &node : NULL, out);
        if (has_nsec3 == STATUS_OK)
            return STATUS_OK;
    }
    if (has_nsec3 != STATUS_NOT_FOUND)
        return has_nsec3;
    return has_node == STATUS_OK ? yield_node(source, &node, out) : has_node;
}

/* The NSEC3 that a name owns, if it does. */
static enum status find_nsec3(struct stored_source *source, const uint8_t *owner, struct node *out)
{
    uint8_t hash[NSEC3_HASH_OCTETS];
    uint8_t key[NSEC3_KEY_OCTETS];
    struct item item;

    if (!nsec3_hash_of_label(owner, hash) ||
        name_labels(owner) != name_labels(source->apex.octets) + 1)
        return STATUS_NOT_FOUND;
    nsec3_key(key, source->zone, hash);
    enum status status = snapshot_walk(source->snapshot, WALK_AT, key, sizeof key, &item);
    if (status != STATUS_OK)
        return status;
    arena_reset(source->find_scratch);
    return decode_nsec3(&item, source->find_scratch, out);
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct stored_source *source = state;
    struct key key;
    struct item item;

    if (!name_is_within(owner, source->apex.octets))
        return STATUS_NOT_FOUND;
    enum status status = find_nsec3(source, owner, out);
    if (status != STATUS_NOT_FOUND)
        return status;
    key_of_name(&key, source->zone, owner, name_labels(owner) - name_labels(source->apex.octets));
    status = seek(source, key.octets, key.length, &item);
    if (status != STATUS_OK)
        return status;
    /* The key of an empty non-terminal is the beginning of its descendants' keys. */
    if (item.key_octets < key.length || memcmp(item.key, key.octets, key.length) != 0)
        return STATUS_NOT_FOUND;
    if (item.key_octets > key.length) {
        name_set(&out->owner, owner);
        out->rrset_count = 0;
        out->rrsets = NULL;
        return STATUS_OK;
    }
    arena_reset(source->find_scratch);
    return stored_source_decode(&item, source->apex.octets, source->find_scratch, out);
}

struct node_source stored_source_nodes(struct stored_source *source)
{
    return (struct node_source){.state = source,
                                .apex = source->apex,
                                .next = source_next,
                                .rewind = source_rewind,
                                .find = source_find};
}
