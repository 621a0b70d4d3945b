#include "zone/zonefile_check.h"

#include "wire/constants.h"
#include "wire/name.h"
#include "wire/reader.h"
#include "zone/rrtype.h"

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
    struct subject subject;
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
    } else if (!accepted) {
        struct subject subject = subject_of(record);
        diag_warning(check->diag, zonefile_check_place(check, record), "zonefile-size",
                     "%s %s has %u records with %zu octets of data; beyond %d records BIND, beyond "
                     "%d octets older NSD refuses the zone as a secondary",
                     subject.owner, subject.type, rrset->count, rrset_octets(rrset),
                     RRSET_MAX_RECORDS, RRSET_MAX_OCTETS);
    }
}

/* RFC 2181 §5. The SOA that ends a transfer is no surprise (RFC 5936 §2.2). */
static void note_duplicates(const struct zonefile_check *check,
                            const struct zonefile_record *records, size_t count,
                            const struct rrset *rrset)
{
    if (rrset->count == count || records->type == TYPE_SOA)
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
        diag_warning(check->diag, zonefile_check_place(check, records), "zonefile-nsec3",
                     "the zone is signed for NSEC3; contactd proves absence by NSEC only, so that "
                     "validators refuse its denials");
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
    for (size_t i = 0; i < count; i++)
        if (records[i].type == TYPE_RRSIG)
            check_signature(check, &records[i], rrsets, rrset_count);
    if (is_apex && check->complete && find_rrset(rrsets, rrset_count, TYPE_NS) == NULL)
        diag_warning(check->diag, zonefile_check_place(check, records), "zonefile-ns",
                     "the zone has no NS records; other servers will not load it");
}
