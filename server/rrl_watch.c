#include "server/rrl_watch.h"

#include "server/rrl.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t rrl_watch_prefix(const struct prefix *client)
{
    bool v4 = client->family == AF_INET;
    unsigned octets = v4 ? RRL_BITS_V4 / 8 : RRL_BITS_V6 / 8;
    uint64_t prefix = (uint64_t)(v4 ? 4 : 6) << 56;

    for (unsigned i = 0; i < octets; i++)
        prefix |= (uint64_t)client->octets[i] << (48 - 8 * i);
    return prefix;
}

static void to_text(uint64_t prefix, char text[PREFIX_TEXT_OCTETS])
{
    bool v4 = prefix >> 56 == 4;
    struct prefix shown = {.family = v4 ? AF_INET : AF_INET6,
                           .bits = v4 ? RRL_BITS_V4 : RRL_BITS_V6};

    for (unsigned i = 0; i < 7; i++)
        shown.octets[i] = (uint8_t)(prefix >> (48 - 8 * i));
    prefix_to_text(&shown, text);
}

/* The place of a prefix: its own, or else a free one, which it takes; RRL_WATCHED where there is
 * none. */
static size_t place_of(struct rrl_watch *watch, uint64_t prefix)
{
    for (size_t i = 0; i < RRL_WATCHED; i++)
        if (atomic_load_explicit(&watch->prefixes[i], memory_order_relaxed) == prefix)
            return i;
    for (size_t i = 0; i < RRL_WATCHED; i++) {
        uint64_t free = 0;
        if (atomic_compare_exchange_strong(&watch->prefixes[i], &free, prefix) || free == prefix)
            return i;
    }
    return RRL_WATCHED;
}

void rrl_watch_note(struct rrl_watch *watch, uint64_t prefix, bool slipped, int64_t now_ms)
{
    size_t place = place_of(watch, prefix);

    if (place == RRL_WATCHED)
        return;
    struct rrl_watched *watched = &watch->each[place];
    atomic_store_explicit(&watched->last_ms, now_ms, memory_order_relaxed);
    atomic_fetch_add_explicit(slipped ? &watched->slipped : &watched->dropped, 1,
                              memory_order_relaxed);
}

/* Gives the place back. What is noted of the prefix at this very moment goes uncounted here. */
static void end(struct rrl_watch *watch, size_t place, struct log *log, const char *prefix)
{
    struct rrl_watched *watched = &watch->each[place];
    const struct log_field fields[] = {{"prefix", prefix}, {NULL, NULL}};
    uint64_t dropped = atomic_exchange(&watched->dropped, 0);
    uint64_t slipped = atomic_exchange(&watched->slipped, 0);

    log_write_fields(log, LOG_LEVEL_INFO, fields,
                     "rate limiting of %s has ended: %" PRIu64 " answers were dropped, %" PRIu64
                     " truncated",
                     prefix, dropped, slipped);
    watched->told = false;
    atomic_store(&watch->prefixes[place], 0);
}

void rrl_watch_report(struct rrl_watch *watch, struct log *log, int64_t now_ms)
{
    char text[PREFIX_TEXT_OCTETS];

    for (size_t i = 0; i < RRL_WATCHED; i++) {
        struct rrl_watched *watched = &watch->each[i];
        uint64_t prefix = atomic_load(&watch->prefixes[i]);
        if (prefix == 0)
            continue;
        const struct log_field fields[] = {{"prefix", text}, {NULL, NULL}};
        to_text(prefix, text);
        if (!watched->told)
            log_write_fields(log, LOG_LEVEL_WARNING, fields,
                             "rate limiting of %s begins: it asks too often, or others do in its "
                             "name",
                             text);
        else if (now_ms - atomic_load(&watched->last_ms) >= RRL_WATCH_END_MS) {
            end(watch, i, log, text);
            continue;
        }
        watched->told = true;
    }
}
