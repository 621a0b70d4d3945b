/*
 * What the database remembers of a zone's signing: which keys are used for what, and where a key
 * roll stands. Written by publish and by `zonegen key`, in the edit that changes what it says.
 *
 * Key: 0x05, then the zone's apex in wire format, lower case. Value, integers in network byte
 * order:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows (store/checksum.h)
 *   4      1     1: what follows is as described here
 *   5      1     k: keys
 *   6      1     roll: enum roll_kind
 *   7      1     roll: enum roll_method
 *   8      1     roll: step, from 1
 *   9      3     reserved, 0
 *   12     8     roll: when the step was begun, seconds since 1970
 *   20     8     roll: when the zone was first published so; 0: not yet
 *   28     8     roll: when that was first seen everywhere; 0: not yet
 *   36     4     roll: largest TTL that what the step replaces was published with, seconds
 *   40     40×k  keys: tag 2, algorithm 1, use 1 (enum key_use), flags of its DNSKEY 2,
 *                part in the roll 1 (enum key_part), reserved 1, SHA-256 of its DNSKEY RDATA 32
 */
#ifndef SIGN_STATE_H
#define SIGN_STATE_H

#include "store/edit.h"
#include "store/store.h"
#include "wire/name.h"

#define STATE_MAX_KEYS      16
#define STATE_DIGEST_OCTETS 32

/* What a key does, or-ed. */
enum key_use {
    KEY_PUBLISHED = 1,  /* its DNSKEY is in the zone */
    KEY_SIGNS_KEYS = 2, /* signs DNSKEY, CDS and CDNSKEY */
    KEY_SIGNS_DATA = 4, /* signs everything else */
    KEY_WANTS_DS = 8,   /* CDS and CDNSKEY ask the parent for its DS */
};

enum key_part { KEY_STAYS, KEY_OUTGOING, KEY_INCOMING };

struct signing_key {
    uint16_t tag;
    uint8_t algorithm;
    uint8_t use;    /* 0: a spare */
    uint16_t flags; /* of its DNSKEY */
    uint8_t part;
    uint8_t digest[STATE_DIGEST_OCTETS];
};

enum roll_kind { ROLL_NONE, ROLL_ZSK, ROLL_KSK, ROLL_CSK, ROLL_ALGORITHM };
enum roll_method { ROLL_PRE_PUBLISH, ROLL_DOUBLE_SIGNATURE, ROLL_DOUBLE_DS };

struct roll {
    uint8_t kind;
    uint8_t method;
    uint8_t step; /* from 1; 0 without a roll */
    int64_t begun, published, seen;
    uint32_t largest_ttl;
};

struct signing_state {
    size_t key_count;
    struct signing_key keys[STATE_MAX_KEYS];
    struct roll roll;
};

bool state_equals(const struct signing_state *a, const struct signing_state *b);

/* STATUS_OK, STATUS_NOT_FOUND (never signed here), STATUS_MALFORMED, STATUS_SYSTEM. */
MUST_CHECK enum status state_read(struct snapshot *snapshot, const struct name *apex,
                                  struct signing_state *out);

/* STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status state_write(struct edit *edit, const struct name *apex,
                                   const struct signing_state *state);

/* Forgets it. STATUS_OK, also where there was none, or STATUS_SYSTEM. */
MUST_CHECK enum status state_delete(struct edit *edit, const struct name *apex);

#endif
