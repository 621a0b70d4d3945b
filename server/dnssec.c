#include "server/dnssec.h"

#include "store/denial.h"

/* Adds a record of the node's own proof to the answer section: there its owner is the question's
 * name, also where a wildcard stands for it (RFC 4592 §4.7). */
static void add_renamed(struct draft *draft, const uint8_t *rest, size_t octets)
{
    static const uint8_t question_pointer[2] = {0xc0, DNS_HEADER_OCTETS};

    draft_add(draft, SECTION_ANSWER, question_pointer, sizeof question_pointer, 0);
    draft_add(draft, SECTION_ANSWER, rest, octets, 1);
}

/* Adds the records of a node's NSEC and its signatures that are of one of two types. */
static enum status add_of_proof(struct draft *draft, const struct stored *node, uint16_t type,
                                uint16_t other_type)
{
    struct reader r = reader_of(node->proof, node->proof_octets);
    enum status outcome = STATUS_NOT_FOUND;
    const uint8_t *rest;
    size_t octets;

    while ((rest = stored_take_record(&r, &octets)) != NULL) {
        struct reader record = reader_of(rest, octets);
        uint16_t has = reader_u16(&record);
        if ((has != type && has != other_type) || !draft_has_room(draft, octets + 2, 2))
            continue;
        add_renamed(draft, rest, octets);
        outcome = STATUS_OK;
    }
    return r.failed ? STATUS_MALFORMED : outcome;
}

/* Adds the signatures of the RRsets of a node. */
static enum status add_signatures(struct draft *draft, const struct stored *node)
{
    enum status outcome = STATUS_NOT_FOUND;

    for (size_t n = 0; n < node->answer_count; n++) {
        struct stored_answer answer;
        if (stored_answer_at(node, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        size_t octets = answer.octets[PART_ANSWER_SIGNATURES];
        if ((answer.flags & STORED_IN_ZONE) == 0 || octets == 0 ||
            !draft_has_room(draft, octets, 1))
            continue;
        draft_add(draft, SECTION_ANSWER, answer.part[PART_ANSWER_SIGNATURES], octets,
                  answer.records[PART_ANSWER_SIGNATURES]);
        outcome = STATUS_OK;
    }
    return outcome;
}

enum status dnssec_add_own(struct draft *draft, const struct stored *node, uint16_t type)
{
    enum status status = STATUS_NOT_FOUND;

    if (type == TYPE_NSEC)
        return add_of_proof(draft, node, type, draft_wants_dnssec(draft) ? TYPE_RRSIG : type);
    status = add_signatures(draft, node);
    if (status == STATUS_MALFORMED)
        return status;
    enum status of_proof = add_of_proof(draft, node, TYPE_RRSIG, TYPE_RRSIG);
    return of_proof == STATUS_NOT_FOUND ? status : of_proof;
}

/* What a stored answer says of the name that it ends at. */
struct ending {
    bool answered; /* it has an RRset of that name */
    bool negative; /* there is no such RRset, or no such name */
    bool insecure; /* it lies at or below a cut without DS (RFC 4035 §3.1.4) */
};

static struct ending ending_of(const struct stored_answer *answer)
{
    return (struct ending){
        .answered = answer->type != 0,
        .negative = (answer->flags & STORED_NEGATIVE) != 0,
        .insecure =
            answer->records[PART_AUTHORITY] > 0 && answer->records[PART_AUTHORITY_SIGNATURES] == 0,
    };
}

/* Adds what the last name of an answer needs. */
static enum status deny_end(struct draft *draft, const struct asked *asked,
                            const struct ending *ending, struct denial *denial)
{
    const struct served_zone *zone = asked->zone;
    const struct denial_name name = {asked->name, &asked->key, &asked->found};
    const struct nsec3_hashing hashing = {zone->iterations, zone->salt_octets, zone->salt,
                                          sha1_digest, draft->view->sha1};
    const struct denial_zone source = {draft->view->snapshot, zone->has_nsec3 ? &hashing : NULL};

    if (ending->negative)
        return denial_add(&source, &name, DENIAL_OF_DATA, denial);
    if (ending->insecure)
        return denial_add(&source, &name, DENIAL_OF_DS, denial);
    if (ending->answered && asked->found.outcome == LOOKUP_WILDCARD)
        return denial_add(&source, &name, DENIAL_OF_CLOSER, denial);
    return STATUS_OK;
}

/* Takes the CNAME that comes next in an answer part: the name that it leads to, or NULL. */
static const uint8_t *take_target(struct reader *r)
{
    size_t octets;
    size_t target_octets;

    const uint8_t *rest = stored_take_record(r, &octets);
    if (!rest)
        return NULL;
    struct reader record = reader_of(rest, octets);
    if (reader_u16(&record) != TYPE_CNAME)
        return NULL;
    reader_octets(&record, 8); /* class, TTL, RDLENGTH */
    return name_take(&record, &target_octets);
}

static enum status look_up_target(struct draft *draft, const struct served_zone *zone,
                                  const uint8_t *target, struct asked *out)
{
    out->zone = zone;
    out->name = target;
    key_of_name(&out->key, zone->number, target, name_labels(target) - zone->apex_labels);
    return lookup(draft->view->snapshot, &out->key, &out->found);
}

/* Adds what the targets of an answer's CNAMEs need: those that are followed, a proof where a
 * wildcard stands for them; the last, what the answer ends with. */
static enum status deny_targets(struct draft *draft, const struct served_zone *zone,
                                const struct stored_answer *answer, struct denial *denial)
{
    static const struct ending followed = {.answered = true};
    const struct ending end = ending_of(answer);
    struct reader r = reader_of(answer->part[PART_ANSWER], answer->octets[PART_ANSWER]);
    enum status status = STATUS_OK;
    struct asked at;

    const uint8_t *target = take_target(&r);
    while (target && status == STATUS_OK && name_is_within(target, zone->apex.octets)) {
        const uint8_t *next = take_target(&r);
        status = look_up_target(draft, zone, target, &at);
        if (status == STATUS_OK)
            status = deny_end(draft, &at, next ? &followed : &end, denial);
        target = next;
    }
    return status;
}

static enum status deny(struct draft *draft, const struct asked *asked,
                        const struct stored_answer *answer, struct denial *denial)
{
    static const struct ending nothing = {.negative = true};
    static const struct ending something = {.answered = true};

    if (!answer)
        return deny_end(draft, asked, &nothing, denial);
    if (answer->records[PART_ANSWER] == 0) {
        const struct ending end = ending_of(answer);
        return deny_end(draft, asked, &end, denial);
    }
    enum status status = deny_end(draft, asked, &something, denial);
    if (status == STATUS_OK && (answer->flags & STORED_PROVE_TARGETS))
        status = deny_targets(draft, asked->zone, answer, denial);
    return status;
}

static enum status prove(struct draft *draft, const struct asked *asked,
                         const struct stored_answer *answer)
{
    struct denial denial;

    denial.count = 0;
    enum status status = deny(draft, asked, answer, &denial);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < denial.count; i++)
        draft_add(draft, SECTION_AUTHORITY, denial.proofs[i].octets, denial.proofs[i].length,
                  denial.proofs[i].records);
    return STATUS_OK;
}

enum status dnssec_prove(struct draft *draft, const struct asked *asked,
                         const struct stored_answer *answer)
{
    if (!asked->zone->is_signed || !draft_wants_dnssec(draft))
        return STATUS_OK;
    return prove(draft, asked, answer);
}
