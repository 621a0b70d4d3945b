#include "command/changes.h"
#include "command/command.h"
#include "command/now.h"
#include "command/past.h"
#include "command/seal.h"
#include "command/touched.h"
#include "command/wording.h"
#include "conf/json.h"
#include "sign/plain.h"
#include "zone/past_source.h"
#include "zone/stored_source.h"

#include <string.h>

/* What a step changed, kind by kind. */
struct extent {
    size_t names; /* with other contents */
    bool keys;    /* DNSKEY, CDS, CDNSKEY */
    bool renewed; /* signatures or denial */
};

/* The steps on their way to the printer, newest first. */
struct log {
    struct context *context;
    struct past past;
    struct name apex;
    struct touched touched;
    struct arena *scratch[2]; /* of the name at hand, before and after */
    struct changes *changes;  /* of the step at hand */
    size_t lines;
    bool printed; /* something, for JSON */
};

static void add_line(void *state, const char *text)
{
    struct log *log = state;
    changes_add(log->changes, 0, text);
    log->lines++;
}

/* ---- one name ---- */

/* The records that people wrote, the numbers aside that each serial has. */
static bool is_content(uint16_t type)
{
    switch (type) {
    case TYPE_RRSIG:
    case TYPE_NSEC:
    case TYPE_NSEC3:
    case TYPE_ZONEMD:
    case TYPE_DNSKEY:
    case TYPE_CDS:
    case TYPE_CDNSKEY:
        return false;
    default:
        return true;
    }
}

/* An SOA without its serial is the same. */
static bool soa_equals(const struct rrset *a, const struct rrset *b)
{
    const size_t numbers = 20; /* at its end, the serial first (RFC 1035 §3.3.13) */
    const struct rdata *left = &a->items[0];
    const struct rdata *right = &b->items[0];

    return a->ttl == b->ttl && left->length == right->length && left->length >= numbers &&
           memcmp(left->octets, right->octets, left->length - numbers) == 0 &&
           memcmp(left->octets + left->length - numbers + 4,
                  right->octets + right->length - numbers + 4, numbers - 4) == 0;
}

static bool rrset_same(const struct rrset *a, const struct rrset *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->type == TYPE_SOA ? soa_equals(a, b) : rrset_equals(a, b);
}

static bool has_same(const struct node *a, const struct node *b, bool contents)
{
    for (size_t i = 0; a != NULL && i < a->rrset_count; i++) {
        uint16_t type = a->rrsets[i].type;
        if (is_content(type) == contents && type != TYPE_ZONEMD &&
            !rrset_same(&a->rrsets[i], b != NULL ? node_rrset(b, type) : NULL))
            return false;
    }
    return true;
}

static bool has_same_keys(const struct node *a, const struct node *b)
{
    static const uint16_t types[] = {TYPE_DNSKEY, TYPE_CDS, TYPE_CDNSKEY};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!rrset_same(a != NULL ? node_rrset(a, types[i]) : NULL,
                        b != NULL ? node_rrset(b, types[i]) : NULL))
            return false;
    return true;
}

/* _meta says serial and time; nothing else of it changes by itself. */
static bool says_more(const struct log *log, const struct node *before, const struct node *after)
{
    const struct name *owner = &(after != NULL ? after : before)->owner;
    return before == NULL || after == NULL || !seal_is_meta(&log->apex, owner);
}

static void see_name(struct log *log, struct wording *wording, const struct node *before,
                     const struct node *after, struct extent *extent)
{
    if (!has_same(before, after, true) || !has_same(after, before, true)) {
        if (says_more(log, before, after)) {
            extent->names++;
            wording_node(wording, before, after);
        }
    }
    extent->keys |= !has_same_keys(before, after);
    extent->renewed |= !has_same(before, after, false) || !has_same(after, before, false);
}

/* ---- one step ---- */

/* What a name had after the step: what the next step has of it, or what it has now. */
static enum status find_after(struct log *log, const struct history_image *image, struct node *out,
                              bool *exists)
{
    struct history_image later;
    uint8_t key[KEY_MAX_OCTETS];
    struct item item;
    enum status status;

    arena_reset(log->scratch[1]);
    if (touched_swap(&log->touched, image, &later, &status)) {
        status = past_image_decode(&later, log->apex.octets, log->scratch[1], out);
        *exists = status == STATUS_OK && out->rrset_count > 0;
        return status;
    }
    if (status != STATUS_OK)
        return status;
    size_t octets = history_present_key(image, log->past.zone.number, key);
    status = snapshot_walk(log->past.snapshot, WALK_AT, key, octets, &item);
    *exists = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? stored_source_decode(&item, log->apex.octets, log->scratch[1], out)
                               : status;
}

static enum status see_image(struct log *log, struct wording *wording,
                             const struct history_image *image, struct extent *extent)
{
    struct node before, after;
    bool exists = false;

    if (image->kind != HISTORY_NODE) {
        extent->renewed = true;
        return STATUS_OK;
    }
    arena_reset(log->scratch[0]);
    enum status status = past_image_decode(image, log->apex.octets, log->scratch[0], &before);
    if (status == STATUS_OK)
        status = find_after(log, image, &after, &exists);
    if (status == STATUS_OK && (before.rrset_count > 0 || exists))
        see_name(log, wording, before.rrset_count > 0 ? &before : NULL, exists ? &after : NULL,
                 extent);
    return status;
}

/* Puts all that a step changed into words. */
static enum status see_step(struct log *log, uint32_t step, struct extent *extent)
{
    struct history_walk *walk = NULL;
    struct history_image image;
    struct wording wording;

    enum status status = wording_open(&wording, &log->apex, add_line, log);
    if (status == STATUS_OK)
        status = history_walk_open(log->past.snapshot, log->past.zone.number, step, step, &walk);
    while (status == STATUS_OK) {
        status = history_walk_next(walk, &image);
        if (status == STATUS_OK)
            status = see_image(log, &wording, &image, extent);
        else if (status == STATUS_NOT_FOUND)
            break;
    }
    history_walk_close(walk);
    wording_close(&wording);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What nobody has words for: settings, name servers, records of a restored zone. */
static void add_rest(struct log *log, const struct extent *extent)
{
    char text[64];

    if (extent->keys)
        add_line(log, "keys changed");
    if (log->lines > 0)
        return;
    snprintf(text, sizeof text, "%zu name%s with other records", extent->names,
             extent->names == 1 ? "" : "s");
    add_line(log, extent->names > 0 ? text
                  : extent->renewed ? "signatures renewed"
                                    : "nothing but the "
                                      "serial");
}

/* ---- printing ---- */

static const char *const causes[] = {
    [HISTORY_PUBLISH] = "publish",
    [HISTORY_RESTORE] = "restore",
    [HISTORY_ROLLBACK] = "rollback",
};

/* One line after the other of what was collected; NULL: nothing was. */
static void print_lines(const struct changes *changes, bool json, FILE *out)
{
    size_t count = changes != NULL ? changes_count(changes) : 0;

    for (size_t i = 0; i < count; i++) {
        if (json) {
            fputs(i == 0 ? "" : ", ", out);
            json_print_text(changes_text(changes, i), out);
        } else {
            fprintf(out, "    %s\n", changes_text(changes, i));
        }
    }
}

static void print_json(struct log *log, uint32_t serial, int64_t when, const char *cause,
                       const struct changes *changes)
{
    FILE *out = log->context->out;
    char text[NOW_TEXT_OCTETS];

    now_text(when, text);
    text[10] = 'T'; /* 2026-11-22T13:00:00Z */
    memcpy(text + 19, "Z", 2);
    fprintf(out, "%s\n  {\"serial\": %lu, \"time\": \"%s\", \"cause\": ", log->printed ? "," : "[",
            (unsigned long)serial, text);
    json_print_text(cause, out);
    fputs(", \"changes\": [", out);
    print_lines(changes, true, out);
    fputs("]}", out);
    log->printed = true;
}

static void print_entry(struct log *log, uint32_t serial, int64_t when, const char *cause,
                        const struct changes *changes)
{
    FILE *out = log->context->out;
    char text[NOW_TEXT_OCTETS];

    if (log->context->options->format == FORMAT_JSON) {
        print_json(log, serial, when, cause, changes);
        return;
    }
    fprintf(out, "%-10lu %s %s\n", (unsigned long)serial, now_text(when, text),
            cause != NULL ? cause : "and before: not kept");
    print_lines(changes, false, out);
}

static enum status print_step(struct log *log, const struct history_step *step)
{
    static const char *const name = "";

    enum status status = changes_order(log->changes, &name);
    if (status == STATUS_OK)
        print_entry(log, step->new_serial, step->made, causes[step->cause], log->changes);
    return status;
}

static enum status log_step(struct log *log, const struct history_step *step)
{
    struct extent extent = {.names = 0};

    log->lines = 0;
    log->changes = NULL;
    enum status status = changes_create(&log->changes);
    if (status == STATUS_OK)
        status = see_step(log, step->step, &extent);
    if (status == STATUS_OK) {
        add_rest(log, &extent);
        status = print_step(log, step);
    }
    changes_destroy(log->changes);
    return status;
}

/* All steps, newest first; then the serial that the oldest leads away from. */
static enum status print_all(struct log *log)
{
    const struct history_summary *summary = &log->past.summary;
    uint32_t serial = log->past.zone.serial;
    int64_t published = log->past.zone.published;

    for (uint32_t n = summary->newest; n >= summary->oldest; n--) {
        struct history_step step;
        enum status status = past_step(log->context, &log->past, n, &step);
        if (status != STATUS_OK)
            return STATUS_DENIED; /* said */
        status = log_step(log, &step);
        if (status != STATUS_OK)
            return status;
        serial = step.old_serial;
        published = step.old_published;
    }
    print_entry(log, serial, published, NULL, NULL);
    if (log->context->options->format == FORMAT_JSON)
        fputs("\n]\n", log->context->out);
    return STATUS_OK;
}

static int print_log(struct log *log)
{
    enum status status = touched_open(&log->touched);

    name_set(&log->apex, log->past.zone.apex);
    for (size_t i = 0; i < 2; i++) {
        log->scratch[i] = arena_create();
        if (log->scratch[i] == NULL)
            status = STATUS_SYSTEM;
    }
    if (status == STATUS_OK)
        status = print_all(log);
    arena_destroy(log->scratch[0]);
    arena_destroy(log->scratch[1]);
    touched_close(&log->touched);
    if (status == STATUS_SYSTEM)
        context_say_memory(log->context);
    else if (status != STATUS_OK && status != STATUS_DENIED)
        past_say_damaged(log->context, &log->past);
    return status == STATUS_OK ? OUTCOME_DONE : OUTCOME_REFUSED;
}

int command_log(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    const struct config_zone *zone;
    struct log log = {.context = context};
    struct store *store = NULL;
    struct snapshot *snapshot = NULL;
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK ||
        context_zone(context, operand, &zone) != STATUS_OK)
        return outcome;
    if (past_open_store(context, &store, &snapshot) == STATUS_OK &&
        past_find(context, snapshot, zone, &log.past) == STATUS_OK)
        outcome = print_log(&log);
    snapshot_destroy(snapshot);
    store_close(store);
    return outcome;
}
