#include "wire/record.h"

struct header header_read(struct reader *r)
{
    struct header h;
    h.id = reader_u16(r);
    h.flags = reader_u16(r);
    h.qdcount = reader_u16(r);
    h.ancount = reader_u16(r);
    h.nscount = reader_u16(r);
    h.arcount = reader_u16(r);
    return h;
}

void header_write(struct writer *w, const struct header *header)
{
    writer_u16(w, header->id);
    writer_u16(w, header->flags);
    writer_u16(w, header->qdcount);
    writer_u16(w, header->ancount);
    writer_u16(w, header->nscount);
    writer_u16(w, header->arcount);
}

enum status question_parse(const uint8_t *message, size_t length, size_t *at, struct question *out)
{
    enum status status = name_parse(message, length, at, &out->name);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(message + *at, length - *at);
    out->type = reader_u16(&r);
    out->class = reader_u16(&r);
    *at += 4;
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

enum status record_parse(const uint8_t *message, size_t length, size_t *at, struct record *out)
{
    out->owner = *at;
    enum status status = name_skip(message, length, at);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(message + *at, length - *at);
    out->type = reader_u16(&r);
    out->class = reader_u16(&r);
    out->ttl = reader_u32(&r);
    out->rdata_octets = reader_u16(&r);
    out->rdata = *at + 10;
    reader_octets(&r, out->rdata_octets);
    *at = out->rdata + out->rdata_octets;
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

void record_write_fixed(struct writer *w, uint16_t type, uint16_t class, uint32_t ttl,
                        uint16_t rdata_octets)
{
    writer_u16(w, type);
    writer_u16(w, class);
    writer_u32(w, ttl);
    writer_u16(w, rdata_octets);
}
