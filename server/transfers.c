#include "server/transfers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct transfers_who who; /* without a remote: the slot is free */
    struct transfers_of of;
};

struct table {
    size_t slot_count; /* a power of two, at least one of them free */
    struct entry *slots;
};

struct transfers {
    pthread_mutex_t lock; /* guards the table */
    struct table table;
};

enum status transfers_create(struct transfers **out)
{
    struct transfers *transfers = calloc(1, sizeof *transfers);
    if (!transfers)
        return STATUS_SYSTEM;
    if (pthread_mutex_init(&transfers->lock, NULL) != 0) {
        free(transfers);
        return STATUS_SYSTEM;
    }
    *out = transfers;
    return STATUS_OK;
}

void transfers_destroy(struct transfers *transfers)
{
    if (!transfers)
        return;
    free(transfers->table.slots);
    pthread_mutex_destroy(&transfers->lock);
    free(transfers);
}

/* The slot of a zone and a remote, or the free one where it would be. */
static struct entry *slot_of(const struct table *table, const struct transfers_who *who)
{
    uint32_t hash = 2166136261u; /* FNV-1a; the keys come from our own configuration */
    for (size_t i = 0; i < who->zone.length; i++)
        hash = (hash ^ who->zone.octets[i]) * 16777619u;
    for (const char *at = who->remote; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    for (size_t slot = (hash ^ hash >> 16) & (table->slot_count - 1);;
         slot = (slot + 1) & (table->slot_count - 1)) {
        struct entry *entry = &table->slots[slot];
        if (entry->who.remote[0] == '\0' ||
            (name_equals(entry->who.zone.octets, who->zone.octets) &&
             strcmp(entry->who.remote, who->remote) == 0))
            return entry;
    }
}

static struct entry *find(const struct table *table, const struct transfers_who *who)
{
    struct entry *entry = table->slot_count > 0 ? slot_of(table, who) : NULL;
    return entry && entry->who.remote[0] != '\0' ? entry : NULL;
}

static struct transfers_who who_is(const struct config_zone *zone,
                                   const struct config_remote *remote)
{
    struct transfers_who who = {.zone = zone->domain};
    snprintf(who.remote, sizeof who.remote, "%s", remote->id);
    return who;
}

static void add(struct table *table, const struct table *before, const struct transfers_who *who)
{
    struct entry *entry = slot_of(table, who);
    const struct entry *known = find(before, who);
    entry->who = *who;
    if (known)
        entry->of = known->of;
}

static enum status fill(struct table *table, const struct table *before,
                        const struct config *config)
{
    size_t count = 0;
    for (size_t z = 0; z < config->zone_count; z++)
        count += config->zones[z].notify_count;
    size_t slot_count = 2;
    while (slot_count < 2 * count + 1)
        slot_count *= 2;
    table->slots = calloc(slot_count, sizeof *table->slots);
    if (!table->slots)
        return STATUS_SYSTEM;
    table->slot_count = slot_count;
    for (size_t z = 0; z < config->zone_count; z++) {
        const struct config_zone *zone = &config->zones[z];
        for (size_t r = 0; r < zone->notify_count; r++) {
            const struct transfers_who who = who_is(zone, zone->notify[r]);
            add(table, before, &who);
        }
    }
    return STATUS_OK;
}

enum status transfers_configure(struct transfers *transfers, const struct config *config)
{
    struct table fresh = {0}, old;
    pthread_mutex_lock(&transfers->lock);
    enum status status = fill(&fresh, &transfers->table, config);
    old = status == STATUS_OK ? transfers->table : fresh;
    if (status == STATUS_OK)
        transfers->table = fresh;
    pthread_mutex_unlock(&transfers->lock);
    free(old.slots);
    return status;
}

static bool has_address(const struct config_remote *remote, const struct endpoint *client)
{
    for (size_t i = 0; i < remote->address_count; i++) {
        if (prefix_matches(&remote->hosts[i], &client->address.any))
            return true;
    }
    return false;
}

static bool has_key(const struct config_remote *remote, const struct config_key *key)
{
    for (size_t i = 0; i < remote->key_count; i++) {
        if (remote->keys[i] == key)
            return true;
    }
    return false;
}

/* An address says more than a key that several may share. */
struct transfers_who transfers_identify(const struct config_zone *zone,
                                        const struct endpoint *client, const struct config_key *key)
{
    for (size_t i = 0; i < zone->notify_count; i++) {
        if (has_address(zone->notify[i], client))
            return who_is(zone, zone->notify[i]);
    }
    for (size_t i = 0; key && i < zone->notify_count; i++) {
        if (has_key(zone->notify[i], key))
            return who_is(zone, zone->notify[i]);
    }
    return (struct transfers_who){.zone = zone->domain};
}

static void note(struct transfers_of *of, enum transfers_event event,
                 const struct transfer_seen *seen)
{
    if (event == TRANSFERS_STARTS)
        of->running++;
    else if (event != TRANSFERS_REFUSED && of->running > 0) /* 0: it is new since a reload */
        of->running--;
    if (event == TRANSFERS_DONE)
        of->done = *seen;
    else if (event != TRANSFERS_STARTS)
        of->failed = *seen;
}

void transfers_note(struct transfers *transfers, const struct transfers_who *who,
                    enum transfers_event event, const struct transfer_seen *seen)
{
    if (!transfers || who->remote[0] == '\0')
        return;
    pthread_mutex_lock(&transfers->lock);
    struct entry *entry = find(&transfers->table, who);
    if (entry)
        note(&entry->of, event, seen);
    pthread_mutex_unlock(&transfers->lock);
}

struct transfers_of transfers_look(struct transfers *transfers, const struct transfers_who *who)
{
    struct transfers_of of = {0};
    pthread_mutex_lock(&transfers->lock);
    const struct entry *entry = find(&transfers->table, who);
    if (entry)
        of = entry->of;
    pthread_mutex_unlock(&transfers->lock);
    return of;
}
