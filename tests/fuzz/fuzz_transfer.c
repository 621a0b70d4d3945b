/*
 * AXFR and IXFR, to their last message. The first octet says how they are asked for, two more how
 * much room a message has and how much of it is reserved; then ten of a signature, as in
 * fuzz_tsig.c, where the first has bit 4; the rest is the message.
 *
 * A whole zone has just its records; a difference, taken from and put to the version that the
 * client has, gives the present one.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

#include "server/transfer.h"

#define MOST_OCTETS  2048
#define HEAD_OCTETS  3
#define MOST_RECORDS 4096

struct seen {
    uint16_t type;
    uint32_t serial; /* of an SOA */
    uint64_t hash;
};

struct collected {
    size_t count;
    struct seen items[MOST_RECORDS];
};

static void collect(struct collected *all, const uint8_t *message, size_t length)
{
    struct reader r = reader_of(message, length);
    struct header header = header_read(&r);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    struct record record;
    struct name owner;

    for (unsigned i = 0; i < header.qdcount; i++)
        RULE(question_parse(message, length, &at, &question) == STATUS_OK);
    for (unsigned i = 0; i < header.ancount; i++) {
        RULE(record_parse(message, length, &at, &record) == STATUS_OK);
        size_t owner_at = record.owner;
        RULE(name_parse(message, length, &owner_at, &owner) == STATUS_OK);
        RULE(all->count < MOST_RECORDS);
        struct seen *seen = &all->items[all->count++];
        const uint8_t *rdata = message + record.rdata;
        *seen = (struct seen){
            .type = record.type,
            .hash = answering_hash(&owner, record.type, record.ttl, rdata, record.rdata_octets)};
        if (record.type == TYPE_SOA) {
            struct reader serial = reader_of(rdata + record.rdata_octets - 20, 4);
            seen->serial = reader_u32(&serial);
        }
    }
}

/* Adds hashes from `*at` up to the next SOA. */
static uint64_t sum_to_soa(const struct collected *all, size_t *at)
{
    uint64_t sum = all->items[(*at)++].hash;
    while (*at < all->count && all->items[*at].type != TYPE_SOA)
        sum += all->items[(*at)++].hash;
    return sum;
}

/* RFC 1995 §4: new SOA, old SOA, removed, new SOA, added, new SOA. */
static void check_difference(const struct answering *answering, const struct collected *all)
{
    size_t last = all->count - 1;
    size_t at = 1;
    uint32_t version = all->items[1].serial - ANSWERING_FIRST_SERIAL;

    RULE(version < ANSWERING_VERSIONS);
    uint64_t sum = answering->sums[version];
    sum -= sum_to_soa(all, &at);
    RULE(at < last && all->items[at].hash == all->items[0].hash);
    sum += sum_to_soa(all, &at);
    RULE(at == last && all->items[at].hash == all->items[0].hash);
    RULE(sum == answering->sums[ANSWERING_VERSIONS - 1]);
}

/* RFC 5936 §2.2 */
static void check_whole(const struct answering *answering, size_t zone, const struct collected *all)
{
    uint64_t sum = 0;
    RULE(all->count > 1 && all->items[0].type == TYPE_SOA);
    for (size_t i = 0; i + 1 < all->count; i++)
        sum += all->items[i].hash;
    RULE(all->items[all->count - 1].hash == all->items[0].hash);
    RULE(sum == answering->zone_sums[zone]);
}

static void check(const struct answering *answering, size_t zone, const struct collected *all)
{
    if (all->count > 2 && all->items[1].type == TYPE_SOA)
        check_difference(answering, all);
    else if (all->count > 1)
        check_whole(answering, zone, all);
    else
        RULE(all->count == 1 && all->items[0].type == TYPE_SOA); /* RFC 1995 §2 */
}

static size_t zone_of(const struct answering *answering, const struct config_zone *config)
{
    return (size_t)(config - answering->served.zone_configs);
}

static void stream(struct answering *answering, const struct reply *reply, const uint8_t how[3])
{
    static struct collected all;
    static uint8_t message[DNS_MESSAGE_OCTETS];
    struct transfer *transfer = NULL;
    size_t room = how[1] == 0 ? sizeof message : 16u * how[1] + 600;
    size_t length = 0;
    enum status status;

    all.count = 0;
    RULE(transfer_create(answering->served.store, reply, how[2], &transfer) == STATUS_OK);
    while ((status = transfer_next(transfer, message, room, &length)) == STATUS_OK) {
        RULE(length <= room - how[2]);
        if (length > 0)
            collect(&all, message, length);
    }
    if (status == STATUS_NOT_FOUND)
        check(answering, zone_of(answering, reply->zone->config), &all);
    else
        RULE(status == STATUS_NO_SPACE && how[1] != 0);
    transfer_destroy(transfer);
}

/* A difference, or the SOA alone, in one datagram. */
static void check_datagram(struct answering *answering, const struct reply *reply,
                           const uint8_t *message, size_t length)
{
    static struct collected all;
    size_t at = DNS_HEADER_OCTETS;
    struct question question;

    if (reply->rcode != RCODE_NOERROR || length == 0 || message[5] != 1 || message[7] == 0)
        return;
    RULE(question_parse(message, length, &at, &question) == STATUS_OK);
    if (question.type != TYPE_IXFR || question.class != CLASS_IN)
        return;
    all.count = 0;
    collect(&all, message, length);
    RULE(all.items[0].type == TYPE_SOA);
    if (all.count > 1 && all.items[1].type == TYPE_SOA)
        check_difference(answering, &all);
    else
        RULE(all.count == 1 || all.items[1].type == TYPE_RRSIG);
}

static void run(const uint8_t *octets, size_t length)
{
    static uint8_t signed_octets[MOST_OCTETS + TSIG_MAX_OCTETS + 512], message[MESSAGE_OCTETS];
    struct answering *all = answering();
    uint8_t mac[EVP_MAX_MD_SIZE];
    struct forged forged;
    size_t answered, skip = HEAD_OCTETS;

    if (length < HEAD_OCTETS + ANSWERING_HOW_OCTETS + DNS_HEADER_OCTETS || length > MOST_OCTETS)
        return;
    bool is_signed = octets[0] & 4;
    if (is_signed)
        skip += ANSWERING_HOW_OCTETS;
    const uint8_t *request = fuzz_flush(octets + skip, length - skip);
    size_t request_octets = length - skip;
    if (is_signed) {
        request_octets = answering_sign(octets + HEAD_OCTETS, octets + skip, length - skip,
                                        signed_octets, &forged, mac);
        request = fuzz_flush(signed_octets, request_octets);
    }
    enum transport transport = (enum transport)(octets[0] % 4 % 3);
    const struct asker asker = {
        .address = answering_address(octets[0] & 8 ? CLIENT_STRANGER : CLIENT_MEMBER),
        .transport = transport,
        .may_transfer = octets[0] & 16};
    const struct reply *reply =
        answering_ask(all, request, request_octets, &asker, message, &answered);
    if (reply->action == REPLY_TRANSFER)
        stream(all, reply, octets);
    else
        check_datagram(all, reply, message, answered);
}

static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    const size_t skip = HEAD_OCTETS + (length > 0 && octets[0] & 4 ? ANSWERING_HOW_OCTETS : 0);

    if (length < skip || seed % 8 == 0)
        return plain(octets, length, room);
    return skip + message_mutate(octets + skip, length - skip, room - skip, seed / 8, plain);
}

const struct fuzz_target fuzz_transfer = {.name = "transfer", .run = run, .mutate = mutate};
