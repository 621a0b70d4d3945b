#include "server/respond.h"

#include "server/chaos.h"
#include "server/request.h"
#include "store/lookup.h"
#include "wire/serial.h"

#include <string.h>

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

/* One answer in the making; its sections do not count the OPT. */
struct making {
    const struct view *view;
    const struct request *request;
    enum transport transport;
    struct reply *out;
    uint16_t flags; /* of the header */
    uint16_t rcode;
    uint16_t records[SECTIONS];
    size_t octets[SECTIONS];
    int error; /* extended error, or -1 */
    const char *error_text;
};

static bool wants_dnssec(const struct making *making)
{
    return making->request->edns.present && making->request->edns.dnssec_ok;
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

/* Parts left for bodies: the SOA and the tail need two. */
static bool has_room(const struct reply *out)
{
    return out->part_count + STORED_PARTS + 2 <= REPLY_MAX_PARTS;
}

static void add_records(struct making *making, enum section section, const uint8_t *octets,
                        size_t length, uint16_t records)
{
    add_part(making->out, octets, length);
    making->octets[section] += length;
    making->records[section] = (uint16_t)(making->records[section] + records);
}

/* Adds a stored answer's parts: signatures only where they are asked for (RFC 4035 §3.1). */
static void add_stored(struct making *making, const struct stored_answer *answer)
{
    static const enum section section[STORED_PARTS] = {
        [PART_ANSWER] = SECTION_ANSWER,         [PART_ANSWER_SIGNATURES] = SECTION_ANSWER,
        [PART_AUTHORITY] = SECTION_AUTHORITY,   [PART_AUTHORITY_SIGNATURES] = SECTION_AUTHORITY,
        [PART_ADDITIONAL] = SECTION_ADDITIONAL,
    };
    bool dnssec = wants_dnssec(making);

    for (size_t i = 0; i < STORED_PARTS; i++)
        if (dnssec || (i != PART_ANSWER_SIGNATURES && i != PART_AUTHORITY_SIGNATURES))
            add_records(making, section[i], answer->part[i], answer->octets[i], answer->records[i]);
}

/* The SOA of the zone that denies (RFC 2308 §3). */
static void add_soa(struct making *making, const struct served_zone *zone)
{
    add_records(making, SECTION_AUTHORITY, zone->soa, zone->soa_octets, 1);
}

static void hint(struct making *making, int error, const char *text)
{
    making->error = error;
    making->error_text = text;
}

static void nodata(struct making *making, const struct served_zone *zone)
{
    making->flags |= HEADER_AA;
    add_soa(making, zone);
}

/* The name is there but has nothing of this type: tells people what it has. */
static void nodata_at_node(struct making *making, const struct served_zone *zone,
                           const struct stored *node)
{
    struct stored_answer answer;

    nodata(making, zone);
    if (stored_find(node, TYPE_TXT, &answer) == STATUS_OK)
        hint(making, EDE_OTHER, "ask for TXT");
}

static void nxdomain(struct making *making, const struct served_zone *zone)
{
    making->rcode = RCODE_NXDOMAIN;
    making->flags |= HEADER_AA;
    add_soa(making, zone);
    hint(making, EDE_OTHER, zone->miss_hint);
}

static void servfail(struct making *making, int error, const char *text)
{
    making->rcode = RCODE_SERVFAIL;
    hint(making, error, text);
}

static void damaged(struct making *making)
{
    servfail(making, EDE_OTHER, "a record in the database is damaged");
}

static void stored(struct making *making, const struct served_zone *zone,
                   const struct stored_answer *answer)
{
    making->rcode = answer->rcode;
    if (answer->flags & STORED_AUTHORITATIVE)
        making->flags |= HEADER_AA;
    add_stored(making, answer);
    if (answer->flags & STORED_NEGATIVE)
        add_soa(making, zone);
}

/* True for a line that ANY may get: an RRset of the name itself. */
static bool is_own(const struct stored_answer *answer)
{
    const unsigned own = STORED_ANSWERS | STORED_IN_ZONE;
    return (answer->flags & own) == own;
}

/* The one RRset that ANY gets by UDP (RFC 8482 §4.1): TXT where there is one, else the first. */
static enum status pick_any(const struct stored *node, struct stored_answer *out)
{
    enum status status = stored_find(node, TYPE_TXT, out);

    if (status == STATUS_OK && is_own(out))
        return STATUS_OK;
    for (size_t n = 0; n < node->answer_count && status != STATUS_MALFORMED; n++) {
        status = stored_answer_at(node, n, out);
        if (status == STATUS_OK && is_own(out))
            return STATUS_OK;
    }
    return status == STATUS_MALFORMED ? status : STATUS_NOT_FOUND;
}

/* ANY by TCP: every RRset of the name, as far as a reply has parts (RFC 8482 §4.4). */
static enum status all_of(struct making *making, const struct stored *node)
{
    enum status outcome = STATUS_NOT_FOUND;

    for (size_t n = 0; n < node->answer_count && has_room(making->out); n++) {
        struct stored_answer answer;
        if (stored_answer_at(node, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        if (!is_own(&answer))
            continue;
        answer.octets[PART_ADDITIONAL] = 0;
        answer.records[PART_ADDITIONAL] = 0;
        making->flags |= HEADER_AA;
        add_stored(making, &answer);
        outcome = STATUS_OK;
    }
    return outcome;
}

static enum status any(struct making *making, const struct served_zone *zone,
                       const struct stored *node)
{
    struct stored_answer answer;

    if (node->flags & STORED_CUT) { /* not ours to answer: refer */
        enum status status = stored_find(node, 0, &answer);
        if (status == STATUS_OK)
            stored(making, zone, &answer);
        return status;
    }
    if (making->transport == TRANSPORT_TCP)
        return all_of(making, node);
    enum status status = pick_any(node, &answer);
    if (status == STATUS_OK)
        stored(making, zone, &answer);
    return status;
}

/* Answers from a node: the name's own, or the wildcard's that stands for it. */
static void from_node(struct making *making, const struct served_zone *zone,
                      const struct stored *node, uint16_t type)
{
    struct stored_answer answer;
    enum status status;

    if (type == TYPE_ANY) {
        status = any(making, zone, node);
    } else {
        status = stored_find(node, type, &answer);
        if (status == STATUS_OK)
            stored(making, zone, &answer);
    }
    if (status == STATUS_NOT_FOUND)
        nodata_at_node(making, zone, node);
    else if (status != STATUS_OK)
        damaged(making);
}

static void from_zone(struct making *making, const struct served_zone *zone, uint16_t type)
{
    const uint8_t *name = making->request->question.name.octets;
    size_t depth = name_labels(name) - zone->apex_labels;
    struct found found;
    struct key key;

    key_of_name(&key, zone->number, name, depth);
    if (lookup(making->view->snapshot, &key, &found) != STATUS_OK) {
        damaged(making);
        return;
    }
    switch (found.outcome) {
    case LOOKUP_NODE:
    case LOOKUP_WILDCARD:
        from_node(making, zone, &found.node, type);
        return;
    case LOOKUP_CUT: /* below a cut every type is referred, DS too */
        from_node(making, zone, &found.node, 0);
        return;
    case LOOKUP_EMPTY:
        nodata(making, zone);
        return;
    case LOOKUP_NOTHING:
        nxdomain(making, zone);
        return;
    }
}

/* Who may have the whole zone may ask it too: a secondary asks for the SOA first. */
static bool may_ask(const struct config_zone *zone, const struct sockaddr *client)
{
    bool open = zone->audience == AUDIENCE_PUBLIC;
    return config_acl_allows(zone, ACL_QUERY, client, open) ||
           config_acl_allows(zone, ACL_TRANSFER, client, false);
}

static void refused(struct making *making, int error, const char *text)
{
    making->rcode = RCODE_REFUSED;
    hint(making, error, text);
}

/*
 * AXFR and IXFR (RFC 5936, RFC 1995). There is no history yet: IXFR gets the whole zone, or the SOA
 * alone where the client is up to date or asks by UDP (RFC 1995 §2). AXFR by UDP is not defined
 * (RFC 5936 §4.2): FORMERR.
 */
static void transfer(struct making *making, const struct served_zone *zone,
                     const struct sockaddr *client)
{
    const struct request *request = making->request;
    bool incremental = request->question.type == TYPE_IXFR;

    if (!name_equals(request->question.name.octets, zone->apex.octets)) {
        making->rcode = RCODE_NOTAUTH; /* RFC 5936 §2.2.1 */
    } else if (!config_acl_allows(zone->config, ACL_TRANSFER, client, false)) {
        refused(making, EDE_PROHIBITED, NULL);
    } else if ((making->transport == TRANSPORT_UDP && !incremental) ||
               (incremental && !request->has_serial)) {
        making->rcode = RCODE_FORMERR;
    } else if (!zone->loaded) {
        servfail(making, EDE_NOT_READY, NULL);
    } else if (incremental && (making->transport == TRANSPORT_UDP ||
                               !serial_is_newer(zone->serial, request->serial))) {
        from_zone(making, zone, TYPE_SOA);
    } else {
        making->out->action = REPLY_TRANSFER;
        making->out->zone = zone;
        making->out->transfer_type = request->question.type;
    }
}

static bool is_transfer(uint16_t type)
{
    return type == TYPE_AXFR || type == TYPE_IXFR;
}

/* What a question of class IN gets. */
static void answer_in(struct making *making, const struct sockaddr *client)
{
    const struct question *question = &making->request->question;
    const struct served_zone *zone = zone_table_find(making->view->zones, &question->name);

    if (question->type == TYPE_OPT || question->type == TYPE_TKEY || question->type == TYPE_TSIG) {
        making->rcode = RCODE_FORMERR; /* never stored, never asked for */
    } else if (question->type == TYPE_MAILB || question->type == TYPE_MAILA) {
        making->rcode = RCODE_NOTIMP; /* meta types that RFC 8906 §3.1.2 lets go unimplemented */
    } else if (!zone && is_transfer(question->type)) {
        making->rcode = RCODE_NOTAUTH; /* RFC 5936 §2.2.1 */
    } else if (!zone) {
        refused(making, EDE_NOT_AUTHORITATIVE, NULL);
    } else if (!may_ask(zone->config, client)) {
        refused(making, EDE_PROHIBITED, NULL);
    } else if (is_transfer(question->type)) {
        transfer(making, zone, client);
    } else if (!zone->loaded) {
        servfail(making, EDE_NOT_READY, "not published yet");
    } else {
        from_zone(making, zone, question->type);
    }
}

/* CHAOS TXT: who answers, and what software (RFC 4892). Everything else in CHAOS is refused. */
static void answer_chaos(struct making *making, struct writer *tail)
{
    const struct question *question = &making->request->question;
    const char *text = chaos_text(&making->view->config->server, question);
    const uint8_t *start = tail->next;

    if (!text) {
        refused(making, EDE_NOT_AUTHORITATIVE, NULL);
        return;
    }
    chaos_write(tail, text);
    making->flags |= HEADER_AA;
    add_records(making, SECTION_ANSWER, start, (size_t)(tail->next - start), 1);
}

static void answer(struct making *making, const struct sockaddr *client, struct writer *tail)
{
    switch (making->request->question.class) {
    case CLASS_IN:
        answer_in(making, client);
        return;
    case CLASS_CH:
        answer_chaos(making, tail);
        return;
    default:
        refused(making, EDE_NOT_AUTHORITATIVE, NULL);
        return;
    }
}

/* Writes the OPT that a request with one gets (RFC 6891 §6.1.1). Returns its octets. */
static size_t write_opt(const struct making *making, struct writer *tail, bool with_error)
{
    const struct config_server *server = &making->view->config->server;
    const struct edns *edns = &making->request->edns;
    size_t before = writer_length(tail);
    /* RFC 7828 §3.3.2: sent by TCP only; in units of 100 ms. */
    unsigned keepalive = making->transport == TRANSPORT_TCP ? server->tcp_idle_ms / 100 : 0;

    if (!edns->present)
        return 0;
    struct edns_reply reply = {
        .udp_octets = server->udp_max,
        .rcode = making->rcode,
        .dnssec_ok = edns->dnssec_ok,
        .nsid = edns->nsid ? server->identity : NULL,
        .keepalive = (uint16_t)(keepalive > UINT16_MAX ? UINT16_MAX : keepalive),
        .error = with_error ? making->error : -1,
        .error_text = making->error_text,
    };
    edns_write(tail, &reply);
    return writer_length(tail) - before;
}

/* The largest reply that the client takes. */
static size_t limit_of(const struct making *making)
{
    const struct edns *edns = &making->request->edns;
    size_t ours = making->view->config->server.udp_max;

    if (making->transport == TRANSPORT_TCP)
        return DNS_MESSAGE_OCTETS;
    if (!edns->present)
        return DNS_UDP_OCTETS;
    return edns->udp_octets < ours ? edns->udp_octets : ours;
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

/* Octets of the record at the start of a stored body: its owner is a pointer or a full name. */
static size_t record_octets(const uint8_t *body, size_t length)
{
    struct reader r = reader_of(body, length);
    size_t owner_length;

    if (length > 0 && body[0] >= 0xc0)
        reader_octets(&r, 2);
    else
        name_take(&r, &owner_length);
    reader_octets(&r, 8);
    reader_octets(&r, reader_u16(&r));
    return r.failed ? 0 : (size_t)(r.next - body);
}

/* Leaves the first whole records of the answer section that fit into `room` octets. */
static void keep_records(struct making *making, size_t room)
{
    const struct iovec *body = &making->out->parts[1];
    const uint8_t *next = making->out->part_count > 1 ? body->iov_base : NULL;
    size_t kept = 0;
    uint16_t records = 0;

    while (next && records < making->records[SECTION_ANSWER]) {
        size_t octets = record_octets(next + kept, body->iov_len - kept);
        if (octets == 0 || kept + octets > room)
            break;
        kept += octets;
        records++;
    }
    making->records[SECTION_ANSWER] = records;
    making->octets[SECTION_ANSWER] = kept;
}

/*
 * Makes the reply fit, the OPT kept: without additional records where they are no glue
 * (RFC 2181 §9), else with TC and as many whole records as fit, in their stored order.
 */
static void truncate_to(struct making *making, size_t room)
{
    size_t head = making->out->parts[0].iov_len;
    size_t body = making->octets[SECTION_ANSWER] + making->octets[SECTION_AUTHORITY];
    bool referral = making->records[SECTION_ANSWER] == 0 && (making->flags & HEADER_AA) == 0;

    making->records[SECTION_ADDITIONAL] = 0;
    if (head + body <= room && !referral) {
        cut_parts(making->out, head + body);
        return;
    }
    making->flags |= HEADER_TC;
    making->records[SECTION_AUTHORITY] = 0;
    if (making->records[SECTION_ANSWER] > 0)
        keep_records(making, room - head);
    cut_parts(making->out, head + making->octets[SECTION_ANSWER]);
}

/* Adds the OPT, makes everything fit, writes the header. */
static void finish(struct making *making, struct writer *tail)
{
    struct reply *out = making->out;
    size_t limit = limit_of(making);
    const uint8_t *opt = tail->next;
    size_t before = writer_length(tail);

    size_t opt_octets = write_opt(making, tail, true);
    if (making->error >= 0 && out->octets + opt_octets > limit) { /* RFC 8914 §3 */
        *tail = writer_of(tail->start, REPLY_TAIL_OCTETS);
        writer_room(tail, before);
        opt_octets = write_opt(making, tail, false);
    }
    if (out->octets + opt_octets > limit)
        truncate_to(making, limit - opt_octets);
    out->rcode = making->rcode;
    out->head_octets = out->parts[0].iov_len;
    out->tail_octets = opt_octets;
    add_part(out, opt, opt_octets);
    struct header header = {
        .id = making->request->header.id,
        .flags = (uint16_t)(making->flags | (making->rcode & 0xf)),
        .qdcount = making->request->has_question,
        .ancount = making->records[SECTION_ANSWER],
        .nscount = making->records[SECTION_AUTHORITY],
        .arcount = (uint16_t)(making->records[SECTION_ADDITIONAL] + (opt_octets > 0)),
    };
    struct writer w = writer_of(out->head, DNS_HEADER_OCTETS);
    header_write(&w, &header);
}

/* Copies the question as sent, letter case kept, behind the room of the header. */
static void start(struct reply *out, const uint8_t *message, const struct request *request)
{
    size_t octets = DNS_HEADER_OCTETS + request->question_octets;

    out->action = REPLY_SEND;
    out->octets = 0;
    out->part_count = 0;
    memcpy(out->head + DNS_HEADER_OCTETS, message + DNS_HEADER_OCTETS, request->question_octets);
    add_part(out, out->head, octets);
}

void respond(const struct view *view, const uint8_t *message, size_t length,
             const struct sockaddr *client, enum transport transport, struct reply *out)
{
    struct request request;

    request_parse(message, length, &request);
    if (request.verdict == REQUEST_DROP) {
        out->action = REPLY_DROP;
        return;
    }
    struct writer tail = writer_of(out->tail, sizeof out->tail);
    struct making making = {
        .view = view,
        .request = &request,
        .transport = transport,
        .out = out,
        /* Opcode, RD and CD are copied (RFC 1035 §4.1.1, RFC 8906 §8.1.3.1), all else is clear. */
        .flags = (uint16_t)(HEADER_QR | (request.header.flags & (0x7800 | HEADER_RD | HEADER_CD))),
        .rcode = request.rcode,
        .error = -1,
    };
    start(out, message, &request);
    if (request.verdict == REQUEST_QUESTION)
        answer(&making, client, &tail);
    finish(&making, &tail);
}
