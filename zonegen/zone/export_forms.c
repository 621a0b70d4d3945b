#include "zone/export_forms.h"

#include "conf/utf8.h"
#include "zone/export_facts.h"

#include <string.h>

/* How one form prints. */
struct form {
    void (*begin)(const struct node_source *source, uint32_t serial, FILE *out);
    void (*entry)(const struct export_entry *entry, bool is_first, FILE *out);
    void (*end)(FILE *out);
};

static enum status print_entries(struct export_walk *walk, const struct form *form, FILE *out)
{
    struct export_entry entry;
    bool is_first = true;

    for (;;) {
        enum status status = export_walk_next(walk, &entry);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        form->entry(&entry, is_first, out);
        if (ferror(out))
            return STATUS_SYSTEM;
        is_first = false;
    }
}

static enum status print_form(const struct node_source *source, const struct form *form, FILE *out)
{
    struct arena *arena = arena_create();
    struct export_walk *walk = NULL;

    if (arena == NULL)
        return STATUS_SYSTEM;
    enum status status = export_walk_open(source, arena, &walk);
    if (status == STATUS_OK) {
        form->begin(source, export_walk_serial(walk), out);
        status = print_entries(walk, form, out);
        form->end(out);
    }
    if (status == STATUS_OK && fflush(out) != 0)
        status = STATUS_SYSTEM;
    export_walk_close(walk);
    arena_destroy(arena);
    return status;
}

/* Text for eyes: what does something instead of showing something is shown as \xNN. */
static void put_shown(struct export_octets text, FILE *out)
{
    for (size_t at = 0; at < text.length;) {
        uint32_t character = 0;
        size_t octets = utf8_decode(text.octets + at, text.length - at, &character);
        bool plain = octets > 0 && !utf8_is_control(character) && !utf8_is_bidi_control(character);
        if (octets == 0)
            octets = 1;
        for (size_t i = 0; i < octets; i++) {
            if (plain)
                putc(text.octets[at + i], out);
            else
                fprintf(out, "\\x%02x", (unsigned)(unsigned char)text.octets[at + i]);
        }
        at += octets;
    }
}

static void text_begin(const struct node_source *source, uint32_t serial, FILE *out)
{
    char zone[NAME_TEXT_OCTETS];
    name_to_text(source->apex.octets, zone);
    fprintf(out, "%s serial %lu\n", zone, (unsigned long)serial);
}

static bool contains(struct export_octets text, struct export_octets part)
{
    return memmem(text.octets, text.length, part.octets, part.length) != NULL;
}

/* What a line of the card never needs: it is about the record, or stands in line 0. */
static bool is_implied(struct export_octets key)
{
    static const char *const keys[] = {"v", "tld", "order", "verified", "status"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (export_is(key, keys[i]))
            return true;
    return false;
}

/* True when the line shows the pair: one of those that cards are made of, in full. */
static bool is_shown(const struct export_pair *pair, struct export_octets line)
{
    static const char *const keys[] = {"id", "role", "hours", "tel", "sms", "mail", "tz", "name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (export_is(pair->key, keys[i]))
            return contains(line, pair->value);
    return false;
}

/* The pairs of a contact that its line does not show. */
static void text_details(const struct export_contact *contact, struct export_octets line, FILE *out)
{
    const char *before = "    ";

    for (size_t i = 0; i < contact->pair_count; i++) {
        const struct export_pair *pair = &contact->pairs[i];
        if (is_implied(pair->key) || is_shown(pair, line))
            continue;
        fputs(before, out);
        put_shown(pair->key, out);
        putc('=', out);
        put_shown(pair->value, out);
        before = "; ";
    }
    if (before[0] == ';')
        putc('\n', out);
}

/* True when the line of the card is this contact's: it begins with the order. */
static bool is_line_of(struct export_octets line, const struct export_contact *contact)
{
    return line.length > 2 && line.octets[1] == ' ' && contact->order > 0 && contact->order < 10 &&
           (unsigned)(line.octets[0] - '0') == contact->order;
}

static bool has_line(const struct export_entry *entry, const struct export_contact *contact)
{
    for (size_t i = 0; i < entry->line_count; i++)
        if (is_line_of(entry->lines[i], contact))
            return true;
    return false;
}

static void text_entry(const struct export_entry *entry, bool is_first, FILE *out)
{
    (void)is_first;
    fputs("\n.", out);
    put_shown(entry->label, out);
    putc('\n', out);
    for (size_t i = 0; i < entry->line_count; i++) {
        fputs("  ", out);
        put_shown(entry->lines[i], out);
        putc('\n', out);
        for (size_t n = 0; n < entry->contact_count; n++)
            if (is_line_of(entry->lines[i], &entry->contacts[n]))
                text_details(&entry->contacts[n], entry->lines[i], out);
    }
    for (size_t n = 0; n < entry->contact_count; n++) {
        if (has_line(entry, &entry->contacts[n]))
            continue;
        fputs("  ", out);
        put_shown(entry->contacts[n].id, out);
        putc('\n', out);
        text_details(&entry->contacts[n], (struct export_octets){"", 0}, out);
    }
}

static void text_end(FILE *out)
{
    (void)out;
}

enum status export_text(const struct node_source *source, FILE *out)
{
    static const struct form form = {text_begin, text_entry, text_end};
    return print_form(source, &form, out);
}

/* The keys that have a column, in its order. */
static const char *const columns[] = {
    "id",   "order",     "role", "hours", "tel", "sms",      "mail", "tz",      "lang",  "oob",
    "name", "name-l10n", "wait", "note",  "pgp", "verified", "by",   "expires", "status"};
#define COLUMN_COUNT (sizeof columns / sizeof *columns)

static bool has_column(struct export_octets key)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (export_is(key, columns[i]))
            return true;
    return export_is(key, "v") || export_is(key, "tld");
}

static void csv_octets(struct export_octets text, FILE *out)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.octets[i] == '"')
            putc('"', out);
        putc(text.octets[i], out);
    }
}

static void csv_field(struct export_octets text, FILE *out)
{
    putc('"', out);
    csv_octets(text, out);
    fputs("\",", out);
}

static void csv_begin(const struct node_source *source, uint32_t serial, FILE *out)
{
    (void)source;
    (void)serial;
    fputs("\"label\",\"registry\",", out);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        fprintf(out, "\"%s\",", columns[i]);
    fputs("\"other\"\r\n", out);
}

/* The last field: pairs without a column. */
static void csv_other(const struct export_contact *contact, FILE *out)
{
    const char *before = "";

    putc('"', out);
    for (size_t i = 0; i < contact->pair_count; i++) {
        const struct export_pair *pair = &contact->pairs[i];
        if (has_column(pair->key))
            continue;
        fputs(before, out);
        csv_octets(pair->key, out);
        putc('=', out);
        csv_octets(pair->value, out);
        before = "; ";
    }
    fputs("\"\r\n", out);
}

static void csv_row(const struct export_entry *entry, const struct export_contact *contact,
                    FILE *out)
{
    csv_field(entry->label, out);
    csv_field(entry->registry, out);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        csv_field(export_value(contact, columns[i]), out);
    csv_other(contact, out);
}

static void csv_entry(const struct export_entry *entry, bool is_first, FILE *out)
{
    static const struct export_contact none;

    (void)is_first;
    for (size_t i = 0; i < entry->contact_count; i++)
        csv_row(entry, &entry->contacts[i], out);
    if (entry->contact_count == 0)
        csv_row(entry, &none, out);
}

enum status export_csv(const struct node_source *source, FILE *out)
{
    static const struct form form = {csv_begin, csv_entry, text_end};
    return print_form(source, &form, out);
}

/* A JSON string (RFC 8259 §7). */
static void json_string(struct export_octets text, FILE *out)
{
    putc('"', out);
    for (size_t at = 0; at < text.length;) {
        uint32_t character = 0;
        size_t octets = utf8_decode(text.octets + at, text.length - at, &character);
        if (octets == 0) {
            fputs("\xef\xbf\xbd", out);
            octets = 1;
        } else if (utf8_is_control(character) && character <= 0xffff) {
            fprintf(out, "\\u%04x", (unsigned)character);
        } else {
            if (character == '"' || character == '\\')
                putc('\\', out);
            fwrite(text.octets + at, 1, octets, out);
        }
        at += octets;
    }
    putc('"', out);
}

/* A value of parts between commas. */
static void json_array(struct export_octets text, FILE *out)
{
    putc('[', out);
    for (size_t at = 0; at < text.length;) {
        const char *comma = memchr(text.octets + at, ',', text.length - at);
        size_t end = comma != NULL ? (size_t)(comma - text.octets) : text.length;
        if (at > 0)
            putc(',', out);
        json_string((struct export_octets){text.octets + at, end - at}, out);
        at = end + 1;
    }
    putc(']', out);
}

static bool is_list(struct export_octets key)
{
    return export_is(key, "role") || export_is(key, "tel") || export_is(key, "sms") ||
           export_is(key, "lang");
}

static void json_contact(const struct export_contact *contact, FILE *out)
{
    const char *before = "{";

    for (size_t i = 0; i < contact->pair_count; i++) {
        const struct export_pair *pair = &contact->pairs[i];
        if (export_is(pair->key, "v") || export_is(pair->key, "tld"))
            continue;
        fputs(before, out);
        json_string(pair->key, out);
        putc(':', out);
        if (export_is(pair->key, "order") && contact->order > 0)
            fprintf(out, "%u", contact->order);
        else if (is_list(pair->key))
            json_array(pair->value, out);
        else
            json_string(pair->value, out);
        before = ",";
    }
    putc('}', out);
}

static void json_begin(const struct node_source *source, uint32_t serial, FILE *out)
{
    char zone[NAME_TEXT_OCTETS];
    size_t length = name_to_text(source->apex.octets, zone);

    fputs("{\"zone\":", out);
    json_string((struct export_octets){zone, length}, out);
    fprintf(out, ",\"serial\":%lu,\"entries\":[", (unsigned long)serial);
}

static void json_entry(const struct export_entry *entry, bool is_first, FILE *out)
{
    fputs(is_first ? "\n{\"label\":" : ",\n{\"label\":", out);
    json_string(entry->label, out);
    fputs(",\"registry\":", out);
    json_string(entry->registry, out);
    fputs(",\"card\":[", out);
    for (size_t i = 0; i < entry->line_count; i++) {
        if (i > 0)
            putc(',', out);
        json_string(entry->lines[i], out);
    }
    fputs("],\"contacts\":[", out);
    for (size_t i = 0; i < entry->contact_count; i++) {
        if (i > 0)
            putc(',', out);
        json_contact(&entry->contacts[i], out);
    }
    fputs("]}", out);
}

static void json_end(FILE *out)
{
    fputs("\n]}\n", out);
}

enum status export_json(const struct node_source *source, FILE *out)
{
    static const struct form form = {json_begin, json_entry, json_end};
    return print_form(source, &form, out);
}
