#include "zone/zonefile_record.h"

#include "wire/reader.h"

#include <string.h>

static void set(struct zonefile_owner_copy *out, const uint8_t *key, size_t key_octets)
{
    memcpy(out->key, key, key_octets);
    out->owner = (struct zonefile_owner){out->name.octets, out->key, key_octets};
}

void zonefile_owner_make(struct zonefile_owner_copy *out, const struct name *name)
{
    struct key key;

    key_of_name(&key, 0, name->octets, name_labels(name->octets));
    name_set(&out->name, name->octets);
    set(out, key.octets + KEY_PREFIX_OCTETS, key.length - KEY_PREFIX_OCTETS);
}

void zonefile_owner_copy(struct zonefile_owner_copy *out, const struct zonefile_owner *from)
{
    name_set(&out->name, from->name);
    set(out, from->key, from->key_octets);
}

int zonefile_owner_compare(const struct zonefile_owner *owner, const uint8_t *key,
                           size_t key_octets)
{
    size_t shorter = owner->key_octets < key_octets ? owner->key_octets : key_octets;
    int order = shorter > 0 ? memcmp(owner->key, key, shorter) : 0;
    return order != 0 ? order : (owner->key_octets > key_octets) - (owner->key_octets < key_octets);
}

bool zonefile_owner_is(const struct zonefile_owner *owner, const uint8_t *name)
{
    size_t octets = name_octets(name);
    return name_octets(owner->name) == octets && memcmp(owner->name, name, octets) == 0;
}

void zonefile_record_write(struct writer *w, const struct zonefile_record *record, bool same_owner)
{
    const struct zonefile_owner *owner = record->owner;
    size_t name_length = same_owner ? 0 : name_octets(owner->name);
    size_t key_octets = same_owner ? 0 : owner->key_octets;

    writer_u32(w, record->line);
    writer_u32(w, record->ttl);
    writer_u16(w, record->type);
    writer_u16(w, record->rdata_octets);
    writer_u8(w, (uint8_t)name_length);
    writer_u16(w, (uint16_t)key_octets);
    writer_octets(w, owner->name, name_length);
    writer_octets(w, owner->key, key_octets);
    writer_octets(w, record->rdata, record->rdata_octets);
}

bool zonefile_cursor_next(struct zonefile_cursor *cursor, struct zonefile_record *out)
{
    if (cursor->next == cursor->end)
        return false;
    struct reader r = reader_of(cursor->next, (size_t)(cursor->end - cursor->next));
    out->line = reader_u32(&r);
    out->ttl = reader_u32(&r);
    out->type = reader_u16(&r);
    out->rdata_octets = reader_u16(&r);
    size_t name_length = reader_u8(&r);
    size_t key_octets = reader_u16(&r);
    if (name_length > 0) {
        cursor->owner.name = reader_octets(&r, name_length);
        cursor->owner.key = reader_octets(&r, key_octets);
        cursor->owner.key_octets = key_octets;
    }
    out->owner = &cursor->owner;
    out->rdata = reader_octets(&r, out->rdata_octets);
    if (r.failed)
        return false;
    cursor->next = r.next;
    return true;
}
