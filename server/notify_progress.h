/*
 * How far one secondary has followed one zone, and what to do about it next. Pure: the caller
 * brings the clock and random IDs, sends what is due, and tells what came back.
 *
 * Telling: NOTIFY after 0, 1, 3, 7 … s, at most 60 s apart (RFC 1996 §3.6 leaves the interval to
 * the operator, and calls backoff reasonable), until a response comes. After five without one the
 * SOA is asked for as well: the secondary may have looked by itself.
 * Checking: the secondary has answered; its SOA is asked for in the same rhythm until it has the
 * new serial. If it does not within a minute, it is told again. After an hour the interval grows
 * with the age of the wish, up to one hour: a secondary that is gone for good costs 24 packets a
 * day, and one that comes back is up to date soon enough by itself.
 */
#ifndef SERVER_NOTIFY_PROGRESS_H
#define SERVER_NOTIFY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define NOTIFY_COMPLAIN_MS                                                                         \
    300000 /* silence or an old serial for so long is worth a line of log                          \
            */

enum notify_phase {
    NOTIFY_IDLE,     /* nothing was wished yet */
    NOTIFY_TELLING,  /* NOTIFY is sent, no response yet */
    NOTIFY_CHECKING, /* it has been told; does it serve the serial? */
    NOTIFY_IN_STEP,  /* it serves the serial, or a newer one */
};

enum notify_action {
    NOTIFY_TELL = 1,     /* send a NOTIFY with tell_id */
    NOTIFY_ASK = 2,      /* send a question for the SOA with ask_id */
    NOTIFY_COMPLAIN = 4, /* log once that it does not follow */
};

/* All zero is NOTIFY_IDLE. */
struct notify_progress {
    enum notify_phase phase;
    uint32_t wanted;   /* the serial to be served */
    int64_t behind_ms; /* since when it has not been in step, with this serial or one before */
    int64_t phase_ms;  /* since when in this phase */
    int64_t due_ms;    /* when there is something to do next */
    unsigned attempts; /* in this phase */
    bool complained;   /* since it was in step last */
    bool answers;      /* to questions for its SOA */
    bool has_served;   /* `served` is known */
    uint32_t served;   /* the serial that it had when asked last */
    unsigned rcode;    /* of its last answer of any kind */
    uint16_t tell_id;
    uint16_t ask_id;
    int64_t in_step_ms; /* when it came into step last */
};

/* A zone has a new serial: takes the place of one that is still being waited for. The same serial
 * as before changes nothing. */
void notify_progress_want(struct notify_progress *progress, uint32_t serial, int64_t now_ms);

/*
 * What to do now: enum notify_action or-ed, 0 when nothing is due. Sets the next time.
 *
 *   random   two IDs, used where a new exchange begins; repetitions keep theirs, so that a late
 *            response still counts
 */
unsigned notify_progress_due(struct notify_progress *progress, uint32_t random, int64_t now_ms);

/* A response to the NOTIFY came, of any RCODE (RFC 1996 §3.12). False when none was waited for. */
bool notify_progress_told(struct notify_progress *progress, uint16_t id, unsigned rcode,
                          int64_t now_ms);

/*
 * An answer to the question for the SOA came.
 *
 *   serial   NULL when there was none in it
 *
 * True when the secondary has come into step with this answer.
 */
bool notify_progress_answered(struct notify_progress *progress, uint16_t id, unsigned rcode,
                              const uint32_t *serial, int64_t now_ms);

#endif
