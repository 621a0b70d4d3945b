#include "commit/present.h"

#include "store/lookup.h"
#include "store/zones.h"
#include "wire/constants.h"

/* The smallest zone number that is not taken. */
static enum status free_number(struct snapshot *snapshot, uint16_t *number)
{
    struct zone_record zone;
    enum status status;

    *number = 0;
    while ((status = zones_next(snapshot, (int32_t)*number - 1, &zone)) == STATUS_OK &&
           zone.number == *number) {
        if (*number == UINT16_MAX)
            return STATUS_SYSTEM;
        (*number)++;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status find_zonemd(struct snapshot *snapshot, struct present *present)
{
    struct stored_answer answer;

    enum status status = lookup_apex(snapshot, present->number, TYPE_ZONEMD, &answer);
    present->has_zonemd = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status present_find(struct snapshot *snapshot, const uint8_t *apex, struct present *out)
{
    struct zone_record zone;

    *out = (struct present){.exists = false};
    enum status status = zones_find(snapshot, apex, &zone);
    if (status == STATUS_NOT_FOUND)
        return free_number(snapshot, &out->number);
    if (status != STATUS_OK)
        return status;
    *out = (struct present){
        .exists = true,
        .number = zone.number,
        .serial = zone.serial,
        .newest_serial = zone.newest_serial,
        .published = zone.published,
        .flags = zone.flags,
        .names = zone.names,
        .entries = zone.entries,
    };
    if (!zone.has_newest)
        out->newest_serial = history_newest_serial(snapshot, out->number, out->serial);
    return find_zonemd(snapshot, out);
}

enum status present_open_recorder(const struct present *present,
                                  const struct commit_request *request, const struct name *apex,
                                  struct recorder *out)
{
    const struct recorder_rules rules = {
        .edit = request->edit,
        .zone = present->number,
        .is_new = !present->exists,
        .old_serial = present->serial,
        .apex_octets = apex->length,
        .limits = request->zone->history,
        .now = request->now,
    };
    return recorder_open(out, &rules);
}

enum status present_record(const struct present *present, struct recorder *recorder,
                           const struct commit_result *result, int64_t published,
                           enum history_cause cause)
{
    struct history_step step = {
        .old_serial = present->serial,
        .new_serial = result->serial,
        .old_published = present->published,
        .published = published,
        .cause = (uint8_t)cause,
        .old_flags = present->flags,
    };
    return result->changed ? recorder_finish(recorder, &step) : recorder_abandon(recorder);
}
