#include "conf/yaml.h"

#include "conf/source.h"
#include "conf/utf8.h"
#include "conf/yaml_explain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FEW_KEYS 16

/* A sequence or mapping that is open. */
struct frame {
    struct yaml_node *node;
    size_t capacity;
    struct yaml_node *key; /* of the value to come */
    bool drop_value;       /* its key was refused */
};

/* What a reading knows. */
struct reading {
    struct source source;
    struct arena *arena;
    struct diag *diag;
    struct frame frames[YAML_MAX_DEPTH];
    size_t depth; /* frames in use */
    struct yaml_node *root;
    unsigned documents;
    bool invalid;
    bool ended; /* nothing after this is read */
    bool out_of_memory;
};

static struct place place_of(const struct reading *reading, yaml_mark_t mark)
{
    return (struct place){reading->source.file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static void refuse(struct reading *reading, struct place place, const char *rule,
                   const char *message)
{
    diag_error(reading->diag, place, rule, "%s", message);
    reading->invalid = true;
}

static struct yaml_node *make_node(struct reading *reading, enum yaml_kind kind, yaml_mark_t mark)
{
    struct yaml_node *node = arena_alloc(reading->arena, sizeof *node);
    if (node == NULL) {
        reading->out_of_memory = true;
        return NULL;
    }
    node->kind = kind;
    node->place = place_of(reading, mark);
    return node;
}

static struct yaml_node **grow_list(struct arena *arena, struct yaml_node **list, size_t count,
                                    size_t capacity)
{
    struct yaml_node **larger = arena_alloc(arena, capacity * sizeof *larger);
    if (larger != NULL && count > 0)
        memcpy(larger, list, count * sizeof *larger);
    return larger;
}

static void append(struct reading *reading, struct frame *frame, struct yaml_node *item)
{
    struct yaml_node *node = frame->node;

    if (node->count == frame->capacity) {
        frame->capacity = frame->capacity == 0 ? 4 : frame->capacity * 2;
        node->items = grow_list(reading->arena, node->items, node->count, frame->capacity);
        if (node->kind == YAML_MAPPING)
            node->keys = grow_list(reading->arena, node->keys, node->count, frame->capacity);
        if (arena_failed(reading->arena)) {
            reading->out_of_memory = true;
            return;
        }
    }
    if (node->kind == YAML_MAPPING)
        node->keys[node->count] = frame->key;
    node->items[node->count++] = item;
}

static void attach_key(struct reading *reading, struct frame *frame, struct yaml_node *key)
{
    frame->key = key;
    frame->drop_value = true;
    if (key->kind != YAML_SCALAR)
        refuse(reading, key->place, "yaml-key", "a key must be a text, not a list or a mapping");
    else if (key->length == 0)
        refuse(reading, key->place, "yaml-key", "the key before ':' is empty");
    else
        frame->drop_value = false;
}

/* Puts a finished node where it belongs. */
static void attach(struct reading *reading, struct yaml_node *node)
{
    if (reading->depth == 0) {
        reading->root = node;
        return;
    }
    struct frame *frame = &reading->frames[reading->depth - 1];
    if (frame->node->kind == YAML_MAPPING && frame->key == NULL) {
        attach_key(reading, frame, node);
        return;
    }
    if (!frame->drop_value)
        append(reading, frame, node);
    frame->key = NULL;
    frame->drop_value = false;
}

/* libyaml drops comments, so the source is looked at behind the end of the scalar. */
static void check_comment(struct reading *reading, yaml_mark_t end)
{
    const struct source *source = &reading->source;
    size_t octet = source_octet(&reading->source, end.index);
    size_t rest = source->length - octet;
    const char *text = source->octets + octet;

    if (rest < 2 || (text[0] != ' ' && text[0] != '\t') || text[1] != '#')
        return;
    end.column++;
    refuse(reading, place_of(reading, end), "yaml-comment",
           "text after ' #' is cut off as a comment; quote the value, or put two spaces before "
           "the comment");
}

/* An escape can name what the check of the source has not seen. */
static void check_text(struct reading *reading, const struct yaml_node *node)
{
    for (size_t at = 0; at < node->length;) {
        uint32_t character = 0;
        if (node->text[at] >= ' ' && node->text[at] <= '~') {
            at++;
            continue;
        }
        size_t octets = utf8_decode(node->text + at, node->length - at, &character);
        if (character == '\t') {
            refuse(reading, node->place, "yaml-tab", "a tab inside a value; use spaces");
            return;
        }
        if (octets == 0 || (utf8_is_control(character) && character != '\n')) {
            diag_error(reading->diag, node->place, "yaml-control",
                       "control character U+%04X in a value; remove it", (unsigned)character);
            reading->invalid = true;
            return;
        }
        at += octets;
    }
}

static void check_anchor_and_tag(struct reading *reading, const yaml_event_t *event,
                                 const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        refuse(reading, place_of(reading, event->start_mark), "yaml-anchor",
               "anchors are not used here; quote a value that begins with '&'");
    if (tag != NULL)
        refuse(reading, place_of(reading, event->start_mark), "yaml-tag",
               "tags are not used here, every value is text; quote one that begins with '!'");
}

static void take_scalar(struct reading *reading, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct yaml_node *node = make_node(reading, YAML_SCALAR, event->start_mark);

    check_anchor_and_tag(reading, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (node == NULL)
        return;
    while (length > 0 && text[length - 1] == '\n')
        length--;
    node->text = arena_copy(reading->arena, text, length);
    node->length = length;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (node->text == NULL) {
        reading->out_of_memory = true;
        return;
    }
    check_text(reading, node);
    if (node->plain)
        check_comment(reading, event->end_mark);
    attach(reading, node);
}

static void take_alias(struct reading *reading, const yaml_event_t *event)
{
    refuse(reading, place_of(reading, event->start_mark), "yaml-anchor",
           "aliases are not used here; quote a value that begins with '*'");
    struct yaml_node *node = make_node(reading, YAML_SCALAR, event->start_mark);
    if (node == NULL)
        return;
    node->text = "?";
    node->length = 1;
    attach(reading, node);
}

static void open_frame(struct reading *reading, enum yaml_kind kind, yaml_mark_t mark)
{
    /* The rest is not read: libyaml's own cost grows with the depth. */
    if (reading->depth == YAML_MAX_DEPTH) {
        diag_error(reading->diag, place_of(reading, mark), "yaml-depth",
                   "nested deeper than %d levels", YAML_MAX_DEPTH);
        reading->invalid = true;
        reading->ended = true;
        return;
    }
    struct yaml_node *node = make_node(reading, kind, mark);
    if (node != NULL)
        reading->frames[reading->depth++] = (struct frame){.node = node};
}

static int compare_keys(const void *left, const void *right)
{
    const struct yaml_node *a = *(struct yaml_node *const *)left;
    const struct yaml_node *b = *(struct yaml_node *const *)right;
    int order = strcmp(a->text, b->text);
    if (order == 0)
        order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
    return order != 0 ? order
                      : (a->place.column > b->place.column) - (a->place.column < b->place.column);
}

/* Takes out of the mapping the keys whose text was set to NULL. */
static void drop_refused(struct yaml_node *mapping)
{
    size_t kept = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        if (mapping->keys[i]->text == NULL)
            continue;
        mapping->keys[kept] = mapping->keys[i];
        mapping->items[kept++] = mapping->items[i];
    }
    mapping->count = kept;
}

/* Most differ in their first character. */
static bool is_same(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}

static bool has_equal_pair(const struct yaml_node *mapping)
{
    for (size_t i = 1; i < mapping->count; i++)
        for (size_t before = 0; before < i; before++)
            if (is_same(mapping->keys[before]->text, mapping->keys[i]->text))
                return true;
    return false;
}

/* Sorted once instead of compared in pairs: a mapping may hold a million keys. Most hold a few. */
static void check_duplicates(struct reading *reading, struct yaml_node *mapping)
{
    size_t count = mapping->count;
    bool found = false;

    if (count < 2 || (count <= FEW_KEYS && !has_equal_pair(mapping)))
        return;
    struct yaml_node **sorted = reallocarray(NULL, count, sizeof(struct yaml_node *));
    if (sorted == NULL) {
        reading->out_of_memory = true;
        return;
    }
    memcpy(sorted, mapping->keys, count * sizeof(struct yaml_node *));
    qsort(sorted, count, sizeof(struct yaml_node *), compare_keys);
    for (size_t first = 0, i = 1; i < count; i++) {
        if (strcmp(sorted[first]->text, sorted[i]->text) != 0) {
            first = i;
            continue;
        }
        diag_error(reading->diag, sorted[i]->place, "yaml-duplicate-key",
                   "'%s' is given twice; the first is in line %u", sorted[i]->text,
                   sorted[first]->place.line);
        reading->invalid = true;
        found = true;
        sorted[i]->text = NULL;
    }
    free(sorted);
    if (found)
        drop_refused(mapping);
}

static void close_frame(struct reading *reading)
{
    struct yaml_node *node = reading->frames[--reading->depth].node;
    if (node->kind == YAML_MAPPING)
        check_duplicates(reading, node);
    attach(reading, node);
}

static void start_document(struct reading *reading, const yaml_event_t *event)
{
    struct place place = place_of(reading, event->start_mark);

    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end)
        refuse(reading, place, "yaml-directive", "directives are not used here; remove the line");
    if (reading->documents++ == 0)
        return;
    refuse(reading, place, "yaml-documents", "a second document begins here; a file holds one");
    reading->ended = true;
}

static void take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        start_document(reading, event);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(reading, event);
        break;
    case YAML_SCALAR_EVENT:
        take_scalar(reading, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        check_anchor_and_tag(reading, event, event->data.sequence_start.anchor,
                             event->data.sequence_start.tag);
        open_frame(reading, YAML_SEQUENCE, event->start_mark);
        break;
    case YAML_MAPPING_START_EVENT:
        check_anchor_and_tag(reading, event, event->data.mapping_start.anchor,
                             event->data.mapping_start.tag);
        open_frame(reading, YAML_MAPPING, event->start_mark);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_frame(reading);
        break;
    case YAML_STREAM_END_EVENT:
        reading->ended = true;
        break;
    default:
        break;
    }
}

/* libyaml refused: a syntax error, or memory. The tree is not whole, so nobody gets it. */
static void take_failure(struct reading *reading, const yaml_parser_t *parser)
{
    reading->root = NULL;
    reading->ended = true;
    if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL) {
        reading->out_of_memory = true;
        return;
    }
    struct yaml_problem problem = {
        .text = parser->problem,
        .line = parser->problem_mark.line,
        .column = parser->problem_mark.column,
        .character = parser->problem_mark.index,
        .context_line = parser->context_mark.line,
        .context_column = parser->context_mark.column,
    };
    yaml_explain(&problem, &reading->source, reading->diag);
    reading->invalid = true;
}

static void read_events(struct reading *reading, yaml_parser_t *parser)
{
    while (!reading->ended && !reading->out_of_memory) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            take_failure(reading, parser);
            break;
        }
        take_event(reading, &event);
        yaml_event_delete(&event);
    }
}

/* A file is a mapping, or nothing at all (comments, or an explicitly empty document). */
static void check_root(struct reading *reading)
{
    struct yaml_node *root = reading->root;
    if (root == NULL || root->kind == YAML_MAPPING)
        return;
    reading->root = NULL;
    if (root->kind == YAML_SCALAR && root->plain && root->length == 0)
        return;
    refuse(reading, root->place, "yaml-root",
           root->kind == YAML_SEQUENCE ? "the file begins with a list; write 'item: value' lines"
                                       : "no ': ' here; write 'item: value' lines");
}

enum status yaml_parse(const char *file, const char *octets, size_t length, struct arena *arena,
                       struct diag *diag, struct yaml_node **out)
{
    struct reading reading = {
        .source = {.file = file, .octets = octets, .length = length}, .arena = arena, .diag = diag};
    yaml_parser_t parser;

    *out = NULL;
    if (length > YAML_MAX_OCTETS) {
        diag_error(diag, ((struct place){.file = file}), "yaml-size", "larger than %u octets",
                   YAML_MAX_OCTETS);
        return STATUS_INVALID;
    }
    enum status status = source_check(&reading.source, arena, diag);
    if (status == STATUS_SYSTEM)
        return STATUS_SYSTEM;
    reading.invalid = status != STATUS_OK;
    if (!yaml_parser_initialize(&parser))
        return STATUS_SYSTEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)reading.source.octets,
                                 reading.source.length);
    read_events(&reading, &parser);
    yaml_parser_delete(&parser);
    if (reading.out_of_memory || arena_failed(arena))
        return STATUS_SYSTEM;
    check_root(&reading);
    *out = reading.root;
    return reading.invalid ? STATUS_INVALID : STATUS_OK;
}

struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i++)
        if (is_same(mapping->keys[i]->text, key))
            return mapping->items[i];
    return NULL;
}
