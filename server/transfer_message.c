#include "server/transfer_message.h"

#include "server/edns.h"
#include "store/stored.h"

#include <string.h>

#define POINTER_LIMIT  0x4000 /* a compression pointer has 14 bits (RFC 1035 §4.1.4) */
#define POINTER_MARK   0xc0
#define POINTER_OCTETS 2
#define FIXED_OCTETS   10 /* type, class, TTL, RDLENGTH */

void transfer_form_set(struct transfer_form *form, const uint8_t *apex, const uint8_t *head,
                       size_t head_octets)
{
    memcpy(form->head, head, head_octets);
    form->head_octets = head_octets;
    form->opt_octets = 0;
    form->reserve = 0;
    form->padded = false;
    name_set(&form->apex, apex);
    form->apex_as_asked =
        memcmp(form->head + DNS_HEADER_OCTETS, form->apex.octets, form->apex.length) == 0;
}

/* What is kept free of records: the OPT, with room for the head of its padding, and the reserve. */
static size_t octets_at_end(const struct transfer_form *form)
{
    return form->opt_octets + (form->padded ? EDNS_OPTION_OCTETS : 0) + form->reserve;
}

void transfer_message_start(struct transfer_message *message, const struct transfer_form *form,
                            uint8_t *octets, size_t room)
{
    size_t kept = octets_at_end(form);

    message->form = form;
    message->w = writer_of(octets, room > kept ? room - kept : 0);
    message->records = 0;
    /* The question is repeated in each message (RFC 5936 §2.2.2), which makes its name the cheapest
     * place to point to. */
    message->apex_at = form->apex_as_asked ? DNS_HEADER_OCTETS : 0;
    message->owner_at = 0;
    writer_octets(&message->w, form->head, form->head_octets);
}

static void write_pointer(struct writer *w, size_t at)
{
    writer_u16(w, (uint16_t)(0xc000 | at));
}

/* Writes the owner: labels below the apex once, then pointers to them (RFC 5936 §3.4). */
static void write_owner(struct transfer_message *message, const struct transfer_owner *owner)
{
    const struct name *apex = &message->form->apex;
    size_t here = writer_length(&message->w);

    if (message->owner_at > 0) {
        write_pointer(&message->w, message->owner_at);
        return;
    }
    writer_octets(&message->w, owner->labels, owner->octets);
    if (message->apex_at > 0) {
        write_pointer(&message->w, message->apex_at);
    } else {
        message->apex_at = here + owner->octets; /* in the first record: within reach */
        writer_octets(&message->w, apex->octets, apex->length);
    }
    if (owner->octets == 0)
        message->owner_at = message->apex_at;
    else if (here < POINTER_LIMIT)
        message->owner_at = here;
}

bool transfer_message_add(struct transfer_message *message, const struct transfer_owner *owner,
                          const uint8_t *rest, size_t rest_octets)
{
    const struct transfer_message before = *message;

    write_owner(message, owner);
    writer_octets(&message->w, rest, rest_octets);
    if (message->w.failed) {
        *message = before;
        return false;
    }
    message->records++; /* 65535 octets hold some 5000: 12 each, at least */
    return true;
}

/*
 * Gives records that stand as they were stored their owner: each has two octets of a pointer there.
 * Returns how many there are; 0 where one has its owner in full, or is cut off.
 *
 *   first, later   where the owner of the first one points, and those of all others
 */
static uint16_t point_owners(uint8_t *records, size_t octets, size_t first, size_t later)
{
    const size_t rdlength_at = POINTER_OCTETS + FIXED_OCTETS - 2;
    size_t target = first;
    uint16_t count = 0;

    /* Not a reader, which takes three times the instructions: each record comes by here. */
    for (size_t at = 0; at < octets; count++) {
        if (octets - at < POINTER_OCTETS + FIXED_OCTETS || records[at] < POINTER_MARK)
            return 0;
        records[at] = (uint8_t)(POINTER_MARK | target >> 8);
        records[at + 1] = (uint8_t)target;
        target = later;
        at += rdlength_at;
        at += 2 + (size_t)(records[at] << 8 | records[at + 1]);
        if (at > octets)
            return 0;
    }
    return count;
}

/*
 * Adds all of the records at once where they fit as they stand, each with the two octets of a
 * pointer for its owner, which are then replaced; behind the owner's labels where that is new in
 * this message. Leaves what it can't take to be added one by one.
 */
static void add_at_once(struct transfer_message *message, const struct transfer_owner *owner,
                        struct reader *records)
{
    size_t octets = reader_left(records);
    size_t here = writer_length(&message->w);
    bool is_new = message->owner_at == 0;
    struct writer to = message->w;

    if (octets == 0 ||
        (is_new && (message->apex_at == 0 || owner->octets == 0 || here >= POINTER_LIMIT)))
        return;
    if (is_new)
        writer_octets(&to, owner->labels, owner->octets);
    uint8_t *room = writer_room(&to, octets);
    if (!room)
        return;
    memcpy(room, records->next, octets);
    size_t owner_at = is_new ? here : message->owner_at;
    uint16_t count = point_owners(room, octets, is_new ? message->apex_at : owner_at, owner_at);
    if (count == 0)
        return;
    message->w = to;
    message->owner_at = owner_at;
    message->records = (uint16_t)(message->records + count);
    reader_octets(records, octets);
}

bool transfer_message_add_all(struct transfer_message *message, const struct transfer_owner *owner,
                              struct reader *records)
{
    size_t octets;

    for (;;) {
        add_at_once(message, owner, records);
        if (reader_left(records) == 0)
            return !records->failed;
        const struct reader before = *records;
        const uint8_t *rest = stored_take_record(records, &octets);
        if (!rest)
            return false; /* damaged */
        if (!transfer_message_add(message, owner, rest, octets)) {
            *records = before;
            return false;
        }
    }
}

/* Sets counts and flags. */
static void write_header(const struct transfer_message *message)
{
    struct reader r = reader_of(message->form->head, DNS_HEADER_OCTETS);
    struct writer w = writer_of(message->w.start, DNS_HEADER_OCTETS);
    struct header header = header_read(&r);

    header.flags |= HEADER_AA;
    header.qdcount = 1;
    header.ancount = message->records;
    header.nscount = 0;
    header.arcount = message->form->opt_octets > 0;
    header_write(&w, &header);
}

size_t transfer_message_finish(struct transfer_message *message)
{
    const struct transfer_form *form = message->form;
    struct writer *w = &message->w;

    write_header(message);
    w->end += octets_at_end(form) - form->reserve; /* kept free for this (RFC 9103 §6.3.4) */
    w->failed = false;
    size_t opt_at = writer_length(w);
    writer_octets(w, form->opt, form->opt_octets);
    /* RFC 9103 §7.9.1 leaves it to us how far. */
    if (form->padded)
        edns_pad(w, opt_at, writer_length(w) + form->reserve,
                 (size_t)(w->end - w->start) + form->reserve);
    return writer_length(w);
}
