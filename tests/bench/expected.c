#include "tests/bench/expected.h"

#include "tests/bench/net.h"
#include "wire/constants.h"
#include "wire/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_OCTETS 2

static void read_answer(struct reader *r, struct expected_answer *out)
{
    out->length = reader_u16(r);
    out->octets = reader_octets(r, out->length);
    out->count = reader_u16(r);
    if (out->count > EXPECTED_PLACES)
        r->failed = true;
    size_t end = ID_OCTETS;
    for (size_t i = 0; i < out->count && !r->failed; i++) {
        struct place *place = &out->places[i];
        place->at = reader_u16(r);
        place->octets = reader_u8(r);
        place->kind = (enum place_kind)reader_u8(r);
        if (place->at < end || place->at + place->octets > out->length)
            r->failed = true;
        end = place->at + place->octets;
    }
}

static void read_question(struct reader *r, struct expected_question *out)
{
    out->by_tcp = reader_u8(r) == 1;
    out->message.iov_len = reader_u16(r);
    out->message.iov_base = (void *)(uintptr_t)reader_octets(r, out->message.iov_len);
    for (size_t i = 0; i < 2; i++)
        read_answer(r, &out->answers[i]);
}

static enum status read_questions(struct reader *r, struct expected *out)
{
    size_t room = 0;

    out->serial = reader_u32(r);
    while (reader_left(r) > 0) {
        if (out->count == room) {
            room = room ? 2 * room : 64;
            struct expected_question *grown =
                realloc(out->questions, room * sizeof *out->questions);
            if (!grown)
                return STATUS_SYSTEM;
            out->questions = grown;
        }
        read_question(r, &out->questions[out->count++]);
    }
    return r->failed || out->count == 0 ? STATUS_MALFORMED : STATUS_OK;
}

enum status expected_read(const char *path, struct expected *out)
{
    size_t octets;

    *out = (struct expected){.block = net_read_whole(path, &octets)};
    if (!out->block)
        return STATUS_SYSTEM;
    struct reader r = reader_of(out->block, octets);
    enum status status = read_questions(&r, out);
    if (status != STATUS_OK) {
        fprintf(stderr, "%s: not a file of expected answers\n", path);
        expected_free(out);
    }
    return status;
}

void expected_free(struct expected *expected)
{
    free(expected->questions);
    free(expected->block);
    *expected = (struct expected){0};
}

static int64_t decimal(const uint8_t *digits, size_t count)
{
    int64_t number = 0;

    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return EXPECTED_UNTOLD;
        number = number * 10 + digits[i] - '0';
    }
    return number;
}

/* The number of the publish that a place tells. */
static int64_t number_at(const struct place *place, const uint8_t *octets, uint32_t serial)
{
    struct reader r = reader_of(octets + place->at, place->octets);

    if (place->kind == PLACE_SERIAL)
        return (int64_t)reader_u32(&r) - serial;
    int64_t told = decimal(octets + place->at, place->octets);
    return place->kind == PLACE_NUMBER ? told : told - serial;
}

static bool is_like(const struct expected_answer *expected, const uint8_t *octets)
{
    size_t at = ID_OCTETS;

    for (size_t i = 0; i < expected->count; i++) {
        const struct place *place = &expected->places[i];
        if (memcmp(expected->octets + at, octets + at, place->at - at) != 0)
            return false;
        at = place->at + place->octets;
    }
    return memcmp(expected->octets + at, octets + at, expected->length - at) == 0;
}

/* The one number that all places tell; false when they differ. */
static bool is_of_one(const struct expected_answer *expected, const uint8_t *octets,
                      uint32_t serial, int64_t *number)
{
    bool first = true;

    *number = EXPECTED_UNTOLD;
    for (size_t i = 0; i < expected->count; i++) {
        const struct place *place = &expected->places[i];
        if (place->kind == PLACE_ANY)
            continue;
        int64_t told = number_at(place, octets, serial);
        if (told < 0 || (!first && told != *number))
            return false;
        *number = told;
        first = false;
    }
    return true;
}

/* An answer that is like one of the two alone may be of every second publish only. */
static enum verdict judge_range(bool even, bool odd, int64_t least, int64_t most)
{
    bool fits = most > least || (least % 2 == 0 ? even : odd);
    return fits ? VERDICT_RIGHT : VERDICT_BACK;
}

enum verdict expected_judge(const struct expected *expected, size_t question,
                            const struct iovec *answer, int64_t least, int64_t most,
                            int64_t *number)
{
    const struct expected_answer *answers = expected->questions[question].answers;
    const uint8_t *octets = answer->iov_base;
    bool like[2];

    *number = EXPECTED_UNTOLD;
    for (size_t i = 0; i < 2; i++)
        like[i] = answer->iov_len == answers[i].length && is_like(&answers[i], octets);
    if (!like[0] && !like[1])
        return VERDICT_WRONG;
    if (!is_of_one(&answers[like[0] ? 0 : 1], octets, expected->serial, number))
        return VERDICT_MIXED;
    if (*number == EXPECTED_UNTOLD)
        return judge_range(like[0], like[1], least, most);
    if (!like[*number % 2])
        return VERDICT_MIXED;
    if (*number < least)
        return VERDICT_BACK;
    return *number > most ? VERDICT_AHEAD : VERDICT_RIGHT;
}
