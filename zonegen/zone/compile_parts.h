/* What the files of the compiler share: appending records to the answers of the node in work. */
#ifndef ZONE_COMPILE_PARTS_H
#define ZONE_COMPILE_PARTS_H

#include "zone/compile.h"

/* What must be left of a message for its header, question and OPT. */
#define RESERVED_OCTETS   1024
#define MAX_ANSWER_OCTETS (DNS_MESSAGE_OCTETS - RESERVED_OCTETS)

#define RECORD_FIXED_OCTETS 10u /* type, class, TTL, RDLENGTH (RFC 1035 §4.1.3) */

/* How a record's owner is written. */
struct owner {
    const uint8_t *octets;
    size_t length;
};

struct owner compile_owner_in_full(const struct name *name);

/* Octets of all parts of an answer: what a message with signatures and all carries. */
size_t compile_answer_octets(const struct stored_answer *answer);

/* Appends an RRset to a part of an answer; a NULL answer is one that the table had no room for.
 * Parts are written in the order of enum stored_part. */
void compile_add_rrset(struct compile *compile, struct stored_answer *answer, enum stored_part part,
                       struct owner owner, const struct rrset *rrset);

/* Appends the signatures of one RRset of a node. They have its TTL (RFC 4034 §3), so that those of
 * one name differ; the node keeps one for all of them. */
void compile_add_signatures(struct compile *compile, struct stored_answer *answer,
                            enum stored_part part, struct owner owner, const struct node *node,
                            uint16_t type);

/*
 * Appends the addresses of all hosts that an RRset of NS, MX or SRV names, as far as the zone has
 * them, and their signatures: of a referral none may be missing (RFC 9471 §3.1).
 * STATUS_OK, STATUS_SYSTEM, or what the source reported.
 */
MUST_CHECK enum status compile_add_additional(struct compile *compile, struct stored_answer *answer,
                                              const struct rrset *rrset);

#endif
