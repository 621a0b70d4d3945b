#include "server/respond.h"

#include "server/chaos.h"
#include "server/dnssec.h"
#include "server/draft.h"
#include "server/ixfr_datagram.h"
#include "wire/serial.h"

#include <string.h>

/* The SOA of the zone that denies (RFC 2308 §3), its signatures with DO. */
static void add_soa(struct draft *draft, const struct served_zone *zone)
{
    draft_add(draft, SECTION_AUTHORITY, zone->soa, zone->soa_octets, 1);
    if (draft_wants_dnssec(draft))
        draft_add(draft, SECTION_AUTHORITY, zone->soa + zone->soa_octets, zone->signature_octets,
                  zone->signature_records);
}

static void hint(struct draft *draft, int error, const char *text)
{
    draft->error = error;
    draft->error_text = text;
}

static void servfail(struct draft *draft, int error, const char *text)
{
    draft->rcode = RCODE_SERVFAIL;
    hint(draft, error, text);
}

/* What was added before the damage was seen is no answer. */
static void damaged(struct draft *draft)
{
    draft_clear(draft);
    draft->flags &= (uint16_t)~HEADER_AA;
    servfail(draft, EDE_OTHER, "a record in the database is damaged");
    if (draft->view->damage) {
        draft->view->damage->count++;
        draft->view->damage->name = draft->request->question.name;
    }
}

/* Adds what DNSSEC asks for beside an answer, NULL for none. */
static void prove(struct draft *draft, const struct asked *asked,
                  const struct stored_answer *answer)
{
    if (dnssec_prove(draft, asked, answer) != STATUS_OK)
        damaged(draft);
}

static void nodata(struct draft *draft, const struct asked *asked)
{
    draft->flags |= HEADER_AA;
    add_soa(draft, asked->zone);
    prove(draft, asked, NULL);
}

/* The name is there but has nothing of this type: tells people what it has. */
static void nodata_at_node(struct draft *draft, const struct asked *asked)
{
    struct stored_answer answer;

    if (stored_find(&asked->found.node, TYPE_TXT, &answer) == STATUS_OK)
        hint(draft, EDE_OTHER, "ask for TXT");
    nodata(draft, asked);
}

static void nxdomain(struct draft *draft, const struct asked *asked)
{
    draft->rcode = RCODE_NXDOMAIN;
    hint(draft, EDE_OTHER, asked->zone->miss_hint);
    nodata(draft, asked);
}

static void stored(struct draft *draft, const struct asked *asked,
                   const struct stored_answer *answer)
{
    draft->rcode = answer->rcode;
    if (answer->flags & STORED_AUTHORITATIVE)
        draft->flags |= HEADER_AA;
    draft_add_stored(draft, answer);
    if (answer->flags & STORED_NEGATIVE)
        add_soa(draft, asked->zone);
    prove(draft, asked, answer);
    if (draft->rcode != RCODE_SERVFAIL)
        draft_add_additional(draft, answer);
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

/* ANY by TCP: the RRsets of the name, as far as a reply has room for whole ones: it may leave some
 * out (RFC 8482 §4.1), but TC would send nobody anywhere. */
static enum status all_of(struct draft *draft, const struct stored *node)
{
    enum status outcome = STATUS_NOT_FOUND;

    for (size_t n = 0; n < node->answer_count; n++) {
        struct stored_answer answer;
        if (stored_answer_at(node, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        size_t octets = (size_t)answer.octets[PART_ANSWER] + answer.octets[PART_ANSWER_SIGNATURES];
        if (!is_own(&answer) || !draft_has_room(draft, octets, 2))
            continue;
        draft_add_stored(draft, &answer);
        outcome = STATUS_OK;
    }
    if (outcome == STATUS_OK && draft_wants_dnssec(draft)) {
        enum status status = dnssec_add_own(draft, node, TYPE_NSEC);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return outcome;
}

/* The NSEC or NSEC3 of a wildcard's proof, with two signatures by RSA of 2048 bits. */
#define PROOF_OCTETS 2048

/* ANY, RRSIG and NSEC: what no single line of the table answers. STATUS_NOT_FOUND when the node has
 * none of it. */
static enum status from_several(struct draft *draft, const struct asked *asked, uint16_t type)
{
    const struct stored *node = &asked->found.node;
    struct stored_answer answer = {.type = type};
    enum status status;

    if (type == TYPE_ANY && draft->asker->transport == TRANSPORT_UDP) {
        status = pick_any(node, &answer);
        if (status == STATUS_OK)
            stored(draft, asked, &answer);
        return status;
    }
    if (asked->found.outcome == LOOKUP_WILDCARD && asked->zone->is_signed)
        draft->reserved = PROOF_OCTETS;
    status = type == TYPE_ANY ? all_of(draft, node) : dnssec_add_own(draft, node, type);
    if (status == STATUS_OK) {
        draft->flags |= HEADER_AA;
        prove(draft, asked, &answer);
    }
    return status;
}

/* Answers from a node: the name's own, or the wildcard's that stands for it. */
static void from_node(struct draft *draft, const struct asked *asked, uint16_t type)
{
    bool several = type == TYPE_ANY || type == TYPE_RRSIG || type == TYPE_NSEC;
    enum status status = STATUS_NOT_FOUND;
    struct stored_answer answer;

    if (several && (asked->found.node.flags & STORED_CUT) != 0)
        type = 0; /* not ours to answer: refer */
    else if (several)
        status = from_several(draft, asked, type);
    if (status == STATUS_NOT_FOUND && type != TYPE_ANY) {
        status = stored_find(&asked->found.node, type, &answer);
        if (status == STATUS_OK)
            stored(draft, asked, &answer);
    }
    if (status == STATUS_NOT_FOUND)
        nodata_at_node(draft, asked);
    else if (status != STATUS_OK)
        damaged(draft);
}

/* Which owner an answer is of, for rate limiting: what comes from one wildcard is of one. */
static uint64_t owner_of(const struct draft *draft, const struct asked *asked)
{
    const struct key *key = &asked->key;
    bool wildcard = asked->found.outcome == LOOKUP_WILDCARD;
    size_t length = wildcard ? key->ends[asked->found.encloser] : key->length;

    return rrl_hash(draft->view->rrl, key->octets, length) + wildcard;
}

static void from_zone(struct draft *draft, const struct served_zone *zone, uint16_t type)
{
    const uint8_t *name = draft->request->question.name.octets;
    struct asked asked;

    asked.zone = zone;
    asked.name = name;
    key_of_name(&asked.key, zone->number, name, name_labels(name) - zone->apex_labels);
    if (lookup(draft->view->snapshot, &asked.key, &asked.found) != STATUS_OK) {
        damaged(draft);
        return;
    }
    draft->zone = zone;
    if (draft->view->rrl)
        draft->owner = owner_of(draft, &asked);
    switch (asked.found.outcome) { /* GCOVR_EXCL_BR_LINE: there is no sixth outcome */
    case LOOKUP_NODE:
    case LOOKUP_WILDCARD:
        from_node(draft, &asked, type);
        return;
    case LOOKUP_CUT: /* below a cut every type is referred, DS too */
        from_node(draft, &asked, 0);
        return;
    case LOOKUP_EMPTY:
        nodata(draft, &asked);
        return;
    case LOOKUP_NOTHING:
        nxdomain(draft, &asked);
        return;
    }
}

static bool may(const struct draft *draft, const struct config_zone *zone, enum acl_action action,
                bool otherwise)
{
    const struct asker *asker = draft->asker;
    const struct tsig_session *tsig = draft->out->tsig; /* verified: else nobody gets here */
    const struct config_asker who = {
        .address = asker->address,
        .key = tsig ? tsig->key->config : NULL,
        .tls = asker->transport == TRANSPORT_TLS,
        .name_count = asker->name_count,
        .names = asker->names,
    };
    return config_acl_allows(zone, action, &who, otherwise);
}

/* Who may have the whole zone may ask it too: a secondary asks for the SOA first. A catalog is
 * nobody else's business (RFC 9432 §7). */
static bool may_ask(const struct draft *draft, const struct config_zone *zone)
{
    bool open = zone->audience == AUDIENCE_PUBLIC && !zone->catalog;
    return may(draft, zone, ACL_QUERY, open) || may(draft, zone, ACL_TRANSFER, false);
}

static void refused(struct draft *draft, int error, const char *text)
{
    draft->rcode = RCODE_REFUSED;
    hint(draft, error, text);
}

/* IXFR by UDP: the difference where all of it fits, else the present SOA, after which the client
 * asks by TCP (RFC 1995 §2). */
static void transfer_by_udp(struct draft *draft, const struct served_zone *zone)
{
    if (!ixfr_datagram(draft, zone))
        from_zone(draft, zone, TYPE_SOA);
}

/* AXFR and IXFR (RFC 5936, RFC 1995). Who is up to date gets one SOA (RFC 1995 §2). AXFR by UDP is
 * not defined (RFC 5936 §4.2): FORMERR. */
static void transfer(struct draft *draft, const struct served_zone *zone)
{
    const struct request *request = draft->request;
    bool incremental = request->question.type == TYPE_IXFR;

    if (!name_equals(request->question.name.octets, zone->apex.octets)) {
        draft->rcode = RCODE_NOTAUTH; /* RFC 5936 §2.2.1 */
    } else if (!may(draft, zone->config, ACL_TRANSFER, false)) {
        refused(draft, EDE_PROHIBITED, NULL);
    } else if (draft->asker->transport == TRANSPORT_TLS && !draft->asker->may_transfer) {
        /* What goes by TLS passes for protected; RFC 9103 §7.2 lets nothing less pass for it. */
        refused(draft, EDE_NOT_SUPPORTED, "transfers over TLS need TLS 1.3 and ALPN dot");
    } else if ((draft->asker->transport == TRANSPORT_UDP && !incremental) ||
               (incremental && !request->has_serial)) {
        draft->rcode = RCODE_FORMERR;
    } else if (!zone->loaded) {
        servfail(draft, EDE_NOT_READY, NULL);
    } else if (incremental && !serial_is_newer(zone->serial, request->serial)) {
        from_zone(draft, zone, TYPE_SOA);
    } else if (draft->asker->transport == TRANSPORT_UDP) {
        transfer_by_udp(draft, zone);
    } else {
        draft->out->action = REPLY_TRANSFER;
        draft->out->zone = zone;
        draft->out->transfer_type = request->question.type;
        draft->out->serial = request->serial;
    }
}

static bool is_transfer(uint16_t type)
{
    return type == TYPE_AXFR || type == TYPE_IXFR;
}

/* The zone that a question is about: the deepest that its name lies in, but for DS, which stands on
 * the parent's side of a cut, the one above where that is ours too (RFC 4035 §3.1.4.1). */
static const struct served_zone *find_zone(const struct view *view, const struct question *question)
{
    const struct served_zone *zone = zone_table_find(view->zones, &question->name);
    struct name above;

    if (!zone || question->type != TYPE_DS || zone->apex_labels == 0 ||
        !name_equals(question->name.octets, zone->apex.octets))
        return zone;
    name_set(&above, name_parent(question->name.octets, 1));
    const struct served_zone *parent = zone_table_find(view->zones, &above);
    return parent ? parent : zone;
}

/* What a question of class IN gets. */
static void answer_in(struct draft *draft)
{
    const struct question *question = &draft->request->question;
    const struct served_zone *zone = find_zone(draft->view, question);

    if (question->type == TYPE_OPT || question->type == TYPE_TKEY || question->type == TYPE_TSIG) {
        draft->rcode = RCODE_FORMERR; /* never stored, never asked for */
    } else if (question->type == TYPE_MAILB || question->type == TYPE_MAILA) {
        draft->rcode = RCODE_NOTIMP; /* meta types that RFC 8906 §3.1.2 lets go unimplemented */
    } else if (!zone && is_transfer(question->type)) {
        draft->rcode = RCODE_NOTAUTH; /* RFC 5936 §2.2.1 */
    } else if (!zone) {
        refused(draft, EDE_NOT_AUTHORITATIVE, NULL);
    } else if (!may_ask(draft, zone->config)) {
        refused(draft, EDE_PROHIBITED, NULL);
    } else if (is_transfer(question->type)) {
        transfer(draft, zone);
    } else if (!zone->loaded) {
        servfail(draft, EDE_NOT_READY, "not published yet");
    } else {
        from_zone(draft, zone, question->type);
    }
}

/* CHAOS TXT: who answers, and what software (RFC 4892). Everything else in CHAOS is refused. */
static void answer_chaos(struct draft *draft)
{
    const char *text = chaos_text(&draft->view->config->server, &draft->request->question);
    const uint8_t *start = draft->tail.next;

    if (!text) {
        refused(draft, EDE_NOT_AUTHORITATIVE, NULL);
        return;
    }
    chaos_write(&draft->tail, text);
    draft->flags |= HEADER_AA;
    draft_add(draft, SECTION_ANSWER, start, (size_t)(draft->tail.next - start), 1);
}

static void answer(struct draft *draft)
{
    switch (draft->request->question.class) {
    case CLASS_IN:
        answer_in(draft);
        return;
    case CLASS_CH:
        answer_chaos(draft);
        return;
    default:
        refused(draft, EDE_NOT_AUTHORITATIVE, NULL);
        return;
    }
}

static enum statistic count_of(uint16_t error)
{
    switch (error) {
    case TSIG_BADSIG:
        return COUNT_TSIG_BADSIG;
    case TSIG_BADKEY:
        return COUNT_TSIG_BADKEY;
    case TSIG_BADTIME:
        return COUNT_TSIG_BADTIME;
    case TSIG_BADTRUNC:
        return COUNT_TSIG_BADTRUNC;
    default:
        return COUNT_TSIG_GOOD;
    }
}

void reply_count_tsig(const struct tsig_session *tsig, struct statistics *statistics)
{
    statistics_add(statistics, count_of(tsig->error), 1);
}

/*
 * Verifies the request's TSIG before anything else is believed. False when that is the answer
 * already: NOTAUTH, or FORMERR for a MAC of a length that must not be, which is not signed.
 */
static bool authenticate(struct draft *draft, const uint8_t *message)
{
    struct reply *out = draft->out;
    const struct view *view = draft->view;

    enum status status =
        tsig_verify(view->keys, message, &draft->request->tsig, view->clock(), &out->session);
    if (status != STATUS_MALFORMED)
        out->tsig = &out->session;
    if (status != STATUS_OK)
        draft->rcode = status == STATUS_DENIED ? RCODE_NOTAUTH : RCODE_FORMERR;
    return status == STATUS_OK;
}

/*
 * Looks at the cookie of a request (RFC 7873 §5.2). False when that is the answer already: FORMERR
 * for a length that must not be (§5.2.2).
 */
static bool take_cookie(struct draft *draft)
{
    const struct edns *edns = &draft->request->edns;
    const struct view *view = draft->view;

    if (!view->cookies || !edns->cookie)
        return true;
    if (!cookie_length_is_legal(edns->cookie_octets)) {
        if (draft->rcode == RCODE_NOERROR) /* else BADVERS, or FORMERR already */
            draft->rcode = RCODE_FORMERR;
        return false;
    }
    struct prefix client = prefix_of_address(draft->asker->address);
    draft->out->cookie = cookie_judge(view->cookies, edns->cookie, edns->cookie_octets, &client,
                                      (uint32_t)view->clock(), draft->cookie);
    return true;
}

/* What asks for nothing but a cookie (RFC 7873 §5.4). */
static void answer_cookie(struct draft *draft)
{
    if (draft->out->cookie == COOKIE_NONE)
        draft->rcode = RCODE_FORMERR;
    else if (draft->out->cookie == COOKIE_BAD)
        draft->rcode = RCODE_BADCOOKIE;
}

/* What kind of answer a draft is that is not finished yet: all its records are there. */
static enum rrl_kind kind_of(const struct draft *draft)
{
    if (draft->rcode == RCODE_NXDOMAIN)
        return RRL_NXDOMAIN;
    if (draft->rcode != RCODE_NOERROR)
        return RRL_ERROR;
    if (draft->records[SECTION_ANSWER] > 0)
        return draft->zone ? RRL_ANSWER : RRL_CHAOS;
    if (!draft->zone)
        return RRL_ERROR; /* a cookie alone */
    return draft->flags & HEADER_AA ? RRL_NODATA : RRL_REFERRAL;
}

/* Keeps an answer back, or what it holds, when its client has had too many. */
static void limit(struct draft *draft, enum rrl_kind kind)
{
    const struct view *view = draft->view;
    struct reply *out = draft->out;
    struct prefix client = prefix_of_address(draft->asker->address);
    const struct rrl_answer counted = {
        .client = &client,
        .kind = kind,
        .of = kind == RRL_ANSWER ? draft->owner
              : draft->zone      ? draft->zone->number
                                 : 0,
        .octets = out->octets,
    };

    out->limited = rrl_judge(view->rrl, &view->config->server, &counted, view->now_ms);
    if (out->limited == RRL_DROP)
        out->action = REPLY_DROP;
    else if (out->limited == RRL_SLIP && kind != RRL_ERROR) /* these have none */
        draft_shorten(draft);
}

/* What an open zone says, to a question that brings nothing of its own: neither who asks nor when
 * has a part in it. A transfer by UDP depends on who may have one; damage is to be said each time.
 */
static bool is_repeatable(const struct draft *draft)
{
    const struct request *request = draft->request;

    return draft->zone && draft->zone->is_open && draft->asker->transport == TRANSPORT_UDP &&
           !draft->view->rrl && !request->has_tsig && !request->edns.cookie &&
           !is_transfer(request->question.type) && draft->rcode != RCODE_SERVFAIL;
}

void respond(const struct view *view, const uint8_t *message, size_t length,
             const struct asker *asker, struct reply *out)
{
    struct request request;

    request_parse(message, length, &request);
    if (request.verdict == REQUEST_DROP) {
        out->action = REPLY_DROP;
        out->limited = RRL_PASS;
        out->repeatable = false;
        return;
    }
    struct draft draft = {.view = view, .request = &request, .asker = asker, .out = out};
    draft_start(&draft, message);
    bool sound = take_cookie(&draft);
    bool trusted = !request.has_tsig || authenticate(&draft, message);
    if (sound && trusted && request.verdict == REQUEST_QUESTION)
        answer(&draft);
    else if (sound && trusted && request.verdict == REQUEST_COOKIE)
        answer_cookie(&draft);
    enum rrl_kind kind = kind_of(&draft);
    draft_finish(&draft);
    if (view->rrl && !draft_is_proved(&draft))
        limit(&draft, kind);
    out->repeatable = is_repeatable(&draft);
    out->transfer_denied = (out->rcode == RCODE_REFUSED || out->rcode == RCODE_NOTAUTH) &&
                           request.has_question && is_transfer(request.question.type);
    out->transfer_unsafe = out->transfer_denied && draft.error == EDE_NOT_SUPPORTED;
}
