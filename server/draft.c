#include "server/draft.h"

#include <string.h>

#define COPIED_FLAGS (0x7800 | HEADER_RD | HEADER_CD) /* opcode, RD, CD */

bool draft_wants_dnssec(const struct draft *draft)
{
    return draft->request->edns.present && draft->request->edns.dnssec_ok;
}

/* Appends octets to the reply; what follows the part before it in memory joins that part. */
static void add_part(struct reply *out, const uint8_t *octets, size_t length)
{
    struct iovec *last = out->part_count > 0 ? &out->parts[out->part_count - 1] : NULL;

    if (length == 0)
        return;
    out->octets += length;
    if (last && (const uint8_t *)last->iov_base + last->iov_len == octets) {
        last->iov_len += length;
        return;
    }
    out->parts[out->part_count++] =
        (struct iovec){.iov_base = (void *)(uintptr_t)octets, .iov_len = length};
}

/* Of the TSIG that the reply ends with. */
static size_t signature_octets(const struct draft *draft)
{
    return draft->out->tsig ? tsig_octets(draft->out->tsig) : 0;
}

/* The OPT beside records: 11, NSID 4 + 255, keepalive 6, cookie 28. */
#define OPT_OCTETS 304

/* An OPT without NSID and extended error, by UDP: what never goes. */
static size_t least_opt_octets(const struct draft *draft)
{
    size_t cookie = draft->out->cookie != COOKIE_NONE ? EDNS_OPTION_OCTETS + COOKIE_OCTETS : 0;
    return 11 + cookie;
}

/* The proof of a wildcard in a part, OPT and TSIG in another. */
#define LAST_PARTS 2

bool draft_has_room(const struct draft *draft, size_t octets, size_t parts)
{
    if (draft->records[SECTION_ANSWER] == 0)
        return true;
    size_t last = OPT_OCTETS + signature_octets(draft);
    return draft->out->octets + octets + draft->reserved + last <= DNS_MESSAGE_OCTETS &&
           draft->out->part_count + parts + LAST_PARTS <= REPLY_MAX_PARTS;
}

void draft_add(struct draft *draft, enum section section, const uint8_t *octets, size_t length,
               uint16_t records)
{
    add_part(draft->out, octets, length);
    draft->octets[section] += length;
    draft->records[section] = (uint16_t)(draft->records[section] + records);
}

static void add_stored_part(struct draft *draft, enum section section,
                            const struct stored_answer *answer, enum stored_part part)
{
    draft_add(draft, section, answer->part[part], answer->octets[part], answer->records[part]);
}

void draft_add_stored(struct draft *draft, const struct stored_answer *answer)
{
    bool dnssec = draft_wants_dnssec(draft);

    draft->referral = draft->referral || answer->records[PART_AUTHORITY] > 0;
    add_stored_part(draft, SECTION_ANSWER, answer, PART_ANSWER);
    if (dnssec)
        add_stored_part(draft, SECTION_ANSWER, answer, PART_ANSWER_SIGNATURES);
    add_stored_part(draft, SECTION_AUTHORITY, answer, PART_AUTHORITY);
    if (dnssec)
        add_stored_part(draft, SECTION_AUTHORITY, answer, PART_AUTHORITY_SIGNATURES);
}

void draft_add_additional(struct draft *draft, const struct stored_answer *answer)
{
    add_stored_part(draft, SECTION_ADDITIONAL, answer, PART_ADDITIONAL);
    if (!draft_wants_dnssec(draft))
        return;
    add_stored_part(draft, SECTION_ADDITIONAL, answer, PART_ADDITIONAL_SIGNATURES);
    draft->extra_octets = answer->octets[PART_ADDITIONAL_SIGNATURES];
    draft->extra_records = answer->records[PART_ADDITIONAL_SIGNATURES];
}

void draft_start(struct draft *draft, const uint8_t *message)
{
    const struct request *request = draft->request;
    struct reply *out = draft->out;

    /* RFC 1035 §4.1.1, RFC 8906 §8.1.3.1; everything else is clear. */
    draft->flags = (uint16_t)(HEADER_QR | (request->header.flags & COPIED_FLAGS));
    draft->rcode = request->rcode;
    draft->error = -1;
    draft->tail = writer_of(out->tail, sizeof out->tail);
    out->limited = RRL_PASS;
    out->action = REPLY_SEND;
    out->spare_used = false;
    out->tsig = NULL;
    out->cookie = COOKIE_NONE;
    out->octets = 0;
    out->part_count = 0;
    memcpy(out->head + DNS_HEADER_OCTETS, message + DNS_HEADER_OCTETS, request->question_octets);
    add_part(out, out->head, DNS_HEADER_OCTETS + request->question_octets);
}

void draft_clear(struct draft *draft)
{
    struct reply *out = draft->out;

    out->part_count = 1;
    out->octets = out->parts[0].iov_len;
    for (size_t i = 0; i < SECTIONS; i++) {
        draft->records[i] = 0;
        draft->octets[i] = 0;
    }
    draft->extra_records = 0;
    draft->extra_octets = 0;
    draft->referral = false;
}

/* Writes the OPT that a request with one gets (RFC 6891 §6.1.1). Returns its octets. */
static size_t write_opt(struct draft *draft, bool with_nsid, bool with_error)
{
    const struct config_server *server = &draft->view->config->server;
    const struct edns *edns = &draft->request->edns;
    size_t before = writer_length(&draft->tail);
    /* RFC 7828 §3.3.2: sent by TCP only; in units of 100 ms. */
    unsigned keepalive = draft->asker->transport != TRANSPORT_UDP ? server->tcp_idle_ms / 100 : 0;

    if (!edns->present)
        return 0;
    struct edns_reply reply = {
        .udp_octets = server->udp_max,
        .rcode = draft->rcode,
        .dnssec_ok = edns->dnssec_ok,
        .cookie = draft->out->cookie != COOKIE_NONE ? draft->cookie : NULL,
        .nsid = edns->nsid && with_nsid ? server->identity : NULL,
        .keepalive = (uint16_t)(keepalive > UINT16_MAX ? UINT16_MAX : keepalive),
        .error = with_error ? draft->error : -1,
        .error_text = draft->error_text,
    };
    edns_write(&draft->tail, &reply);
    return writer_length(&draft->tail) - before;
}

bool draft_is_proved(const struct draft *draft)
{
    const struct tsig_session *tsig = draft->out->tsig;

    return draft->asker->transport != TRANSPORT_UDP || draft->out->cookie == COOKIE_GOOD ||
           (tsig && tsig->error == TSIG_NO_ERROR);
}

/* IPv4 and UDP; with those of IPv6 everything weighs more and the ratio is smaller. */
#define DATAGRAM_HEADER_OCTETS 28
/* By how much an answer may outweigh its question. */
#define AMPLIFICATION_MAX 18

/* The largest reply by UDP that a client may be sent who may have forged his address. */
static size_t unproved_limit(const struct draft *draft)
{
    size_t configured = draft->view->config->server.nocookie_udp_max;
    size_t share = AMPLIFICATION_MAX * (draft->request->octets + DATAGRAM_HEADER_OCTETS) -
                   DATAGRAM_HEADER_OCTETS;

    return configured > 0 && configured < share ? configured : share;
}

/* The largest reply that the client takes, and gets. */
static size_t limit_of(const struct draft *draft)
{
    const struct edns *edns = &draft->request->edns;
    size_t limit = draft->view->config->server.udp_max;

    if (draft->asker->transport != TRANSPORT_UDP)
        return DNS_MESSAGE_OCTETS;
    if (!edns->present)
        return DNS_UDP_OCTETS;
    if (edns->udp_octets < limit)
        limit = edns->udp_octets;
    if (draft_is_proved(draft) || unproved_limit(draft) > limit)
        return limit;
    return unproved_limit(draft);
}

/* Cuts the reply's parts behind the first `octets` octets. */
static void cut_parts(struct reply *out, size_t octets)
{
    size_t kept = 0;

    out->octets = octets;
    for (size_t i = 0; i < out->part_count; i++) {
        struct iovec *part = &out->parts[i];
        if (kept < octets) {
            size_t take = part->iov_len < octets - kept ? part->iov_len : octets - kept;
            part->iov_len = take;
            kept += take;
            continue;
        }
        out->part_count = i;
        return;
    }
}

/* Leaves the first whole records of the answer section that fit into `room` octets. */
static void keep_records(struct draft *draft, size_t room)
{
    const struct iovec *body = &draft->out->parts[1];
    struct reader r = reader_of(body->iov_base, body->iov_len);
    size_t kept = 0;
    uint16_t records = 0;
    size_t octets;

    while (records < draft->records[SECTION_ANSWER] && stored_take_record(&r, &octets)) {
        size_t end = body->iov_len - reader_left(&r);
        if (end > room)
            break;
        kept = end;
        records++;
    }
    draft->records[SECTION_ANSWER] = records;
    draft->octets[SECTION_ANSWER] = kept;
}

/*
 * Makes the reply fit, the OPT kept: without signatures of additional records (RFC 4035 §3.1.1),
 * without additional records where they are no glue (RFC 2181 §9, RFC 9471 §3), else with TC and as
 * many whole records as fit, in their stored order.
 */
static void truncate_to(struct draft *draft, size_t room)
{
    size_t head = draft->out->parts[0].iov_len;
    size_t body = draft->octets[SECTION_ANSWER] + draft->octets[SECTION_AUTHORITY];
    size_t additional = draft->octets[SECTION_ADDITIONAL] - draft->extra_octets;

    if (head + body + additional <= room) {
        draft->records[SECTION_ADDITIONAL] =
            (uint16_t)(draft->records[SECTION_ADDITIONAL] - draft->extra_records);
        cut_parts(draft->out, head + body + additional);
        return;
    }
    draft->records[SECTION_ADDITIONAL] = 0;
    if (head + body <= room && !draft->referral) {
        cut_parts(draft->out, head + body);
        return;
    }
    draft->flags |= HEADER_TC;
    draft->records[SECTION_AUTHORITY] = 0;
    if (draft->records[SECTION_ANSWER] > 0)
        keep_records(draft, room - head);
    cut_parts(draft->out, head + draft->octets[SECTION_ANSWER]);
}

/*
 * RFC 8945 §5.3: what a TSIG leaves no room for is asked for again by TCP, and nothing of it is
 * sent. The OPT stays (RFC 6891 §7), which that RFC does not think of.
 */
static void leave_question(struct draft *draft)
{
    draft_clear(draft);
    draft->rcode = RCODE_NOERROR;
}

/* Adds the TSIG to the finished reply. A transfer is signed message by message, elsewhere. */
static void sign(struct draft *draft, struct header *header)
{
    struct reply *out = draft->out;
    const uint8_t *start = draft->tail.next;

    if (out->action == REPLY_TRANSFER)
        return;
    if (!tsig_sign(out->tsig, out->parts, out->part_count, draft->view->clock(), &draft->tail))
        out->action = REPLY_DROP; /* the machine fails: better nothing than what looks forged */
    add_part(out, start, (size_t)(draft->tail.next - start));
    struct writer w = writer_of(out->head, DNS_HEADER_OCTETS);
    header->arcount++;
    header_write(&w, header);
}

/* How many octets a reply may have before its TSIG. Question and TSIG go out together in any case:
 * that is about the size of what was asked. */
static size_t room_of(const struct draft *draft)
{
    size_t limit = limit_of(draft);
    size_t signature = signature_octets(draft);
    size_t head = draft->out->parts[0].iov_len + least_opt_octets(draft);

    return limit >= head + signature ? limit - signature : head;
}

/* Pads the OPT that was written last where the client asks for it: never where everybody sees what
 * is in it anyway (RFC 7830 §6). Returns the octets of the OPT then. */
static size_t pad(struct draft *draft, size_t opt_octets)
{
    const struct edns *edns = &draft->request->edns;
    size_t opt_at = writer_length(&draft->tail) - opt_octets;

    draft->out->padded =
        opt_octets > 0 && edns->padding && draft->asker->transport == TRANSPORT_TLS;
    if (!draft->out->padded || draft->out->action == REPLY_TRANSFER) /* message by message */
        return opt_octets;
    size_t octets = draft->out->octets + opt_octets + signature_octets(draft);
    edns_pad(&draft->tail, opt_at, octets, limit_of(draft));
    return writer_length(&draft->tail) - opt_at;
}

size_t draft_room(const struct draft *draft)
{
    const struct config_server *server = &draft->view->config->server;
    const struct edns *edns = &draft->request->edns;
    size_t last = edns->present ? least_opt_octets(draft) : 0;
    size_t limit = room_of(draft);

    if (edns->present && edns->nsid)
        last += EDNS_OPTION_OCTETS + strlen(server->identity);
    last += draft->out->octets;
    return limit > last ? limit - last : 0;
}

void draft_finish(struct draft *draft)
{
    struct reply *out = draft->out;
    size_t limit = room_of(draft);
    const struct writer before_opt = draft->tail;

    size_t opt_octets = write_opt(draft, true, true);
    if (draft->error >= 0 && out->octets + opt_octets > limit) { /* RFC 8914 §3 */
        draft->tail = before_opt;
        opt_octets = write_opt(draft, true, false);
    }
    if (out->parts[0].iov_len + opt_octets > limit) { /* a long name and a long identity */
        draft->tail = before_opt;
        opt_octets = write_opt(draft, false, false);
    }
    if (out->octets + opt_octets > limit)
        truncate_to(draft, limit - opt_octets);
    if (out->tsig && draft->flags & HEADER_TC)
        leave_question(draft);
    opt_octets = pad(draft, opt_octets);
    out->rcode = draft->rcode;
    out->head_octets = out->parts[0].iov_len;
    out->tail_octets = opt_octets;
    add_part(out, before_opt.next, opt_octets);
    struct header header = {
        .id = draft->request->header.id,
        .flags = (uint16_t)(draft->flags | (draft->rcode & 0xf)),
        .qdcount = draft->request->has_question,
        .ancount = draft->records[SECTION_ANSWER],
        .nscount = draft->records[SECTION_AUTHORITY],
        .arcount = (uint16_t)(draft->records[SECTION_ADDITIONAL] + (opt_octets > 0)),
    };
    struct writer w = writer_of(out->head, DNS_HEADER_OCTETS);
    header_write(&w, &header);
    if (out->tsig)
        sign(draft, &header);
}

void draft_shorten(struct draft *draft)
{
    bool has_cookie = draft->out->cookie != COOKIE_NONE;

    draft_clear(draft);
    draft->tail = writer_of(draft->out->tail, sizeof draft->out->tail);
    draft->out->spare_used = false;
    draft->error = -1;
    draft->flags &= (uint16_t) ~(HEADER_AA | HEADER_TC);
    draft->flags |= has_cookie ? 0 : HEADER_TC;
    draft->rcode = has_cookie ? RCODE_BADCOOKIE : RCODE_NOERROR;
    draft_finish(draft);
}
