#include "server/memo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define CACHE_LINE 64
/* Of a page for which the processor needs one translation. */
#define HUGE_OCTETS ((size_t)2 << 20)
/* Of a message; all that is new in a question that was asked before. */
#define ID_OCTETS 2

/* Replies that share a set: their tags are one cache line. With as many requests as there is room,
 * sets of 4 put out a fifth of what comes, of 16 a tenth. */
#define WAYS (CACHE_LINE / sizeof(uint32_t))

struct kept {
    uint64_t era; /* 0: none */
    uint16_t rcode;
    uint16_t request_octets; /* these and the next without their IDs */
    uint16_t reply_octets;
    uint8_t octets[MEMO_REPLY_OCTETS - 14]; /* request, reply */
};

_Static_assert(sizeof(struct kept) == MEMO_REPLY_OCTETS, "a reply has the room that it should");

/* Tags are of the hashes of requests; 0: none. */
struct set {
    _Alignas(CACHE_LINE) uint32_t tags[WAYS]; /* of what is kept */
    uint32_t asked[WAYS];                     /* of what was asked for of late, and not kept */
};

struct memo {
    uint64_t seed;
    size_t replies; /* a power of two */
    size_t turn;    /* who of a set goes next; one count for all sets, so that it may be any */
    struct set *sets;
    struct kept *kept; /* WAYS for each set; memory of its own, which comes as it is filled */
};

static size_t kept_octets(size_t replies)
{
    return (replies * sizeof(struct kept) + HUGE_OCTETS - 1) / HUGE_OCTETS * HUGE_OCTETS;
}

static struct kept *map_kept(size_t replies)
{
    const size_t octets = kept_octets(replies);
    void *block = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return NULL;
    (void)!madvise(block, octets, MADV_HUGEPAGE); /* where the machine has them */
    return block;
}

static struct set *make_sets(size_t count)
{
    struct set *sets = aligned_alloc(CACHE_LINE, count * sizeof *sets);

    if (sets)
        memset(sets, 0, count * sizeof *sets);
    return sets;
}

struct memo *memo_create(size_t replies)
{
    struct memo *memo = calloc(1, sizeof *memo);

    if (!memo)
        return NULL;
    memo->replies = replies;
    memo->sets = make_sets(replies / WAYS);
    memo->kept = map_kept(replies);
    if (!memo->sets || !memo->kept ||
        getrandom(&memo->seed, sizeof memo->seed, 0) != (ssize_t)sizeof memo->seed) {
        memo_destroy(memo);
        return NULL;
    }
    return memo;
}

void memo_destroy(struct memo *memo)
{
    if (!memo)
        return;
    if (memo->kept)
        munmap(memo->kept, kept_octets(memo->replies));
    free(memo->sets);
    free(memo);
}

size_t memo_replies(const struct memo *memo)
{
    return memo->replies;
}

size_t memo_replies_for(size_t octets)
{
    size_t replies = MEMO_MIN_REPLIES;

    while (replies < MEMO_MAX_REPLIES && replies * MEMO_REPLY_OCTETS < octets)
        replies *= 2;
    return replies;
}

/* ---- where a reply is ---- */

static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    return state ^ state >> 32;
}

/* Spreads requests. Who finds out how, which the seed makes hard, can put others' replies out, no
 * more: requests are compared octet by octet. */
static uint64_t hash_of(uint64_t seed, const uint8_t *octets, size_t length)
{
    uint64_t state = seed ^ length;
    uint64_t word = 0;

    for (; length >= sizeof word; octets += sizeof word, length -= sizeof word) {
        memcpy(&word, octets, sizeof word);
        state = mix(state, word);
    }
    word = 0;
    memcpy(&word, octets, length);
    return mix(mix(state, word), seed);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

static size_t set_of(const struct memo *memo, uint64_t hash)
{
    return hash & (memo->replies / WAYS - 1);
}

/* What is kept under a hash, or NULL. */
static struct kept *find(const struct memo *memo, uint64_t hash)
{
    size_t set = set_of(memo, hash);

    for (size_t way = 0; way < WAYS; way++)
        if (memo->sets[set].tags[way] == tag_of(hash))
            return &memo->kept[set * WAYS + way];
    return NULL;
}

/* ---- asked for ---- */

struct memo_request memo_request_of(const struct memo *memo, uint64_t era, const uint8_t *octets,
                                    size_t length)
{
    struct memo_request request = {octets, length, era, 0};

    /* What has no room is never found: 4 KB of garbage would cost a fifth of a question. */
    if (length > ID_OCTETS && length <= sizeof memo->kept->octets)
        request.hash = hash_of(memo->seed, octets + ID_OCTETS, length - ID_OCTETS);
    __builtin_prefetch(&memo->sets[set_of(memo, request.hash)]);
    return request;
}

bool memo_has(const struct memo *memo, const struct memo_request *request)
{
    const struct kept *kept = find(memo, request->hash);

    for (size_t at = 0; kept && at < sizeof *kept; at += CACHE_LINE)
        __builtin_prefetch((const uint8_t *)kept + at);
    if (!kept)
        __builtin_prefetch(memo->sets[set_of(memo, request->hash)].asked);
    return kept != NULL;
}

static bool is_of(const struct kept *kept, const struct memo_request *request)
{
    return kept->era == request->era &&
           request->length == (size_t)ID_OCTETS + kept->request_octets &&
           memcmp(kept->octets, request->octets + ID_OCTETS, kept->request_octets) == 0;
}

bool memo_recall(const struct memo *memo, const struct memo_request *request, struct reply *out)
{
    struct kept *kept = find(memo, request->hash);

    if (!kept || !is_of(kept, request))
        return false;
    out->action = REPLY_SEND;
    out->rcode = kept->rcode;
    out->transfer_denied = false;
    out->repeatable = false; /* it is kept already */
    out->tsig = NULL;
    out->limited = RRL_PASS;
    out->cookie = COOKIE_NONE;
    out->spare_used = false;
    out->octets = (size_t)ID_OCTETS + kept->reply_octets;
    out->part_count = 2;
    out->parts[0] = (struct iovec){(void *)(uintptr_t)request->octets, ID_OCTETS};
    out->parts[1] = (struct iovec){kept->octets + kept->request_octets, kept->reply_octets};
    return true;
}

/* ---- kept ---- */

/* True when it was asked for before; it has been from now on. */
static bool was_asked(struct memo *memo, uint64_t hash)
{
    uint32_t *asked = memo->sets[set_of(memo, hash)].asked;

    for (size_t way = 0; way < WAYS; way++)
        if (asked[way] == tag_of(hash))
            return true;
    asked[memo->turn++ % WAYS] = tag_of(hash);
    return false;
}

/* Where a reply is put: in place of what has its tag, of another era mostly, else where nothing is,
 * else of any. */
static struct kept *make_room(struct memo *memo, const struct memo_request *request)
{
    size_t set = set_of(memo, request->hash);
    size_t chosen = memo->turn++ % WAYS;
    struct kept *kept = find(memo, request->hash);

    if (kept)
        return kept;
    for (size_t way = 0; way < WAYS; way++)
        if (memo->sets[set].tags[way] == 0)
            chosen = way;
    memo->sets[set].tags[chosen] = tag_of(request->hash);
    return &memo->kept[set * WAYS + chosen];
}

static uint8_t *put(uint8_t *next, const uint8_t *octets, size_t length)
{
    memcpy(next, octets, length);
    return next + length;
}

void memo_keep(struct memo *memo, const struct memo_request *request, const struct reply *reply)
{
    const size_t room = sizeof memo->kept->octets;

    if (!reply->repeatable || request->length + reply->octets > room + (size_t)2 * ID_OCTETS ||
        !was_asked(memo, request->hash))
        return;
    struct kept *kept = make_room(memo, request);
    kept->era = request->era;
    kept->rcode = reply->rcode;
    kept->request_octets = (uint16_t)(request->length - ID_OCTETS);
    kept->reply_octets = (uint16_t)(reply->octets - ID_OCTETS);
    uint8_t *next = put(kept->octets, request->octets + ID_OCTETS, kept->request_octets);
    size_t skipped = ID_OCTETS; /* of the first part, which has the whole header */
    for (size_t i = 0; i < reply->part_count; i++, skipped = 0) {
        const struct iovec *part = &reply->parts[i];
        next = put(next, (const uint8_t *)part->iov_base + skipped, part->iov_len - skipped);
    }
}
