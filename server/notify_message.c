#include "server/notify_message.h"

#include "wire/record.h"

static void write_start(struct writer *w, uint16_t id, uint16_t flags, uint16_t ancount,
                        const uint8_t *zone)
{
    struct header header = {.id = id, .flags = flags, .qdcount = 1, .ancount = ancount};
    header_write(w, &header);
    writer_octets(w, zone, name_octets(zone));
    writer_u16(w, TYPE_SOA);
    writer_u16(w, CLASS_IN);
}

/* True when the octets are one SOA record and nothing else. */
static bool is_soa(const uint8_t *soa, size_t soa_octets)
{
    size_t at = 0;
    struct record record;
    return soa_octets > 0 && record_parse(soa, soa_octets, &at, &record) == STATUS_OK &&
           at == soa_octets && record.type == TYPE_SOA;
}

size_t notify_message_write(uint8_t out[NOTIFY_MESSAGE_OCTETS], uint16_t id, const uint8_t *zone,
                            const uint8_t *soa, size_t soa_octets)
{
    /* Header, a name of 255 octets, type and class are 271: the start always fits. */
    size_t start = DNS_HEADER_OCTETS + name_octets(zone) + 4;
    bool hint = is_soa(soa, soa_octets) && start + soa_octets <= NOTIFY_MESSAGE_OCTETS;
    struct writer w = writer_of(out, NOTIFY_MESSAGE_OCTETS);
    write_start(&w, id, OPCODE_NOTIFY << 11 | HEADER_AA, hint, zone);
    if (hint)
        writer_octets(&w, soa, soa_octets);
    return writer_length(&w);
}

size_t notify_question_write(uint8_t out[NOTIFY_MESSAGE_OCTETS], uint16_t id, const uint8_t *zone)
{
    struct writer w = writer_of(out, NOTIFY_MESSAGE_OCTETS);
    write_start(&w, id, OPCODE_QUERY << 11, 0, zone);
    return writer_length(&w);
}

/* The serial of an SOA record; its two names may be compressed (RFC 1035 §3.3.13). */
static enum status read_serial(const uint8_t *octets, size_t length, const struct record *record,
                               uint32_t *serial)
{
    struct name ignored;
    size_t at = record->rdata;
    size_t end = record->rdata + record->rdata_octets;
    /* Names may point to what is before the record, but must end within it. */
    for (int names = 0; names < 2; names++)
        if (name_parse(octets, length, &at, &ignored) != STATUS_OK)
            return STATUS_MALFORMED;
    if (at > end)
        return STATUS_MALFORMED;
    struct reader r = reader_of(octets + at, end - at);
    *serial = reader_u32(&r);
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

/* Looks for the zone's SOA in an answer section that starts at `at`. */
static void find_serial(const uint8_t *octets, size_t length, size_t at, uint16_t ancount,
                        struct notify_answer *out)
{
    struct record record;
    struct name owner;
    for (unsigned i = 0; i < ancount; i++) {
        if (record_parse(octets, length, &at, &record) != STATUS_OK)
            return;
        size_t owner_at = record.owner;
        if (record.type != TYPE_SOA || record.class != CLASS_IN ||
            name_parse(octets, length, &owner_at, &owner) != STATUS_OK ||
            !name_equals(owner.octets, out->zone.octets))
            continue;
        out->has_serial = read_serial(octets, length, &record, &out->serial) == STATUS_OK;
        return;
    }
}

enum status notify_answer_read(const uint8_t *octets, size_t length, struct notify_answer *out)
{
    struct reader r = reader_of(octets, length);
    struct header header = header_read(&r);
    struct question question;
    size_t at = DNS_HEADER_OCTETS;
    if (r.failed || !(header.flags & HEADER_QR) || header.qdcount != 1 ||
        question_parse(octets, length, &at, &question) != STATUS_OK || question.type != TYPE_SOA ||
        question.class != CLASS_IN)
        return STATUS_MALFORMED;
    *out = (struct notify_answer){
        .id = header.id,
        .opcode = header_opcode(header.flags),
        .rcode = header.flags & 0xf,
        .truncated = header.flags & HEADER_TC,
        .authoritative = header.flags & HEADER_AA,
        .zone = question.name,
    };
    find_serial(octets, length, at, header.ancount, out);
    return STATUS_OK;
}
