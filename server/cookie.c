#include "server/cookie.h"

#include "server/siphash.h"

#include <string.h>

#define VERSION        1
#define VERSION_AT     COOKIE_CLIENT_OCTETS /* version, three reserved octets */
#define TIME_AT        12
#define HASH_AT        16
#define ADDRESS_OCTETS 16
#define SERVER_MIN     8 /* octets of a server part of any version (RFC 7873 §4) */
#define SERVER_MAX     32

bool cookie_length_is_legal(size_t octets)
{
    return octets == COOKIE_CLIENT_OCTETS || (octets >= COOKIE_CLIENT_OCTETS + SERVER_MIN &&
                                              octets <= COOKIE_CLIENT_OCTETS + SERVER_MAX);
}

/* The hash of what stands before it in a cookie, and the client's address (RFC 9018 §4.4). */
static uint64_t hash(const uint8_t secret[COOKIE_SECRET_OCTETS], const uint8_t *cookie,
                     const struct prefix *client)
{
    uint8_t input[HASH_AT + ADDRESS_OCTETS];
    size_t address = client->family == AF_INET ? 4 : ADDRESS_OCTETS;

    memcpy(input, cookie, HASH_AT);
    memcpy(input + HASH_AT, client->octets, address);
    return siphash(secret, input, HASH_AT + address);
}

/* The hash that stands in a cookie. */
static uint64_t hash_of(const uint8_t *cookie)
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < 8; i++)
        hash |= (uint64_t)cookie[HASH_AT + i] << (8 * i);
    return hash;
}

/* Seconds since the cookie was made, negative for one from the future (RFC 1982, RFC 9018 §4.3). */
static int32_t age_of(const uint8_t *cookie, uint32_t now)
{
    const uint8_t *t = cookie + TIME_AT;
    uint32_t made =
        (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | (uint32_t)t[3];

    return (int32_t)(now - made);
}

static void make(const struct cookie_secrets *secrets, const struct prefix *client, uint32_t now,
                 uint8_t cookie[COOKIE_OCTETS])
{
    const uint8_t fixed[] = {
        VERSION,     0, 0, 0, (uint8_t)(now >> 24), (uint8_t)(now >> 16), (uint8_t)(now >> 8),
        (uint8_t)now};

    memcpy(cookie + VERSION_AT, fixed, sizeof fixed);
    uint64_t value = hash(secrets->octets[0], cookie, client);
    for (unsigned i = 0; i < 8; i++)
        cookie[HASH_AT + i] = (uint8_t)(value >> (8 * i));
}

/* Which secret made a cookie of full length: its number, or `count`. Numbers are compared, which
 * takes as long wherever they differ. */
static size_t find_secret(const struct cookie_secrets *secrets, const uint8_t *cookie,
                          const struct prefix *client)
{
    size_t n = 0;

    while (n < secrets->count && hash(secrets->octets[n], cookie, client) != hash_of(cookie))
        n++;
    return n;
}

enum cookie_state cookie_judge(const struct cookie_secrets *secrets, const uint8_t *option,
                               size_t octets, const struct prefix *client, uint32_t now,
                               uint8_t reply[COOKIE_OCTETS])
{
    enum cookie_state state = octets == COOKIE_CLIENT_OCTETS ? COOKIE_CLIENT_ONLY : COOKIE_BAD;

    memcpy(reply, option, COOKIE_CLIENT_OCTETS);
    if (octets == COOKIE_OCTETS && option[VERSION_AT] == VERSION) {
        size_t n = find_secret(secrets, option, client);
        int32_t age = age_of(option, now);
        if (n < secrets->count && age <= COOKIE_PAST_SECONDS && age >= -COOKIE_FUTURE_SECONDS)
            state = COOKIE_GOOD;
        if (state == COOKIE_GOOD && n == 0 && age <= COOKIE_RENEW_SECONDS) {
            memcpy(reply, option, COOKIE_OCTETS);
            return state;
        }
    }
    make(secrets, client, now, reply);
    return state;
}
