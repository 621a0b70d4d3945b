#include "server/tsig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MASK     0xffffffffffffu /* 48 bits */
#define TIMERS_OCTETS 8
#define ID_OCTETS     2

enum status tsig_parse(const uint8_t *message, size_t length, const struct record *record,
                       struct tsig_record *out)
{
    struct reader r = reader_of(message + record->rdata, record->rdata_octets);
    size_t owner_at = record->owner;
    size_t algorithm_octets;

    out->at = record->owner;
    out->algorithm = name_take(&r, &algorithm_octets); /* never compressed */
    out->time = (uint64_t)reader_u16(&r) << 32;
    out->time |= reader_u32(&r);
    out->fudge = reader_u16(&r);
    out->mac_octets = reader_u16(&r);
    out->mac = reader_octets(&r, out->mac_octets);
    out->original_id = reader_u16(&r);
    out->error = reader_u16(&r);
    out->other_octets = reader_u16(&r);
    out->other = reader_octets(&r, out->other_octets);
    if (r.failed || reader_left(&r) > 0 || record->class != CLASS_ANY || record->ttl != 0)
        return STATUS_MALFORMED;
    return name_parse(message, length, &owner_at, &out->key);
}

struct tsig_keys {
    size_t count;
    struct tsig_key keys[];
};

enum status tsig_keys_create(const struct keyring *keyring, struct tsig_keys **out)
{
    size_t count = keyring_count(keyring);
    struct tsig_keys *keys = calloc(1, sizeof *keys + count * sizeof keys->keys[0]);

    if (!keys)
        return STATUS_SYSTEM;
    for (; keys->count < count; keys->count++) {
        const struct keyring_key *from = keyring_at(keyring, keys->count);
        struct tsig_key *key = &keys->keys[keys->count];
        key->config = from->config;
        key->algorithm = from->config->algorithm;
        key->name = from->config->name;
        if (hmac_create(key->algorithm, &from->secret, &key->hmac) != STATUS_OK) {
            tsig_keys_destroy(keys);
            return STATUS_SYSTEM;
        }
    }
    *out = keys;
    return STATUS_OK;
}

void tsig_keys_destroy(struct tsig_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        hmac_destroy(keys->keys[i].hmac);
    free(keys);
}

const struct tsig_key *tsig_keys_find(const struct tsig_keys *keys, const uint8_t *name)
{
    size_t low = 0;
    size_t high = keys ? keys->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = name_compare(name, keys->keys[middle].name.octets);
        if (order == 0)
            return &keys->keys[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum status tsig_key_copy(const struct tsig_key *key, struct tsig_key *out)
{
    *out = (struct tsig_key){.algorithm = key->algorithm, .name = key->name};
    return hmac_copy(key->hmac, &out->hmac);
}

void tsig_key_clear(struct tsig_key *key)
{
    hmac_destroy(key->hmac);
    key->hmac = NULL;
}

/* The algorithm as a domain name, lower case (RFC 8945 §6). */
static const uint8_t *algorithm_name(enum tsig_algorithm algorithm)
{
    static const char *const names[] = {
        [TSIG_HMAC_SHA256] = "\13hmac-sha256",
        [TSIG_HMAC_SHA384] = "\13hmac-sha384",
        [TSIG_HMAC_SHA512] = "\13hmac-sha512",
        [TSIG_HMAC_SHA1] = "\11hmac-sha1",
    };
    return (const uint8_t *)names[algorithm];
}

const char *tsig_error_name(uint16_t error)
{
    switch (error) {
    case TSIG_BADSIG:
        return "BADSIG";
    case TSIG_BADKEY:
        return "BADKEY";
    case TSIG_BADTIME:
        return "BADTIME";
    case TSIG_BADTRUNC:
        return "BADTRUNC";
    default:
        return "";
    }
}

/* What of a TSIG is part of its MAC: the variables of RFC 8945 §4.3.3. */
struct variables {
    uint64_t time;
    uint16_t fudge;
    uint16_t error;
    uint16_t other_octets;
    const uint8_t *other;
};

static void write_timers(struct writer *w, uint64_t time, uint16_t fudge)
{
    writer_u16(w, (uint16_t)(time >> 32));
    writer_u32(w, (uint32_t)time);
    writer_u16(w, fudge);
}

static void add_timers(struct hmac *hmac, const struct variables *variables)
{
    uint8_t octets[TIMERS_OCTETS];
    struct writer w = writer_of(octets, sizeof octets);

    write_timers(&w, variables->time, variables->fudge);
    hmac_add(hmac, octets, sizeof octets);
}

/* Names in canonical form: ours are lower case and never compressed. */
static void add_variables(const struct tsig_key *key, const struct variables *variables)
{
    static const uint8_t class_and_ttl[] = {0, CLASS_ANY, 0, 0, 0, 0};
    const uint8_t *algorithm = algorithm_name(key->algorithm);
    uint8_t error[4];
    struct writer w = writer_of(error, sizeof error);

    writer_u16(&w, variables->error);
    writer_u16(&w, variables->other_octets);
    hmac_add(key->hmac, key->name.octets, key->name.length);
    hmac_add(key->hmac, class_and_ttl, sizeof class_and_ttl);
    hmac_add(key->hmac, algorithm, name_octets(algorithm));
    add_timers(key->hmac, variables);
    hmac_add(key->hmac, error, sizeof error);
    hmac_add(key->hmac, variables->other, variables->other_octets);
}

/* A MAC that goes before the message: of the request, or of the message before (§4.3.1, §5.3.1). */
static void add_prior(struct hmac *hmac, const uint8_t *mac, uint16_t octets)
{
    uint8_t length[2] = {(uint8_t)(octets >> 8), (uint8_t)octets};

    hmac_add(hmac, length, sizeof length);
    hmac_add(hmac, mac, octets);
}

/* The message as it was before the TSIG came to it (§4.3.2). */
static void add_message_before(struct hmac *hmac, const uint8_t *message,
                               const struct tsig_record *record)
{
    uint8_t octets[DNS_HEADER_OCTETS];
    struct reader r = reader_of(message, sizeof octets);
    struct writer w = writer_of(octets, sizeof octets);
    struct header header = header_read(&r);

    header.id = record->original_id;
    header.arcount--;
    header_write(&w, &header);
    hmac_add(hmac, octets, sizeof octets);
    hmac_add(hmac, message + sizeof octets, record->at - sizeof octets);
}

/* True when the record holds the MAC of this message, or its first octets. The caller has started
 * the HMAC. */
static bool has_mac(const struct tsig_key *key, const uint8_t *message,
                    const struct tsig_record *record)
{
    const struct variables variables = {record->time, record->fudge, record->error,
                                        record->other_octets, record->other};
    uint8_t mac[HMAC_MAX_OCTETS];

    add_message_before(key->hmac, message, record);
    add_variables(key, &variables);
    return hmac_finish(key->hmac, mac) && hmac_equals(mac, record->mac, record->mac_octets);
}

/* RFC 8945 §5.2.2.1. */
static bool is_length_allowed(enum tsig_algorithm algorithm, size_t octets)
{
    size_t whole = tsig_algorithm_octets(algorithm);
    size_t least = whole / 2 > 10 ? whole / 2 : 10;

    return octets >= least && octets <= whole;
}

static bool is_timely(const struct tsig_record *record, int64_t now)
{
    int64_t distance = now - (int64_t)record->time; /* both have 48 bits */

    return distance <= record->fudge && -distance <= record->fudge;
}

static enum status deny(struct tsig_session *session, uint16_t error)
{
    session->error = error;
    if (error == TSIG_BADKEY || error == TSIG_BADSIG)
        session->key = NULL;
    return STATUS_DENIED;
}

enum status tsig_verify(const struct tsig_keys *keys, const uint8_t *message,
                        const struct tsig_record *record, int64_t now, struct tsig_session *out)
{
    const struct tsig_key *key = tsig_keys_find(keys, record->key.octets);

    *out = (struct tsig_session){
        .key = key,
        .request = record,
        .original_id = record->original_id,
        .fudge = record->fudge,
        .time = record->time,
    };
    if (!key || !name_equals(record->algorithm, algorithm_name(key->algorithm)))
        return deny(out, TSIG_BADKEY);
    if (!is_length_allowed(key->algorithm, record->mac_octets))
        return STATUS_MALFORMED;
    hmac_start(key->hmac);
    if (!has_mac(key, message, record))
        return deny(out, TSIG_BADSIG);
    out->mac_octets = record->mac_octets;
    memcpy(out->mac, record->mac, record->mac_octets);
    if (!is_timely(record, now))
        return deny(out, TSIG_BADTIME);
    if (record->mac_octets < tsig_algorithm_octets(key->algorithm))
        return deny(out, TSIG_BADTRUNC);
    return STATUS_OK;
}

size_t tsig_octets(const struct tsig_session *session)
{
    const struct tsig_key *key = session->key;
    assert(key || session->request);
    const uint8_t *algorithm = key ? algorithm_name(key->algorithm) : session->request->algorithm;
    size_t names = (key ? key->name.length : session->request->key.length) + name_octets(algorithm);
    size_t mac = key ? tsig_algorithm_octets(key->algorithm) : 0;

    return names + 10 + 16 + mac + (session->error == TSIG_BADTIME ? 6 : 0);
}

/* Adds a message with the ID that the TSIG says: who verifies puts that back first (§4.3.2), and a
 * request that somebody forwarded has another one in its header. */
static void add_message(const struct tsig_session *session, const struct iovec *parts, size_t count)
{
    struct hmac *hmac = session->key->hmac;
    const uint8_t id[ID_OCTETS] = {(uint8_t)(session->original_id >> 8),
                                   (uint8_t)session->original_id};
    const uint8_t *start = parts[0].iov_base; /* with the whole header */

    hmac_add(hmac, id, sizeof id);
    hmac_add(hmac, start + sizeof id, parts[0].iov_len - sizeof id);
    for (size_t i = 1; i < count; i++)
        hmac_add(hmac, parts[i].iov_base, parts[i].iov_len);
}

/* Computes the MAC of a message and makes it the session's. Its octets; 0 when that failed. */
static uint16_t make_mac(struct tsig_session *session, const struct iovec *parts, size_t count,
                         const struct variables *variables)
{
    const struct tsig_key *key = session->key;

    hmac_start(key->hmac);
    if (session->mac_octets > 0)
        add_prior(key->hmac, session->mac, session->mac_octets);
    add_message(session, parts, count);
    if (session->continues)
        add_timers(key->hmac, variables);
    else
        add_variables(key, variables);
    bool made = hmac_finish(key->hmac, session->mac);
    session->mac_octets = made ? (uint16_t)tsig_algorithm_octets(key->algorithm) : 0;
    return session->mac_octets;
}

static void write_record(const struct tsig_session *session, const struct variables *variables,
                         uint16_t mac_octets, struct writer *w)
{
    const struct tsig_key *key = session->key;
    const struct name *name = key ? &key->name : &session->request->key;
    const uint8_t *algorithm = key ? algorithm_name(key->algorithm) : session->request->algorithm;
    size_t algorithm_octets = name_octets(algorithm);
    size_t rdata_octets = algorithm_octets + 16 + mac_octets + variables->other_octets;

    writer_octets(w, name->octets, name->length);
    record_write_fixed(w, TYPE_TSIG, CLASS_ANY, 0, (uint16_t)rdata_octets);
    writer_octets(w, algorithm, algorithm_octets);
    write_timers(w, variables->time, variables->fudge);
    writer_u16(w, mac_octets);
    writer_octets(w, session->mac, mac_octets);
    writer_u16(w, session->original_id);
    writer_u16(w, variables->error);
    writer_u16(w, variables->other_octets);
    writer_octets(w, variables->other, variables->other_octets);
}

bool tsig_sign(struct tsig_session *session, const struct iovec *parts, size_t count, int64_t now,
               struct writer *w)
{
    uint8_t other[6];
    struct variables variables = {
        .time = (uint64_t)now & TIME_MASK, .fudge = TSIG_FUDGE, .error = session->error};

    if (session->error == TSIG_BADTIME) { /* §5.2.3: the client's clock, and ours beside it */
        struct writer server_time = writer_of(other, sizeof other);
        writer_u16(&server_time, (uint16_t)(variables.time >> 32));
        writer_u32(&server_time, (uint32_t)variables.time);
        variables.time = session->time;
        variables.fudge = session->fudge;
        variables.other = other;
        variables.other_octets = sizeof other;
    }
    uint16_t mac_octets = session->key ? make_mac(session, parts, count, &variables) : 0;
    write_record(session, &variables, mac_octets, w);
    session->continues = true;
    return !session->key || mac_octets > 0;
}

bool tsig_append(struct tsig_session *session, uint8_t *message, size_t *length, int64_t now)
{
    const struct iovec part = {message, *length};
    struct writer w = writer_of(message + *length, tsig_octets(session));

    if (!tsig_sign(session, &part, 1, now, &w))
        return false;
    *length += writer_length(&w);
    uint16_t arcount = (uint16_t)(message[10] << 8 | message[11]);
    arcount++;
    message[10] = (uint8_t)(arcount >> 8);
    message[11] = (uint8_t)arcount;
    return true;
}

bool tsig_sign_request(const struct tsig_key *key, uint8_t *message, size_t *length, int64_t now,
                       struct tsig_session *out)
{
    *out = (struct tsig_session){
        .key = key,
        .original_id = (uint16_t)(message[0] << 8 | message[1]),
        .fudge = TSIG_FUDGE,
        .time = (uint64_t)now & TIME_MASK,
    };
    return tsig_append(out, message, length, now);
}

/* Finds the last record of a message, which is a TSIG in its additional section. */
static enum status find(const uint8_t *message, size_t length, struct tsig_record *out)
{
    struct reader r = reader_of(message, length);
    struct header header = header_read(&r);
    struct record record = {.type = 0};
    struct question question;
    size_t at = DNS_HEADER_OCTETS;
    size_t records = (size_t)header.ancount + header.nscount + header.arcount;

    if (r.failed || header.arcount == 0)
        return STATUS_NOT_FOUND;
    for (size_t i = 0; i < header.qdcount; i++)
        if (question_parse(message, length, &at, &question) != STATUS_OK)
            return STATUS_NOT_FOUND;
    for (size_t i = 0; i < records; i++)
        if (record.type == TYPE_TSIG || record_parse(message, length, &at, &record) != STATUS_OK)
            return STATUS_NOT_FOUND; /* one before the last is not the last */
    if (record.type != TYPE_TSIG || at != length)
        return STATUS_NOT_FOUND;
    return tsig_parse(message, length, &record, out) == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status tsig_verify_answer(const struct tsig_session *session, const uint8_t *message,
                               size_t length, int64_t now, uint16_t *error)
{
    const struct tsig_key *key = session->key;
    struct tsig_record record;

    *error = TSIG_NO_ERROR;
    enum status status = find(message, length, &record);
    if (status != STATUS_OK)
        return status;
    *error = record.error;
    if (!name_equals(record.key.octets, key->name.octets) ||
        !name_equals(record.algorithm, algorithm_name(key->algorithm)) ||
        record.mac_octets != tsig_algorithm_octets(key->algorithm))
        return STATUS_DENIED;
    hmac_start(key->hmac);
    add_prior(key->hmac, session->mac, session->mac_octets);
    if (!has_mac(key, message, &record) || !is_timely(&record, now))
        return STATUS_DENIED;
    return record.error == TSIG_NO_ERROR ? STATUS_OK : STATUS_DENIED;
}
