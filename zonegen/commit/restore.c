/* commit_restore() of commit.h: a zone as it is, its serial and its signatures too. */
#include "commit/commit.h"
#include "commit/merge.h"
#include "commit/present.h"
#include "commit/seal.h"
#include "zone/rdata.h"

#include <string.h>
#include <time.h>

/* The serial in an apex's SOA. */
static enum status soa_serial(const struct node_source *source, uint32_t *serial)
{
    struct soa_numbers soa;
    struct node apex;

    enum status status = source->find(source->state, source->apex.octets, &apex);
    if (status != STATUS_OK)
        return status;
    if (!rdata_read_soa(node_rrset(&apex, TYPE_SOA), &soa))
        return STATUS_MALFORMED;
    *serial = soa.serial;
    return STATUS_OK;
}

/* When the zone says that it was published: `published=` of its _meta. `otherwise` where it does
 * not say so. */
static int64_t meta_published(const struct node_source *source, int64_t otherwise)
{
    static const uint8_t meta[] = {'_', 'm', 'e', 't', 'a'};
    static const char key[] = "; published=";
    struct name owner;
    struct node node;
    struct tm parts = {0};
    char text[256] = "";

    if (name_prepend(&owner, meta, sizeof meta, source->apex.octets) != STATUS_OK ||
        source->find(source->state, owner.octets, &node) != STATUS_OK)
        return otherwise;
    const struct rrset *txt = node_rrset(&node, TYPE_TXT);
    if (!txt || txt->items[0].length < 1)
        return otherwise;
    const uint8_t *string = txt->items[0].octets; /* the first: its length, then its text */
    if (string[0] < txt->items[0].length)
        memcpy(text, string + 1, string[0]);
    const char *found = strstr(text, key);
    if (!found || !strptime(found + sizeof key - 1, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return otherwise;
    return timegm(&parts);
}

/* Writes the record of a zone that was restored, and what was recorded of the change. */
static enum status seal_restored(struct merge *merge, const struct present *present, int64_t now)
{
    /* What the contents say, so that a publish of the same contents finds no difference. */
    int64_t published = meta_published(merge->source, now);
    struct node apex;

    enum status status =
        merge->source->find(merge->source->state, merge->source->apex.octets, &apex);
    if (status == STATUS_OK)
        status = seal_record(merge, &apex, published, ZONE_RESTORED);
    return status == STATUS_OK
               ? present_record(present, merge->recorder, merge->result, published, HISTORY_RESTORE)
               : status;
}

static enum status restore(struct merge *merge, const struct present *present, int64_t now)
{
    struct commit_result *out = merge->result;

    enum status status = merge_zone(merge);
    if (status == STATUS_OK)
        status = soa_serial(merge->source, &out->serial);
    if (status != STATUS_OK)
        return status;
    out->created = !present->exists;
    out->old_serial = present->serial;
    out->newest_serial = present->newest_serial;
    out->changed = commit_has_changes(out);
    return seal_restored(merge, present, now);
}

enum status commit_restore(const struct commit_request *request, const struct node_source *source,
                           struct commit_result *out)
{
    struct present present;
    struct recorder recorder;
    struct merge merge = {.edit = request->edit,
                          .source = source,
                          .observer = request->observer,
                          .diag = request->diag,
                          .result = out,
                          .recorder = &recorder};

    *out = (struct commit_result){.created = false};
    enum status status = present_find(edit_snapshot(request->edit), source->apex.octets, &present);
    if (status != STATUS_OK)
        return status;
    merge.zone = present.number;
    status = present_open_recorder(&present, request, &source->apex, &recorder);
    if (status == STATUS_OK)
        status = restore(&merge, &present, request->now);
    recorder_close(&recorder);
    return status;
}
