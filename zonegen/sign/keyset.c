#include "sign/keyset.h"

#include "wire/constants.h"
#include "wire/writer.h"
#include "zone/rdata.h"

#include <openssl/evp.h>
#include <string.h>

#define MAX_RDATA_OCTETS KEYFILE_MAX_DNSKEY_OCTETS /* DS with SHA-384 takes 52 */

/* What keyset_open() goes by. */
struct opening {
    const struct config_zone *zone;
    struct arena *arena;
    struct diag *diag;
    struct keyfiles files;
    struct keyset *out;
    char name[NAME_TEXT_OCTETS];
};

static enum status complain(const struct opening *opening, const char *rule, const char *message)
{
    diag_error(opening->diag, ((struct place){.file = opening->zone->policy->key_dir}), rule,
               "zone %s: %s", opening->name, message);
    return STATUS_INVALID;
}

/* How a zone gets rid of keys that nobody has. */
#define BEGIN_ANEW                                                                                 \
    "begin anew: have the DS removed, publish once with 'dnssec: off' and --force, then make a "   \
    "new key"

/* For messages that name the key and the command that helps; NULL means that memory is out. */
static enum status complain_text(const struct opening *opening, const char *rule, const char *text)
{
    return text != NULL ? complain(opening, rule, text) : STATUS_SYSTEM;
}

static enum status digest_key(const struct keyfile *file, uint8_t digest[STATE_DIGEST_OCTETS])
{
    int made = EVP_Digest(file->dnskey, file->dnskey_octets, digest, NULL, EVP_sha256(), NULL);
    return made == 1 ? STATUS_OK : STATUS_SYSTEM;
}

static const struct keyfile *find_file(const struct keyfiles *files, uint8_t algorithm,
                                       uint16_t tag)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].algorithm == algorithm && files->items[i].tag == tag)
            return &files->items[i];
    return NULL;
}

static enum status use_remembered(const struct opening *opening, const struct signing_key *key)
{
    uint8_t digest[STATE_DIGEST_OCTETS];
    struct keyset *out = opening->out;

    const struct keyfile *file = find_file(&opening->files, key->algorithm, key->tag);
    if (file == NULL)
        return complain_text(opening, "key-missing",
                             arena_format(opening->arena,
                                          "its key %u (algorithm %u) is in use, and its files are "
                                          "not here; bring K...+%03u+%05u.key and .private back, "
                                          "or, if they are lost for good, " BEGIN_ANEW,
                                          key->tag, key->algorithm, key->algorithm, key->tag));
    if (digest_key(file, digest) != STATUS_OK)
        return STATUS_SYSTEM;
    if (memcmp(digest, key->digest, sizeof digest) != 0)
        return complain_text(opening, "key-changed",
                             arena_format(opening->arena,
                                          "its key %u (algorithm %u) is in use, and the files here "
                                          "hold another of that tag; bring the right ones back",
                                          key->tag, key->algorithm));
    out->keys[out->count++] = (struct keyset_key){file, key->use};
    return STATUS_OK;
}

/* Takes the keys that the database says are in use. */
static enum status take_remembered(const struct opening *opening)
{
    const struct signing_state *state = &opening->out->state;
    enum status outcome = STATUS_OK;

    for (size_t i = 0; i < state->key_count; i++) {
        if (state->keys[i].use == 0)
            continue;
        enum status status = use_remembered(opening, &state->keys[i]);
        if (status == STATUS_SYSTEM)
            return status;
        if (status != STATUS_OK)
            outcome = status;
    }
    return outcome;
}

static bool is_stored(const struct keyfile *file, const struct rrset *stored)
{
    for (size_t i = 0; stored != NULL && i < stored->count; i++)
        if (stored->items[i].length == file->dnskey_octets &&
            memcmp(stored->items[i].octets, file->dnskey, file->dnskey_octets) == 0)
            return true;
    return false;
}

static bool any_is_stored(const struct keyfiles *files, const struct rrset *stored)
{
    for (size_t i = 0; i < files->count; i++)
        if (is_stored(&files->items[i], stored))
            return true;
    return false;
}

/* True when there is a key of the algorithm with these flags. */
static bool has_flags(const struct keyset *keyset, uint8_t algorithm, uint16_t flags)
{
    for (size_t i = 0; i < keyset->count; i++)
        if (keyset->keys[i].file->algorithm == algorithm && keyset->keys[i].file->flags == flags)
            return true;
    return false;
}

/* The use of a key beside those that are adopted with it. */
static unsigned default_use(const struct keyset *keyset, const struct keyfile *file)
{
    if ((file->flags & DNSKEY_SEP) == 0)
        return KEY_PUBLISHED | KEY_SIGNS_DATA;
    unsigned use = KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_WANTS_DS;
    return has_flags(keyset, file->algorithm, DNSKEY_ZONE) ? use : use | KEY_SIGNS_DATA;
}

/* The keys that are here are not those that the zone is signed with: signing with them would make
 * it bogus as long as the parent has the other's DS. */
static enum status refuse_foreign(const struct opening *opening, const struct rrset *stored)
{
    const struct rdata *first = &stored->items[0];
    struct reader r = reader_of(first->octets, first->length);

    reader_octets(&r, 3);
    unsigned algorithm = reader_u8(&r);
    return complain_text(opening, "key-foreign",
                         arena_format(opening->arena,
                                      "it is signed with keys of which none is here, such as %u "
                                      "(algorithm %u); bring their files, or " BEGIN_ANEW,
                                      keyfile_tag(first->octets, first->length), algorithm));
}

/* Takes the keys that the stored zone has, or all where it has none. */
static enum status adopt(const struct opening *opening, const struct rrset *stored)
{
    const struct keyfiles *files = &opening->files;
    struct keyset *out = opening->out;
    bool some = any_is_stored(files, stored);

    if (stored != NULL && !some && files->count > 0)
        return refuse_foreign(opening, stored);
    for (size_t i = 0; i < files->count; i++) {
        if (some && !is_stored(&files->items[i], stored))
            continue;
        if (out->count == STATE_MAX_KEYS)
            return complain_text(opening, "key-count",
                                 arena_format(opening->arena,
                                              "it has more than %d keys; move those that are not "
                                              "needed out of the folder",
                                              STATE_MAX_KEYS));
        out->keys[out->count++].file = &files->items[i];
    }
    for (size_t i = 0; i < out->count; i++)
        out->keys[i].use = default_use(out, out->keys[i].file);
    return STATUS_OK;
}

/* Remembers what was adopted. */
static enum status remember(struct keyset *out)
{
    out->state = (struct signing_state){.key_count = out->count};
    for (size_t i = 0; i < out->count; i++) {
        const struct keyfile *file = out->keys[i].file;
        struct signing_key *key = &out->state.keys[i];
        *key = (struct signing_key){.tag = file->tag,
                                    .algorithm = file->algorithm,
                                    .use = (uint8_t)out->keys[i].use,
                                    .flags = file->flags,
                                    .part = KEY_STAYS};
        if (digest_key(file, key->digest) != STATUS_OK)
            return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

static bool has_use(const struct keyset *keyset, uint8_t algorithm, unsigned use)
{
    for (size_t i = 0; i < keyset->count; i++)
        if (keyset->keys[i].file->algorithm == algorithm && (keyset->keys[i].use & use) != 0)
            return true;
    return false;
}

/* True when the first key of this algorithm in the set is the `at`-th: each is checked once. */
static bool is_first_of_algorithm(const struct keyset *keyset, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (keyset->keys[i].file->algorithm == keyset->keys[at].file->algorithm)
            return false;
    return true;
}

/* RFC 4035 §2.2: every RRset is signed by each algorithm that the DNSKEY RRset has. */
static enum status check_algorithm(const struct opening *opening, uint8_t algorithm)
{
    const struct keyset *keyset = opening->out;
    const char *name = keyfile_algorithm_name(algorithm);

    if (!has_use(keyset, algorithm, KEY_PUBLISHED))
        return STATUS_OK;
    if (!has_use(keyset, algorithm, KEY_SIGNS_KEYS))
        return complain_text(opening, "key-no-ksk",
                             arena_format(opening->arena,
                                          "no key of algorithm %u (%s) signs its keys; with that "
                                          "algorithm in the zone's policy, 'zonegen key generate "
                                          "--spare --ksk %s' makes a KSK",
                                          algorithm, name, opening->name));
    if (!has_use(keyset, algorithm, KEY_SIGNS_DATA))
        return complain_text(opening, "key-no-zsk",
                             arena_format(opening->arena,
                                          "no key of algorithm %u (%s) signs its data; with that "
                                          "algorithm in the zone's policy, 'zonegen key generate "
                                          "--spare --zsk %s' makes a ZSK",
                                          algorithm, name, opening->name));
    return STATUS_OK;
}

static enum status check_keys(const struct opening *opening)
{
    const struct keyset *keyset = opening->out;
    enum status outcome = STATUS_OK;

    if (keyset->count == 0)
        return complain_text(opening, "key-none",
                             arena_format(opening->arena,
                                          "it has no key; 'zonegen key generate %s' makes one",
                                          opening->name));
    for (size_t i = 0; i < keyset->count; i++) {
        if (!is_first_of_algorithm(keyset, i))
            continue;
        enum status status = check_algorithm(opening, keyset->keys[i].file->algorithm);
        if (status != STATUS_OK)
            outcome = status;
    }
    return outcome;
}

static bool any_in_use(const struct signing_state *state)
{
    for (size_t i = 0; i < state->key_count; i++)
        if (state->keys[i].use != 0)
            return true;
    return false;
}

/* Reads what the database remembers; nothing when there is no database. */
static enum status recall(const struct opening *opening, struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return STATUS_NOT_FOUND;
    enum status status = state_read(snapshot, &opening->zone->domain, &opening->out->state);
    return status == STATUS_OK && !any_in_use(&opening->out->state) ? STATUS_NOT_FOUND : status;
}

static enum status bring_together(const struct opening *opening, struct snapshot *snapshot,
                                  const struct rrset *stored)
{
    enum status status = recall(opening, snapshot);
    if (status == STATUS_OK) {
        status = take_remembered(opening);
    } else if (status == STATUS_NOT_FOUND) {
        status = adopt(opening, stored);
        if (status == STATUS_OK)
            status = remember(opening->out);
    }
    return status == STATUS_OK ? check_keys(opening) : status;
}

enum status keyset_open(const struct config_zone *zone, const struct keyset_sources *sources,
                        struct arena *arena, struct diag *diag, struct keyset *out)
{
    struct opening opening = {.zone = zone, .arena = arena, .diag = diag, .out = out};

    *out = (struct keyset){.count = 0};
    size_t length = name_to_text(zone->domain.octets, opening.name);
    if (length > 1)
        opening.name[length - 1] = '\0'; /* as people write it */
    enum status status = STATUS_OK;
    if (sources->files != NULL)
        opening.files = *sources->files;
    else
        status = keyfiles_read(zone->policy->key_dir, &zone->domain, arena, diag, &opening.files);
    return status == STATUS_OK ? bring_together(&opening, sources->snapshot, sources->dnskeys)
                               : status;
}

enum status keyset_ds(const struct keyfile *key, const struct name *zone, enum ds_digest digest,
                      struct arena *arena, struct rdata *out)
{
    uint8_t octets[MAX_RDATA_OCTETS];
    uint8_t input[NAME_MAX_OCTETS + KEYFILE_MAX_DNSKEY_OCTETS];
    uint8_t digested[EVP_MAX_MD_SIZE];
    unsigned digest_octets = 0;
    struct name owner = *zone;
    struct writer w = writer_of(octets, sizeof octets);

    /* RFC 4034 §5.1.4: the canonical owner name, then the RDATA. */
    name_lower(owner.octets);
    memcpy(input, owner.octets, owner.length);
    memcpy(input + owner.length, key->dnskey, key->dnskey_octets);
    if (EVP_Digest(input, (size_t)owner.length + key->dnskey_octets, digested, &digest_octets,
                   digest == DS_SHA384 ? EVP_sha384() : EVP_sha256(), NULL) != 1)
        return STATUS_SYSTEM;
    writer_u16(&w, key->tag);
    writer_u8(&w, key->algorithm);
    writer_u8(&w, (uint8_t)digest);
    writer_octets(&w, digested, digest_octets);
    *out = rdata_keep(&w, arena);
    return out->length > 0 ? STATUS_OK : STATUS_SYSTEM;
}

static struct rdata dnskey_rdata(const struct keyfile *key)
{
    return (struct rdata){key->dnskey, key->dnskey_octets};
}

/* Begins an RRset with room for every key. */
static enum status begin_rrset(struct rrset *rrset, uint16_t type, uint32_t ttl,
                               struct arena *arena)
{
    *rrset = (struct rrset){.type = type, .ttl = ttl};
    rrset->items = arena_alloc(arena, STATE_MAX_KEYS * sizeof *rrset->items);
    return rrset->items != NULL ? STATUS_OK : STATUS_SYSTEM;
}

/* Adds the DNSKEY RDATA of every key that has one of the uses. */
static void add_keys(const struct keyset *keyset, unsigned use, struct rrset *rrset)
{
    for (size_t i = 0; i < keyset->count; i++)
        if ((keyset->keys[i].use & use) != 0)
            rrset->items[rrset->count++] = dnskey_rdata(keyset->keys[i].file);
}

static enum status add_cds(const struct keyset *keyset, const struct name *zone,
                           struct arena *arena, struct rrset *rrset)
{
    for (size_t i = 0; i < keyset->count; i++) {
        if ((keyset->keys[i].use & KEY_WANTS_DS) == 0)
            continue;
        enum status status =
            keyset_ds(keyset->keys[i].file, zone, DS_SHA256, arena, &rrset->items[rrset->count++]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* RFC 8078 §4: each field 0, but for the protocol; one octet stands for digest and key. */
static void ask_for_deletion(struct rrset *cds, struct rrset *cdnskey)
{
    static const uint8_t cds_octets[] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey_octets[] = {0, 0, 3, 0, 0};

    cds->items[cds->count++] = (struct rdata){cds_octets, sizeof cds_octets};
    cdnskey->items[cdnskey->count++] = (struct rdata){cdnskey_octets, sizeof cdnskey_octets};
}

enum status keyset_rrsets(const struct keyset *keyset, const struct config_zone *zone, uint32_t ttl,
                          struct arena *arena, struct rrset *out, size_t *count)
{
    static const uint16_t types[] = {TYPE_DNSKEY, TYPE_CDS, TYPE_CDNSKEY};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < 3; i++)
        if (begin_rrset(&out[i], types[i], ttl, arena) != STATUS_OK)
            return STATUS_SYSTEM;
    add_keys(keyset, KEY_PUBLISHED, &out[0]);
    if (zone->policy->cds == DNSSEC_CDS_DELETE) {
        ask_for_deletion(&out[1], &out[2]);
    } else if (zone->policy->cds == DNSSEC_CDS_ON) {
        status = add_cds(keyset, &zone->domain, arena, &out[1]);
        add_keys(keyset, KEY_WANTS_DS, &out[2]);
    }
    *count = out[1].count > 0 ? 3 : 1;
    for (size_t i = 0; status == STATUS_OK && i < *count; i++)
        rrset_sort(&out[i]);
    return status;
}
