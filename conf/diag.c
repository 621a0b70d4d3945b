#include "conf/diag.h"

#include "conf/json.h"
#include "conf/memory.h"
#include "conf/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A value of megabytes must not flood the terminal: a message beyond this is cut, with "...". */
#define MESSAGE_MAX_OCTETS 2000

#define SEVERITY_COUNT 3

struct diag {
    struct arena *arena;
    struct diagnostic *items;
    size_t count;
    size_t capacity;
    size_t counts[SEVERITY_COUNT];
    size_t lost; /* memory was out: counted, not kept */
    enum severity least;
};

struct diag *diag_create(void)
{
    struct diag *diag = calloc(1, sizeof *diag);
    if (diag == NULL) {
        memory_lacks();
        return NULL;
    }
    diag->least = SEVERITY_NOTE;
    diag->arena = arena_create();
    if (diag->arena == NULL) {
        free(diag);
        return NULL;
    }
    return diag;
}

void diag_destroy(struct diag *diag)
{
    if (diag == NULL)
        return;
    arena_destroy(diag->arena);
    free(diag->items);
    free(diag);
}

void diag_keep(struct diag *diag, enum severity least)
{
    diag->least = least;
}

bool diag_keeps(const struct diag *diag, enum severity severity)
{
    return severity <= diag->least;
}

enum severity diag_least(const struct diag *diag)
{
    return diag->least;
}

void diag_clear(struct diag *diag)
{
    diag->count = 0;
    diag->lost = 0;
    memset(diag->counts, 0, sizeof diag->counts);
    arena_reset(diag->arena);
}

/* Octets of the character at `text`, its form shown written to `shown`: \xNN for every octet of
 * what a terminal would obey instead of show (controls, C1 ones and reordering too), and of what is
 * not UTF-8. `text` may come straight from an attacker's file. */
static size_t show_character(const char *text, size_t length, char shown[4 * UTF8_MAX_OCTETS + 1])
{
    uint32_t character = 0;
    size_t octets = utf8_decode(text, length, &character);
    bool plain = octets > 0 && !utf8_is_control(character) && !utf8_is_bidi_control(character);

    if (octets == 0)
        octets = 1;
    if (plain) {
        memcpy(shown, text, octets);
        shown[octets] = '\0';
        return octets;
    }
    for (size_t i = 0; i < octets; i++)
        snprintf(shown + 4 * i, 5, "\\x%02x", (unsigned)(unsigned char)text[i]);
    return octets;
}

/* A copy of `text` that is safe to print, cut at MESSAGE_MAX_OCTETS; NULL when memory is out. */
static const char *safe_copy(struct arena *arena, const char *text)
{
    char copy[MESSAGE_MAX_OCTETS + sizeof "..."];
    size_t length = strlen(text);
    size_t written = 0;

    for (size_t at = 0; at < length;) {
        char shown[4 * UTF8_MAX_OCTETS + 1];
        at += show_character(text + at, length - at, shown);
        size_t octets = strlen(shown);
        if (octets > MESSAGE_MAX_OCTETS - written) {
            memcpy(copy + written, "...", 3);
            written += 3;
            break;
        }
        memcpy(copy + written, shown, octets);
        written += octets;
    }
    return arena_copy(arena, copy, written);
}

/* The file's name in the list's own memory; a run of messages about one file shares one copy. */
static const char *keep_file(struct diag *diag, const char *file)
{
    const char *last = diag->count > 0 ? diag->items[diag->count - 1].place.file : NULL;
    if (file == NULL)
        return NULL;
    if (last != NULL && strcmp(last, file) == 0)
        return last;
    return safe_copy(diag->arena, file);
}

static bool make_room(struct diag *diag)
{
    if (diag->count < diag->capacity)
        return true;
    size_t capacity = diag->capacity == 0 ? 16 : diag->capacity * 2;
    struct diagnostic *items = reallocarray(diag->items, capacity, sizeof *items);
    if (items == NULL)
        return false;
    diag->items = items;
    diag->capacity = capacity;
    return true;
}

void diag_add(struct diag *diag, enum severity severity, struct place place, const char *rule,
              const char *format, ...)
{
    va_list list;
    char *message = NULL;

    if (!diag_keeps(diag, severity))
        return;
    va_start(list, format);
    int length = vasprintf(&message, format, list);
    va_end(list);
    if (length < 0)
        message = NULL;

    /* Counted even when it cannot be kept: without memory a wrong file must not pass as right. */
    diag->counts[severity]++;
    const char *kept = message != NULL ? safe_copy(diag->arena, message) : NULL;
    const char *file = keep_file(diag, place.file);
    free(message);
    if (kept == NULL || (file == NULL && place.file != NULL) || !make_room(diag)) {
        memory_lacks();
        diag->lost++;
        return;
    }
    place.file = file;
    diag->items[diag->count++] = (struct diagnostic){place, severity, rule, kept};
}

/* How many of a severity are kept. */
static size_t count_of(const struct diag *diag, enum severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < diag->count; i++)
        count += diag->items[i].severity == severity;
    return count;
}

void diag_join(struct diag *diag, const struct diag *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct diagnostic *item = &other->items[i];
        diag_add(diag, item->severity, item->place, item->rule, "%s", item->message);
    }
    for (size_t i = 0; i < SEVERITY_COUNT; i++) /* those that were lost count, too */
        diag->counts[i] += other->counts[i] - count_of(other, (enum severity)i);
    diag->lost += other->lost;
}

size_t diag_count(const struct diag *diag, enum severity severity)
{
    return diag->counts[severity];
}

size_t diag_total(const struct diag *diag)
{
    return diag->count;
}

const struct diagnostic *diag_at(const struct diag *diag, size_t n)
{
    return &diag->items[n];
}

size_t diag_lost(const struct diag *diag)
{
    return diag->lost;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_number(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare_diagnostics(const void *left, const void *right)
{
    const struct diagnostic *a = left;
    const struct diagnostic *b = right;
    int order = compare_text(a->place.file, b->place.file);
    if (order == 0)
        order = compare_number(a->place.line, b->place.line);
    if (order == 0)
        order = compare_number(a->place.column, b->place.column);
    if (order == 0)
        order = compare_number(a->severity, b->severity);
    if (order == 0)
        order = strcmp(a->message, b->message);
    return order != 0 ? order : compare_text(a->rule, b->rule);
}

void diag_sort(struct diag *diag)
{
    size_t kept = 0;

    if (diag->count == 0)
        return;
    qsort(diag->items, diag->count, sizeof diag->items[0], compare_diagnostics);
    for (size_t i = 1; i < diag->count; i++) {
        if (compare_diagnostics(&diag->items[kept], &diag->items[i]) == 0)
            diag->counts[diag->items[i].severity]--;
        else
            diag->items[++kept] = diag->items[i];
    }
    diag->count = kept + 1;
}

static const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = {"error", "warning", "note"};
    return names[severity];
}

static void print_gnu(const struct diagnostic *item, FILE *out)
{
    const struct place *place = &item->place;
    if (place->file != NULL)
        fprintf(out, "%s:", place->file);
    if (place->file != NULL && place->line > 0)
        fprintf(out, "%u:", place->line);
    if (place->file != NULL && place->line > 0 && place->column > 0)
        fprintf(out, "%u:", place->column);
    fprintf(out, "%s%s: %s", place->file != NULL ? " " : "", severity_name(item->severity),
            item->message);
    if (item->rule != NULL)
        fprintf(out, " [%s]", item->rule);
    fputc('\n', out);
}

/* The texts have no controls: safe_copy saw to it. */
static void print_json(const struct diagnostic *item, FILE *out)
{
    fputs("{\"file\":", out);
    json_print_text(item->place.file, out);
    fprintf(out, ",\"line\":%u,\"column\":%u,\"severity\":\"%s\",\"rule\":", item->place.line,
            item->place.column, severity_name(item->severity));
    json_print_text(item->rule, out);
    fputs(",\"message\":", out);
    json_print_text(item->message, out);
    fputs("}\n", out);
}

/* Text of a GitHub workflow command, with what ends a value percent-encoded. */
static void print_github_text(const char *text, const char *special, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    }
}

static void print_github(const struct diagnostic *item, FILE *out)
{
    static const char *const commands[SEVERITY_COUNT] = {"error", "warning", "notice"};
    static const char *const in_property = "%\r\n:,";
    static const char *const in_message = "%\r\n";
    const char *before = " ";

    fprintf(out, "::%s", commands[item->severity]);
    if (item->place.file != NULL) {
        fprintf(out, "%sfile=", before);
        print_github_text(item->place.file, in_property, out);
        before = ",";
    }
    if (item->place.file != NULL && item->place.line > 0)
        fprintf(out, ",line=%u", item->place.line);
    if (item->place.file != NULL && item->place.line > 0 && item->place.column > 0)
        fprintf(out, ",col=%u", item->place.column);
    if (item->rule != NULL) {
        fprintf(out, "%stitle=", before);
        print_github_text(item->rule, in_property, out);
    }
    fputs("::", out);
    print_github_text(item->message, in_message, out);
    fputc('\n', out);
}

void diag_print(const struct diag *diag, enum diag_format format, FILE *out)
{
    for (size_t i = 0; i <= diag->count; i++) {
        struct diagnostic lost = {.message = "out of memory, messages are missing here"};
        const struct diagnostic *item = i < diag->count ? &diag->items[i] : &lost;
        if (i == diag->count && diag->lost == 0)
            break;
        if (format == DIAG_JSON)
            print_json(item, out);
        else if (format == DIAG_GITHUB)
            print_github(item, out);
        else
            print_gnu(item, out);
    }
}
