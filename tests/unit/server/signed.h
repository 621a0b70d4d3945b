/* TSIG keys, and messages signed with them by a reckoning of its own (RFC 8945 §4.3), so that every
 * field can be wrong. */
#ifndef TESTS_SIGNED_H
#define TESTS_SIGNED_H

#include "tests/unit/server/asked.h"

#include "conf/encoding.h"
#include "server/keyring.h"
#include "server/tsig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#define RING_KEYS 4

/* Keys with the names, algorithms and secrets below; the secret of n octets is 1, 2 … n. */
struct ring {
    char folder[32];
    char files[RING_KEYS][64];
    struct config config;
    struct config_key configs[RING_KEYS];
    struct keyring *keyring;
    struct tsig_keys *keys;
};

static const struct ring_key {
    const char *id;
    enum tsig_algorithm algorithm;
    const char *hash;
    size_t octets;
} ring_keys[RING_KEYS] = {
    {"xfr.example", TSIG_HMAC_SHA256, "SHA256", 32},
    {"k384", TSIG_HMAC_SHA384, "SHA384", 48},
    {"a.k512.example", TSIG_HMAC_SHA512, "SHA512", 64},
    {"old", TSIG_HMAC_SHA1, "SHA1", 20},
};

static inline void ring_write_secret(const char *path, size_t octets)
{
    uint8_t secret[64];
    char text[ENCODING_BASE64_OCTETS(sizeof secret)];
    for (size_t i = 0; i < octets; i++)
        secret[i] = (uint8_t)(i + 1);
    encoding_base64(secret, octets, text);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static inline void ring_create(struct ring *ring)
{
    struct diag *diag = diag_create();

    memset(ring, 0, sizeof *ring);
    strcpy(ring->folder, "/tmp/tsig-test-XXXXXX");
    assert_non_null(mkdtemp(ring->folder));
    for (size_t i = 0; i < RING_KEYS; i++) {
        struct config_key *key = &ring->configs[i];
        snprintf(ring->files[i], sizeof ring->files[i], "%s/%s.key", ring->folder, ring_keys[i].id);
        ring_write_secret(ring->files[i], ring_keys[i].octets);
        key->id = ring_keys[i].id;
        key->algorithm = ring_keys[i].algorithm;
        key->secret_file = ring->files[i];
        assert_int_equal(name_from_text(&key->name, key->id, strlen(key->id)), STATUS_OK);
    }
    ring->config.keys = ring->configs;
    ring->config.key_count = RING_KEYS;
    assert_int_equal(keyring_create(&ring->config, diag, &ring->keyring), STATUS_OK);
    assert_int_equal(diag_total(diag), 0);
    assert_int_equal(tsig_keys_create(ring->keyring, &ring->keys), STATUS_OK);
    diag_destroy(diag);
}

static inline void ring_destroy(struct ring *ring)
{
    tsig_keys_destroy(ring->keys);
    keyring_destroy(ring->keyring);
    for (size_t i = 0; i < RING_KEYS; i++)
        unlink(ring->files[i]);
    assert_int_equal(rmdir(ring->folder), 0);
}

/* A TSIG to be put behind a message. forged_of() is one that is right. */
struct forged {
    const struct ring_key *key; /* whose secret signs */
    struct name owner;
    struct name algorithm;
    uint16_t class;
    uint32_t ttl;
    uint64_t time;
    uint16_t fudge;
    size_t mac_octets; /* cut, or longer by zeros */
    bool spoilt;       /* one bit of the MAC is wrong */
    uint16_t original_id;
    uint16_t error;
    uint16_t other_octets; /* all zero */
    const uint8_t *prior;  /* MAC that goes before, of `prior_octets`; or NULL */
    size_t prior_octets;
};

static inline struct name forged_name(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static inline struct forged forged_of(size_t n, const uint8_t *message)
{
    return (struct forged){
        .key = &ring_keys[n],
        .owner = forged_name(ring_keys[n].id),
        .algorithm = forged_name(tsig_algorithm_name(ring_keys[n].algorithm)),
        .class = CLASS_ANY,
        .time = (uint64_t)served_clock(),
        .fudge = 300,
        .mac_octets = tsig_algorithm_octets(ring_keys[n].algorithm),
        .original_id = (uint16_t)(message[0] << 8 | message[1]),
    };
}

/* The MAC of a message of `length` octets and the TSIG's fields: EVP_MAX_MD_SIZE octets. */
static inline void forged_mac(const struct forged *forged, const uint8_t *message, size_t length,
                              uint8_t *mac)
{
    static uint8_t digested[2 * MESSAGE_OCTETS];
    struct writer w = writer_of(digested, sizeof digested);
    struct name name;
    uint8_t secret[64];
    unsigned octets = 0;

    if (forged->prior) {
        writer_u16(&w, (uint16_t)forged->prior_octets);
        writer_octets(&w, forged->prior, forged->prior_octets);
    }
    writer_u16(&w, forged->original_id);
    writer_octets(&w, message + 2, length - 2);
    name = forged->owner;
    name_lower(name.octets);
    writer_octets(&w, name.octets, name.length);
    writer_u16(&w, forged->class);
    writer_u32(&w, forged->ttl);
    name = forged->algorithm;
    name_lower(name.octets);
    writer_octets(&w, name.octets, name.length);
    writer_u16(&w, (uint16_t)(forged->time >> 32));
    writer_u32(&w, (uint32_t)forged->time);
    writer_u16(&w, forged->fudge);
    writer_u16(&w, forged->error);
    writer_u16(&w, forged->other_octets);
    memset(writer_room(&w, forged->other_octets), 0, forged->other_octets);
    assert_false(w.failed);
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i + 1);
    memset(mac, 0, EVP_MAX_MD_SIZE);
    assert_non_null(HMAC(EVP_get_digestbyname(forged->key->hash), secret, (int)forged->key->octets,
                         digested, writer_length(&w), mac, &octets));
}

/* Writes the record. */
static inline void forged_write(const struct forged *forged, const uint8_t *mac, struct writer *w)
{
    uint8_t sent[2 * EVP_MAX_MD_SIZE] = {0};

    memcpy(sent, mac, EVP_MAX_MD_SIZE);
    sent[0] ^= forged->spoilt;
    writer_octets(w, forged->owner.octets, forged->owner.length);
    record_write_fixed(
        w, TYPE_TSIG, forged->class, forged->ttl,
        (uint16_t)(forged->algorithm.length + 16 + forged->mac_octets + forged->other_octets));
    writer_octets(w, forged->algorithm.octets, forged->algorithm.length);
    writer_u16(w, (uint16_t)(forged->time >> 32));
    writer_u32(w, (uint32_t)forged->time);
    writer_u16(w, forged->fudge);
    writer_u16(w, (uint16_t)forged->mac_octets);
    writer_octets(w, sent, forged->mac_octets);
    writer_u16(w, forged->original_id);
    writer_u16(w, forged->error);
    writer_u16(w, forged->other_octets);
    memset(writer_room(w, forged->other_octets), 0, forged->other_octets);
    assert_false(w->failed);
}

/* Counts one more record in a section: 0 answer, 1 authority, 2 additional. */
static inline void count_record(uint8_t *message, unsigned section)
{
    message[7 + 2 * section]++;
}

/* Signs a query. */
static inline void forge(struct query *query, const struct forged *forged)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    struct writer w = writer_of(query->octets, sizeof query->octets);

    forged_mac(forged, query->octets, query->length, mac);
    writer_room(&w, query->length);
    forged_write(forged, mac, &w);
    count_record(query->octets, 2);
    query->length = writer_length(&w);
}

/* A query signed well with the n-th key. */
static inline struct query signed_query(const char *name, uint16_t type, int udp_octets, size_t n)
{
    struct query query = make_query(name, type, CLASS_IN, udp_octets);
    struct forged forged = forged_of(n, query.octets);

    forge(&query, &forged);
    return query;
}

#endif
