#include "server/request.h"

#include <string.h>

/* Of a record, between owner and RDATA. */
#define RECORD_FIXED_OCTETS 10

static void refuse(struct request *request, uint16_t rcode)
{
    request->verdict = REQUEST_ERROR;
    request->rcode = rcode;
}

/* Reads the question; it must be whole and uncompressed: nothing stands before it to point to. */
static bool parse_question(struct reader *r, struct request *request)
{
    const uint8_t *start = r->next;
    size_t name_length;

    const uint8_t *name = name_take(r, &name_length);
    request->question.type = reader_u16(r);
    request->question.class = reader_u16(r);
    if (r->failed)
        return false;
    memcpy(request->question.name.octets, name, name_length);
    request->question.name.length = (uint8_t)name_length;
    request->question_octets = (size_t)(r->next - start);
    request->has_question = true;
    return true;
}

/* The serial of an SOA in the authority section: 20 octets before the end of its RDATA. */
static void note_serial(const uint8_t *message, const struct record *record,
                        struct request *request)
{
    if (record->type != TYPE_SOA || record->rdata_octets < 20)
        return;
    struct reader r = reader_of(message + record->rdata + record->rdata_octets - 20, 4);
    request->serial = reader_u32(&r);
    request->has_serial = true;
}

/* Takes in one record of the additional section; `last` of the message. */
static bool parse_additional(const uint8_t *message, size_t length, const struct record *record,
                             bool last, struct request *request)
{
    if (record->type == TYPE_TSIG) { /* RFC 8945 §5.2 */
        request->has_tsig =
            last && tsig_parse(message, length, record, &request->tsig) == STATUS_OK;
        return request->has_tsig;
    }
    if (record->type != TYPE_OPT)
        return true;
    if (request->edns.present || message[record->owner] != 0)
        return false;
    return edns_parse(&request->edns, record, message) == STATUS_OK;
}

/* What must not stand before the additional section. */
static bool is_misplaced(const struct record *record)
{
    return record->type == TYPE_OPT || record->type == TYPE_TSIG;
}

/* Steps through all records after the questions. False when one is malformed or out of place; a
 * TSIG counts only in a message that is whole, and as its only one. */
static bool parse_records(const uint8_t *message, size_t length, size_t at, struct request *request)
{
    const struct header *header = &request->header;
    size_t before = (size_t)header->ancount + header->nscount;
    size_t total = before + header->arcount;
    struct record record;
    unsigned signatures = 0;
    size_t owners = 0;
    bool sound = true;

    for (size_t i = 0; i < total; i++) {
        if (i == REQUEST_MAX_RECORDS || record_parse(message, length, &at, &record) != STATUS_OK)
            return false;
        owners += record.rdata - record.owner;
        if (owners > REQUEST_MAX_OWNERS + (i + 1) * RECORD_FIXED_OCTETS)
            return false;
        signatures += record.type == TYPE_TSIG;
        if (i >= before)
            sound = parse_additional(message, length, &record, i + 1 == total, request) && sound;
        else if (is_misplaced(&record))
            sound = false;
        else if (i >= header->ancount)
            note_serial(message, &record, request);
    }
    request->has_tsig = request->has_tsig && signatures == 1 && at == length;
    return sound && at == length;
}

/* Reads the question, or steps over what there is in place of one: for an OPT (RFC 6891 §6.1.1) and
 * a TSIG behind it. False when it cannot. */
static bool parse_questions(struct reader *r, struct request *request)
{
    size_t name_length;

    if (request->header.qdcount == 1)
        return parse_question(r, request);
    if (request->header.qdcount > REQUEST_MAX_RECORDS)
        return false;
    for (unsigned i = 0; i < request->header.qdcount; i++) {
        name_take(r, &name_length);
        reader_octets(r, 4);
    }
    return !r->failed;
}

/* An opcode that is not ours: its message is looked through for a TSIG alone. */
static void parse_unknown(const uint8_t *message, size_t length, struct reader *r,
                          struct request *request)
{
    if (request->header.arcount == 0)
        return;
    if (!parse_questions(r, request) ||
        !parse_records(message, length, (size_t)(r->next - message), request))
        request->has_tsig = false;
    request->has_question = false;
    request->question_octets = 0;
    request->edns = (struct edns){.present = false};
}

/* One question, or none and a cookie (RFC 7873 §5.4). */
static bool asks(const struct request *request)
{
    return request->has_question || (request->header.qdcount == 0 && request->edns.cookie);
}

void request_parse(const uint8_t *message, size_t length, struct request *out)
{
    struct reader r = reader_of(message, length);

    out->verdict = REQUEST_DROP;
    out->rcode = RCODE_NOERROR;
    out->octets = length;
    out->has_question = false;
    out->question_octets = 0;
    out->edns = (struct edns){.present = false};
    out->has_serial = false;
    out->has_tsig = false;
    out->header = header_read(&r);
    if (r.failed || out->header.flags & HEADER_QR)
        return;
    if (header_opcode(out->header.flags) != OPCODE_QUERY) {
        refuse(out, RCODE_NOTIMP);
        parse_unknown(message, length, &r, out);
        return;
    }
    if (!parse_questions(&r, out) ||
        !parse_records(message, length, (size_t)(r.next - message), out) || !asks(out)) {
        refuse(out, RCODE_FORMERR);
        return;
    }
    out->verdict = out->has_question ? REQUEST_QUESTION : REQUEST_COOKIE;
    if (out->edns.version > 0)
        refuse(out, RCODE_BADVERS);
}
