#include "commit/commit.h"

#include "commit/merge.h"
#include "commit/partial.h"
#include "commit/recorder.h"
#include "conf/units.h"
#include "sign/plain.h"
#include "sign/signer.h"
#include "store/zones.h"
#include "wire/serial.h"
#include "zone/nsec3_node.h"
#include "zone/rdata.h"
#include "zone/stored_source.h"
#include "zone/zonemd.h"

#include <string.h>
#include <time.h>

#define SOA_BUFFER_OCTETS 1024 /* three names of 255 octets and the fixed fields fit */
#define SIGNATURES_OCTETS                                                                          \
    3072 /* of that SOA: three by RSA of 4096 bits, with the longest names                         \
          */
#define RECORD_OCTETS                                                                              \
    (ZONE_RECORD_OCTETS + UINT8_MAX + NAME_MAX_OCTETS + SOA_BUFFER_OCTETS + SIGNATURES_OCTETS)

static const uint8_t meta_label[] = {'_', 'm', 'e', 't', 'a'};

/* What is known of a zone before it is changed, copied out of the map. */
struct present {
    bool exists;
    uint16_t number;
    uint32_t serial;
    int64_t published;
    uint8_t flags;
    uint32_t names;
    uint32_t entries;
    bool has_zonemd;
};

static uint32_t date_serial(int64_t now)
{
    struct tm parts = {0};
    time_t seconds = (time_t)now;

    gmtime_r(&seconds, &parts);
    /* Unsigned: the year 2148 is beyond an int, and serials go round (RFC 1982 §3). */
    return ((uint32_t)parts.tm_year + 1900) * 1000000 + ((uint32_t)parts.tm_mon + 1) * 10000 +
           (uint32_t)parts.tm_mday * 100;
}

/* What the rule alone says; 0 where it has no opinion. */
static uint32_t rule_serial(enum serial_policy policy, int64_t now)
{
    switch (policy) {
    case SERIAL_UNIXTIME:
        return (uint32_t)now;
    case SERIAL_DATE:
        return date_serial(now);
    case SERIAL_COUNTER:
        break;
    }
    return 0;
}

uint32_t commit_next_serial(enum serial_policy policy, uint32_t old, int64_t now)
{
    uint32_t serial = rule_serial(policy, now);

    if (serial == 0 || !serial_is_newer(serial, old))
        serial = old + 1;
    return serial == 0 ? 1 : serial;
}

static uint32_t first_serial(enum serial_policy policy, int64_t now)
{
    uint32_t serial = rule_serial(policy, now);
    return serial == 0 ? 1 : serial;
}

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
    struct key key;
    struct item item;
    struct stored stored;
    struct stored_answer answer;
    const uint8_t root[] = {0};

    key_of_name(&key, present->number, root, 0);
    enum status status = snapshot_walk(snapshot, WALK_AT, key.octets, key.length, &item);
    if (status == STATUS_OK)
        status = stored_open(item.key, item.key_octets, item.value, item.value_octets, &stored);
    if (status == STATUS_OK)
        status = stored_find(&stored, TYPE_ZONEMD, &answer);
    present->has_zonemd = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status find_present(struct snapshot *snapshot, const uint8_t *apex, struct present *out)
{
    struct zone_record zone;

    *out = (struct present){.exists = false};
    enum status status = zones_find(snapshot, apex, &zone);
    if (status == STATUS_NOT_FOUND)
        return free_number(snapshot, &out->number);
    if (status != STATUS_OK)
        return status;
    *out = (struct present){true,       zone.number, zone.serial,  zone.published,
                            zone.flags, zone.names,  zone.entries, false};
    return find_zonemd(snapshot, out);
}

/* A copy of a node that outlives the source's next find(); NULL when memory is out. */
static struct node *copy_node(struct arena *arena, const struct node *node)
{
    struct node *copy = arena_alloc(arena, sizeof *copy);
    /* Room for one RRset more: the ZONEMD. */
    struct rrset *rrsets = arena_alloc(arena, (node->rrset_count + 1) * sizeof *rrsets);

    if (!copy || !rrsets)
        return NULL;
    *copy = (struct node){node->owner, node->rrset_count, rrsets};
    for (size_t i = 0; i < node->rrset_count; i++)
        if (rrset_copy(arena, &node->rrsets[i], &rrsets[i]) != STATUS_OK)
            return NULL;
    return copy;
}

static enum status find_copy(const struct node_source *source, const uint8_t *owner,
                             struct arena *arena, struct node **out)
{
    struct node node;

    enum status status = source->find(source->state, owner, &node);
    if (status != STATUS_OK)
        return status;
    *out = copy_node(arena, &node);
    return *out ? STATUS_OK : STATUS_SYSTEM;
}

/* Digests the zone as the edit has it now. */
static enum status digest_zone(struct merge *merge, uint8_t digest[ZONEMD_DIGEST_OCTETS])
{
    struct zone_record zone = {.number = merge->zone, .apex = merge->source->apex.octets};
    struct stored_source *stored;

    enum status status = stored_source_open(edit_snapshot(merge->edit), &zone, &stored);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(stored);
    status = zonemd_digest(&nodes, digest);
    stored_source_close(stored);
    return status;
}

/* The ZONEMD RRset of the zone as the edit has it now. */
static enum status make_zonemd(struct merge *merge, uint32_t ttl, struct arena *arena,
                               struct rrset *out)
{
    uint8_t digest[ZONEMD_DIGEST_OCTETS];
    uint8_t *octets = arena_alloc(arena, ZONEMD_RDATA_OCTETS);
    struct rdata *rdata = arena_alloc(arena, sizeof *rdata);

    if (octets == NULL || rdata == NULL)
        return STATUS_SYSTEM;
    *rdata = (struct rdata){octets, ZONEMD_RDATA_OCTETS};
    *out = (struct rrset){TYPE_ZONEMD, 1, ttl, rdata};
    enum status status = digest_zone(merge, digest);
    if (status == STATUS_OK)
        zonemd_rdata(octets, merge->result->serial, digest);
    return status;
}

static enum status put_zone_record(struct merge *merge, const struct node *apex, int64_t now,
                                   uint8_t flags)
{
    uint8_t soa[SOA_BUFFER_OCTETS];
    uint8_t signatures[SIGNATURES_OCTETS];
    uint8_t value[RECORD_OCTETS];
    uint8_t key[KEY_PREFIX_OCTETS];
    struct writer soa_writer = writer_of(soa, sizeof soa);
    struct writer signature_writer = writer_of(signatures, sizeof signatures);
    struct writer w = writer_of(value, sizeof value);

    compile_negative_soa(&soa_writer, apex);
    size_t signature_records = compile_negative_signatures(&signature_writer, apex);
    if (node_rrset(apex, TYPE_DNSKEY) && node_rrset(apex, TYPE_RRSIG))
        flags |= ZONE_SIGNED;
    struct zone_record record = {
        .number = merge->zone,
        .serial = merge->result->serial,
        .published = now,
        .names = merge->result->names_after,
        .entries = merge->result->entries_after,
        .flags = flags,
        .apex = apex->owner.octets,
        .soa = soa,
        .soa_octets = (uint16_t)writer_length(&soa_writer),
        .signatures = signatures,
        .signature_octets = (uint16_t)writer_length(&signature_writer),
        .signature_records = (uint8_t)signature_records,
    };
    nsec3_node_parameters(apex, &record);
    zone_record_write(&w, &record);
    if (soa_writer.failed || signature_writer.failed || w.failed)
        return STATUS_NO_SPACE;
    key_of_zone(key, merge->zone);
    return edit_put(merge->edit, key, sizeof key, value, writer_length(&w));
}

/* Opens what records the change of a zone that is there, or counts the octets of a new one. */
static enum status open_recorder(const struct commit_request *request,
                                 const struct present *present, const struct name *apex,
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

/* Makes a step of what was recorded, where it has led to something. */
static enum status record_step(struct recorder *recorder, const struct present *present,
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

/* Where the contents of a zone come from; they say the serial and time that they are told. */
struct contents {
    struct node_source source; /* without DNSSEC */
    void *state;
    void (*stamp)(void *state, uint32_t serial, int64_t published);
    bool is_partial; /* the source is a partial one */
    enum origin { ORIGIN_BUILD, ORIGIN_STORE, ORIGIN_PAST } origin;
};

/* A publish of one zone under way. */
struct passage {
    const struct commit_request *request;
    const struct contents *contents;
    struct signer *signer; /* or NULL */
    struct merge merge;
    struct arena *arena;
};

/* Puts a node whose records say the serial, `extra` among them where it is not NULL. */
static enum status put_sealed(struct passage *passage, struct node *node, const struct rrset *extra,
                              struct node *out)
{
    enum status status = STATUS_OK;

    *out = *node;
    if (passage->signer != NULL)
        status = signer_again(passage->signer, node, extra, out);
    else if (extra != NULL)
        node_add_rrset(out, extra);
    return status == STATUS_OK ? merge_put_node(&passage->merge, out) : status;
}

static enum status seal_meta(struct passage *passage)
{
    const struct node_source *source = &passage->contents->source;
    struct name name;
    struct node *meta = NULL;
    struct node sealed;

    enum status status = name_prepend(&name, meta_label, sizeof meta_label, source->apex.octets);
    if (status == STATUS_OK)
        status = find_copy(source, name.octets, passage->arena, &meta);
    if (status == STATUS_NOT_FOUND) /* a restored zone need not have one */
        return STATUS_OK;
    return status == STATUS_OK ? put_sealed(passage, meta, NULL, &sealed) : status;
}

static enum status seal_apex(struct passage *passage, int64_t published, uint8_t flags)
{
    const struct node_source *source = &passage->contents->source;
    struct node *apex = NULL;
    struct node sealed;
    struct rrset zonemd;

    enum status status = find_copy(source, source->apex.octets, passage->arena, &apex);
    if (status == STATUS_OK)
        status = put_sealed(passage, apex, NULL, &sealed);
    if (status == STATUS_OK)
        status = put_zone_record(&passage->merge, &sealed, published, flags);
    if (status != STATUS_OK || !passage->request->zone->zonemd)
        return status;
    status = make_zonemd(&passage->merge, node_rrset(apex, TYPE_SOA)->ttl, passage->arena, &zonemd);
    return status == STATUS_OK ? put_sealed(passage, apex, &zonemd, &sealed) : status;
}

/* Writes what says the serial: _meta, the apex with SOA and ZONEMD, the zone's record. */
static enum status seal(struct passage *passage, int64_t published, uint8_t flags)
{
    enum status status = seal_meta(passage);
    return status == STATUS_OK ? seal_apex(passage, published, flags) : status;
}

static bool has_changes(const struct commit_result *result)
{
    return result->created || result->names_added > 0 || result->names_changed > 0 ||
           result->names_deleted > 0 || result->names_renewed > 0;
}

/* Makes the counts of the names that were looked at those of the whole zone. */
static void count_kept(const struct present *present, struct commit_result *result)
{
    result->entries_after += present->entries - result->entries_before;
    result->entries_before = present->entries;
    result->names_after = present->names + result->names_added - result->names_deleted;
}

#define KEPT_FLAGS (ZONE_RESTORED | ZONE_ROLLED_BACK)

/* Whether the zone counts as restored from now on: a publish ends it, a rollback begins it. */
static uint8_t flags_after(const struct contents *contents, const struct present *present)
{
    switch (contents->origin) {
    case ORIGIN_STORE:
        return present->flags & KEPT_FLAGS;
    case ORIGIN_PAST:
        return ZONE_RESTORED | ZONE_ROLLED_BACK;
    case ORIGIN_BUILD:
        break;
    }
    return 0;
}

/* Writes whether the zone counts as restored, and nothing that anybody is sent: the serial stays,
 * so must every record, signatures too. */
static enum status put_flags(const struct passage *passage, uint8_t flags)
{
    struct edit *edit = passage->request->edit;
    uint8_t value[RECORD_OCTETS];
    uint8_t key[KEY_PREFIX_OCTETS];
    struct writer w = writer_of(value, sizeof value);
    struct zone_record record;

    enum status status =
        zones_find(edit_snapshot(edit), passage->contents->source.apex.octets, &record);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    record.flags = (uint8_t)((record.flags & ~KEPT_FLAGS) | flags);
    zone_record_write(&w, &record);
    key_of_zone(key, record.number);
    return w.failed ? STATUS_NO_SPACE : edit_put(edit, key, sizeof key, value, writer_length(&w));
}

/* Merges the contents under the old serial, so that only contents can differ; moves the serial and
 * writes what says it where something did. */
static enum status pass(struct passage *passage, const struct present *present)
{
    const struct commit_request *request = passage->request;
    const struct contents *contents = passage->contents;
    struct commit_result *out = passage->merge.result;
    enum serial_policy rule = request->zone->serial;
    const uint8_t flags = flags_after(contents, present);

    contents->stamp(contents->state, present->serial, present->published);
    enum status status = merge_zone(&passage->merge);
    if (status != STATUS_OK)
        return status;
    if (contents->is_partial)
        count_kept(present, out);
    out->created = !present->exists;
    out->old_serial = out->serial = present->serial;
    out->changed = has_changes(out) || present->has_zonemd != request->zone->zonemd;
    if (!out->changed) {
        if ((present->flags & KEPT_FLAGS) != flags)
            status = put_flags(passage, flags);
        return status == STATUS_OK ? recorder_abandon(passage->merge.recorder) : status;
    }
    out->serial = out->created ? first_serial(rule, request->now)
                               : commit_next_serial(rule, present->serial, request->now);
    contents->stamp(contents->state, out->serial, request->now);
    status = seal(passage, request->now, flags);
    return status == STATUS_OK
               ? record_step(passage->merge.recorder, present, out, request->now,
                             contents->origin == ORIGIN_PAST ? HISTORY_ROLLBACK : HISTORY_PUBLISH)
               : status;
}

static enum status pass_signed(struct passage *passage, const struct present *present)
{
    const struct commit_request *request = passage->request;
    const struct signer_rules rules = {request->zone, request->keys, request->now, request->threads,
                                       (present->flags & ZONE_RESTORED) != 0};

    enum status status = signer_open(&rules, &passage->contents->source, request->edit,
                                     present->number, request->diag, &passage->signer);
    if (status != STATUS_OK)
        return status;
    struct node_source source = signer_source(passage->signer);
    passage->merge.source = &source;
    status = pass(passage, present);
    passage->merge.result->signatures_made = signer_counts(passage->signer).made;
    signer_close(passage->signer);
    return status;
}

static enum status commit_contents(const struct commit_request *request,
                                   const struct contents *contents, const struct present *present,
                                   struct commit_result *out)
{
    struct recorder recorder;
    struct passage passage = {
        .request = request,
        .contents = contents,
        .merge = {request->edit, &contents->source, present->number, request->observer,
                  request->diag, out, true, &recorder},
        .arena = arena_create(),
    };

    enum status status = open_recorder(request, present, &contents->source.apex, &recorder);
    if (status == STATUS_OK && passage.arena == NULL)
        status = STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = request->keys != NULL ? pass_signed(&passage, present) : pass(&passage, present);
    recorder_close(&recorder);
    arena_destroy(passage.arena);
    return status;
}

static void stamp_build(void *state, uint32_t serial, int64_t published)
{
    build_stamp(state, serial, published);
}

static enum status commit_partial(const struct commit_request *request, struct build *build,
                                  const struct present *present, struct commit_result *out)
{
    struct partial partial;

    if (!present->exists)
        return STATUS_MALFORMED;
    enum status status = partial_open(build, request->edit, present->number, &partial);
    if (status == STATUS_OK) {
        const struct contents contents = {partial_source(&partial), build, stamp_build, true,
                                          ORIGIN_BUILD};
        status = commit_contents(request, &contents, present, out);
    }
    partial_close(&partial);
    return status;
}

enum status commit_build(const struct commit_request *request, struct build *build,
                         struct commit_result *out)
{
    const struct contents contents = {build_source(build), build, stamp_build, false, ORIGIN_BUILD};
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status =
        find_present(edit_snapshot(request->edit), contents.source.apex.octets, &present);
    if (status != STATUS_OK)
        return status;
    if (build_is_partial(build))
        return commit_partial(request, build, &present, out);
    return commit_contents(request, &contents, &present, out);
}

static void stamp_catalog(void *state, uint32_t serial, int64_t published)
{
    (void)published; /* nothing in a catalog says it */
    catalog_stamp(state, serial);
}

enum status commit_catalog(const struct commit_request *request, struct catalog *catalog,
                           struct commit_result *out)
{
    const struct contents contents = {catalog_source(catalog), catalog, stamp_catalog, false,
                                      ORIGIN_BUILD};
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status =
        find_present(edit_snapshot(request->edit), contents.source.apex.octets, &present);
    return status == STATUS_OK ? commit_contents(request, &contents, &present, out) : status;
}

static void stamp_plain(void *state, uint32_t serial, int64_t published)
{
    plain_stamp(state, serial, published);
}

/* Commits what a source has without its DNSSEC. */
static enum status commit_plain(const struct commit_request *request, const struct present *present,
                                const struct node_source *nodes, enum origin origin,
                                struct commit_result *out)
{
    struct plain plain;

    enum status status = plain_open(nodes, &plain);
    if (status == STATUS_OK) {
        const struct contents contents = {plain_source(&plain), &plain, stamp_plain, false, origin};
        status = commit_contents(request, &contents, present, out);
    }
    plain_close(&plain);
    return status;
}

/* Signs what a view of the edit shows of the zone. */
static enum status renew(const struct commit_request *request, const struct present *present,
                         struct snapshot *view, struct commit_result *out)
{
    struct zone_record zone = {.number = present->number, .apex = request->zone->domain.octets};
    struct stored_source *stored;

    enum status status = stored_source_open(view, &zone, &stored);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(stored);
    status = commit_plain(request, present, &nodes, ORIGIN_STORE, out);
    stored_source_close(stored);
    return status;
}

/* What there is of a zone that must be there. */
static enum status find_existing(const struct commit_request *request, struct present *present)
{
    enum status status =
        find_present(edit_snapshot(request->edit), request->zone->domain.octets, present);
    return status == STATUS_OK && !present->exists ? STATUS_NOT_FOUND : status;
}

enum status commit_renew(const struct commit_request *request, struct commit_result *out)
{
    struct snapshot *view;
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status = find_existing(request, &present);
    if (status == STATUS_OK)
        status = edit_open_view(request->edit, &view);
    if (status != STATUS_OK)
        return status;
    status = renew(request, &present, view, out);
    edit_close_view(view);
    return status;
}

enum status commit_rollback(const struct commit_request *request, const struct node_source *source,
                            struct commit_result *out)
{
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status = find_existing(request, &present);
    return status == STATUS_OK ? commit_plain(request, &present, source, ORIGIN_PAST, out) : status;
}

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
    static const char key[] = "; published=";
    struct name owner;
    struct node meta;
    struct tm parts = {0};
    char text[256] = "";

    if (name_prepend(&owner, meta_label, sizeof meta_label, source->apex.octets) != STATUS_OK ||
        source->find(source->state, owner.octets, &meta) != STATUS_OK)
        return otherwise;
    const struct rrset *txt = node_rrset(&meta, TYPE_TXT);
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
        status = put_zone_record(merge, &apex, published, ZONE_RESTORED);
    return status == STATUS_OK
               ? record_step(merge->recorder, present, merge->result, published, HISTORY_RESTORE)
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
    out->changed = has_changes(out);
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
    enum status status = find_present(edit_snapshot(request->edit), source->apex.octets, &present);
    if (status != STATUS_OK)
        return status;
    merge.zone = present.number;
    status = open_recorder(request, &present, &source->apex, &recorder);
    if (status == STATUS_OK)
        status = restore(&merge, &present, request->now);
    recorder_close(&recorder);
    return status;
}

static enum status nothing(void *state, struct node *out)
{
    (void)state;
    (void)out;
    return STATUS_NOT_FOUND;
}

static enum status rewind_nothing(void *state)
{
    (void)state;
    return STATUS_OK;
}

static enum status find_nothing(void *state, const uint8_t *owner, struct node *out)
{
    (void)owner;
    return nothing(state, out);
}

enum status commit_remove(struct edit *edit, const struct zone_record *zone,
                          const struct commit_observer *observer, struct commit_result *out)
{
    struct node_source source = {NULL, {.length = 0}, nothing, rewind_nothing, find_nothing};
    uint8_t key[KEY_PREFIX_OCTETS];

    /* Copied first: the record is in the map, and the first write moves it. */
    name_set(&source.apex, zone->apex);
    key_of_zone(key, zone->number);
    *out = (struct commit_result){.changed = true, .old_serial = zone->serial};
    struct merge merge = {edit, &source, zone->number, observer, NULL, out, false, NULL};
    enum status status = merge_nothing(&merge);
    if (status == STATUS_OK)
        status = recorder_forget(edit, merge.zone);
    return status == STATUS_OK ? edit_delete(edit, key, sizeof key) : status;
}
