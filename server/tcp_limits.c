#include "server/tcp_limits.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS 1024 /* a few thousand clients at most: chains stay short */

struct entry {
    struct entry *next;
    struct tcp_client client;
    unsigned connections;
};

struct tcp_limits {
    pthread_mutex_t lock; /* guards all below */
    uint64_t seed;        /* so that nobody outside can choose a bucket */
    size_t connections;
    size_t transfers;
    struct entry *buckets[BUCKETS];
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
            struct entry *entry = limits->buckets[i];
            limits->buckets[i] = entry->next;
            free(entry);
        }
    }
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}

/* The link that points to the client's entry, or the null link at its chain's end. */
static struct entry **find(struct tcp_limits *limits, const struct tcp_client *client)
{
    uint64_t hash = limits->seed;
    for (size_t i = 0; i < sizeof client->octets; i++)
        hash = (hash ^ client->octets[i]) * 0x9e3779b97f4a7c15u;
    struct entry **link = &limits->buckets[(hash >> 32) % BUCKETS];
    while (*link && memcmp((*link)->client.octets, client->octets, sizeof client->octets) != 0)
        link = &(*link)->next;
    return link;
}

static enum tcp_grant enter(struct tcp_limits *limits, const struct tcp_client *client,
                            unsigned in_all, unsigned per_client)
{
    struct entry **link = find(limits, client);
    /* The client's own limit first: making room by closing someone else's connection would not
     * help it. */
    if (*link && (*link)->connections >= per_client)
        return TCP_CLIENT_FULL;
    if (limits->connections >= in_all)
        return TCP_FULL;
    if (!*link) {
        struct entry *fresh = calloc(1, sizeof *fresh);
        if (!fresh)
            return TCP_FULL;
        fresh->client = *client;
        *link = fresh;
    }
    (*link)->connections++;
    limits->connections++;
    return TCP_GRANTED;
}

enum tcp_grant tcp_limits_enter(struct tcp_limits *limits, const struct tcp_client *client,
                                unsigned in_all, unsigned per_client)
{
    pthread_mutex_lock(&limits->lock);
    enum tcp_grant grant = enter(limits, client, in_all, per_client);
    pthread_mutex_unlock(&limits->lock);
    return grant;
}

void tcp_limits_leave(struct tcp_limits *limits, const struct tcp_client *client)
{
    pthread_mutex_lock(&limits->lock);
    struct entry **link = find(limits, client);
    struct entry *entry = *link;
    if (entry) {
        limits->connections--;
        entry->connections--;
        if (entry->connections == 0) {
            *link = entry->next;
            free(entry);
        }
    }
    pthread_mutex_unlock(&limits->lock);
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
