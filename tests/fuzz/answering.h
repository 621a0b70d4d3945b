/* The database, keys and access rules that the targets of the server answer from: made once, of
 * zones.h, and nothing of it is seen by other processes. */
#ifndef FUZZ_ANSWERING_H
#define FUZZ_ANSWERING_H

#include "tests/unit/server/judged.h"
#include "tests/unit/server/signed.h"

#define ANSWERING_VERSIONS     3
#define ANSWERING_FIRST_SERIAL 5 /* of `example`, whose history has all of them */

struct answering {
    struct served served;
    struct ring ring;
    struct cookie_secrets cookies;
    struct config_acl acls[2];
    struct prefix prefixes[1];
    const struct config_acl *members[1], *everybody[1];
    const struct config_key *keys[1];
    /* The sum of a hash of each record, of each version of `example` and of each zone: what a
     * transfer has to lead to. */
    uint64_t sums[ANSWERING_VERSIONS];
    uint64_t zone_sums[SERVED_ZONES];
};

/* The same at each call. */
struct answering *answering(void);

/* Anew, for who damages it; to be destroyed. */
struct answering *answering_create(void);
void answering_destroy(struct answering *all);

/*
 * Signs a message of at least a header with one of the keys, as the octets of `how` say: right
 * where they are all zero.
 *
 *   out   room for TSIG_MAX_OCTETS and 512 more
 *
 * The octets of the signed message.
 */
#define ANSWERING_HOW_OCTETS 10
size_t answering_sign(const uint8_t how[ANSWERING_HOW_OCTETS], const uint8_t *message,
                      size_t length, uint8_t *out, struct forged *forged, uint8_t *mac);

/* A hash of one record: owner without letter case, type, TTL, RDATA. */
uint64_t answering_hash(const struct name *owner, uint16_t type, uint32_t ttl, const uint8_t *rdata,
                        size_t octets);

/* Who asks: a member's address, a stranger's, one of IPv6. */
enum answering_client { CLIENT_MEMBER, CLIENT_STRANGER, CLIENT_V6, CLIENTS };
const struct sockaddr *answering_address(enum answering_client who);

/*
 * Asks twice, with different octets left over in the reply; judges the answer.
 *
 *   message   out: MESSAGE_OCTETS, the answer in one piece, `length` its octets, 0 for none
 *
 * The reply, good until the next call.
 */
struct reply *answering_ask(struct answering *all, const uint8_t *request, size_t octets,
                            const struct asker *asker, uint8_t *message, size_t *length);

#endif
