#include "zone/compile.h"

#include "wire/record.h"
#include "zone/chase.h"
#include "zone/compile_parts.h"
#include "zone/rdata.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t question_pointer[2] = {0xc0, DNS_HEADER_OCTETS};

struct owner compile_owner_in_full(const struct name *name)
{
    return (struct owner){name->octets, name->length};
}

static struct owner owner_is_question(void)
{
    return (struct owner){question_pointer, sizeof question_pointer};
}

enum status compile_open(struct compile *compile, const struct node_source *source, uint16_t zone)
{
    uint8_t *buffer = malloc(COMPILE_VALUE_OCTETS);
    uint8_t *links = malloc(DNS_MESSAGE_OCTETS);

    if (!buffer || !links) {
        free(buffer);
        free(links);
        return STATUS_SYSTEM;
    }
    *compile = (struct compile){
        .source = source,
        .zone = zone,
        .apex_labels = (uint8_t)name_labels(source->apex.octets),
        .bodies = writer_of(buffer, COMPILE_VALUE_OCTETS),
        .links = writer_of(links, DNS_MESSAGE_OCTETS),
    };
    return STATUS_OK;
}

void compile_close(struct compile *compile)
{
    free(compile->bodies.start);
    free(compile->links.start);
    compile->bodies.start = compile->links.start = NULL;
}

/* Begins a line of the table; its parts are appended in order. NULL when the table is full. */
static struct stored_answer *begin_answer(struct compile *compile, uint16_t type, unsigned flags)
{
    if (compile->answer_count == STORED_MAX_ANSWERS) {
        compile->bodies.failed = true;
        return NULL;
    }
    struct stored_answer *answer = &compile->answers[compile->answer_count++];
    *answer = (struct stored_answer){.type = type, .flags = (uint8_t)flags};
    return answer;
}

static void put_record(struct writer *w, struct owner owner, uint16_t type, uint32_t ttl,
                       const struct rdata *rdata)
{
    writer_octets(w, owner.octets, owner.length);
    record_write_fixed(w, type, CLASS_IN, ttl, rdata->length);
    writer_octets(w, rdata->octets, rdata->length);
}

size_t compile_answer_octets(const struct stored_answer *answer)
{
    size_t octets = 0;
    for (size_t i = 0; i < STORED_PARTS; i++)
        octets += answer->octets[i];
    return octets;
}

/* Appends one record to a part of an answer. Parts are written in the order of enum stored_part. */
static void add_record(struct compile *compile, struct stored_answer *answer, enum stored_part part,
                       struct owner owner, uint16_t type, uint32_t ttl, const struct rdata *rdata)
{
    struct writer *w = &compile->bodies;
    size_t before = writer_length(w);

    if (!answer)
        return;
    if (answer->records[part] == 0)
        answer->part[part] = w->next;
    put_record(w, owner, type, ttl, rdata);
    size_t octets = writer_length(w) - before;
    if (compile_answer_octets(answer) + octets > MAX_ANSWER_OCTETS)
        w->failed = true;
    answer->octets[part] = (uint16_t)(answer->octets[part] + octets);
    answer->records[part]++;
}

void compile_add_rrset(struct compile *compile, struct stored_answer *answer, enum stored_part part,
                       struct owner owner, const struct rrset *rrset)
{
    for (size_t i = 0; i < rrset->count; i++)
        add_record(compile, answer, part, owner, rrset->type, rrset->ttl, &rrset->items[i]);
}

void compile_add_signatures(struct compile *compile, struct stored_answer *answer,
                            enum stored_part part, struct owner owner, const struct node *node,
                            uint16_t type)
{
    const struct rrset *signatures = node_rrset(node, TYPE_RRSIG);
    const struct rrset *covered = node_rrset(node, type);

    for (size_t i = 0; signatures && covered && i < signatures->count; i++)
        if (rrsig_type_covered(&signatures->items[i]) == type)
            add_record(compile, answer, part, owner, TYPE_RRSIG, covered->ttl,
                       &signatures->items[i]);
}

/* A line with one of the node's own RRsets. */
static enum status add_own(struct compile *compile, const struct node *node,
                           const struct rrset *rrset, unsigned flags)
{
    struct stored_answer *answer = begin_answer(compile, rrset->type, flags | STORED_IN_ZONE);

    compile_add_rrset(compile, answer, PART_ANSWER, owner_is_question(), rrset);
    compile_add_signatures(compile, answer, PART_ANSWER_SIGNATURES, owner_is_question(), node,
                           rrset->type);
    return flags & STORED_ANSWERS ? compile_add_additional(compile, answer, rrset) : STATUS_OK;
}

/* Refers to a cut: the names asked for may be any below it, so owners are in full (RFC 1034
 * §4.3.2). */
static enum status add_referral(struct compile *compile, struct stored_answer *answer,
                                const struct node *cut)
{
    const struct rrset *ns = node_rrset(cut, TYPE_NS);
    const struct rrset *ds = node_rrset(cut, TYPE_DS);

    compile_add_rrset(compile, answer, PART_AUTHORITY, compile_owner_in_full(&cut->owner), ns);
    if (ds) /* RFC 4035 §3.1.4: with DO only, like signatures */
        compile_add_rrset(compile, answer, PART_AUTHORITY_SIGNATURES,
                          compile_owner_in_full(&cut->owner), ds);
    compile_add_signatures(compile, answer, PART_AUTHORITY_SIGNATURES,
                           compile_owner_in_full(&cut->owner), cut, TYPE_DS);
    return compile_add_additional(compile, answer, ns);
}

/* The lines of a name at a cut: what the parent side answers, the rest referred. */
static enum status compile_cut(struct compile *compile, const struct node *node)
{
    enum status status = add_referral(compile, begin_answer(compile, 0, STORED_ANSWERS), node);

    for (size_t i = 0; i < node->rrset_count && status == STATUS_OK; i++) {
        const struct rrset *rrset = &node->rrsets[i];
        if (rrset->type == TYPE_RRSIG || rrset->type == TYPE_NSEC)
            continue;
        unsigned flags = rrset->type == TYPE_DS ? STORED_ANSWERS | STORED_AUTHORITATIVE : 0;
        status = add_own(compile, node, rrset, flags);
    }
    if (!node_rrset(node, TYPE_DS)) /* the parent says that there is none (RFC 4035 §3.1.4.1) */
        begin_answer(compile, TYPE_DS, STORED_ANSWERS | STORED_AUTHORITATIVE | STORED_NEGATIVE);
    return status;
}

/* How the owners of a chain's records are written: of each CNAME, and of what the last leads to. */
struct chain_owners {
    struct owner owners[CHASE_MAX_LINKS + 1];
    uint8_t pointers[CHASE_MAX_LINKS][2];
};

/* Each CNAME but the first is owned by what the one before it leads to: its name stands there in
 * the RDATA, behind the question and the CNAMEs before it. */
static void place_owners(const struct compile *compile, const struct chase *chase,
                         struct chain_owners *out)
{
    size_t at = DNS_HEADER_OCTETS + compile->owner.length + 4u;

    out->owners[0] = owner_is_question();
    for (size_t i = 0; i < chase->link_count; i++) {
        const struct chase_link *link = &chase->links[i];
        at += out->owners[i].length + RECORD_FIXED_OCTETS;
        out->pointers[i][0] = (uint8_t)(0xc0 | at >> 8);
        out->pointers[i][1] = (uint8_t)at;
        at += link->target.length;
        out->owners[i + 1] = compile->synthesised ? compile_owner_in_full(&link->target)
                                                  : (struct owner){out->pointers[i], 2};
    }
}

static void add_links(struct compile *compile, struct stored_answer *answer,
                      const struct chase *chase, const struct chain_owners *owners)
{
    for (size_t i = 0; i < chase->link_count; i++) {
        const struct chase_link *link = &chase->links[i];
        struct rdata rdata = {link->target.octets, link->target.length};
        add_record(compile, answer, PART_ANSWER, owners->owners[i], TYPE_CNAME, link->ttl, &rdata);
    }
}

static void add_link_signatures(struct compile *compile, struct stored_answer *answer,
                                const struct chase *chase, const struct chain_owners *owners)
{
    for (size_t i = 0; i < chase->link_count; i++) {
        const struct chase_link *link = &chase->links[i];
        struct reader r = reader_of(compile->links.start, writer_length(&compile->links));
        reader_octets(&r, link->signatures_at);
        for (size_t n = 0; n < link->signature_count; n++) {
            struct rdata rdata = {.length = reader_u16(&r)};
            rdata.octets = reader_octets(&r, rdata.length);
            if (rdata.octets) /* all but after a writer that failed */
                add_record(compile, answer, PART_ANSWER_SIGNATURES, owners->owners[i], TYPE_RRSIG,
                           link->ttl, &rdata);
        }
    }
}

/* A line of a CNAME's owner for one type of what the chain leads to, with its RRset where there is
 * one; type 0 for all that has no line. */
static struct stored_answer *add_chased(struct compile *compile, const struct chase *chase,
                                        uint16_t type, const struct rrset *rrset)
{
    struct chain_owners owners;
    struct stored_answer *answer =
        begin_answer(compile, type, STORED_ANSWERS | STORED_AUTHORITATIVE);

    place_owners(compile, chase, &owners);
    struct owner owner = owners.owners[chase->link_count];
    add_links(compile, answer, chase, &owners);
    if (rrset)
        compile_add_rrset(compile, answer, PART_ANSWER, owner, rrset);
    add_link_signatures(compile, answer, chase, &owners);
    if (rrset)
        compile_add_signatures(compile, answer, PART_ANSWER_SIGNATURES, owner, &chase->node,
                               rrset->type);
    if (answer && chase->synthesised)
        answer->flags |= STORED_PROVE_TARGETS;
    return answer;
}

static int by_type(const void *a, const void *b)
{
    const struct stored_answer *left = a;
    const struct stored_answer *right = b;
    return left->type - right->type;
}

/* The lines of an alias that leads to a cut or below it: a referral, but DS at the cut itself is
 * the parent's to answer (RFC 4035 §3.1.4.1). */
static enum status add_chased_cut(struct compile *compile, const struct chase *chase)
{
    const struct node *cut = &chase->node;

    if (name_equals(chase->links[chase->link_count - 1].target.octets, cut->owner.octets)) {
        const struct rrset *ds = node_rrset(cut, TYPE_DS);
        struct stored_answer *answer = add_chased(compile, chase, TYPE_DS, ds);
        if (answer && !ds)
            answer->flags |= STORED_NEGATIVE | STORED_PROVE_TARGETS;
    }
    struct stored_answer *referral = add_chased(compile, chase, 0, NULL);
    if (referral && !node_rrset(cut, TYPE_DS))
        referral->flags |= STORED_PROVE_TARGETS;
    return add_referral(compile, referral, cut);
}

/* The lines of an alias: itself, and for every type what following it gives (RFC 1034 §3.6.2). */
static enum status compile_alias(struct compile *compile, const struct node *node)
{
    struct chase chase;

    enum status status =
        add_own(compile, node, node_rrset(node, TYPE_CNAME), STORED_ANSWERS | STORED_AUTHORITATIVE);
    compile->links = writer_of(compile->links.start, DNS_MESSAGE_OCTETS);
    if (status == STATUS_OK)
        status = chase_alias(compile->source, node, &compile->links, &chase);
    if (status != STATUS_OK)
        return status;
    if (compile->links.failed)
        return STATUS_NO_SPACE;
    if (chase.outcome == CHASE_CUT)
        return add_chased_cut(compile, &chase);
    struct stored_answer *rest = add_chased(compile, &chase, 0, NULL);
    if (rest && chase.outcome == CHASE_NOTHING)
        rest->rcode = RCODE_NXDOMAIN; /* of the last step (RFC 6604 §3) */
    if (rest && (chase.outcome == CHASE_NOTHING || chase.outcome == CHASE_NODE))
        rest->flags |= STORED_NEGATIVE | STORED_PROVE_TARGETS;
    if (chase.outcome != CHASE_NODE)
        return STATUS_OK;
    for (size_t i = 0; i < chase.node.rrset_count; i++) {
        uint16_t type = chase.node.rrsets[i].type;
        if (type != TYPE_CNAME && type != TYPE_RRSIG && type != TYPE_NSEC)
            add_chased(compile, &chase, type, &chase.node.rrsets[i]);
    }
    return STATUS_OK;
}

static enum status compile_plain(struct compile *compile, const struct node *node, unsigned flags)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < node->rrset_count && status == STATUS_OK; i++) {
        uint16_t type = node->rrsets[i].type;
        if (type != TYPE_RRSIG && type != TYPE_NSEC)
            status = add_own(compile, node, &node->rrsets[i], flags);
    }
    return status;
}

/* Moves the remembered cut to this node. Returns how deep the cut at or above it is, 0 for none. */
static uint8_t track_cut(struct compile *compile, const struct node *node, size_t depth)
{
    if (compile->cut_depth > 0 && !name_is_within(node->owner.octets, compile->cut.octets))
        compile->cut_depth = 0;
    if (compile->cut_depth == 0 && depth > 0 && node_rrset(node, TYPE_NS)) {
        compile->cut_depth = (uint8_t)depth;
        compile->cut = node->owner;
    }
    return compile->cut_depth;
}

static bool has_capitals(const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (octets[i] >= 'A' && octets[i] <= 'Z')
            return true;
    return false;
}

/* NSEC and its signatures, owners in full: they prove things about other names too. */
static void put_proof(struct compile *compile, const struct node *node, struct stored_draft *draft)
{
    const struct rrset *nsec = node_rrset(node, TYPE_NSEC);
    const struct rrset *signatures = nsec ? node_rrset(node, TYPE_RRSIG) : NULL;
    struct writer *w = &compile->bodies;
    struct owner owner = compile_owner_in_full(&node->owner);
    size_t start = writer_length(w);
    size_t records = 0;

    draft->proof = w->next;
    for (size_t i = 0; nsec && i < nsec->count; i++, records++)
        put_record(w, owner, TYPE_NSEC, nsec->ttl, &nsec->items[i]);
    for (size_t i = 0; signatures && i < signatures->count; i++)
        if (rrsig_type_covered(&signatures->items[i]) == TYPE_NSEC) {
            put_record(w, owner, TYPE_RRSIG, nsec->ttl, &signatures->items[i]);
            records++;
        }
    if (writer_length(w) - start > MAX_ANSWER_OCTETS || records > UINT8_MAX)
        w->failed = true;
    draft->proof_octets = (uint16_t)(writer_length(w) - start);
    draft->proof_records = (uint8_t)records;
}

enum status compile_node(struct compile *compile, const struct node *node, struct key *key,
                         struct writer *value)
{
    const uint8_t *owner = node->owner.octets;
    size_t depth = name_labels(owner) - compile->apex_labels;
    uint8_t cut = track_cut(compile, node, depth);
    struct stored_draft draft = {.flags = cut == depth && cut > 0 ? STORED_CUT : 0, .cut = cut};
    enum status status;

    compile->owner = node->owner;
    compile->synthesised = owner[0] == 1 && owner[1] == '*';
    compile->bodies = writer_of(compile->bodies.start, COMPILE_VALUE_OCTETS);
    compile->answer_count = 0;
    if (cut > 0)
        status = cut == depth ? compile_cut(compile, node) : compile_plain(compile, node, 0);
    else if (node_rrset(node, TYPE_CNAME))
        status = compile_alias(compile, node);
    else
        status = compile_plain(compile, node, STORED_ANSWERS | STORED_AUTHORITATIVE);
    if (status != STATUS_OK)
        return status;
    put_proof(compile, node, &draft);
    qsort(compile->answers, compile->answer_count, sizeof compile->answers[0], by_type);
    draft.answers = compile->answers;
    draft.answer_count = compile->answer_count;
    size_t labels_octets = (size_t)(name_parent(owner, depth) - owner);
    if (has_capitals(owner, labels_octets)) {
        draft.owner = owner;
        draft.owner_octets = (uint8_t)labels_octets;
    }
    key_of_name(key, compile->zone, owner, depth);
    stored_write(value, key->octets, key->length, &draft);
    return compile->bodies.failed || value->failed ? STATUS_NO_SPACE : STATUS_OK;
}

void compile_negative_soa(struct writer *w, const struct node *apex)
{
    const struct rrset *soa = node_rrset(apex, TYPE_SOA);

    if (!soa || soa->items[0].length < 4) {
        w->failed = true;
        return;
    }
    put_record(w, compile_owner_in_full(&apex->owner), TYPE_SOA, rdata_negative_ttl(soa),
               &soa->items[0]);
}

size_t compile_negative_signatures(struct writer *w, const struct node *apex)
{
    const struct rrset *soa = node_rrset(apex, TYPE_SOA);
    const struct rrset *signatures = node_rrset(apex, TYPE_RRSIG);
    size_t count = 0;

    for (size_t i = 0; soa && signatures && i < signatures->count; i++) {
        if (rrsig_type_covered(&signatures->items[i]) != TYPE_SOA || soa->items[0].length < 4)
            continue;
        put_record(w, compile_owner_in_full(&apex->owner), TYPE_RRSIG, rdata_negative_ttl(soa),
                   &signatures->items[i]);
        count++;
    }
    return count;
}
