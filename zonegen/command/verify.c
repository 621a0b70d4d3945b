#include "command/command.h"
#include "command/past.h"
#include "store/checksum.h"
#include "store/nsec3.h"
#include "store/tree.h"
#include "store/zones.h"
#include "zone/rdata.h"
#include "zone/stored_source.h"
#include "zone/zonemd.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define CHECKSUM_OCTETS 4
#define MOST_NAMED      100 /* damaged records; the rest is counted */

/* One reading of everything. */
struct verify {
    struct context *context;
    struct snapshot *snapshot;
    struct arena *arena;
    struct zone_record *zones; /* by number */
    size_t zone_count;
    size_t zone; /* of the record at hand, most likely */
    struct arena *scratch;
    struct store *store;
    size_t records;
    size_t pages; /* damaged */
    size_t damaged;
};

static void say_damage(struct verify *verify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say_damage(struct verify *verify, const char *format, ...)
{
    char text[3 * NAME_TEXT_OCTETS];
    va_list list;

    if (verify->damaged++ >= MOST_NAMED)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    context_say(verify->context, "%s: %s", verify->context->config->database, text);
}

/* ---- pages ---- */

static void say_nothing(void *state, enum tree_damage damage, const char *what)
{
    (void)state;
    (void)damage;
    (void)what;
}

static void on_page(void *state, enum tree_damage damage, const char *what)
{
    struct verify *verify = state;
    (void)damage;
    verify->pages++;
    say_damage(verify, "%s", what);
}

/* ---- records, one after the other ---- */

/* Reads the records of all zones that are not damaged. */
static enum status read_zones(struct verify *verify)
{
    struct zone_record zone = {.number = 0};
    size_t room = 0;
    int32_t after = -1;

    for (;; after = zone.number) {
        enum status status = zones_next(verify->snapshot, after, &zone);
        if (status == STATUS_NOT_FOUND || status == STATUS_SYSTEM)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        if (status != STATUS_OK)
            continue;
        if (verify->zone_count == room) {
            room = room > 0 ? room * 2 : 8;
            struct zone_record *zones = arena_alloc(verify->arena, room * sizeof *zones);
            if (zones == NULL)
                return STATUS_SYSTEM;
            if (verify->zone_count > 0)
                memcpy(zones, verify->zones, verify->zone_count * sizeof *zones);
            verify->zones = zones;
        }
        verify->zones[verify->zone_count++] = zone;
    }
}

static int number_of(const struct item *item)
{
    return item->key_octets < KEY_PREFIX_OCTETS ? 0 : item->key[1] << 8 | item->key[2];
}

/* The zone of a key whose second and third octet are its number, or NULL. */
static const struct zone_record *find_zone(struct verify *verify, const struct item *item)
{
    int number = number_of(item);

    if (verify->zone < verify->zone_count && verify->zones[verify->zone].number == number)
        return &verify->zones[verify->zone];
    for (verify->zone = 0; verify->zone < verify->zone_count; verify->zone++)
        if (verify->zones[verify->zone].number == number)
            return &verify->zones[verify->zone];
    return NULL;
}

/* "zone cc.example: _security.xa.cc.example", as far as it can be told. */
static const char *place_of(struct verify *verify, const struct item *item)
{
    const struct zone_record *zone = find_zone(verify, item);
    char zone_text[NAME_TEXT_OCTETS];
    char owner_text[NAME_TEXT_OCTETS];
    struct name apex, owner;

    if (zone == NULL)
        return arena_format(verify->scratch, "zone number %d", number_of(item));
    name_set(&apex, zone->apex);
    context_name_text(&apex, zone_text);
    if (item->key[0] == STORE_TABLE_NODES &&
        key_to_name(&owner, item->key, item->key_octets, zone->apex) == STATUS_OK)
        return arena_format(verify->scratch, "zone %s: %s", zone_text,
                            context_name_text(&owner, owner_text));
    return arena_format(verify->scratch, "zone %s", zone_text);
}

/* Says what is wrong with a record of a zone. */
static void say_record(struct verify *verify, const struct item *item, const char *what)
{
    const char *place = place_of(verify, item);
    say_damage(verify, "%s: %s", place != NULL ? place : "a zone", what);
}

static bool image_is_sound(const struct item *item)
{
    struct history_image image;
    size_t octets;

    if (history_image_read(item, &image) != STATUS_OK)
        return false;
    while (history_take_record(&image.records, &octets) != NULL)
        ;
    return !image.records.failed;
}

static void check_node(struct verify *verify, const struct item *item)
{
    const struct zone_record *zone = find_zone(verify, item);
    struct node node;

    if (zone == NULL)
        say_record(verify, item, "a record of no zone");
    else if (stored_source_decode(item, zone->apex, verify->scratch, &node) != STATUS_OK)
        say_record(verify, item, "the record is damaged");
}

static void check_nsec3(struct verify *verify, const struct item *item)
{
    struct nsec3_value value;
    size_t records = 0;
    size_t octets;

    enum status status = nsec3_value_read(item, &value);
    struct reader r = status == STATUS_OK ? reader_of(value.octets, value.length)
                                          : (struct reader){NULL, NULL, true};
    while (stored_take_record(&r, &octets) != NULL)
        records++;
    if (status != STATUS_OK || r.failed || records != value.records)
        say_record(verify, item, "an NSEC3 record is damaged");
}

static void check_history(struct verify *verify, const struct item *item)
{
    const uint8_t kinds = 3;
    bool is_image = item->key_octets >= HISTORY_PREFIX_OCTETS &&
                    (item->key[HISTORY_PREFIX_OCTETS - 1] & kinds) != HISTORY_STEP;

    if (!checksum_fits_item(item) || (is_image && !image_is_sound(item)))
        say_record(verify, item, "a record of its past is damaged");
}

/* What is known of one record by itself. */
static void check_record(struct verify *verify, const struct item *item)
{
    struct zone_record zone;

    arena_reset(verify->scratch);
    switch (item->key[0]) {
    case STORE_TABLE_FORMAT:
        return; /* compared when the database was opened */
    case STORE_TABLE_ZONES:
        if (zone_record_read(item->key, item->key_octets, item->value, item->value_octets, &zone) !=
            STATUS_OK)
            say_damage(verify, "zone number %d: the zone's record is damaged", number_of(item));
        return;
    case STORE_TABLE_NODES:
        check_node(verify, item);
        return;
    case STORE_TABLE_HISTORY:
        check_history(verify, item);
        return;
    case STORE_TABLE_NSEC3:
        check_nsec3(verify, item);
        return;
    default:
        if (!checksum_fits_item(item))
            say_damage(verify, "what zonegen remembers (table %d) is damaged", item->key[0]);
    }
}

static enum status check_records(struct verify *verify)
{
    struct snapshot *walk = verify->snapshot;
    struct item item;

    enum status status = snapshot_walk(walk, WALK_AT_OR_AFTER, (const uint8_t *)"\0", 1, &item);
    while (status == STATUS_OK) {
        progress_step(&verify->context->progress);
        verify->records++;
        check_record(verify, &item);
        status = snapshot_walk(walk, WALK_NEXT, NULL, 0, &item);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void on_item(void *state, const struct item *item)
{
    struct verify *verify = state;

    progress_step(&verify->context->progress);
    verify->records++;
    check_record(verify, item);
}

/*
 * How pages fit together, which LMDB takes for granted. Only where all do is it let at them: else
 * records are looked at as the pages have them, and what they say of each other is not.
 */
static enum status check_pages(struct verify *verify)
{
    struct tree_check check = {
        .file = store_file(verify->store), .leaves = true, .state = verify, .damaged = on_page};
    char what[STORE_MESSAGE_OCTETS] = "";

    enum status status = store_check_tree(verify->store, &check, what);
    if (status != STATUS_OK && what[0] != '\0')
        context_say(verify->context, "%s: %s", verify->context->config->database, what);
    if (status != STATUS_OK || verify->pages == 0)
        return status;
    check.damaged = say_nothing;
    check.item = on_item;
    return store_check_tree(verify->store, &check, what);
}

/* ---- what records say of each other ---- */

/* What a zone's nodes count to. */
struct census {
    uint32_t names, entries;
    bool has_soa;
    uint32_t serial;
};

/* As a commit counts them: one label below the apex, with a TXT RRset. */
static bool is_entry(const struct name *apex, const struct node *node)
{
    return name_labels(node->owner.octets) == name_labels(apex->octets) + 1 &&
           node->owner.octets[1] != '_' && node->owner.octets[1] != '*' &&
           node_rrset(node, TYPE_TXT) != NULL;
}

static enum status count(struct verify *verify, const struct node_source *nodes,
                         struct census *census)
{
    struct soa_numbers soa;
    struct node node;

    for (;;) {
        progress_step(&verify->context->progress);
        enum status status = nodes->next(nodes->state, &node);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        if (node_rrset(&node, TYPE_NSEC3) != NULL)
            continue;
        census->names++;
        census->entries += is_entry(&nodes->apex, &node);
        if (node.owner.length == nodes->apex.length &&
            rdata_read_soa(node_rrset(&node, TYPE_SOA), &soa)) {
            census->has_soa = true;
            census->serial = soa.serial;
        }
    }
}

static void compare_census(struct verify *verify, const char *name, const struct zone_record *zone,
                           const struct census *census)
{
    if (!census->has_soa)
        say_damage(verify, "zone %s: it has no SOA", name);
    else if (census->serial != zone->serial)
        say_damage(verify, "zone %s: its record says serial %lu, its SOA %lu", name,
                   (unsigned long)zone->serial, (unsigned long)census->serial);
    if (census->names != zone->names)
        say_damage(verify, "zone %s: its record says %lu names, there are %lu", name,
                   (unsigned long)zone->names, (unsigned long)census->names);
    if (census->entries != zone->entries)
        say_damage(verify, "zone %s: its record says %lu entries, there are %lu", name,
                   (unsigned long)zone->entries, (unsigned long)census->entries);
}

/* A zone as a whole: counts, serial, ZONEMD (RFC 8976 §4). */
static enum status check_contents(struct verify *verify, const struct zone_record *zone,
                                  const char *name)
{
    struct census census = {.names = 0};
    struct stored_source *stored;
    bool present = false;

    enum status status = stored_source_open(verify->snapshot, zone, &stored);
    if (status != STATUS_OK)
        return status;
    const struct node_source nodes = stored_source_nodes(stored);
    status = count(verify, &nodes, &census);
    if (status == STATUS_OK) {
        compare_census(verify, name, zone, &census);
        status = zonemd_verify(&nodes, &present);
        if (status == STATUS_INVALID)
            say_damage(verify, "zone %s: its ZONEMD does not fit its records", name);
    }
    stored_source_close(stored);
    return status;
}

/* Octets and names of one step's images, as they are stored. */
static enum status measure_step(struct verify *verify, uint16_t zone, uint32_t step,
                                uint64_t *octets, uint32_t *names)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    struct item item;

    *octets = 0;
    *names = 0;
    size_t prefix = history_key(key, zone, step, HISTORY_STEP);
    enum status status = snapshot_walk(verify->snapshot, WALK_AT_OR_AFTER, key, prefix, &item);
    while (status == STATUS_OK && item.key_octets >= prefix &&
           memcmp(item.key, key, prefix - 1) == 0 &&
           (item.key[prefix - 1] & ~3u) == key[prefix - 1]) {
        *octets += item.key_octets + item.value_octets;
        *names += item.key_octets > prefix || item.key[prefix - 1] != key[prefix - 1];
        status = snapshot_walk(verify->snapshot, WALK_NEXT, NULL, 0, &item);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_steps(struct verify *verify, const struct zone_record *zone,
                               const struct history_summary *summary, const char *name)
{
    uint32_t serial = zone->serial;
    uint64_t all = 0;

    for (uint32_t n = summary->newest; n >= summary->oldest; n--) {
        struct history_step step;
        uint64_t octets;
        uint32_t names;
        enum status status = history_step_read(verify->snapshot, zone->number, n, &step);
        if (status == STATUS_OK)
            status = measure_step(verify, zone->number, n, &octets, &names);
        if (status == STATUS_SYSTEM)
            return status;
        if (status != STATUS_OK || step.new_serial != serial || step.octets != octets ||
            step.names != names) {
            say_damage(verify, "zone %s: its past does not fit together at change %lu", name,
                       (unsigned long)n);
            return STATUS_OK;
        }
        serial = step.old_serial;
        all += octets;
    }
    if (all != summary->octets)
        say_damage(verify, "zone %s: its past says that it takes %llu octets, it takes %llu", name,
                   (unsigned long long)summary->octets, (unsigned long long)all);
    return STATUS_OK;
}

static enum status check_past(struct verify *verify, const struct zone_record *zone,
                              const char *name)
{
    struct history_summary summary;

    enum status status = history_summary_read(verify->snapshot, zone->number, &summary);
    if (status == STATUS_OK)
        return check_steps(verify, zone, &summary, name);
    return status == STATUS_SYSTEM ? status : STATUS_OK; /* none, or said already */
}

/* Whole zones; one with damaged records has been said. */
static enum status check_zones(struct verify *verify)
{
    char name[NAME_TEXT_OCTETS];
    struct name apex;

    for (size_t i = 0; i < verify->zone_count; i++) {
        name_set(&apex, verify->zones[i].apex);
        context_name_text(&apex, name);
        enum status status = check_contents(verify, &verify->zones[i], name);
        if (status != STATUS_SYSTEM)
            status = check_past(verify, &verify->zones[i], name);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static int print_result(struct verify *verify)
{
    struct context *context = verify->context;

    if (verify->damaged > MOST_NAMED)
        context_say(context, "and %zu more", verify->damaged - MOST_NAMED);
    if (verify->damaged > 0) {
        context_say(context,
                    "%zu records, %zu %s; restore the zone from an export or a secondary, or move "
                    "the database away and publish again",
                    verify->records, verify->damaged,
                    verify->pages > 0 ? "places damaged" : "of them damaged");
        return OUTCOME_REFUSED;
    }
    fprintf(context->out, "%zu records, all whole\n", verify->records);
    return OUTCOME_DONE;
}

static int verify_all(struct verify *verify)
{
    struct context *context = verify->context;
    enum status status = STATUS_SYSTEM;

    verify->arena = arena_create();
    verify->scratch = arena_create();
    progress_begin(&context->progress, context->config->database);
    errno = 0; /* ENOMEM tells of what others could not have */
    if (verify->arena != NULL && verify->scratch != NULL)
        status = check_pages(verify);
    bool pages_fit = status == STATUS_OK && verify->pages == 0;
    if (pages_fit)
        status = read_zones(verify);
    if (pages_fit && status == STATUS_OK)
        status = check_records(verify);
    if (pages_fit && status == STATUS_OK)
        status = check_zones(verify);
    bool starved = errno == ENOMEM || verify->arena == NULL || arena_failed(verify->arena) ||
                   verify->scratch == NULL || arena_failed(verify->scratch);
    progress_clear(&context->progress);
    arena_destroy(verify->arena);
    arena_destroy(verify->scratch);
    if (status == STATUS_OK)
        return print_result(verify);
    context_say(context, "%s: cannot be read to its end%s", context->config->database,
                starved ? ": out of memory" : "");
    return OUTCOME_REFUSED;
}

int command_verify(struct context *context)
{
    struct verify verify = {.context = context};
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK)
        return outcome;
    if (past_open_store(context, &verify.store, &verify.snapshot) == STATUS_OK)
        outcome = verify_all(&verify);
    snapshot_destroy(verify.snapshot);
    store_close(verify.store);
    return outcome;
}
