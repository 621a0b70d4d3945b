#include "server/ixfr.h"

/* Steps looked at for an answer by UDP: who is further behind asks by TCP. */
#define SMALL_STEPS 32
/* Steps that a difference may lead over: who is further behind gets the whole zone. The apex is in
 * each of them, and reading it in all takes a millisecond in which nobody else is served. */
#define MOST_STEPS 512

/* The serial in an SOA: 20 octets before its end. */
static uint32_t serial_of(const uint8_t *rest, size_t octets)
{
    const size_t numbers = 20;
    struct reader r = reader_of(rest, octets);

    reader_octets(&r, octets > numbers ? octets - numbers : octets);
    return reader_u32(&r);
}

/* Finds the SOA that the zone had when a step was made. */
static enum status find_old_soa(struct ixfr *ixfr, const struct history_step *step)
{
    static const uint8_t none[] = {0};
    struct history_image image;

    enum status status =
        history_image_since(ixfr->snapshot, ixfr->zone, step->step, HISTORY_NODE, none, 0, &image);
    while (status == STATUS_OK) {
        ixfr->old_soa = history_take_record(&image.records, &ixfr->old_soa_octets);
        if (!ixfr->old_soa)
            return STATUS_MALFORMED;
        struct reader r = reader_of(ixfr->old_soa, ixfr->old_soa_octets);
        if (reader_u16(&r) == TYPE_SOA)
            break;
    }
    if (status == STATUS_OK && serial_of(ixfr->old_soa, ixfr->old_soa_octets) != step->old_serial)
        status = STATUS_MALFORMED;
    return status;
}

/* True when up to `steps` of the newest steps lead away from `serial`, and what they removed and
 * added is no more than `octets`. */
static bool is_near(struct snapshot *snapshot, uint16_t zone, uint32_t serial, uint32_t steps,
                    uint64_t octets)
{
    struct history_summary summary;
    struct history_step step;
    uint64_t sum = 0;

    if (history_summary_read(snapshot, zone, &summary) != STATUS_OK)
        return false;
    for (uint32_t n = 0; n < steps && n < summary.newest; n++) {
        if (history_step_read(snapshot, zone, summary.newest - n, &step) != STATUS_OK)
            return false;
        sum += step.difference;
        if (sum > octets)
            return false;
        if (step.old_serial == serial)
            return true;
    }
    return false;
}

bool ixfr_is_small(struct snapshot *snapshot, uint16_t zone, uint32_t serial, uint64_t octets)
{
    return is_near(snapshot, zone, serial, SMALL_STEPS, octets);
}

enum status ixfr_open(struct ixfr *ixfr, struct snapshot *snapshot, uint16_t zone,
                      const struct name *apex, uint32_t serial)
{
    struct history_summary summary;
    struct history_step step;
    uint64_t difference;

    *ixfr = (struct ixfr){.snapshot = snapshot, .zone = zone, .apex = apex};
    if (!is_near(snapshot, zone, serial, MOST_STEPS, UINT64_MAX))
        return STATUS_NOT_FOUND;
    enum status status = history_summary_read(snapshot, zone, &summary);
    if (status == STATUS_OK)
        status = history_find(snapshot, zone, serial, &step, &difference);
    if (status == STATUS_OK)
        status = zone_name_soa(snapshot, zone, &ixfr->soa, &ixfr->soa_octets);
    if (status == STATUS_OK)
        status = find_old_soa(ixfr, &step);
    if (status != STATUS_OK)
        return status;
    ixfr->zone_octets = summary.zone_octets;
    return history_walk_open(snapshot, zone, step.step, 0, &ixfr->walk);
}

void ixfr_close(struct ixfr *ixfr)
{
    history_walk_close(ixfr->walk);
    ixfr->walk = NULL;
}

/* Opens the next name that was touched. STATUS_NOT_FOUND after the last. */
static enum status next_name(struct ixfr *ixfr)
{
    struct history_image image;

    ixfr->in_name = false;
    enum status status = history_walk_next(ixfr->walk, &image);
    if (status == STATUS_OK)
        status =
            name_difference_open(&ixfr->difference, ixfr->snapshot, ixfr->zone, ixfr->apex, &image);
    ixfr->in_name = status == STATUS_OK;
    return status;
}

/* What a name counts against IXFR_NAMES_AT_ONCE: a thousand pairs to compare take as long as
 * finding a name, and so do a few steps to pass that have it too. */
static int cost(const struct ixfr *ixfr)
{
    const size_t *counts = ixfr->difference.counts;
    size_t pairs = ixfr->difference.whole ? 0 : counts[0] * counts[1];

    return 1 + (int)(pairs / 1024 + history_walk_passed(ixfr->walk) / 8);
}

/* Adds up what one side of a name will take. */
static enum status weigh_side(struct ixfr *ixfr, enum difference_side side)
{
    size_t owner = ixfr->difference.owners[side].octets + ixfr->apex->length;
    const uint8_t *rest;
    size_t octets;
    enum status status;

    name_difference_rewind(&ixfr->difference);
    while ((status = name_difference_next(&ixfr->difference, side, &rest, &octets)) == STATUS_OK)
        ixfr->weight += history_record_octets(owner, octets);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status ixfr_weigh(struct ixfr *ixfr)
{
    for (int looked = 0; looked < IXFR_NAMES_AT_ONCE; looked += cost(ixfr)) {
        enum status status = next_name(ixfr);
        if (status == STATUS_NOT_FOUND)
            return history_walk_rewind(ixfr->walk);
        if (status == STATUS_OK)
            status = weigh_side(ixfr, DIFFERENCE_REMOVED);
        if (status == STATUS_OK)
            status = weigh_side(ixfr, DIFFERENCE_ADDED);
        if (status != STATUS_OK)
            return status;
        if (ixfr->weight > ixfr->zone_octets)
            return STATUS_NOT_FOUND;
    }
    return STATUS_NO_SPACE;
}

/* Adds the record in work, if there is one. */
static enum status write_rest(struct ixfr *ixfr, struct transfer_message *message,
                              enum difference_side side)
{
    if (ixfr->rest && !transfer_message_add(message, &ixfr->difference.owners[side], ixfr->rest,
                                            ixfr->rest_octets))
        return STATUS_NO_SPACE;
    ixfr->rest = NULL;
    return STATUS_OK;
}

/* Writes what is left of the name in work. STATUS_OK when all is written. */
static enum status write_name(struct ixfr *ixfr, struct transfer_message *message,
                              enum difference_side side)
{
    enum status status = write_rest(ixfr, message, side);

    while (status == STATUS_OK && ixfr->in_name) {
        status = name_difference_next(&ixfr->difference, side, &ixfr->rest, &ixfr->rest_octets);
        if (status == STATUS_OK)
            status = write_rest(ixfr, message, side);
        else
            ixfr->rest = NULL;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Writes all that was removed, or added. */
static enum status write_side(struct ixfr *ixfr, struct transfer_message *message,
                              enum difference_side side)
{
    enum status status = write_name(ixfr, message, side);

    for (int looked = 0; status == STATUS_OK; looked += cost(ixfr)) {
        if (looked >= IXFR_NAMES_AT_ONCE)
            return STATUS_NO_SPACE;
        status = next_name(ixfr);
        transfer_message_turn(message);
        if (status == STATUS_OK)
            status = write_name(ixfr, message, side);
    }
    return status == STATUS_NOT_FOUND ? history_walk_rewind(ixfr->walk) : status;
}

static enum status write_soa(struct ixfr *ixfr, struct transfer_message *message,
                             const uint8_t *soa, size_t octets)
{
    const struct transfer_owner apex = {NULL, 0};

    transfer_message_turn(message);
    if (!transfer_message_add(message, &apex, soa, octets)) {
        ixfr->rest = soa; /* not a pause */
        return STATUS_NO_SPACE;
    }
    ixfr->rest = NULL;
    return STATUS_OK;
}

static enum status write_stage(struct ixfr *ixfr, struct transfer_message *message)
{
    switch (ixfr->stage) {
    case IXFR_OLD_SOA:
        return write_soa(ixfr, message, ixfr->old_soa, ixfr->old_soa_octets);
    case IXFR_REMOVED:
        return write_side(ixfr, message, DIFFERENCE_REMOVED);
    case IXFR_ADDED:
        return write_side(ixfr, message, DIFFERENCE_ADDED);
    case IXFR_FIRST_SOA:
    case IXFR_NEW_SOA:
    case IXFR_LAST_SOA:
        return write_soa(ixfr, message, ixfr->soa, ixfr->soa_octets);
    case IXFR_DONE:
        break;
    }
    return STATUS_OK;
}

enum status ixfr_write(struct ixfr *ixfr, struct transfer_message *message)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && ixfr->stage != IXFR_DONE) {
        status = write_stage(ixfr, message);
        if (status == STATUS_OK) {
            ixfr->stage++;
            ixfr->in_name = false;
            transfer_message_turn(message);
        }
    }
    return status;
}
