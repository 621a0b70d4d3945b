/*
 * The stored answer: everything that one owner name can answer, ready to send.
 *
 * Value of a node's key. Integers in network byte order, nothing aligned.
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows (checksum.h)
 *   4      1     flags: STORED_CUT
 *   5      1     cut: labels below the apex of the topmost zone cut at or above this name; 0: none
 *   6      1     n: answers in the table
 *   7      1     o: octets of the owner's labels below the apex, where they have capital letters;
 *                0: the key says it all
 *   8      2     p: octets of the denial proof
 *   10     1     records in the denial proof
 *   11     1     reserved, 0
 *   12     32×n  the table, by type, ascending:
 *          2       type; 0 for "any type that has no line of its own"
 *          1       RCODE
 *          1       flags: enum stored_answer_flag
 *          4       where its body starts, octets from the start of the value
 *          6×2     records in: answer, its signatures, authority, its signatures, additional, its
 *                  signatures
 *          6×2     octets of the same
 *   …      o     owner labels, case kept
 *   …      p     denial proof: NSEC and its RRSIGs, owners in full
 *   …            bodies: the six parts of each answer, one after the other, in that order
 *
 * In a body every owner that is the question's name is the pointer C0 0C, to octet 12, where the
 * question starts in each message. Other owners are pointers to where the body will stand when the
 * question's length is known (it is that of this name), and full names where it is not (below a
 * wildcard). Names in RDATA are never compressed, so that a transfer copies them as they are.
 *
 * The SOA of a negative answer is not in here: it changes with each serial. It stands once in the
 * zone's record and is added after the authority part where STORED_NEGATIVE says so. Nor are the
 * proofs that something does not exist: the server finds them for each question (denial.h).
 */
#ifndef STORE_STORED_H
#define STORE_STORED_H

#include "wire/reader.h"
#include "wire/status.h"
#include "wire/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORED_HEADER_OCTETS 12
#define STORED_LINE_OCTETS   32
#define STORED_MAX_ANSWERS   255

enum stored_flag { STORED_CUT = 1 /* a zone cut is at this name */ };

enum stored_answer_flag {
    STORED_ANSWERS = 1,        /* given to questions for its type */
    STORED_IN_ZONE = 2,        /* its answer part is this name's own RRset: part of the zone */
    STORED_AUTHORITATIVE = 4,  /* AA is set */
    STORED_NEGATIVE = 8,       /* the zone's SOA goes into the authority section */
    STORED_PROVE_TARGETS = 16, /* what the CNAMEs in the answer part lead to needs proofs, too */
};

enum stored_part {
    PART_ANSWER,
    PART_ANSWER_SIGNATURES,
    PART_AUTHORITY,
    PART_AUTHORITY_SIGNATURES,
    PART_ADDITIONAL,
    PART_ADDITIONAL_SIGNATURES,
    STORED_PARTS
};

/* One answer: to be written, or as read (pointing into the map). */
struct stored_answer {
    uint16_t type;
    uint8_t rcode;
    uint8_t flags;
    uint16_t records[STORED_PARTS];
    uint16_t octets[STORED_PARTS];
    const uint8_t *part[STORED_PARTS]; /* when read: one after the other */
};

/* A node's value, opened. Points into the map. */
struct stored {
    const uint8_t *octets;
    size_t length;
    uint8_t flags;
    uint8_t cut;
    uint8_t answer_count;
    uint8_t owner_octets;
    uint16_t proof_octets;
    uint8_t proof_records;
    const uint8_t *owner; /* NULL where the key says it all */
    const uint8_t *proof;
};

/* STATUS_OK, or STATUS_MALFORMED if the checksum or a bound is wrong. */
MUST_CHECK enum status stored_open(const uint8_t *key, size_t key_octets, const uint8_t *value,
                                   size_t value_octets, struct stored *out);

/* The n-th answer of the table, n < answer_count. STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status stored_answer_at(const struct stored *stored, size_t n,
                                        struct stored_answer *out);

/*
 * The answer to a question for `type`: its line with STORED_ANSWERS, or else line 0.
 * STATUS_OK, STATUS_NOT_FOUND (no data), or STATUS_MALFORMED.
 */
MUST_CHECK enum status stored_find(const struct stored *stored, uint16_t type,
                                   struct stored_answer *out);

/* What the zone has at this name: records for stored_take_record(). */
struct stored_own {
    uint16_t type;          /* of the first RRset */
    uint16_t answer_octets; /* of that; behind it stand its signatures */
    struct reader records;
};

/*
 * Steps through the name's own RRsets, which are what the zone holds beside the denial proof: as
 * many at once, each with its signatures, as stand one behind the other; an SOA by itself.
 *
 *   line   in: 0, then as it was left
 *
 * STATUS_OK, STATUS_NOT_FOUND after the last, or STATUS_MALFORMED.
 */
MUST_CHECK enum status stored_next_own(const struct stored *stored, size_t *line,
                                       struct stored_own *out);

/*
 * Takes the next record out of a body: what follows its owner, from type to RDATA, `*rest_octets`
 * long. NULL after the last record; `r->failed` tells damage from the end.
 */
const uint8_t *stored_take_record(struct reader *r, size_t *rest_octets);

/* What stored_write makes a value of. */
struct stored_draft {
    uint8_t flags;
    uint8_t cut;
    const uint8_t *owner; /* labels below the apex with their length octets, no root; or NULL */
    uint8_t owner_octets;
    const uint8_t *proof;
    uint16_t proof_octets;
    uint8_t proof_records;
    size_t answer_count;
    const struct stored_answer *answers; /* by type, ascending */
};

/* Writes a node's value with its checksum; `w->failed` when it does not fit or the draft has more
 * than STORED_MAX_ANSWERS. */
void stored_write(struct writer *w, const uint8_t *key, size_t key_octets,
                  const struct stored_draft *draft);

/*
 * A zone's record. Value of a zone's key:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows
 *   4      4     serial
 *   8      8     published, seconds since 1970-01-01 00:00 UTC
 *   16     4     owner names
 *   20     4     entries: ccTLD labels that have a card
 *   24     1     flags: enum zone_flag
 *   25     1     a: octets of the apex
 *   26     2     s: octets of the negative SOA
 *   28     2     g: octets of its signatures
 *   30     1     records in its signatures
 *   31     1     t: octets of the salt of NSEC3 names (RFC 5155 §3.1.5)
 *   32     2     further iterations of their hash (RFC 5155 §3.1.3)
 *   34     t     salt
 *   …      a     apex, uncompressed, case kept
 *   …      s     SOA record for negative answers, owner in full, TTL min(TTL, MINIMUM)
 *                (RFC 2308 §3)
 *   …      g     its signatures, owner in full, the same TTL
 *   …      4     the newest serial that the zone ever had (RFC 1982), this one or, after a restore
 *                of an older file, one before it; not there in a record from before it was kept
 */
enum zone_flag {
    ZONE_RESTORED = 1,    /* came from a zone file, not from contacts */
    ZONE_SIGNED = 2,      /* has DNSKEY and RRSIG records: answers are proved to who asks for it */
    ZONE_NSEC3 = 4,       /* by NSEC3 (nsec3.h), with SHA-1 and the parameters of the record */
    ZONE_ROLLED_BACK = 8, /* beside ZONE_RESTORED: what came was its own past */
};

struct zone_record {
    uint16_t number; /* of its key */
    uint32_t serial;
    int64_t published;
    uint32_t names;
    uint32_t entries;
    uint8_t flags;
    const uint8_t *apex;
    const uint8_t *soa;
    uint16_t soa_octets;
    const uint8_t *signatures;
    uint16_t signature_octets;
    uint8_t signature_records;
    const uint8_t *salt;
    uint8_t salt_octets;
    uint16_t iterations;
    bool has_newest;        /* false: of a version that did not keep it */
    uint32_t newest_serial; /* that the zone ever had; `serial` where it is not kept */
};

#define ZONE_RECORD_OCTETS 38 /* without salt, names, SOA and signatures */

MUST_CHECK enum status zone_record_read(const uint8_t *key, size_t key_octets, const uint8_t *value,
                                        size_t value_octets, struct zone_record *out);

/* Writes the value; the key is that of `record->number`. */
void zone_record_write(struct writer *w, const struct zone_record *record);

#endif
