/*
 * A message that is signed after it was made up, so that what lies behind the MAC is reached. Ten
 * octets say what is wrong with the signature (answering.c); the rest is the message.
 *
 * What is signed well is answered by who has verified it: with a signature that the client accepts.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

#define MOST_OCTETS 4096

/* The client's side, as if it had signed. */
static struct tsig_session session_of(const struct forged *forged, const uint8_t *mac)
{
    struct tsig_session session = {
        .key = tsig_keys_find(answering()->ring.keys, forged->owner.octets),
        .original_id = forged->original_id,
        .fudge = forged->fudge,
        .time = forged->time,
        .mac_octets = (uint16_t)forged->mac_octets,
    };
    memcpy(session.mac, mac, HMAC_MAX_OCTETS);
    return session;
}

/* RFC 8945 §5.3, §5.4 */
static void check_answer(const struct forged *forged, const uint8_t *mac, const uint8_t *message,
                         size_t length)
{
    struct tsig_session session = session_of(forged, mac);
    uint16_t error = 0;
    uint8_t copy[JUDGED_UDP_MAX];

    RULE(length <= sizeof copy);
    memcpy(copy, message, length);
    RULE(tsig_verify_answer(&session, copy, length, served_clock(), &error) == STATUS_OK);
    if (length < 2 * DNS_HEADER_OCTETS)
        return;
    copy[length / 2] ^= 1;
    RULE(tsig_verify_answer(&session, copy, length, served_clock(), &error) != STATUS_OK);
}

static void run(const uint8_t *octets, size_t length)
{
    static const uint8_t right[ANSWERING_HOW_OCTETS - 1];
    static uint8_t signed_octets[MOST_OCTETS + TSIG_MAX_OCTETS + 512], message[MESSAGE_OCTETS];
    uint8_t mac[EVP_MAX_MD_SIZE];
    struct forged forged;
    size_t answered;

    if (length < ANSWERING_HOW_OCTETS + DNS_HEADER_OCTETS || length > MOST_OCTETS)
        return;
    const uint8_t *plain = octets + ANSWERING_HOW_OCTETS;
    size_t signed_length =
        answering_sign(octets, plain, length - ANSWERING_HOW_OCTETS, signed_octets, &forged, mac);
    /* What runs past its end would take the signature for a part of it. */
    bool good = memcmp(octets + 1, right, sizeof right) == 0 &&
                judged_request_of(plain, length - ANSWERING_HOW_OCTETS).whole;
    const uint8_t *request = fuzz_flush(signed_octets, signed_length);
    for (int t = TRANSPORT_UDP; t <= TRANSPORT_TCP; t++) {
        const struct asker asker = {.address = answering_address(CLIENT_MEMBER),
                                    .transport = (enum transport)t};
        const struct reply *reply =
            answering_ask(answering(), request, signed_length, &asker, message, &answered);
        if (!good || reply->action == REPLY_DROP)
            continue;
        if (reply->tsig)
            RULE(reply->tsig->key && reply->tsig->error == TSIG_NO_ERROR);
        else
            RULE(reply->rcode == RCODE_FORMERR || reply->rcode == RCODE_NOTIMP);
        if (reply->tsig && t == TRANSPORT_UDP)
            check_answer(&forged, mac, message, answered);
    }
}

/* The message, or in one of eight what is wrong with the signature. */
static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    const size_t skip = ANSWERING_HOW_OCTETS;

    if (length < skip || seed % 8 == 0)
        return plain(octets, length, room);
    return skip + message_mutate(octets + skip, length - skip, room - skip, seed / 8, plain);
}

const struct fuzz_target fuzz_tsig = {.name = "tsig", .run = run, .mutate = mutate};
