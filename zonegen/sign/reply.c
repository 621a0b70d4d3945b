#include "sign/reply.h"

static struct header header_of(const struct ask *ask)
{
    struct reader r = reader_of(ask->message, ask->octets);
    return header_read(&r);
}

/* Where the first record stands: after header and question, which were checked. */
static size_t first_record(const struct ask *ask)
{
    struct question question;
    size_t at = DNS_HEADER_OCTETS;

    return question_parse(ask->message, ask->octets, &at, &question) == STATUS_OK ? at
                                                                                  : ask->octets;
}

bool reply_next(const struct ask *ask, enum reply_section section, struct reply_walk *walk,
                struct reply_record *out)
{
    const struct header header = header_of(ask);
    unsigned begin = section == REPLY_ANSWER ? 0 : header.ancount;
    unsigned end = section == REPLY_ANSWER ? header.ancount : begin + header.nscount;
    struct record record;

    if (walk->at == 0)
        walk->at = first_record(ask);
    while (walk->seen < end) {
        if (record_parse(ask->message, ask->octets, &walk->at, &record) != STATUS_OK)
            return false;
        size_t owner = record.owner;
        if (walk->seen++ < begin || record.class != CLASS_IN ||
            name_parse(ask->message, ask->octets, &owner, &out->owner) != STATUS_OK)
            continue;
        out->type = record.type;
        out->ttl = record.ttl > DNS_TTL_MAX ? 0 : record.ttl; /* RFC 2181 §8 */
        out->at = record.rdata;
        out->octets = record.rdata_octets;
        return true;
    }
    return false;
}

bool reply_next_of(const struct ask *ask, enum reply_section section, const struct name *owner,
                   uint16_t type, struct reply_walk *walk, struct reply_record *out)
{
    while (reply_next(ask, section, walk, out)) {
        if (out->type == type && name_equals(out->owner.octets, owner->octets))
            return true;
    }
    return false;
}

unsigned reply_rcode(const struct ask *ask)
{
    return header_of(ask).flags & 0xf;
}

bool reply_is_authoritative(const struct ask *ask)
{
    return (header_of(ask).flags & HEADER_AA) != 0;
}

const char *reply_rcode_text(const struct ask *ask, struct arena *arena)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    unsigned rcode = reply_rcode(ask);

    if (rcode < sizeof names / sizeof names[0])
        return names[rcode];
    const char *text = arena_format(arena, "RCODE %u", rcode);
    return text != NULL ? text : "an error";
}

enum status reply_name(const struct ask *ask, const struct reply_record *record, struct name *out)
{
    size_t at = record->at;

    if (name_parse(ask->message, ask->octets, &at, out) != STATUS_OK ||
        at != record->at + record->octets)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

enum status reply_signature(const struct ask *ask, const struct reply_record *record,
                            struct reply_signature *out)
{
    struct reader r = reader_of(ask->message + record->at, record->octets);

    out->covered = reader_u16(&r);
    out->algorithm = reader_u8(&r);
    reader_u8(&r);
    out->ttl = reader_u32(&r);
    reader_octets(&r, 8);
    out->tag = reader_u16(&r);
    size_t at = record->at + (record->octets - reader_left(&r));
    if (r.failed || name_parse(ask->message, ask->octets, &at, &out->signer) != STATUS_OK ||
        at >= record->at + record->octets)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

enum status reply_serial(const struct ask *ask, const struct reply_record *record, uint32_t *out)
{
    struct name name;
    size_t at = record->at;
    size_t end = record->at + record->octets;

    for (int names = 0; names < 2; names++)
        if (name_parse(ask->message, ask->octets, &at, &name) != STATUS_OK)
            return STATUS_MALFORMED;
    if (at > end)
        return STATUS_MALFORMED;
    struct reader r = reader_of(ask->message + at, end - at);
    *out = reader_u32(&r);
    reader_octets(&r, 16);
    return r.failed || reader_left(&r) > 0 ? STATUS_MALFORMED : STATUS_OK;
}
