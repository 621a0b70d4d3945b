#include "store/stored.h"

#include "store/checksum.h"
#include "store/key.h"
#include "wire/constants.h"
#include "wire/name.h"

#define CHECKSUM_OCTETS 4

/* Takes the checksum off the front of a value. True when it fits the key and the rest. */
static bool checksum_fits(struct reader *r, const uint8_t *key, size_t key_octets)
{
    uint32_t expected = reader_u32(r);
    return !r->failed && checksum_of(key, key_octets, r->next, reader_left(r)) == expected;
}

static void write_checksum(struct writer *w, size_t start, const uint8_t *key, size_t key_octets)
{
    if (w->failed)
        return;
    const uint8_t *rest = w->start + start + CHECKSUM_OCTETS;
    uint32_t sum = checksum_of(key, key_octets, rest, (size_t)(w->next - rest));
    writer_patch_u16(w, start, (uint16_t)(sum >> 16));
    writer_patch_u16(w, start + 2, (uint16_t)sum);
}

enum status stored_open(const uint8_t *key, size_t key_octets, const uint8_t *value,
                        size_t value_octets, struct stored *out)
{
    struct reader r = reader_of(value, value_octets);

    if (!checksum_fits(&r, key, key_octets))
        return STATUS_MALFORMED;
    out->octets = value;
    out->length = value_octets;
    out->flags = reader_u8(&r);
    out->cut = reader_u8(&r);
    out->answer_count = reader_u8(&r);
    out->owner_octets = reader_u8(&r);
    out->proof_octets = reader_u16(&r);
    out->proof_records = reader_u8(&r);
    reader_u8(&r);
    reader_octets(&r, (size_t)out->answer_count * STORED_LINE_OCTETS);
    const uint8_t *owner = reader_octets(&r, out->owner_octets);
    out->owner = out->owner_octets > 0 ? owner : NULL;
    out->proof = reader_octets(&r, out->proof_octets);
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

/* The n-th of the 16-bit integers at `octets`. */
static uint16_t u16_at(const uint8_t *octets, size_t n)
{
    return (uint16_t)(octets[2 * n] << 8 | octets[2 * n + 1]);
}

enum status stored_answer_at(const struct stored *stored, size_t n, struct stored_answer *out)
{
    struct reader line = reader_of(stored->octets, stored->length);
    reader_octets(&line, STORED_HEADER_OCTETS + n * STORED_LINE_OCTETS);
    out->type = reader_u16(&line);
    out->rcode = reader_u8(&line);
    out->flags = reader_u8(&line);
    struct reader before = reader_of(stored->octets, stored->length);
    reader_octets(&before, reader_u32(&line));
    /* Two rows of integers and one body, each taken at once: this is read with each answer. */
    const uint8_t *records = reader_octets(&line, sizeof out->records);
    const uint8_t *octets = reader_octets(&line, sizeof out->octets);
    if (line.failed)
        return STATUS_MALFORMED;
    size_t total = 0;
    for (size_t i = 0; i < STORED_PARTS; i++) {
        out->records[i] = u16_at(records, i);
        out->octets[i] = u16_at(octets, i);
        total += out->octets[i];
    }
    const uint8_t *body = reader_octets(&before, total);
    if (!body)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < STORED_PARTS; body += out->octets[i++])
        out->part[i] = body;
    return STATUS_OK;
}

enum status stored_find(const struct stored *stored, uint16_t type, struct stored_answer *out)
{
    struct reader table = reader_of(stored->octets, stored->length);
    size_t found = stored->answer_count;

    reader_octets(&table, STORED_HEADER_OCTETS);
    for (size_t n = 0; n < stored->answer_count; n++) {
        struct reader line = reader_slice(&table, STORED_LINE_OCTETS);
        uint16_t line_type = reader_u16(&line);
        reader_u8(&line);
        bool answers = (reader_u8(&line) & STORED_ANSWERS) != 0;
        if (line_type == 0)
            found = n;
        if (line_type == type && answers) {
            found = n;
            break;
        }
    }
    if (found == stored->answer_count)
        return STATUS_NOT_FOUND;
    return stored_answer_at(stored, found, out);
}

/* An RRset of the zone's with its signatures: a line of the table, as far as that matters here. */
struct own_line {
    uint16_t type;
    uint16_t answer_octets;
    size_t start; /* from the start of the value */
    size_t end;
};

/* Reads the n-th line, n < answer_count; false when it is not the zone's own. */
static bool own_line_at(const struct stored *stored, size_t n, struct own_line *out)
{
    const size_t flags_at = 3;
    const uint8_t *at = stored->octets + STORED_HEADER_OCTETS + n * STORED_LINE_OCTETS;

    if ((at[flags_at] & STORED_IN_ZONE) == 0)
        return false;
    struct reader r = reader_of(at, STORED_LINE_OCTETS);
    out->type = reader_u16(&r);
    reader_u16(&r);
    out->start = reader_u32(&r);
    reader_octets(&r, STORED_PARTS * sizeof(uint16_t));
    out->answer_octets = reader_u16(&r);
    out->end = out->start + out->answer_octets + reader_u16(&r);
    return true;
}

enum status stored_next_own(const struct stored *stored, size_t *line, struct stored_own *out)
{
    struct own_line first, next;

    while (*line < stored->answer_count && !own_line_at(stored, *line, &first))
        (*line)++;
    if (*line >= stored->answer_count)
        return STATUS_NOT_FOUND;
    size_t end = first.end;
    for ((*line)++; *line < stored->answer_count && first.type != TYPE_SOA; (*line)++) {
        if (!own_line_at(stored, *line, &next))
            continue;
        if (next.start != end || next.type == TYPE_SOA)
            break;
        end = next.end;
    }
    struct reader body = reader_of(stored->octets, stored->length);
    reader_octets(&body, first.start);
    out->type = first.type;
    out->answer_octets = first.answer_octets;
    out->records = reader_slice(&body, end - first.start);
    return out->records.failed ? STATUS_MALFORMED : STATUS_OK;
}

const uint8_t *stored_take_record(struct reader *r, size_t *rest_octets)
{
    const uint8_t pointer = 0xc0;
    size_t owner_octets;

    if (reader_left(r) == 0)
        return NULL;
    if (*r->next >= pointer)
        reader_octets(r, 2);
    else
        name_take(r, &owner_octets);
    const uint8_t *rest = r->next;
    reader_octets(r, 8); /* type, class, TTL */
    reader_octets(r, reader_u16(r));
    *rest_octets = (size_t)(r->next - rest);
    return r->failed ? NULL : rest;
}

static void write_line(struct writer *w, const struct stored_answer *answer, uint32_t body)
{
    writer_u16(w, answer->type);
    writer_u8(w, answer->rcode);
    writer_u8(w, answer->flags);
    writer_u32(w, body);
    for (size_t i = 0; i < STORED_PARTS; i++)
        writer_u16(w, answer->records[i]);
    for (size_t i = 0; i < STORED_PARTS; i++)
        writer_u16(w, answer->octets[i]);
}

static uint32_t body_octets(const struct stored_answer *answer)
{
    uint32_t octets = 0;
    for (size_t i = 0; i < STORED_PARTS; i++)
        octets += answer->octets[i];
    return octets;
}

void stored_write(struct writer *w, const uint8_t *key, size_t key_octets,
                  const struct stored_draft *draft)
{
    size_t start = writer_length(w);

    if (draft->answer_count > STORED_MAX_ANSWERS) {
        w->failed = true;
        return;
    }
    writer_u32(w, 0);
    writer_u8(w, draft->flags);
    writer_u8(w, draft->cut);
    writer_u8(w, (uint8_t)draft->answer_count);
    writer_u8(w, draft->owner_octets);
    writer_u16(w, draft->proof_octets);
    writer_u8(w, draft->proof_records);
    writer_u8(w, 0);
    uint32_t body = (uint32_t)(STORED_HEADER_OCTETS + draft->answer_count * STORED_LINE_OCTETS +
                               draft->owner_octets + draft->proof_octets);
    for (size_t n = 0; n < draft->answer_count; n++) {
        write_line(w, &draft->answers[n], body);
        body += body_octets(&draft->answers[n]);
    }
    writer_octets(w, draft->owner, draft->owner_octets);
    writer_octets(w, draft->proof, draft->proof_octets);
    for (size_t n = 0; n < draft->answer_count; n++)
        for (size_t i = 0; i < STORED_PARTS; i++)
            writer_octets(w, draft->answers[n].part[i], draft->answers[n].octets[i]);
    write_checksum(w, start, key, key_octets);
}

enum status zone_record_read(const uint8_t *key, size_t key_octets, const uint8_t *value,
                             size_t value_octets, struct zone_record *out)
{
    struct reader r = reader_of(value, value_octets);
    size_t apex_octets;

    if (key_octets != KEY_PREFIX_OCTETS || !checksum_fits(&r, key, key_octets))
        return STATUS_MALFORMED;
    out->number = (uint16_t)(key[1] << 8 | key[2]);
    out->serial = reader_u32(&r);
    out->published = (int64_t)reader_u64(&r);
    out->names = reader_u32(&r);
    out->entries = reader_u32(&r);
    out->flags = reader_u8(&r);
    uint8_t claimed = reader_u8(&r);
    out->soa_octets = reader_u16(&r);
    out->signature_octets = reader_u16(&r);
    out->signature_records = reader_u8(&r);
    out->salt_octets = reader_u8(&r);
    out->iterations = reader_u16(&r);
    out->salt = reader_octets(&r, out->salt_octets);
    out->apex = name_take(&r, &apex_octets);
    out->soa = reader_octets(&r, out->soa_octets);
    out->signatures = reader_octets(&r, out->signature_octets);
    out->has_newest = reader_left(&r) > 0;
    out->newest_serial = out->has_newest ? reader_u32(&r) : out->serial;
    return r.failed || apex_octets != claimed ? STATUS_MALFORMED : STATUS_OK;
}

void zone_record_write(struct writer *w, const struct zone_record *record)
{
    size_t start = writer_length(w);
    size_t apex_octets = name_octets(record->apex);
    uint8_t key[KEY_PREFIX_OCTETS];

    writer_u32(w, 0);
    writer_u32(w, record->serial);
    writer_u64(w, (uint64_t)record->published);
    writer_u32(w, record->names);
    writer_u32(w, record->entries);
    writer_u8(w, record->flags);
    writer_u8(w, (uint8_t)apex_octets);
    writer_u16(w, record->soa_octets);
    writer_u16(w, record->signature_octets);
    writer_u8(w, record->signature_records);
    writer_u8(w, record->salt_octets);
    writer_u16(w, record->iterations);
    writer_octets(w, record->salt, record->salt_octets);
    writer_octets(w, record->apex, apex_octets);
    writer_octets(w, record->soa, record->soa_octets);
    writer_octets(w, record->signatures, record->signature_octets);
    if (record->has_newest)
        writer_u32(w, record->newest_serial);
    key_of_zone(key, record->number);
    write_checksum(w, start, key, sizeof key);
}
