/*
 * Questions to name servers, all at once: each has a socket and a time of its own, and what is slow
 * or dead delays nobody else. UDP first, TCP where an answer is truncated or none comes. Checks
 * that an answer is whole and belongs to its question, and knows nothing of what it says.
 *
 * Not ldns_resolver: that asks one server after the other, so that two dead ones cost all the time
 * there is, and its parser takes damaged messages for good ones.
 */
#ifndef SIGN_ASK_H
#define SIGN_ASK_H

#include "conf/address.h"
#include "conf/arena.h"
#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASK_TRY_MS 2000 /* for one try; there are two by UDP and one by TCP */
#define ASK_MOST   512  /* questions at once */

enum ask_outcome {
    ASK_SILENT,    /* no answer in time, or a connection that broke */
    ASK_NO_ROUTE,  /* this machine cannot send there: no IPv6, say */
    ASK_MALFORMED, /* an answer that is cut, or that no one can read */
    ASK_ANSWERED,
};

/* One question to one server. */
struct ask {
    struct endpoint to;
    struct name name;
    uint16_t type;
    bool recursive; /* a resolver is asked: RD, and CD, since what it finds bogus is of interest */
    enum ask_outcome outcome;
    const uint8_t *message; /* the answer, where there is one; in the arena */
    size_t octets;
};

/* Milliseconds of a clock that only goes forward; what deadlines below are given in. */
int64_t ask_clock(void);

/*
 * Asks all, and returns when each has its outcome, no later than `deadline`.
 *
 *   count   up to ASK_MOST; those beyond are ASK_SILENT
 *
 * STATUS_OK, also where nobody answers; STATUS_SYSTEM when memory or descriptors are out.
 */
MUST_CHECK enum status ask_all(struct ask *asks, size_t count, int64_t deadline,
                               struct arena *arena);

/* "no answer", "cannot be reached from here: no route", "answer is malformed". */
const char *ask_outcome_text(enum ask_outcome outcome);

/*
 * Checks an answer: header and question are those of a reply to the question, and every record
 * stands whole in the message, with nothing after the last one.
 *
 * STATUS_OK; STATUS_DENIED: not a reply to this question; STATUS_MALFORMED.
 */
MUST_CHECK enum status ask_check(const struct ask *ask, uint16_t id, const uint8_t *message,
                                 size_t octets);

#endif
