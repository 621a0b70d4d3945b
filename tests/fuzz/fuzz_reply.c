/*
 * What comes back from others: a secondary's answer to NOTIFY and to the question for its SOA, and
 * a name server's to `zonegen key roll`. The first two octets are the ID that was asked with, two
 * more the type, one says how it is signed; the rest is the message.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"

#include "server/notify_message.h"
#include "server/notify_progress.h"
#include "sign/reply.h"
#include "wire/serial.h"

#define MOST_OCTETS 4096
#define HEAD_OCTETS 5

/* What is known of the secondary is what it said, and no more. */
static void follow(uint16_t id, const uint8_t *message, size_t length)
{
    struct notify_progress progress = {.phase = NOTIFY_IDLE};
    struct notify_answer answer;
    int64_t now = 1000000;

    if (notify_answer_read(message, length, &answer) != STATUS_OK)
        return;
    RULE(name_octets(answer.zone.octets) == answer.zone.length);
    notify_progress_want(&progress, 7, now);
    for (int i = 0; i < 12; i++, now += 30000) {
        unsigned due = notify_progress_due(&progress, (uint32_t)id << 16 | id, now);
        RULE(due <= (NOTIFY_TELL | NOTIFY_ASK | NOTIFY_COMPLAIN));
        const struct notify_look look = {answer.rcode, answer.truncated, answer.authoritative,
                                         answer.has_serial, answer.serial};
        if (answer.opcode == OPCODE_NOTIFY)
            notify_progress_told(&progress, answer.id, answer.rcode, now);
        else
            notify_progress_answered(&progress, answer.id, &look, now);
        RULE(!notify_progress_serves(&progress) ||
             (progress.has_served && !serial_is_newer(7, progress.served)));
        RULE(notify_progress_state(&progress, now) <= NOTIFY_STATE_AHEAD);
    }
}

/* Signed as an answer to a request of ours; the octet says what is wrong. */
static void check_signed(uint8_t wrong, const uint8_t *message, size_t length)
{
    static uint8_t octets[MOST_OCTETS + TSIG_MAX_OCTETS + 512];
    const struct tsig_key *key =
        tsig_keys_find(answering()->ring.keys, forged_name(ring_keys[0].id).octets);
    struct query query = make_query("example", TYPE_SOA, CLASS_IN, -1);
    struct tsig_session session;
    uint8_t mac[EVP_MAX_MD_SIZE];
    uint16_t error = 0;

    if (length < DNS_HEADER_OCTETS || message[10] == UINT8_MAX || message[11] == UINT8_MAX)
        return;
    RULE(tsig_sign_request(key, query.octets, &query.length, served_clock(), &session));
    struct forged forged = forged_of(wrong & 1, message);
    forged.prior = session.mac;
    forged.prior_octets = session.mac_octets;
    forged.original_id = session.original_id;
    forged.spoilt = wrong & 2;
    forged.error = wrong & 4 ? TSIG_BADTIME : 0;
    forged.other_octets = wrong >> 3;
    struct writer w = writer_of(octets, sizeof octets);
    forged_mac(&forged, message, length, mac);
    writer_octets(&w, message, length);
    forged_write(&forged, mac, &w);
    count_record(octets, 2);
    const uint8_t *flush = fuzz_flush(octets, writer_length(&w));
    enum status status =
        tsig_verify_answer(&session, flush, writer_length(&w), served_clock(), &error);
    RULE(status != STATUS_OK || (wrong & 7) == 0);
}

static void walk(const struct ask *ask, enum reply_section section)
{
    struct reply_walk walk = {0};
    struct reply_record record;
    struct reply_signature signature;
    struct name name;
    uint32_t serial;

    while (reply_next(ask, section, &walk, &record)) {
        RULE(record.at + record.octets <= ask->octets);
        RULE(name_octets(record.owner.octets) == record.owner.length);
        if (reply_name(ask, &record, &name) == STATUS_OK)
            RULE(name_octets(name.octets) == name.length);
        if (reply_serial(ask, &record, &serial) == STATUS_OK)
            RULE(record.octets >= 22);
        if (reply_signature(ask, &record, &signature) == STATUS_OK)
            RULE(name_octets(signature.signer.octets) == signature.signer.length);
    }
}

static void observe(uint16_t id, uint16_t type, const uint8_t *message, size_t length)
{
    struct ask ask = {.type = type, .message = message, .octets = length};
    size_t at = DNS_HEADER_OCTETS;
    struct question question;

    if (length < DNS_HEADER_OCTETS || question_parse(message, length, &at, &question) != STATUS_OK)
        return;
    ask.name = question.name;
    if (ask_check(&ask, id, message, length) != STATUS_OK)
        return;
    struct arena *arena = arena_create();
    RULE(reply_rcode(&ask) <= 15 && reply_rcode_text(&ask, arena) != NULL);
    (void)reply_is_authoritative(&ask);
    walk(&ask, REPLY_ANSWER);
    walk(&ask, REPLY_AUTHORITY);
    arena_destroy(arena);
}

static void run(const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    uint16_t id = reader_u16(&r);
    uint16_t type = reader_u16(&r);
    uint8_t wrong = reader_u8(&r);

    if (r.failed || length > MOST_OCTETS)
        return;
    length -= HEAD_OCTETS;
    const uint8_t *message = fuzz_flush(octets + HEAD_OCTETS, length);
    follow(id, message, length);
    observe(id, type, message, length);
    check_signed(wrong, octets + HEAD_OCTETS, length);
}

const struct fuzz_target fuzz_reply = {.name = "reply", .run = run};
