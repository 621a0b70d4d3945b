/*
 * A zone file to be restored. What is read is printed and read again, the same; put into a
 * database, taken out of it, the same; and served.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/reprint.h"

#include "store/zones.h"
#include "zone/stored_source.h"

#include <strings.h>

#define MOST_OCTETS 65536
#define MOST_ASKED  24

static void ask_of(const struct view *view, const struct name *name, uint16_t type)
{
    static uint8_t message[MESSAGE_OCTETS], spare[REPLY_SPARE_OCTETS];
    static struct reply reply;

    for (int t = TRANSPORT_UDP; t <= TRANSPORT_TCP; t++) {
        struct query query = query_of(name, type, CLASS_IN, t == TRANSPORT_UDP ? 1232 : -1);
        const struct asker asker = {.address = answering_address(CLIENT_MEMBER),
                                    .transport = (enum transport)t};
        reply.spare = spare;
        respond(view, query.octets, query.length, &asker, &reply);
        size_t length = reply.action == REPLY_SEND ? join(&reply, message) : 0;
        RULE(length == 0 || length == reply.octets);
        const char *broken = judged(query.octets, query.length, asker.transport, &reply, message);
        if (broken)
            fuzz_broken(broken, __FILE__, __LINE__);
    }
}

/* Each name for each of its types, for what it has not, and a name below it. */
static void ask_all_of(const struct view *view, const struct node_source *source)
{
    struct node node;

    RULE(source->rewind(source->state) == STATUS_OK);
    for (int i = 0; i < MOST_ASKED && source->next(source->state, &node) == STATUS_OK; i++) {
        struct name below = node.owner;
        for (size_t n = 0; n < node.rrset_count && n < MOST_ASKED; n++)
            ask_of(view, &node.owner, node.rrsets[n].type);
        ask_of(view, &node.owner, TYPE_ANY);
        ask_of(view, &node.owner, TYPE_DS);
        ask_of(view, &node.owner, TYPE_NAPTR);
        if (name_prepend(&below, (const uint8_t *)"x", 1, below.octets) == STATUS_OK)
            ask_of(view, &below, TYPE_TXT);
    }
}

static void serve(struct edit *edit, const struct node_source *source, struct config_zone *zone)
{
    struct view view = answering()->served.view;
    struct config config = answering()->served.config;
    struct zone_table *zones = NULL;

    config.zones = zone;
    config.zone_count = 1;
    RULE(zone_table_create(&config, edit_snapshot(edit), &zones) == STATUS_OK);
    view.snapshot = edit_snapshot(edit);
    view.config = &config;
    view.zones = zones;
    ask_all_of(&view, source);
    zone_table_destroy(zones);
}

/* Restored into an edit that is never committed. */
static void restore(const struct node_source *source, const char *text, size_t length)
{
    struct diag *diag = diag_create();
    struct config_zone zone = {.domain = source->apex};
    char message[STORE_MESSAGE_OCTETS];
    struct commit_result result;
    struct edit *edit;

    name_lower(zone.domain.octets);
    RULE(edit_begin(answering()->served.store, &edit, message) == STATUS_OK);
    const struct commit_request request = {.edit = edit, .zone = &zone, .diag = diag};
    RULE(source->rewind(source->state) == STATUS_OK);
    enum status status = commit_restore(&request, source, &result);
    RULE(status == STATUS_OK || status == STATUS_NO_SPACE || status == STATUS_INVALID);
    if (status == STATUS_OK) {
        struct zone_record record;
        struct stored_source *stored;
        struct snapshot *view;
        size_t stored_length;
        RULE(edit_open_view(edit, &view) == STATUS_OK);
        RULE(zones_find(view, source->apex.octets, &record) == STATUS_OK);
        RULE(stored_source_open(view, &record, &stored) == STATUS_OK);
        struct node_source nodes = stored_source_nodes(stored);
        char *stored_text = reprint(&nodes, &stored_length);
        RULE(stored_length == length && memcmp(stored_text, text, length) == 0);
        free(stored_text);
        stored_source_close(stored);
        edit_close_view(view);
        serve(edit, source, &zone);
    }
    edit_abort(edit);
    diag_destroy(diag);
}

/* Of LeakSanitizer, where that is there. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* ldns 1.8.3 loses parts of an IPSECKEY that it refuses: the gateway, where its key is no base64.
 */
static bool leaks_in_ldns(const uint8_t *octets, size_t length)
{
    static const char *const words[] = {"ipseckey", "type45"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t at = 0; at + strlen(words[i]) <= length; at++)
            if (strncasecmp((const char *)octets + at, words[i], strlen(words[i])) == 0)
                return __lsan_disable && __lsan_enable;
    return false;
}

/* One reading of a file. */
struct reading {
    struct zonefile *zonefile;
    struct diag *diag;
    struct node_source source;
    enum status status;
};

static void read_zone(const char *path, bool leaks, size_t octets, struct reading *out)
{
    *out = (struct reading){.zonefile = zonefile_create("/dev/shm", octets), .diag = diag_create()};
    RULE(out->zonefile && out->diag);
    if (leaks)
        __lsan_disable();
    out->status = zonefile_read(path, NULL, out->zonefile, out->diag, &out->source);
    if (leaks)
        __lsan_enable();
    RULE(out->status == STATUS_OK || out->status == STATUS_INVALID);
    RULE((out->status == STATUS_OK) == (diag_count(out->diag, SEVERITY_ERROR) == 0));
    for (size_t i = 0; i < diag_total(out->diag); i++)
        RULE(!strchr(diag_at(out->diag, i)->message, '\n'));
}

static void close_reading(struct reading *reading)
{
    diag_destroy(reading->diag);
    zonefile_destroy(reading->zonefile);
}

/* Whether all was held in memory, or hardly any of it, the file says the same. */
static void compare(const struct reading *a, const struct reading *b, const char *text,
                    size_t length)
{
    RULE(a->status == b->status && diag_total(a->diag) == diag_total(b->diag));
    for (size_t i = 0; i < diag_total(a->diag); i++) {
        const struct diagnostic *left = diag_at(a->diag, i);
        const struct diagnostic *right = diag_at(b->diag, i);
        RULE(left->place.line == right->place.line && left->place.column == right->place.column);
        RULE(strcmp(left->message, right->message) == 0);
    }
    if (a->status == STATUS_OK) {
        size_t other_length;
        char *other = reprint(&b->source, &other_length);
        RULE(other_length == length && memcmp(other, text, length) == 0);
        free(other);
    }
}

static void run(const uint8_t *octets, size_t length)
{
    struct reading reading;
    struct reading other;
    char *text = NULL;
    size_t text_length = 0;

    length = length < MOST_OCTETS ? length : MOST_OCTETS;
    bool leaks = leaks_in_ldns(octets, length);
    const char *path = fuzz_file(octets, length);
    read_zone(path, leaks, ZONEFILE_HELD_OCTETS, &reading);
    read_zone(path, leaks, length % 7 * 40, &other);
    if (reading.status == STATUS_OK)
        text = reprint(&reading.source, &text_length);
    compare(&reading, &other, text, text_length);
    if (reading.status == STATUS_OK) {
        reprint_check(text, text_length);
        restore(length % 2 == 0 ? &reading.source : &other.source, text, text_length);
    }
    free(text);
    close_reading(&reading);
    close_reading(&other);
}

const struct fuzz_target fuzz_zonefile = {.name = "zonefile", .run = run, .mutate = lines_mutate};
