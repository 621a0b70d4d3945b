#include "tests/fuzz/answering.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/zones.h"

#include <netinet/in.h>

static void put_lines(FILE *out, const char *const *lines)
{
    for (; *lines; lines++)
        fprintf(out, "%s\n", *lines);
}

/* Restores a zone of two lists of lines; the second may be NULL. */
static void restore(struct served *served, const char *const *lines, const char *const *more)
{
    char file[128];
    snprintf(file, sizeof file, "%s/zone", served->temporary.folder);
    FILE *out = fopen(file, "w");
    RULE(out != NULL);
    put_lines(out, lines);
    if (more)
        put_lines(out, more);
    fclose(out);
    served_restore_file(served, file);
    unlink(file);
}

/* FNV-1a. */
static uint64_t hash_octets(uint64_t hash, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ octets[i]) * 0x100000001b3u;
    return hash;
}

uint64_t answering_hash(const struct name *owner, uint16_t type, uint32_t ttl, const uint8_t *rdata,
                        size_t octets)
{
    struct name lower = *owner;
    if (type == TYPE_RRSIG)
        ttl = 0; /* that of what it covers (RFC 4034 §3), which a source does not repeat */
    uint8_t fixed[6] = {(uint8_t)(type >> 8), (uint8_t)type,       (uint8_t)(ttl >> 24),
                        (uint8_t)(ttl >> 16), (uint8_t)(ttl >> 8), (uint8_t)ttl};
    name_lower(lower.octets);
    uint64_t hash = hash_octets(0xcbf29ce484222325u, lower.octets, lower.length);
    hash = hash_octets(hash, fixed, sizeof fixed);
    return hash_octets(hash, rdata, octets);
}

static uint64_t sum_of(const struct node_source *source)
{
    struct node node;
    uint64_t sum = 0;

    RULE(source->rewind(source->state) == STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK)
        for (size_t i = 0; i < node.rrset_count; i++) {
            const struct rrset *rrset = &node.rrsets[i];
            for (size_t n = 0; n < rrset->count; n++)
                sum += answering_hash(&node.owner, rrset->type, rrset->ttl, rrset->items[n].octets,
                                      rrset->items[n].length);
        }
    return sum;
}

static void restore_versions(struct answering *all)
{
    static const char *const *const more[ANSWERING_VERSIONS] = {first_lines, second_lines,
                                                                third_lines};
    for (size_t i = 0; i < ANSWERING_VERSIONS; i++) {
        all->served.config.zone_count = 0;
        restore(&all->served, plain_zone, more[i]);
        all->sums[i] = sum_of(&all->served.sources[0]);
    }
}

/* `members.test` is for 192.0.2.0/24 and for the first key; the others may be transferred. */
static void set_rules(struct answering *all)
{
    struct config_zone *zones = all->served.zone_configs;

    all->prefixes[0] = (struct prefix){.family = AF_INET, .bits = 24, .octets = {192, 0, 2}};
    all->keys[0] = &all->ring.configs[0];
    all->acls[0] = (struct config_acl){.actions = ACL_QUERY | ACL_TRANSFER};
    all->acls[1] = (struct config_acl){.has_prefixes = true,
                                       .prefix_count = 1,
                                       .prefixes = all->prefixes,
                                       .key_count = 1,
                                       .keys = all->keys,
                                       .actions = ACL_QUERY | ACL_TRANSFER};
    all->everybody[0] = &all->acls[0];
    all->members[0] = &all->acls[1];
    for (size_t i = 0; i < SERVED_ZONES; i++) {
        zones[i].acl_count = 1;
        zones[i].acl = i == 3 ? all->members : all->everybody;
    }
    zones[3].audience = AUDIENCE_MEMBERS;
}

struct answering *answering_create(void)
{
    struct answering *all = calloc(1, sizeof *all);

    RULE(all != NULL);
    served_start(&all->served);
    restore_versions(all);
    restore(&all->served, nsec_zone, NULL);
    restore(&all->served, nsec3_zone, NULL);
    restore(&all->served, members_zone, NULL);
    ring_create(&all->ring);
    set_rules(all);
    for (size_t i = 0; i < SERVED_ZONES; i++)
        all->zone_sums[i] = sum_of(&all->served.sources[i]);
    served_show(&all->served);
    all->served.view.keys = all->ring.keys;
    all->cookies = (struct cookie_secrets){.count = 2, .octets = {{1}, {2}}};
    all->served.view.cookies = &all->cookies;
    return all;
}

void answering_destroy(struct answering *all)
{
    ring_destroy(&all->ring);
    served_destroy(&all->served);
    free(all);
}

struct answering *answering(void)
{
    static struct answering *all;

    if (!all) {
        all = answering_create();
        /* The files are open; nobody has to tidy up after a crash. */
        temporary_destroy(&all->served.temporary);
        for (size_t i = 0; i < RING_KEYS; i++)
            unlink(all->ring.files[i]);
        rmdir(all->ring.folder);
    }
    return all;
}

/* Which field each octet spoils, and how far. */
static struct forged forged_as(const uint8_t how[ANSWERING_HOW_OCTETS], const uint8_t *message)
{
    struct forged forged = forged_of(how[0] % RING_KEYS, message);

    if (how[1] & 1)
        forged.owner = forged_name("unknown");
    if (how[1] & 2)
        forged.algorithm = forged_name(tsig_algorithm_name(TSIG_HMAC_SHA384));
    if (how[1] & 4)
        forged.algorithm = forged_name("hmac-md5.sig-alg.reg.int");
    forged.spoilt = how[1] & 8;
    if (how[1] & 16)
        forged.class = CLASS_IN;
    forged.ttl = how[1] & 32;
    forged.original_id ^= (how[1] & 64) != 0;
    forged.time += (uint64_t)(int64_t)(int16_t)(how[2] << 8 | how[3]);
    forged.fudge = (uint16_t)(forged.fudge + (how[4] << 8 | how[5]));
    forged.mac_octets = (forged.mac_octets + how[6]) % (2 * EVP_MAX_MD_SIZE);
    forged.error = (uint16_t)(how[7] << 8 | how[8]);
    forged.other_octets = how[9];
    return forged;
}

size_t answering_sign(const uint8_t how[ANSWERING_HOW_OCTETS], const uint8_t *message,
                      size_t length, uint8_t *out, struct forged *forged, uint8_t *mac)
{
    struct writer w = writer_of(out, length + TSIG_MAX_OCTETS + 512);

    *forged = forged_as(how, message);
    forged_mac(forged, message, length, mac);
    writer_octets(&w, message, length);
    forged_write(forged, mac, &w);
    out[10] = (uint8_t)(out[10] + (out[11] == UINT8_MAX));
    out[11]++;
    return writer_length(&w);
}

const struct sockaddr *answering_address(enum answering_client who)
{
    static struct sockaddr_in addresses[2] = {{.sin_family = AF_INET}, {.sin_family = AF_INET}};
    static const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                           .sin6_addr = {.s6_addr = {0x20, 1, 0x0d, 0xb8}}};

    addresses[CLIENT_MEMBER].sin_addr.s_addr = htonl(0xc0000201);
    addresses[CLIENT_STRANGER].sin_addr.s_addr = htonl(0xcb007101);
    return who == CLIENT_V6 ? (const struct sockaddr *)&v6
                            : (const struct sockaddr *)&addresses[who];
}

struct reply *answering_ask(struct answering *all, const uint8_t *request, size_t octets,
                            const struct asker *asker, uint8_t *message, size_t *length)
{
    static struct reply first, second;
    static uint8_t spare[2][REPLY_SPARE_OCTETS], again[MESSAGE_OCTETS];

    memset(&second, 0x5a, sizeof second);
    second.spare = spare[1];
    respond(&all->served.view, request, octets, asker, &second);
    RULE(second.action != REPLY_SEND || join(&second, again) == second.octets);
    memset(&first, 0xa5, sizeof first);
    first.spare = spare[0];
    respond(&all->served.view, request, octets, asker, &first);
    *length = first.action == REPLY_SEND ? join(&first, message) : 0;
    RULE(first.action == second.action);
    RULE(first.action == REPLY_DROP || first.rcode == second.rcode);
    if (first.action == REPLY_SEND)
        RULE(*length == first.octets && first.octets == second.octets &&
             memcmp(message, again, *length) == 0);
    const char *broken = judged(request, octets, asker->transport, &first, message);
    if (broken)
        fuzz_broken(broken, __FILE__, __LINE__);
    return &first;
}
