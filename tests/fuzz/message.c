#include "tests/fuzz/message.h"

#include "wire/constants.h"
#include "wire/name.h"
#include "wire/record.h"

#include <string.h>

#define MOST_PLACES 64

/* Draws numbers of one seed. */
struct dice {
    uint32_t state;
};

static unsigned throw(struct dice * dice, unsigned sides)
{
    dice->state = dice->state * 1664525u + 1013904223u;
    return (dice->state >> 8) % sides;
}

/* Where something begins in the message, and its octets; of a record, where its parts are. */
struct place {
    size_t at, octets;
    bool is_record;
    struct record record;
};

struct message {
    uint8_t *octets;
    size_t length, room;
    struct dice dice;
    fuzz_plain_mutation *plain;
    size_t count;
    struct place places[MOST_PLACES];
};

/* Questions and records, as far as they can be read. */
static void take_apart(struct message *message)
{
    const uint8_t *octets = message->octets;
    struct reader r = reader_of(octets, message->length);
    struct header header = header_read(&r);
    size_t at = DNS_HEADER_OCTETS;
    unsigned total = (unsigned)header.qdcount + header.ancount + header.nscount + header.arcount;

    for (unsigned i = 0; i < total && message->count < MOST_PLACES; i++) {
        struct place *place = &message->places[message->count];
        struct question question;
        *place = (struct place){.at = at, .is_record = i >= header.qdcount};
        enum status status = place->is_record
                                 ? record_parse(octets, message->length, &at, &place->record)
                                 : question_parse(octets, message->length, &at, &question);
        if (status != STATUS_OK)
            return;
        place->octets = at - place->at;
        message->count++;
    }
}

/* Puts `with` in place of `octets` octets at `at`; nothing where there is no room. */
static void replace(struct message *message, size_t at, size_t octets, const uint8_t *with,
                    size_t with_octets)
{
    if (message->length - octets + with_octets > message->room)
        return;
    memmove(message->octets + at + with_octets, message->octets + at + octets,
            message->length - at - octets);
    memcpy(message->octets + at, with, with_octets);
    message->length = message->length - octets + with_octets;
}

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A name of the zones, one below it, or a pointer to somewhere. */
static size_t draw_name(struct message *message, uint8_t out[NAME_MAX_OCTETS + 2])
{
    static const char *const names[] = {"example",
                                        "xa.example",
                                        "www.bank.xa.example",
                                        "x.alias.example",
                                        "c2.example",
                                        "loop.example",
                                        "b.empty.example",
                                        "x.cut.example",
                                        "many.example",
                                        "huge.example",
                                        "s.example",
                                        "xa.s.example",
                                        "x.w.s.example",
                                        "x.cut.s.example",
                                        "c.s.example",
                                        "h.example",
                                        "xa.h.example",
                                        "x.w.h.example",
                                        "b.e.h.example",
                                        "ds.h.example",
                                        "members.test",
                                        "xa.members.test",
                                        "version.bind",
                                        "id.server",
                                        "k256.example",
                                        "."};
    struct dice *dice = &message->dice;
    struct name name;

    if (throw(dice, 4) == 0) {
        size_t to =
            throw(dice, 3) == 0 ? throw(dice, (unsigned)message->length) : DNS_HEADER_OCTETS;
        put_u16(out, 0xc000 | ((unsigned)to & 0x3fff));
        return 2;
    }
    const char *text = names[throw(dice, sizeof names / sizeof *names)];
    if (name_from_text(&name, text, strlen(text)) != STATUS_OK)
        return 0;
    if (throw(dice, 3) == 0) /* letter case; also of length octets */
        name.octets[throw(dice, (unsigned)name.length)] ^= 0x20;
    size_t skipped = 0;
    if (throw(dice, 4) == 0 && name.length < NAME_MAX_OCTETS - 4) {
        out[0] = 1;
        out[1] = (uint8_t) throw(dice, 256);
        skipped = 2;
    }
    memcpy(out + skipped, name.octets, name.length);
    if (throw(dice, 4) == 0 && name.length > 1) { /* its end is a pointer instead of the root */
        put_u16(out + skipped + name.length - 1, 0xc000 | DNS_HEADER_OCTETS);
        return skipped + name.length + 1;
    }
    return skipped + name.length;
}

static unsigned draw_type(struct message *message)
{
    static const uint16_t types[] = {TYPE_A,    TYPE_NS,    TYPE_CNAME,  TYPE_SOA,  TYPE_MX,
                                     TYPE_TXT,  TYPE_RP,    TYPE_AAAA,   TYPE_OPT,  TYPE_DS,
                                     TYPE_NSEC, TYPE_RRSIG, TYPE_DNSKEY, TYPE_TSIG, TYPE_IXFR,
                                     TYPE_AXFR, TYPE_ANY,   TYPE_NSEC3,  0,         65535};
    return types[throw(&message->dice, sizeof types / sizeof *types)];
}

/* An octet of the header, or a count set to what a message may have. */
static void change_header(struct message *message)
{
    struct dice *dice = &message->dice;
    size_t at = throw(dice, DNS_HEADER_OCTETS);

    if (at >= 4)
        put_u16(message->octets + (at & ~(size_t)1), throw(dice, 8) == 0 ? 0xffff : throw(dice, 4));
    else
        message->octets[at] ^= (uint8_t)(1u << throw(dice, 8));
}

static struct place *draw_place(struct message *message)
{
    return &message->places[throw(&message->dice, (unsigned)message->count)];
}

static size_t octets_of_owner(const struct place *place)
{
    return place->octets - (place->is_record ? place->record.rdata_octets + 10u : 4);
}

static void change_owner(struct message *message)
{
    const struct place *place = draw_place(message);
    uint8_t name[NAME_MAX_OCTETS + 2];
    size_t octets = draw_name(message, name);
    replace(message, place->at, octets_of_owner(place), name, octets);
}

/* Type, class, TTL or length. */
static void change_field(struct message *message)
{
    const struct place *place = draw_place(message);
    uint8_t *field = message->octets + place->at + octets_of_owner(place);

    switch (throw(&message->dice, place->is_record ? 5 : 2)) {
    case 0:
        put_u16(field, draw_type(message));
        break;
    case 1:
        put_u16(field + 2,
                (unsigned[]){1, 3, 255, 254, 0, 512, 1232, 65535}[throw(&message->dice, 8)]);
        break;
    case 2:
        field[4 + throw(&message->dice, 4)] ^= (uint8_t)(1u << throw(&message->dice, 8));
        break;
    case 3:
        put_u16(field + 8, throw(&message->dice, 80));
        break;
    default:
        message->plain(field, 10, 10);
    }
}

/* The RDATA by itself, by libFuzzer's own mutation, with a length that fits it. */
static void change_rdata(struct message *message)
{
    const struct place *place = draw_place(message);
    uint8_t rdata[1024];
    size_t octets = place->record.rdata_octets;

    if (!place->is_record || octets > sizeof rdata / 2)
        return;
    memcpy(rdata, message->octets + place->record.rdata, octets);
    size_t changed = message->plain(rdata, octets, sizeof rdata / 2);
    size_t before = message->length;
    replace(message, place->record.rdata, octets, rdata, changed);
    if (message->length == before - octets + changed)
        put_u16(message->octets + place->record.rdata - 2, (unsigned)changed);
}

static size_t draw_option(struct message *message, uint8_t *out)
{
    static const uint8_t codes[] = {3, 8, 10, 11, 12, 15, 9, 5};
    static const uint8_t lengths[] = {0, 2, 4, 8, 16, 24, 7, 40};
    struct dice *dice = &message->dice;
    size_t octets = lengths[throw(dice, sizeof lengths)];

    put_u16(out, codes[throw(dice, sizeof codes)]);
    put_u16(out + 2, (unsigned)octets + (throw(dice, 16) == 0));
    for (size_t i = 0; i < octets; i++)
        out[4 + i] = (uint8_t) throw(dice, 256);
    return 4 + octets;
}

/* A record of its own at the end, counted in one section: an OPT with options, or any. */
static void append_record(struct message *message)
{
    struct dice *dice = &message->dice;
    uint8_t record[NAME_MAX_OCTETS + 256];
    bool is_opt = throw(dice, 2) == 0;
    size_t at = is_opt ? 1 : draw_name(message, record);
    size_t rdata = at + 10;
    size_t end = rdata;

    record[0] = is_opt ? 0 : record[0];
    put_u16(record + at, is_opt ? TYPE_OPT : draw_type(message));
    put_u16(record + at + 2, is_opt ? throw(dice, 4) * 512 : 1);
    put_u16(record + at + 4, 0);
    put_u16(record + at + 6, throw(dice, 2) * 0x8000u);
    for (unsigned n = is_opt ? throw(dice, 4) : 0; n > 0; n--)
        end += draw_option(message, record + end);
    for (unsigned n = is_opt ? 0 : throw(dice, 32); n > 0; n--)
        record[end++] = (uint8_t) throw(dice, 256);
    put_u16(record + at + 8, (unsigned)(end - rdata));
    size_t before = message->length;
    replace(message, message->length, 0, record, end);
    uint8_t *count = message->octets + (is_opt ? 11 : 7 + 2 * throw(dice, 3));
    *count = (uint8_t)(*count + (message->length > before));
}

/* Once more, or no more. */
static void repeat_or_drop(struct message *message)
{
    const struct place *place = draw_place(message);
    uint8_t copy[1024];
    uint8_t *count = message->octets + (place->is_record ? 11 : 5);
    size_t before = message->length;

    if (place->octets > sizeof copy)
        return;
    memcpy(copy, message->octets + place->at, place->octets);
    if (throw(&message->dice, 2) == 0) {
        replace(message, place->at, place->octets, copy, 0);
        *count = (uint8_t)(*count - 1);
        return;
    }
    replace(message, place->at, 0, copy, place->octets);
    *count = (uint8_t)(*count + (message->length > before));
}

size_t message_mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                      fuzz_plain_mutation *plain)
{
    static void (*const changes[])(struct message *) = {
        change_owner, change_field, change_rdata, append_record, repeat_or_drop, change_header};
    struct message message = {
        .octets = octets, .length = length, .room = room, .dice = {seed}, .plain = plain};

    if (length < DNS_HEADER_OCTETS)
        return plain(octets, length, room);
    take_apart(&message);
    unsigned n = throw(&message.dice, sizeof changes / sizeof *changes);
    if (message.count == 0 && n < 5)
        n = 3 + throw(&message.dice, 2) * 2;
    changes[n](&message);
    return message.length;
}
