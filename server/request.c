#include "server/request.h"

#include <string.h>

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

/* True when the RDATA of a TSIG is whole (RFC 8945 §4.2). */
static bool is_tsig(const uint8_t *message, const struct record *record)
{
    struct reader r = reader_of(message + record->rdata, record->rdata_octets);
    size_t algorithm_octets;

    name_take(&r, &algorithm_octets);
    reader_octets(&r, 6 + 2);          /* time signed, fudge */
    reader_octets(&r, reader_u16(&r)); /* MAC */
    reader_octets(&r, 2 + 2);          /* original ID, error */
    reader_octets(&r, reader_u16(&r)); /* other data */
    return !r.failed && reader_left(&r) == 0;
}

/* Takes in one record of the additional section; `last` of the message. */
static bool parse_additional(const uint8_t *message, const struct record *record, bool last,
                             struct request *request)
{
    if (record->type == TYPE_TSIG) {
        request->rcode = RCODE_NOTAUTH;
        return last && is_tsig(message, record); /* RFC 8945 §5.2 */
    }
    if (record->type != TYPE_OPT)
        return true;
    if (request->edns.present || message[record->owner] != 0)
        return false;
    return edns_parse(&request->edns, record, message) == STATUS_OK;
}

/* Steps through all records after the question. False when one is malformed. */
static bool parse_records(const uint8_t *message, size_t length, size_t at, struct request *request)
{
    const struct header *header = &request->header;
    size_t before = (size_t)header->ancount + header->nscount;
    size_t total = before + header->arcount;
    struct record record;
    bool sound = true;

    for (size_t i = 0; i < total; i++) {
        if (record_parse(message, length, &at, &record) != STATUS_OK)
            return false;
        if (i >= before)
            sound = parse_additional(message, &record, i + 1 == total, request) && sound;
        else if (record.type == TYPE_OPT)
            sound = false;
        else if (i >= header->ancount)
            note_serial(message, &record, request);
    }
    return sound && at == length;
}

void request_parse(const uint8_t *message, size_t length, struct request *out)
{
    struct reader r = reader_of(message, length);

    out->verdict = REQUEST_DROP;
    out->rcode = RCODE_NOERROR;
    out->has_question = false;
    out->question_octets = 0;
    out->edns = (struct edns){.present = false};
    out->has_serial = false;
    out->header = header_read(&r);
    if (r.failed || out->header.flags & HEADER_QR)
        return;
    if (header_opcode(out->header.flags) != OPCODE_QUERY) {
        refuse(out, RCODE_NOTIMP);
        return;
    }
    /* The records behind no question are read too: for an OPT (RFC 6891 §6.1.1). */
    bool sound = out->header.qdcount == 0 || (out->header.qdcount == 1 && parse_question(&r, out));
    if (!sound || !parse_records(message, length, DNS_HEADER_OCTETS + out->question_octets, out) ||
        !out->has_question) {
        refuse(out, RCODE_FORMERR);
        return;
    }
    out->verdict = REQUEST_QUESTION;
    if (out->edns.version > 0)
        refuse(out, RCODE_BADVERS);
    else if (out->rcode != RCODE_NOERROR)
        out->verdict = REQUEST_ERROR;
}
