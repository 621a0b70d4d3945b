#include "server/tcp_limits.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS 1024 /* a few thousand clients at most: chains stay short */
/* Places that one more connection may end: more than one only after a reload that lowered a limit.
 */
#define ENDS_AT_ONCE 8
/* How many of a client's connections are looked at for its oldest: all of them, unless its share is
 * huge; then they take turns, in which the oldest of so many goes. */
#define LOOKS_AT_ONCE 256

TAILQ_HEAD(place_list, tcp_place);

/* What one client has. */
struct tcp_share {
    struct tcp_share *next;
    struct tcp_client client;
    unsigned connections;
    struct place_list places;
};

struct tcp_limits {
    pthread_mutex_t lock; /* guards all below, and the places but for what is atomic in them */
    uint64_t seed;        /* so that nobody outside can choose a bucket */
    size_t connections;
    size_t transfers;
    size_t held[TCP_STAGES];
    struct age_heap ages[TCP_STAGES];
    struct tcp_share *buckets[BUCKETS];
};

static const size_t ceilings_held[TCP_STAGES] = {
    [TCP_WAITS] = TCP_LIMITS_INPUT_OCTETS,
    [TCP_SENDS] = TCP_LIMITS_OUTPUT_OCTETS,
    [TCP_TRANSFERS] = SIZE_MAX,
};

struct tcp_client tcp_client_of(const struct sockaddr *address)
{
    struct tcp_client client = {{0}};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        client.octets[0] = 4;
        memcpy(client.octets + 1, &v4.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        client.octets[0] = 6;
        memcpy(client.octets + 1, &v6.sin6_addr, 8);
    }
    return client;
}

struct tcp_limits *tcp_limits_create(void)
{
    struct tcp_limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return NULL;
    if (pthread_mutex_init(&limits->lock, NULL) != 0) {
        free(limits);
        return NULL;
    }
    if (getrandom(&limits->seed, sizeof limits->seed, 0) < 0)
        limits->seed = (uint64_t)(uintptr_t)limits;
    return limits;
}

void tcp_limits_destroy(struct tcp_limits *limits)
{
    if (!limits)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (limits->buckets[i]) {
            struct tcp_share *share = limits->buckets[i];
            limits->buckets[i] = share->next;
            free(share);
        }
    }
    for (size_t i = 0; i < TCP_STAGES; i++)
        age_heap_clear(&limits->ages[i]);
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}

/* The link that points to the client's share, or the null link at its chain's end. */
static struct tcp_share **find(struct tcp_limits *limits, const struct tcp_client *client)
{
    uint64_t hash = limits->seed;
    for (size_t i = 0; i < sizeof client->octets; i++)
        hash = (hash ^ client->octets[i]) * 0x9e3779b97f4a7c15u;
    struct tcp_share **link = &limits->buckets[(hash >> 32) % BUCKETS];
    while (*link && memcmp((*link)->client.octets, client->octets, sizeof client->octets) != 0)
        link = &(*link)->next;
    return link;
}

static void put_in(struct tcp_limits *limits, struct tcp_place *place, enum tcp_stage stage,
                   size_t octets)
{
    place->stage = stage;
    place->held = octets;
    limits->held[stage] += octets;
    age_heap_add(&limits->ages[stage], &place->age);
}

static void take_out(struct tcp_limits *limits, struct tcp_place *place)
{
    limits->held[place->stage] -= place->held;
    age_heap_remove(&limits->ages[place->stage], &place->age);
}

static void discount(struct tcp_limits *limits, struct tcp_place *place)
{
    struct tcp_share *share = place->share;
    take_out(limits, place);
    TAILQ_REMOVE(&share->places, place, link);
    limits->connections--;
    if (--share->connections > 0)
        return;
    *find(limits, &share->client) = share->next;
    free(share);
}

/* Its owner hears of it as of an end: a client that waits gets what has come answered, one that
 * does not read hears no more. */
static void end(struct tcp_limits *limits, struct tcp_place *place)
{
    discount(limits, place);
    atomic_store(&place->ended, true);
    (void)shutdown(place->fd, place->stage == TCP_SENDS ? SHUT_RDWR : SHUT_RD);
}

static int64_t since(const struct tcp_place *place)
{
    return atomic_load_explicit(&place->age.since_ms, memory_order_relaxed);
}

static bool is_endable(const struct tcp_place *place, int64_t now_ms)
{
    return place->stage == TCP_WAITS ||
           (place->stage == TCP_SENDS && now_ms - since(place) >= TCP_LIMITS_STALLED_MS);
}

static bool end_one_of(struct tcp_limits *limits, struct tcp_share *share, int64_t now_ms)
{
    struct tcp_place *chosen = NULL;
    unsigned looks = share->connections < LOOKS_AT_ONCE ? share->connections : LOOKS_AT_ONCE;
    for (; looks > 0; looks--) {
        struct tcp_place *place = TAILQ_FIRST(&share->places);
        TAILQ_REMOVE(&share->places, place, link);
        TAILQ_INSERT_TAIL(&share->places, place, link);
        if (is_endable(place, now_ms) && (!chosen || since(place) < since(chosen)))
            chosen = place;
    }
    if (chosen)
        end(limits, chosen);
    return chosen != NULL;
}

static struct tcp_place *oldest(struct tcp_limits *limits, enum tcp_stage stage)
{
    /* `age` is the place's first member. */
    return (struct tcp_place *)age_heap_oldest(&limits->ages[stage]);
}

static bool end_one(struct tcp_limits *limits, int64_t now_ms)
{
    struct tcp_place *waits = oldest(limits, TCP_WAITS);
    struct tcp_place *sends = oldest(limits, TCP_SENDS);
    if (sends && is_endable(sends, now_ms) && (!waits || since(sends) < since(waits)))
        waits = sends;
    if (waits)
        end(limits, waits);
    return waits != NULL;
}

/* Makes room for one more connection of a client. */
static enum tcp_grant make_room(struct tcp_limits *limits, const struct tcp_ceilings *ceilings,
                                const struct tcp_client *client, int64_t now_ms)
{
    for (int ends = 0;; ends++) {
        struct tcp_share *share = *find(limits, client);
        /* The client's own limit first: closing someone else's connection would not help it. */
        bool has_share = share && share->connections >= ceilings->per_client;
        if (!has_share && limits->connections < ceilings->in_all)
            return TCP_GRANTED;
        if (ends == ENDS_AT_ONCE ||
            !(has_share ? end_one_of(limits, share, now_ms) : end_one(limits, now_ms)))
            return has_share ? TCP_CLIENT_FULL : TCP_FULL;
    }
}

/* The client's share; a fresh one where it has none. NULL when memory is out. */
static struct tcp_share *share_of(struct tcp_limits *limits, const struct tcp_client *client)
{
    struct tcp_share **link = find(limits, client);
    for (size_t i = 0; i < TCP_STAGES; i++) {
        if (age_heap_reserve(&limits->ages[i], limits->connections + 1) != STATUS_OK)
            return NULL;
    }
    if (*link)
        return *link;
    *link = calloc(1, sizeof **link);
    if (*link) {
        (*link)->client = *client;
        TAILQ_INIT(&(*link)->places);
    }
    return *link;
}

static enum tcp_grant enter(struct tcp_limits *limits, const struct tcp_ceilings *ceilings,
                            const struct tcp_client *client, struct tcp_place *place)
{
    enum tcp_grant grant = make_room(limits, ceilings, client, since(place));
    if (grant != TCP_GRANTED)
        return grant;
    place->share = share_of(limits, client);
    if (!place->share)
        return TCP_FULL;
    TAILQ_INSERT_TAIL(&place->share->places, place, link);
    place->share->connections++;
    limits->connections++;
    put_in(limits, place, TCP_WAITS, 0);
    return TCP_GRANTED;
}

enum tcp_grant tcp_limits_enter(struct tcp_limits *limits, const struct tcp_ceilings *ceilings,
                                const struct tcp_client *client, int fd, struct tcp_place *place)
{
    place->fd = fd;
    pthread_mutex_lock(&limits->lock);
    enum tcp_grant grant = enter(limits, ceilings, client, place);
    pthread_mutex_unlock(&limits->lock);
    return grant;
}

void tcp_limits_leave(struct tcp_limits *limits, struct tcp_place *place)
{
    pthread_mutex_lock(&limits->lock);
    if (!atomic_load(&place->ended))
        discount(limits, place);
    pthread_mutex_unlock(&limits->lock);
}

static bool hold(struct tcp_limits *limits, struct tcp_place *place, enum tcp_stage stage,
                 size_t octets)
{
    struct tcp_place *other;
    const size_t ceiling = ceilings_held[stage];
    take_out(limits, place);
    while (stage == TCP_SENDS && limits->held[stage] + octets > ceiling &&
           (other = oldest(limits, stage)))
        end(limits, other);
    bool fits = limits->held[stage] + octets <= ceiling;
    put_in(limits, place, stage, fits ? octets : 0);
    return fits;
}

bool tcp_limits_hold(struct tcp_limits *limits, struct tcp_place *place, enum tcp_stage stage,
                     size_t octets)
{
    pthread_mutex_lock(&limits->lock);
    bool fits = atomic_load(&place->ended) || hold(limits, place, stage, octets);
    pthread_mutex_unlock(&limits->lock);
    return fits;
}

bool tcp_limits_evict(struct tcp_limits *limits, int64_t now_ms)
{
    pthread_mutex_lock(&limits->lock);
    bool ended = end_one(limits, now_ms);
    pthread_mutex_unlock(&limits->lock);
    return ended;
}

size_t tcp_limits_connections(struct tcp_limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    size_t connections = limits->connections;
    pthread_mutex_unlock(&limits->lock);
    return connections;
}

bool tcp_limits_enter_transfer(struct tcp_limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    bool granted = limits->transfers < TCP_LIMITS_TRANSFERS;
    limits->transfers += granted;
    pthread_mutex_unlock(&limits->lock);
    return granted;
}

void tcp_limits_leave_transfer(struct tcp_limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    limits->transfers--;
    pthread_mutex_unlock(&limits->lock);
}
