/*
 * The messages of a transfer: the question as it was asked, records of the answer section, the OPT.
 * Packs what it is given, owners compressed; knows neither zones nor databases.
 */
#ifndef SERVER_TRANSFER_MESSAGE_H
#define SERVER_TRANSFER_MESSAGE_H

#include "server/respond.h"
#include "wire/name.h"
#include "wire/writer.h"

/* A pointer reaches the first 16 KiB of a message (RFC 1035 §4.1.4): messages of that length have
 * every owner once, longer ones would repeat what is out of reach. */
#define TRANSFER_MESSAGE_OCTETS 16384

/* What all messages of a transfer have in common. */
struct transfer_form {
    uint8_t head[REPLY_HEAD_OCTETS];
    size_t head_octets;
    uint8_t opt[REPLY_TAIL_OCTETS];
    size_t opt_octets;
    size_t reserve; /* octets left free at the end of each message, for its signature */
    bool padded;    /* each message by a Padding option in its OPT, as any reply is */
    struct name apex;
    bool apex_as_asked; /* the question spells the apex as the zone does, letter case too */
};

/*
 * Takes what messages begin with; no OPT, no padding, nothing kept free, until they are set.
 *
 *   apex                as the zone spells it; copied
 *   head, head_octets   header and question, up to REPLY_HEAD_OCTETS; copied
 */
void transfer_form_set(struct transfer_form *form, const uint8_t *apex, const uint8_t *head,
                       size_t head_octets);

/* One message being filled. */
struct transfer_message {
    const struct transfer_form *form;
    struct writer w;
    uint16_t records;
    size_t apex_at;  /* where the apex stands for pointers; 0: not yet */
    size_t owner_at; /* where the owner in work stands; 0: not in this message */
};

/* Begins a message with the question.
 *
 *   octets, room   where it goes; the form's reserve is kept out of it */
void transfer_message_start(struct transfer_message *message, const struct transfer_form *form,
                            uint8_t *octets, size_t room);

/* An owner: labels of a name in the zone below its apex, no root behind them. */
struct transfer_owner {
    const uint8_t *labels;
    size_t octets;
};

/* The next record has another owner than the one before it. */
static inline void transfer_message_turn(struct transfer_message *message)
{
    message->owner_at = 0;
}

/* Adds one record whose type to RDATA are `rest`. False when it does not fit: nothing has changed
 * then. */
MUST_CHECK bool transfer_message_add(struct transfer_message *message,
                                     const struct transfer_owner *owner, const uint8_t *rest,
                                     size_t rest_octets);

/*
 * Adds records of a stored body, as many as fit, all with the same owner, whatever stands there as
 * theirs.
 *
 *   records   in: for stored_take_record(); out: those that did not fit
 *
 * False when the message is full, or `records->failed`.
 */
MUST_CHECK bool transfer_message_add_all(struct transfer_message *message,
                                         const struct transfer_owner *owner,
                                         struct reader *records);

/* Writes header and OPT; every message has AA (RFC 5936 §2.2.1). Returns the message's octets. */
size_t transfer_message_finish(struct transfer_message *message);

#endif
