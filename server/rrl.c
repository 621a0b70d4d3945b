#include "server/rrl.h"

#include "server/rrl_watch.h"
#include "server/siphash.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

/*
 * A bucket, from its highest bit: TAG_BITS of the hash, never all zero; SLIP_BITS, limited answers
 * since one was last sent; TIME_BITS, the moment in microseconds, modulo nineteen hours, at which
 * it is empty.
 */
#define TIME_BITS 36
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
#define SLIP_BITS 4
#define SLIP_MASK (((uint64_t)1 << SLIP_BITS) - 1)
#define TAG_BITS  24
#define TAG_AT    (TIME_BITS + SLIP_BITS)

#define SECOND_US 1000000u
/* A bucket may be ahead of now by a second, and by what one answer costs at most (4 KiB a second).
 * What seems to be farther ahead is behind. */
#define AHEAD_US (3 * SECOND_US)

/* IP and UDP. */
#define HEADER_OCTETS_V4 28
#define HEADER_OCTETS_V6 48

struct line {
    _Atomic uint64_t buckets[RRL_LINE_BUCKETS];
};

struct rrl {
    uint8_t seed[SIPHASH_KEY_OCTETS];
    struct line *lines;
    struct rrl_watch watch;
};

struct rrl *rrl_create(void)
{
    struct rrl *rrl = calloc(1, sizeof *rrl);

    if (!rrl)
        return NULL;
    rrl->lines = mmap(NULL, RRL_LINES * sizeof *rrl->lines, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (rrl->lines == MAP_FAILED ||
        getrandom(rrl->seed, sizeof rrl->seed, 0) != (ssize_t)sizeof rrl->seed) {
        rrl_destroy(rrl);
        return NULL;
    }
    return rrl;
}

void rrl_destroy(struct rrl *rrl)
{
    if (!rrl)
        return;
    if (rrl->lines != MAP_FAILED)
        munmap(rrl->lines, RRL_LINES * sizeof *rrl->lines);
    free(rrl);
}

uint64_t rrl_hash(const struct rrl *rrl, const uint8_t *octets, size_t length)
{
    return siphash(rrl->seed, octets, length);
}

/* How far ahead of now a bucket is: what it holds. */
static uint64_t level_of(uint64_t bucket, uint64_t now_us)
{
    uint64_t ahead = (bucket - now_us) & TIME_MASK;
    return ahead <= AHEAD_US ? ahead : 0;
}

/* The bucket with the tag, or the least full one; `seen` is what it was. */
static _Atomic uint64_t *find(struct line *line, uint64_t tag, uint64_t now_us, uint64_t *seen)
{
    _Atomic uint64_t *best = NULL;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < RRL_LINE_BUCKETS; i++) {
        uint64_t bucket = atomic_load_explicit(&line->buckets[i], memory_order_relaxed);
        uint64_t level = level_of(bucket, now_us);
        if (bucket >> TAG_AT == tag) {
            *seen = bucket;
            return &line->buckets[i];
        }
        if (level < least) {
            least = level;
            best = &line->buckets[i];
            *seen = bucket;
        }
    }
    return best;
}

/* What becomes of a bucket that an answer of such cost is put into. */
static uint64_t put(uint64_t bucket, uint64_t cost_us, uint64_t now_us, unsigned slip,
                    enum rrl_verdict *verdict)
{
    uint64_t level = level_of(bucket, now_us);
    uint64_t slipped = bucket >> TIME_BITS & SLIP_MASK;
    uint64_t kept = bucket & ~(SLIP_MASK << TIME_BITS);

    *verdict = RRL_PASS;
    /* An empty one takes any answer: one alone is never too large. */
    if (level == 0 || level + cost_us <= SECOND_US)
        return (kept & ~TIME_MASK) | slipped << TIME_BITS |
               ((now_us + level + cost_us) & TIME_MASK);
    *verdict = RRL_DROP;
    if (slip == 0)
        return bucket;
    if (++slipped >= slip) {
        *verdict = RRL_SLIP;
        slipped = 0;
    }
    return kept | slipped << TIME_BITS;
}

static enum rrl_verdict take(struct rrl *rrl, uint64_t hash, uint64_t cost_us, uint64_t now_us,
                             unsigned slip)
{
    struct line *line = &rrl->lines[hash % RRL_LINES];
    uint64_t tag = hash >> TAG_AT == 0 ? 1 : hash >> TAG_AT;
    enum rrl_verdict verdict;
    uint64_t seen = 0;
    uint64_t next;
    _Atomic uint64_t *bucket;

    do { /* again only when another worker has just changed it */
        bucket = find(line, tag, now_us, &seen);
        bool own = seen >> TAG_AT == tag;
        next =
            put(own ? seen : tag << TAG_AT | (now_us & TIME_MASK), cost_us, now_us, slip, &verdict);
    } while (!atomic_compare_exchange_weak_explicit(bucket, &seen, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return verdict;
}

static bool is_exempt(const struct config_server *limits, const struct prefix *client)
{
    for (size_t i = 0; i < limits->rrl_exempt_count; i++)
        if (prefix_contains(&limits->rrl_exempt[i], client))
            return true;
    return false;
}

/* How long `count` of `limit` a second take. */
static uint64_t cost_of(uint64_t count, uint64_t limit)
{
    return count * SECOND_US / limit;
}

enum rrl_verdict rrl_judge(struct rrl *rrl, const struct config_server *limits,
                           const struct rrl_answer *answer, int64_t now_ms)
{
    if (is_exempt(limits, answer->client))
        return RRL_PASS;
    uint64_t now_us = (uint64_t)now_ms * 1000;
    uint64_t prefix = rrl_watch_prefix(answer->client);
    /* The bucket of octets has the prefix alone. */
    const uint64_t counted[] = {prefix, answer->of, (uint64_t)answer->kind};
    size_t octets =
        answer->octets + (answer->client->family == AF_INET ? HEADER_OCTETS_V4 : HEADER_OCTETS_V6);

    enum rrl_verdict verdict = take(rrl, rrl_hash(rrl, (const uint8_t *)counted, sizeof counted),
                                    cost_of(1, limits->rrl_rate), now_us, limits->rrl_slip);
    if (verdict == RRL_PASS)
        verdict = take(rrl, rrl_hash(rrl, (const uint8_t *)&prefix, sizeof prefix),
                       cost_of(octets, limits->rrl_octets), now_us, limits->rrl_slip);
    if (verdict != RRL_PASS)
        rrl_watch_note(&rrl->watch, prefix, verdict == RRL_SLIP, now_ms);
    return verdict;
}

void rrl_report(struct rrl *rrl, struct log *log, int64_t now_ms)
{
    rrl_watch_report(&rrl->watch, log, now_ms);
}
