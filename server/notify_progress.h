/*
 * How far one secondary has followed one zone, what is known of it and since when, and what to do
 * about it next. Pure: the caller brings the clock and random IDs, sends what is due, and tells
 * what came back.
 *
 * Telling: NOTIFY after 0, 1, 3, 7 … s, at most 60 s apart (RFC 1996 §3.6 leaves the interval to
 * the operator, and calls backoff reasonable), until a response comes. After five without one the
 * SOA is asked for as well: the secondary may have looked by itself.
 * Checking: the secondary has answered; its SOA is asked for in the same rhythm until it has the
 * new serial. If it does not within a minute, it is told again. After an hour the interval grows
 * with the age of the wish, up to one hour: a secondary that is gone for good costs 24 packets a
 * day, and one that comes back is up to date soon enough by itself.
 * In step: its SOA is asked for now and then. One that does not answer five times in a row, or has
 * an older serial or none, has lost the zone: it is told again.
 *
 * What is known is never more than what was seen, and says when: `served` is what the secondary
 * answered between `look_asked_ms` and `looked_ms`, not what it may have become since.
 */
#ifndef SERVER_NOTIFY_PROGRESS_H
#define SERVER_NOTIFY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Silence or an old serial for so long is worth a line of log. */
#define NOTIFY_COMPLAIN_MS 300000
/* How often one that is in step is looked at, where the zone's `refresh` is not less. */
#define NOTIFY_LOOK_MS 900000
/* So many messages in a row without any answer are silence. */
#define NOTIFY_SILENT_AFTER 5

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

enum notify_trouble {
    NOTIFY_NO_TROUBLE,
    NOTIFY_UNSENT,     /* the system refused to send; `trouble_code` is its errno */
    NOTIFY_SILENT,     /* no answer to NOTIFY_SILENT_AFTER messages */
    NOTIFY_REBUFFED,   /* an error in response to NOTIFY; `trouble_code` is its RCODE */
    NOTIFY_REFUSED,    /* an error in answer to the question for the SOA; likewise */
    NOTIFY_TRUNCATED,  /* that answer has TC and no SOA */
    NOTIFY_NO_SOA,     /* that answer has none, without an error */
    NOTIFY_DISTRUSTED, /* an answer that is not signed as it should be; `trouble_code` is what its
                        * TSIG says, or 0 */
    NOTIFY_NO_AA,      /* that answer is no authoritative one: from some cache, perhaps from ours */
};

/* Times are the caller's `now_ms`; 0: never. All zero is NOTIFY_IDLE. */
struct notify_progress {
    enum notify_phase phase;
    uint32_t wanted;       /* the serial to be served */
    uint32_t interval_ms;  /* between two looks at one in step; 0: NOTIFY_LOOK_MS */
    int64_t behind_ms;     /* since when it has not been in step, with this serial or one before */
    int64_t phase_ms;      /* since when in this phase; in step: since when it has been asked */
    int64_t due_ms;        /* when there is something to do next; INT64_MAX: never */
    unsigned attempts;     /* in this phase; in step: questions since the last answer */
    unsigned unanswered;   /* messages in a row, of both kinds */
    bool complained;       /* since it was in step last */
    bool has_served;       /* its last answer had a serial, `served` */
    uint32_t served;       /* as of looked_ms */
    int64_t asked_ms;      /* when the question was first sent that ask_id stands for */
    int64_t look_asked_ms; /* the same of the question that it answered last … */
    int64_t looked_ms;     /* … and when that answer came */
    int64_t told_ms;       /* when NOTIFY was last sent */
    int64_t response_ms;   /* when a response to NOTIFY last came */
    unsigned response;     /* its RCODE */
    int64_t answered_ms;   /* when any answer last came */
    int64_t in_step_ms;    /* when it came into step last */
    enum notify_trouble trouble; /* the last one, even if it is over */
    int trouble_code;
    int64_t trouble_ms;
    uint16_t tell_id;
    uint16_t ask_id;
};

/* An answer to the question for the SOA. */
struct notify_look {
    unsigned rcode;
    bool truncated;
    bool authoritative;
    bool has_serial;
    uint32_t serial;
};

/* A zone has a new serial: takes the place of one that is still being waited for. The same serial
 * as before changes nothing. */
void notify_progress_want(struct notify_progress *progress, uint32_t serial, int64_t now_ms);

/* Sends NOTIFY for the same serial again now, whatever is known. Changes nothing while idle. */
void notify_progress_again(struct notify_progress *progress, int64_t now_ms);

/* The zone has gone: nothing is wished any more, until notify_progress_want. */
void notify_progress_rest(struct notify_progress *progress);

/*
 * What to do now: enum notify_action or-ed, 0 when nothing is due. Sets the next time.
 *
 *   random   two IDs, used where a new exchange begins; repetitions keep theirs, so that a late
 *            response still counts
 */
unsigned notify_progress_due(struct notify_progress *progress, uint32_t random, int64_t now_ms);

/* What was due could not be sent. */
void notify_progress_unsent(struct notify_progress *progress, int error, int64_t now_ms);

/* An answer came that could not be believed: known are its trouble, and nothing else. */
void notify_progress_distrusted(struct notify_progress *progress, int error, int64_t now_ms);

/* A response to the NOTIFY came, of any RCODE (RFC 1996 §3.12). False when none was waited for. */
bool notify_progress_told(struct notify_progress *progress, uint16_t id, unsigned rcode,
                          int64_t now_ms);

/*
 * An answer to the question for the SOA came. True when the secondary has come into step with it.
 */
bool notify_progress_answered(struct notify_progress *progress, uint16_t id,
                              const struct notify_look *look, int64_t now_ms);

/* True when it is known to serve what is wished, as of looked_ms: also while it is told again. */
bool notify_progress_serves(const struct notify_progress *progress);

/* What an operator calls it. */
enum notify_state {
    NOTIFY_STATE_WAITING,  /* for the zone: it is not in the database */
    NOTIFY_STATE_TOLD,     /* NOTIFY is out, no response yet */
    NOTIFY_STATE_CHECKING, /* it has responded, or is being looked at again */
    NOTIFY_STATE_BEHIND,   /* for a minute or more it has answered, but not with what is wished */
    NOTIFY_STATE_SILENT,   /* NOTIFY_SILENT_AFTER messages got no answer, and one more is out */
    NOTIFY_STATE_IN_STEP,  /* it served the serial when it was asked last */
    NOTIFY_STATE_AHEAD,    /* it served a newer one: it will not take ours */
};
enum notify_state notify_progress_state(const struct notify_progress *progress, int64_t now_ms);

#endif
