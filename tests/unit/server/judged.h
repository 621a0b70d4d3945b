/*
 * What holds for every answer to any octets at all, judged from outside: by who knows the request,
 * how it came, and the rules, and nothing of zones. Needs no test framework.
 */
#ifndef TESTS_JUDGED_H
#define TESTS_JUDGED_H

#include "server/respond.h"
#include "wire/record.h"

#include <string.h>

#define JUDGED_UDP_MAX 1232 /* udp-max of the tests */

/* What a request says for itself, as far as its records can be stepped through. */
struct judged_request {
    struct header header;
    unsigned opts;       /* OPT records, anywhere */
    uint16_t udp_octets; /* of the last one */
    bool whole;          /* as many records as counted, and nothing after them */
};

static inline struct judged_request judged_request_of(const uint8_t *request, size_t length)
{
    struct judged_request out = {.opts = 0, .udp_octets = DNS_UDP_OCTETS};
    struct reader r = reader_of(request, length);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    struct record record;

    out.header = header_read(&r);
    for (unsigned i = 0; i < out.header.qdcount; i++)
        if (question_parse(request, length, &at, &question) != STATUS_OK)
            return out;
    unsigned records = (unsigned)out.header.ancount + out.header.nscount + out.header.arcount;
    for (unsigned i = 0; i < records; i++) {
        if (record_parse(request, length, &at, &record) != STATUS_OK)
            return out;
        if (record.type != TYPE_OPT)
            continue;
        out.opts++;
        out.udp_octets = record.class > DNS_UDP_OCTETS ? record.class : DNS_UDP_OCTETS;
    }
    out.whole = at == length;
    return out;
}

/* An answer taken apart. */
struct judged {
    struct header header;
    size_t question_octets;
    unsigned opts;
    unsigned tsigs;
    unsigned extended; /* RCODE with the upper eight bits of the OPT */
};

/* Steps through it: sections as counted, owners that are names, nothing after the last record. */
static inline const char *judged_parse(const uint8_t *message, size_t length, struct judged *out)
{
    struct reader r = reader_of(message, length);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    struct record record;
    struct name owner;

    *out = (struct judged){.header = header_read(&r)};
    if (r.failed || out->header.qdcount > 1)
        return "a header, and one question or none";
    if (out->header.qdcount == 1 && question_parse(message, length, &at, &question) != STATUS_OK)
        return "a question that can be read";
    out->question_octets = at - DNS_HEADER_OCTETS;
    out->extended = out->header.flags & 0xf;
    unsigned records = (unsigned)out->header.ancount + out->header.nscount + out->header.arcount;
    for (unsigned i = 0; i < records; i++) {
        if (record_parse(message, length, &at, &record) != STATUS_OK)
            return "as many records as the counts say";
        size_t owner_at = record.owner;
        if (name_parse(message, length, &owner_at, &owner) != STATUS_OK)
            return "owners that are names";
        bool additional = i >= (unsigned)out->header.ancount + out->header.nscount;
        if ((record.type == TYPE_OPT || record.type == TYPE_TSIG) && !additional)
            return "OPT and TSIG in the additional section";
        if (record.type == TYPE_OPT) {
            out->opts++;
            out->extended |= (unsigned)(record.ttl >> 24) << 4;
        }
        out->tsigs += record.type == TYPE_TSIG;
        if (record.type == TYPE_TSIG && i + 1 < records)
            return "the TSIG last";
    }
    return at == length && out->opts <= 1 ? NULL : "one OPT, and nothing after the last record";
}

/* RFC 1035 §4.1.1, RFC 8906 §3.1.3, §3.1.4: header and question against those of the request. */
static inline const char *judged_head(const uint8_t *request, size_t length,
                                      const struct judged_request *asked, const uint8_t *message,
                                      const struct judged *answer)
{
    uint16_t flags = answer->header.flags;
    bool query = header_opcode(asked->header.flags) == OPCODE_QUERY;

    if (answer->header.id != asked->header.id || !(flags & HEADER_QR) ||
        header_opcode(flags) != header_opcode(asked->header.flags))
        return "ID and opcode as asked, QR";
    if (flags & (HEADER_RA | HEADER_AD | 0x40))
        return "RA, AD and Z clear";
    if (query && (flags ^ asked->header.flags) & HEADER_RD)
        return "RD as asked";
    if (answer->header.qdcount == 1 &&
        (DNS_HEADER_OCTETS + answer->question_octets > length ||
         memcmp(request + DNS_HEADER_OCTETS, message + DNS_HEADER_OCTETS,
                answer->question_octets) != 0))
        return "the question as sent";
    if (!query && (answer->extended != RCODE_NOTIMP && answer->extended != RCODE_NOTAUTH &&
                   answer->extended != RCODE_FORMERR))
        return "NOTIMP for other opcodes";
    return NULL;
}

/* What an error has none of. */
static inline const char *judged_error(const struct judged *answer)
{
    if (answer->extended == RCODE_NOERROR || answer->extended == RCODE_NXDOMAIN)
        return NULL;
    if (answer->header.ancount > 0 || answer->header.nscount > 0)
        return "no records with an error";
    return answer->header.flags & HEADER_AA ? "no AA with an error" : NULL;
}

/*
 * Judges what respond() made of a request; `message` has the reply's parts in one piece. NULL, or
 * the rule that it breaks.
 */
static inline const char *judged(const uint8_t *request, size_t length, enum transport transport,
                                 const struct reply *reply, const uint8_t *message)
{
    struct judged_request asked = judged_request_of(request, length);
    struct judged answer;

    if (length < DNS_HEADER_OCTETS || asked.header.flags & HEADER_QR)
        return reply->action == REPLY_DROP ? NULL : "nothing for what is no request";
    if (reply->action == REPLY_DROP)
        return "an answer to every request";
    if (reply->action == REPLY_TRANSFER)
        return transport != TRANSPORT_UDP ? NULL : "no transfer by UDP";
    const char *wrong = judged_parse(message, reply->octets, &answer);
    if (!wrong)
        wrong = judged_head(request, length, &asked, message, &answer);
    if (!wrong)
        wrong = judged_error(&answer);
    if (wrong)
        return wrong;
    if (answer.opts > asked.opts)
        return "an OPT only to who has sent one";
    if (transport != TRANSPORT_UDP)
        return answer.header.flags & HEADER_TC && answer.tsigs == 0 ? "no TC by TCP" : NULL;
    size_t limit = asked.opts > 0 ? asked.udp_octets : DNS_UDP_OCTETS;
    return reply->octets <= (limit < JUDGED_UDP_MAX ? limit : JUDGED_UDP_MAX)
               ? NULL
               : "no more octets than the client takes";
}

#endif
