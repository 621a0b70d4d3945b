#include "server/expect.h"

#include "store/key.h"

#include <string.h>

void expect_lookup(const struct view *view, const uint8_t *message, size_t length)
{
    struct reader r = reader_of(message, length);
    struct name name;
    struct key key;
    size_t octets;

    reader_octets(&r, DNS_HEADER_OCTETS);
    const uint8_t *start = name_take(&r, &octets);
    if (!start)
        return;
    memcpy(name.octets, start, octets);
    name.length = (uint8_t)octets;
    const struct served_zone *zone = zone_table_find(view->zones, &name);
    if (!zone || !zone->loaded)
        return;
    key_of_name(&key, zone->number, name.octets, name_labels(name.octets) - zone->apex_labels);
    snapshot_expect(view->snapshot, key.octets, key.length);
}
