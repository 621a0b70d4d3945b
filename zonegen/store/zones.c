#include "store/zones.h"

#include "store/key.h"
#include "wire/name.h"

enum status zones_next(struct snapshot *snapshot, int32_t after, struct zone_record *out)
{
    uint8_t key[KEY_PREFIX_OCTETS];
    struct item item;

    if (after >= UINT16_MAX)
        return STATUS_NOT_FOUND;
    out->number = (uint16_t)(after + 1); /* damage must not make a caller stand still */
    key_of_zone(key, out->number);
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, key, sizeof key, &item);
    if (status != STATUS_OK)
        return status;
    if (item.key_octets == 0 || item.key[0] != STORE_TABLE_ZONES)
        return STATUS_NOT_FOUND;
    if (item.key_octets ==
        KEY_PREFIX_OCTETS) /* named even when damaged, so that a caller goes on */
        out->number = (uint16_t)(item.key[1] << 8 | item.key[2]);
    return zone_record_read(item.key, item.key_octets, item.value, item.value_octets, out);
}

enum status zones_find(struct snapshot *snapshot, const uint8_t *apex, struct zone_record *out)
{
    int32_t number = -1;

    for (;;) {
        enum status status = zones_next(snapshot, number, out);
        if (status != STATUS_OK || name_equals(out->apex, apex))
            return status;
        number = out->number;
    }
}
