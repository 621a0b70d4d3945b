/*
 * What a server may answer while it is being published to: two contents, even and odd, take turns,
 * and every publish has a number that its records tell. An answer is right when it is, octet for
 * octet, that of one of the two, with one number in all the places that tell it.
 *
 * The file, integers in network byte order (tests/functional/support/numbered.py writes it):
 *
 *   SIZE  FIELD
 *   4     the serial of publish 0: that of publish n is n more
 *         then, for each question:
 *   1     transport: 0 UDP, 1 TCP
 *   2, n  length, message
 *         then, for the even contents and for the odd ones:
 *   2, n  length, answer
 *   2     places that differ from publish to publish, for each:
 *   2     where it is in the answer
 *   1     octets
 *   1     what it is: enum place_kind
 */
#ifndef BENCH_EXPECTED_H
#define BENCH_EXPECTED_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define EXPECTED_PLACES 64
#define EXPECTED_UNTOLD ((int64_t)-1)

enum place_kind {
    PLACE_NUMBER,      /* the number of the publish, decimal */
    PLACE_SERIAL,      /* the zone's serial, four octets */
    PLACE_TEXT_SERIAL, /* the zone's serial, decimal */
    PLACE_ANY,         /* whatever it says is right, a time of day */
};

struct place {
    size_t at;
    size_t octets;
    enum place_kind kind;
};

struct expected_answer {
    const uint8_t *octets;
    size_t length;
    size_t count;
    struct place places[EXPECTED_PLACES];
};

struct expected_question {
    bool by_tcp;
    struct iovec message;
    struct expected_answer answers[2]; /* even, odd */
};

struct expected {
    uint8_t *block;
    uint32_t serial;
    struct expected_question *questions;
    size_t count;
};

/* STATUS_OK, or STATUS_SYSTEM or STATUS_MALFORMED after a message on stderr. */
MUST_CHECK enum status expected_read(const char *path, struct expected *out);
void expected_free(struct expected *expected);

enum verdict {
    VERDICT_RIGHT,
    VERDICT_WRONG, /* neither of the two */
    VERDICT_MIXED, /* one of the two, but not of one publish */
    VERDICT_BACK,  /* of an earlier publish than `least` */
    VERDICT_AHEAD, /* of a later one than `most` */
    VERDICTS
};

/*
 * Judges an answer; the ID is not looked at.
 *
 *   least, most   publishes that it may be of
 *   number        that it is of; EXPECTED_UNTOLD when it does not tell
 */
enum verdict expected_judge(const struct expected *expected, size_t question,
                            const struct iovec *answer, int64_t least, int64_t most,
                            int64_t *number);

#endif
