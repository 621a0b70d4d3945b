#include "zone/zonefile_check.h"

#include "store/nsec3.h"
#include "wire/constants.h"
#include "wire/name.h"
#include "wire/reader.h"
#include "zone/rrtype.h"

#include <string.h>

/* What a message needs beside its records: header, the question's type and class, an OPT. */
#define MESSAGE_FIXED_OCTETS (DNS_HEADER_OCTETS + 4 + 11)
#define RECORD_FIXED_OCTETS  12 /* of a record whose owner is a pointer */

struct place zonefile_check_place(const struct zonefile_check *check,
                                  const struct zonefile_record *record)
{
    return (struct place){.file = check->file, .line = record->line};
}

bool zonefile_check_counts(struct zonefile_check *check)
{
    return check->errors++ < check->limit;
}

/* The texts of a record that messages begin with. */
struct subject {
    char owner[NAME_TEXT_OCTETS];
    char type[RRTYPE_TEXT_OCTETS];
};

static struct subject subject_of(const struct zonefile_record *record)
{
    struct subject subject = {.owner = ""};
    name_to_text(record->owner->name, subject.owner);
    rrtype_to_text(record->type, subject.type);
    return subject;
}

static void complain(struct zonefile_check *check, const struct zonefile_record *record,
                     const char *rule, const char *message)
{
    struct subject subject = subject_of(record);
    if (zonefile_check_counts(check))
        diag_error(check->diag, zonefile_check_place(check, record), rule, "%s %s: %s",
                   subject.owner, subject.type, message);
}

/* RFC 2181 §5.2. Signatures are looked at with what they cover. */
static void check_ttls(struct zonefile_check *check, const struct zonefile_record *records,
                       size_t count)
{
    for (size_t i = 1; i < count && records->type != TYPE_RRSIG; i++) {
        if (records[i].ttl == records[0].ttl)
            continue;
        struct subject subject = subject_of(records);
        if (zonefile_check_counts(check))
            diag_error(check->diag, zonefile_check_place(check, &records[i]), "zonefile-ttl-mixed",
                       "%s %s has TTL %lu here and %lu in line %u; records of one name and type "
                       "share one TTL",
                       subject.owner, subject.type, (unsigned long)records[i].ttl,
                       (unsigned long)records[0].ttl, records[0].line);
        return;
    }
}

static void check_size(struct zonefile_check *check, const struct zonefile_record *record,
                       size_t count, const struct rrset *rrset)
{
    size_t octets = MESSAGE_FIXED_OCTETS + name_octets(record->owner->name) +
                    (size_t)rrset->count * RECORD_FIXED_OCTETS + rrset_octets(rrset);
    bool accepted = record->type == TYPE_RRSIG ||
                    (rrset->count <= RRSET_MAX_RECORDS && rrset_octets(rrset) <= RRSET_MAX_OCTETS);

    if (octets > DNS_MESSAGE_OCTETS || count > UINT16_MAX) {
        complain(check, record, "zonefile-size",
                 "no message of 65535 octets can carry all of its records; leave some out");
    } else if (!accepted && check->remarks++ < ZONEFILE_CHECK_REMARKS) {
        struct subject subject = subject_of(record);
        diag_warning(check->diag, zonefile_check_place(check, record), "zonefile-size",
                     "%s %s has %u records with %zu octets of data; beyond %d records BIND, beyond "
                     "%d octets older NSD refuses the zone as a secondary",
                     subject.owner, subject.type, rrset->count, rrset_octets(rrset),
                     RRSET_MAX_RECORDS, RRSET_MAX_OCTETS);
    }
}

/* RFC 2181 §5. The SOA that ends a transfer is no surprise (RFC 5936 §2.2). */
static void note_duplicates(struct zonefile_check *check, const struct zonefile_record *records,
                            size_t count, const struct rrset *rrset)
{
    if (rrset->count == count || records->type == TYPE_SOA ||
        check->remarks++ >= ZONEFILE_CHECK_REMARKS)
        return;
    struct subject subject = subject_of(records);
    diag_add(check->diag, SEVERITY_NOTE, zonefile_check_place(check, records), "zonefile-duplicate",
             "%s %s holds equal records; each is kept once, %u of %zu", subject.owner, subject.type,
             rrset->count, count);
}

static void check_soa(struct zonefile_check *check, const struct zonefile_record *records,
                      const struct rrset *rrset)
{
    if (!name_equals(records->owner->name, check->apex->name))
        complain(check, records, "zonefile-soa",
                 "an SOA below the zone's own; one file holds one zone");
    else if (rrset->count > 1)
        complain(check, records, "zonefile-soa", "the zone has SOA records that differ; keep one");
}

static bool is_wildcard(const uint8_t *name)
{
    return name[0] == 1 && name[1] == '*';
}

/* What NSEC3PARAM and NSEC3 have in common: how names are hashed (RFC 5155 §3.2, §4.2). */
struct hashing {
    uint8_t algorithm;
    uint8_t flags;
    uint16_t iterations;
    const uint8_t *salt; /* after its length */
    uint8_t salt_octets;
};

static struct hashing hashing_of(const struct rdata *rdata)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    struct hashing hashing = {.algorithm = reader_u8(&r), .flags = reader_u8(&r)};

    hashing.iterations = reader_u16(&r);
    hashing.salt_octets = reader_u8(&r);
    hashing.salt = reader_octets(&r, hashing.salt_octets);
    return hashing;
}

/* Parameters by which every answer is to be hashed (RFC 5155 §7.4, RFC 9276 §3.1, §3.2). */
static void check_hashing(struct zonefile_check *check, const struct zonefile_record *record,
                          const struct hashing *hashing)
{
    struct subject subject = subject_of(record);

    if (hashing->algorithm == NSEC3_SHA1 && hashing->iterations <= NSEC3_MAX_ITERATIONS)
        return;
    if (!zonefile_check_counts(check))
        return;
    if (hashing->algorithm != NSEC3_SHA1)
        diag_error(check->diag, zonefile_check_place(check, record), "zonefile-nsec3",
                   "%s %s: hash algorithm %u is not known; 1, SHA-1, is the only one there is "
                   "(RFC 5155 section 7.4)",
                   subject.owner, subject.type, hashing->algorithm);
    else
        diag_error(check->diag, zonefile_check_place(check, record), "zonefile-nsec3",
                   "%s %s: %u iterations are more than %d, beyond which resolvers give up; sign "
                   "with 0 (RFC 9276 section 3.1)",
                   subject.owner, subject.type, hashing->iterations, NSEC3_MAX_ITERATIONS);
}

static void keep_parameters(struct zonefile_check *check, const struct rdata *rdata)
{
    if (rdata->length > sizeof check->nsec3_parameters)
        return; /* it has no form that anything could be compared with */
    memcpy(check->nsec3_parameters, rdata->octets, rdata->length);
    check->nsec3_parameters_octets = rdata->length;
}

/* RFC 5155 §4.1.2: those with flags are to be ignored; §7.3: one of the others is to be chosen. */
static void check_parameters(struct zonefile_check *check, const struct zonefile_record *record,
                             const struct rrset *rrset)
{
    size_t usable = 0;

    for (size_t i = 0; i < rrset->count; i++) {
        struct hashing hashing = hashing_of(&rrset->items[i]);
        if (hashing.flags != 0)
            continue;
        check_hashing(check, record, &hashing);
        usable++;
        if (name_equals(record->owner->name, check->apex->name))
            keep_parameters(check, &rrset->items[i]);
    }
    if (usable > 1)
        complain(check, record, "zonefile-nsec3",
                 "two ways to hash names at once; wait until their change is over");
}

static bool same_hashing(const struct rdata *a, const struct rdata *b)
{
    struct hashing left = hashing_of(a);
    struct hashing right = hashing_of(b);

    return left.algorithm == right.algorithm && left.iterations == right.iterations &&
           left.salt_octets == right.salt_octets && left.salt && right.salt &&
           memcmp(left.salt, right.salt, left.salt_octets) == 0;
}

/* The NSEC3 of a zone make one chain, whose owners are hashes right below the apex (RFC 5155 §3).
 */
static void check_nsec3(struct zonefile_check *check, const struct zonefile_record *record,
                        const struct rrset *rrset)
{
    const struct rdata parameters = {check->nsec3_parameters, check->nsec3_parameters_octets};
    const uint8_t *owner = record->owner->name;
    uint8_t hash[NSEC3_HASH_OCTETS];

    if (!nsec3_hash_of_label(owner, hash) ||
        name_labels(owner) != name_labels(check->apex->name) + 1) {
        complain(check, record, "zonefile-nsec3",
                 "the owner is no hash of 32 characters of base32hex below the zone's name");
    } else if (rrset->count > 1) {
        complain(check, record, "zonefile-nsec3", "a hash has one NSEC3; keep one");
    } else if (parameters.length > 0 && !same_hashing(&rrset->items[0], &parameters)) {
        complain(check, record, "zonefile-nsec3",
                 "algorithm, iterations or salt are not those of the zone's NSEC3PARAM; wait until "
                 "their change is over, or sign again");
    }
}

void zonefile_check_rrset(struct zonefile_check *check, const struct zonefile_record *records,
                          size_t count, const struct rrset *rrset)
{
    uint16_t type = records->type;

    check_ttls(check, records, count);
    check_size(check, records, count, rrset);
    note_duplicates(check, records, count, rrset);
    if (type == TYPE_SOA)
        check_soa(check, records, rrset);
    /* Synthesis at or below a DNAME (RFC 6672) is not served, so that it must not be promised. */
    if (type == TYPE_DNAME)
        complain(check, records, "zonefile-dname",
                 "contactd does not serve DNAME; write the records of each name");
    /* RFC 4592 §4.2 leaves open what it would mean. */
    if (type == TYPE_NS && is_wildcard(records->owner->name))
        complain(check, records, "zonefile-wildcard", "a wildcard cannot delegate; name the zones");
    if (type == TYPE_CNAME && rrset->count > 1)
        complain(check, records, "zonefile-cname", "a name has one CNAME; keep one");
    if (type == TYPE_NSEC3PARAM)
        check_parameters(check, records, rrset);
    if (type == TYPE_NSEC3)
        check_nsec3(check, records, rrset);
}

/* RFC 2181 §10.1, RFC 4035 §2.5. */
static void check_cname(struct zonefile_check *check, const struct zonefile_record *records,
                        size_t count)
{
    const struct zonefile_record *cname = NULL;
    const struct zonefile_record *other = NULL;

    for (size_t i = 0; i < count; i++) {
        uint16_t type = records[i].type;
        if (type == TYPE_CNAME)
            cname = &records[i];
        else if (type != TYPE_RRSIG && type != TYPE_NSEC)
            other = &records[i];
    }
    if (cname == NULL || other == NULL)
        return;
    struct subject subject = subject_of(cname);
    char type[RRTYPE_TEXT_OCTETS];
    rrtype_to_text(other->type, type);
    if (zonefile_check_counts(check))
        diag_error(check->diag, zonefile_check_place(check, cname), "zonefile-cname",
                   "%s has a CNAME and, in line %u, a %s record; a CNAME stands alone",
                   subject.owner, other->line, type);
}

/* An owner of NSEC3 is no name of the zone and has nothing else (RFC 5155 §7.2.8). */
static void check_nsec3_alone(struct zonefile_check *check, const struct zonefile_record *records,
                              size_t count)
{
    const struct zonefile_record *nsec3 = NULL;
    const struct zonefile_record *other = NULL;

    for (size_t i = 0; i < count; i++) {
        if (records[i].type == TYPE_NSEC3)
            nsec3 = &records[i];
        else if (records[i].type != TYPE_RRSIG)
            other = &records[i];
    }
    if (nsec3 && other)
        complain(check, nsec3, "zonefile-nsec3", "other records have the same owner; remove them");
}

static const struct rrset *find_rrset(const struct rrset *rrsets, size_t count, uint16_t type)
{
    for (size_t i = 0; i < count; i++)
        if (rrsets[i].type == type)
            return &rrsets[i];
    return NULL;
}

/* A signature has the TTL of what it covers (RFC 4034 §3): nodes keep none of its own. */
static void check_signature(struct zonefile_check *check, const struct zonefile_record *record,
                            const struct rrset *rrsets, size_t rrset_count)
{
    struct reader r = reader_of(record->rdata, record->rdata_octets);
    uint16_t type = reader_u16(&r);
    const struct rrset *covered = find_rrset(rrsets, rrset_count, type);
    char text[RRTYPE_TEXT_OCTETS];

    if (covered != NULL ? covered->ttl == record->ttl : !check->complete)
        return;
    if (!zonefile_check_counts(check))
        return;
    struct subject subject = subject_of(record);
    rrtype_to_text(type, text);
    if (covered == NULL)
        diag_error(check->diag, zonefile_check_place(check, record), "zonefile-rrsig",
                   "%s has a signature for %s but no such record; sign the zone again",
                   subject.owner, text);
    else
        diag_error(check->diag, zonefile_check_place(check, record), "zonefile-rrsig",
                   "%s has TTL %lu at the signature for %s and %lu at what it signs; make them one",
                   subject.owner, (unsigned long)record->ttl, text, (unsigned long)covered->ttl);
}

void zonefile_check_node(struct zonefile_check *check, const struct zonefile_record *records,
                         size_t count, const struct rrset *rrsets, size_t rrset_count)
{
    bool is_apex = name_equals(records->owner->name, check->apex->name);

    check_cname(check, records, count);
    check_nsec3_alone(check, records, count);
    for (size_t i = 0; i < count; i++)
        if (records[i].type == TYPE_RRSIG)
            check_signature(check, &records[i], rrsets, rrset_count);
    if (is_apex && check->complete && find_rrset(rrsets, rrset_count, TYPE_NS) == NULL)
        diag_warning(check->diag, zonefile_check_place(check, records), "zonefile-ns",
                     "the zone has no NS records; other servers will not load it");
}
