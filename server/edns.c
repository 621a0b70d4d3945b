#include "server/edns.h"

#include <string.h>

#define FLAG_DO 0x8000u

static void take_option(struct edns *out, uint16_t code, const uint8_t *value, uint16_t octets)
{
    switch (code) {
    case EDNS_NSID:
        out->nsid = true;
        break;
    case EDNS_PADDING:
        out->padding = true;
        break;
    case EDNS_COOKIE:
        if (out->cookie)
            break;
        out->cookie = value;
        out->cookie_octets = octets;
        break;
    default: /* RFC 6891 §6.1.2 */
        break;
    }
}

enum status edns_parse(struct edns *out, const struct record *record, const uint8_t *message)
{
    struct reader r = reader_of(message + record->rdata, record->rdata_octets);

    out->present = true;
    out->udp_octets = record->class < DNS_UDP_OCTETS ? DNS_UDP_OCTETS : record->class;
    out->version = (uint8_t)(record->ttl >> 16);
    out->dnssec_ok = (record->ttl & FLAG_DO) != 0;
    for (unsigned n = 0; reader_left(&r) > 0; n++) {
        uint16_t code = reader_u16(&r);
        uint16_t octets = reader_u16(&r);
        const uint8_t *value = reader_octets(&r, octets);
        if (r.failed || n == EDNS_MAX_OPTIONS)
            return STATUS_MALFORMED;
        take_option(out, code, value, octets);
    }
    return STATUS_OK;
}

static void write_option(struct writer *w, uint16_t code, const void *value, size_t octets)
{
    writer_u16(w, code);
    writer_u16(w, (uint16_t)octets);
    writer_octets(w, value, octets);
}

static void write_error(struct writer *w, const struct edns_reply *reply)
{
    size_t octets = reply->error_text ? strlen(reply->error_text) : 0;

    writer_u16(w, EDNS_ERROR);
    writer_u16(w, (uint16_t)(2 + octets));
    writer_u16(w, (uint16_t)reply->error);
    writer_octets(w, (const uint8_t *)reply->error_text, octets);
}

void edns_write(struct writer *w, const struct edns_reply *reply)
{
    writer_u8(w, 0); /* the root */
    writer_u16(w, TYPE_OPT);
    writer_u16(w, reply->udp_octets);
    writer_u8(w, (uint8_t)(reply->rcode >> 4));
    writer_u8(w, 0); /* version */
    writer_u16(w, reply->dnssec_ok ? FLAG_DO : 0);
    size_t rdlength_at = writer_length(w);
    writer_u16(w, 0);
    if (reply->cookie)
        write_option(w, EDNS_COOKIE, reply->cookie, COOKIE_OCTETS);
    if (reply->nsid)
        write_option(w, EDNS_NSID, reply->nsid, strlen(reply->nsid));
    if (reply->keepalive > 0) {
        uint8_t timeout[2] = {(uint8_t)(reply->keepalive >> 8), (uint8_t)reply->keepalive};
        write_option(w, EDNS_KEEPALIVE, timeout, sizeof timeout);
    }
    if (reply->error >= 0)
        write_error(w, reply);
    writer_patch_u16(w, rdlength_at, (uint16_t)(writer_length(w) - rdlength_at - 2));
}

/* Root, type, class, TTL stand before the length of an OPT's RDATA. */
#define RDLENGTH_AT 9

void edns_pad(struct writer *w, size_t opt_at, size_t octets, size_t limit)
{
    size_t bare = octets + EDNS_OPTION_OCTETS;
    size_t padded = (bare + EDNS_PADDED_OCTETS - 1) / EDNS_PADDED_OCTETS * EDNS_PADDED_OCTETS;

    if (bare > limit)
        return;
    size_t zeros = (padded < limit ? padded : limit) - bare;
    writer_u16(w, EDNS_PADDING);
    writer_u16(w, (uint16_t)zeros);
    for (size_t i = 0; i < zeros; i++)
        writer_u8(w, 0);
    size_t rdata_at = opt_at + RDLENGTH_AT + 2;
    writer_patch_u16(w, opt_at + RDLENGTH_AT, (uint16_t)(writer_length(w) - rdata_at));
}
