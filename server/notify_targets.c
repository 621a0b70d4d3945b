#include "server/notify_targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t mix(uint32_t hash, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 16777619u; /* FNV-1a; the keys come from our own configuration */
    return hash;
}

/* Address, port and scope; the zone's name in lower case. */
static size_t slot_of(const struct notify_targets *all, const struct endpoint *address,
                      const struct name *zone)
{
    struct name lower = *zone;
    uint32_t hash = 2166136261u;
    name_lower(lower.octets);
    if (address->address.any.sa_family == AF_INET) {
        hash = mix(hash, &address->address.v4.sin_addr, sizeof address->address.v4.sin_addr);
        hash = mix(hash, &address->address.v4.sin_port, sizeof address->address.v4.sin_port);
    } else {
        hash = mix(hash, &address->address.v6.sin6_addr, sizeof address->address.v6.sin6_addr);
        hash = mix(hash, &address->address.v6.sin6_port, sizeof address->address.v6.sin6_port);
    }
    hash = mix(hash, lower.octets, lower.length);
    return (hash ^ hash >> 16) & (all->slot_count - 1);
}

struct notify_target *notify_targets_find(const struct notify_targets *all,
                                          const struct endpoint *address, const struct name *zone,
                                          const struct notify_target *after)
{
    bool passed = after == NULL;
    for (size_t slot = slot_of(all, address, zone); all->slots[slot] != 0;
         slot = (slot + 1) & (all->slot_count - 1)) {
        struct notify_target *target = &all->targets[all->slots[slot] - 1];
        if (!endpoint_equals(&target->address, address) ||
            !name_equals(all->zones[target->zone].apex.octets, zone->octets))
            continue;
        if (passed)
            return target;
        passed = target == after;
    }
    return NULL;
}

struct notify_zone *notify_targets_zone(const struct notify_targets *all, const struct name *apex,
                                        size_t hint)
{
    for (size_t i = 0; i < all->zone_count; i++) {
        struct notify_zone *zone = &all->zones[(hint + i) % all->zone_count];
        if (name_equals(zone->apex.octets, apex->octets))
            return zone;
    }
    return NULL;
}

static size_t count_targets(const struct config *config)
{
    size_t count = 0;
    for (size_t z = 0; z < config->zone_count; z++) {
        for (size_t r = 0; r < config->zones[z].notify_count; r++)
            count += config->zones[z].notify[r]->address_count;
    }
    return count;
}

static uint32_t look_interval_ms(const struct config_zone *zone)
{
    return zone->refresh < NOTIFY_LOOK_MS / 1000 ? zone->refresh * 1000 : NOTIFY_LOOK_MS;
}

static void add_target(struct notify_targets *all, const struct notify_targets *before,
                       const struct config_zone *zone, const struct config_remote *remote,
                       const struct endpoint *address)
{
    struct notify_target *target = &all->targets[all->count];
    const struct notify_target *known =
        before ? notify_targets_find(before, address, &zone->domain, NULL) : NULL;
    if (known)
        *target = *known;
    snprintf(target->remote, sizeof target->remote, "%s", remote->id);
    target->address = *address;
    target->zone = all->zone_count;
    target->progress.interval_ms = look_interval_ms(zone);
    size_t slot = slot_of(all, address, &zone->domain);
    while (all->slots[slot] != 0)
        slot = (slot + 1) & (all->slot_count - 1);
    all->slots[slot] = ++all->count;
}

static void add_zone(struct notify_targets *all, const struct notify_targets *before,
                     const struct config_zone *config)
{
    struct notify_zone *zone = &all->zones[all->zone_count];
    const struct notify_zone *known =
        before ? notify_targets_zone(before, &config->domain, all->zone_count) : NULL;
    if (known)
        *zone = *known;
    zone->apex = config->domain;
    zone->first = all->count;
    for (size_t r = 0; r < config->notify_count; r++) {
        const struct config_remote *remote = config->notify[r];
        for (size_t a = 0; a < remote->address_count; a++)
            add_target(all, before, config, remote, &remote->addresses[a]);
    }
    zone->count = all->count - zone->first;
    all->zone_count++;
}

enum status notify_targets_create(const struct config *config, const struct notify_targets *before,
                                  struct notify_targets **out)
{
    struct notify_targets *all = calloc(1, sizeof *all);
    size_t count = count_targets(config);
    if (!all)
        return STATUS_SYSTEM;
    all->slot_count = 2;
    while (all->slot_count < 2 * count + 1)
        all->slot_count *= 2;
    all->zones = calloc(config->zone_count + 1, sizeof *all->zones);
    all->targets = calloc(count + 1, sizeof *all->targets);
    all->slots = calloc(all->slot_count, sizeof *all->slots);
    if (!all->zones || !all->targets || !all->slots) {
        notify_targets_destroy(all);
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < config->zone_count; i++)
        add_zone(all, before, &config->zones[i]);
    *out = all;
    return STATUS_OK;
}

void notify_targets_destroy(struct notify_targets *all)
{
    if (!all)
        return;
    free(all->zones);
    free(all->targets);
    free(all->slots);
    free(all);
}
