#include "conf/yaml_simple.h"

#include <string.h>

#define MAX_KEYS       64 /* of a mapping: each is compared with those before it */
#define MAX_KEY_OCTETS 60

/* A place in the text. Texts are cut out of one copy of it, which gets a NUL behind each. */
struct cursor {
    const char *file;
    struct arena *arena;
    char *next;      /* the line after the one at hand */
    char *end;       /* of the document, where a NUL stands */
    char *text;      /* what is left of the line at hand, not blank; ends with a NUL */
    char *start;     /* of the line at hand */
    unsigned number; /* of the line at hand, from 1 */
    bool has_ended;  /* there is no line at hand */
    bool is_other;   /* something else stands here: all of it is libyaml's to read */
};

/* A list of nodes that grows. */
struct growing {
    struct yaml_node *node;
    size_t capacity;
};

static struct yaml_node *leave(struct cursor *cursor)
{
    cursor->is_other = true;
    return NULL;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t column_of(const struct cursor *cursor)
{
    return (size_t)(cursor->text - cursor->start);
}

static struct yaml_node *make_node(struct cursor *cursor, enum yaml_kind kind)
{
    struct yaml_node *node = arena_alloc(cursor->arena, sizeof *node);
    if (node == NULL)
        return leave(cursor);
    node->kind = kind;
    node->place = (struct place){cursor->file, cursor->number, (unsigned)column_of(cursor) + 1};
    return node;
}

/* Makes a scalar of the next octets and ends it there; a NUL, or what need not be read again,
 * stands behind them. */
static struct yaml_node *make_text(struct cursor *cursor, size_t length)
{
    struct yaml_node *node = make_node(cursor, YAML_SCALAR);
    if (node == NULL)
        return NULL;
    node->text = cursor->text;
    node->length = length;
    node->plain = true;
    cursor->text += length;
    return node;
}

/* ---- lines ---- */

static bool is_printable(const char *text, const char *end)
{
    for (; text < end; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Goes on to the next line that is neither blank nor a comment. */
static void next_line(struct cursor *cursor)
{
    while (cursor->next < cursor->end) {
        char *line_end = memchr(cursor->next, '\n', (size_t)(cursor->end - cursor->next));
        if (line_end == NULL)
            line_end = cursor->end;
        cursor->start = cursor->text = cursor->next;
        cursor->next = line_end < cursor->end ? line_end + 1 : line_end;
        cursor->number++;
        *line_end = '\0';
        if (!is_printable(cursor->start, line_end)) {
            cursor->is_other = true;
            return;
        }
        cursor->text += strspn(cursor->text, " ");
        if (*cursor->text == '\0' || *cursor->text == '#')
            continue;
        cursor->is_other = cursor->is_other || line_end[-1] == ' ';
        return;
    }
    cursor->has_ended = true;
}

static void skip_blanks(struct cursor *cursor)
{
    cursor->text += strspn(cursor->text, " ");
}

/* ---- values ---- */

/* A plain scalar to the end of the line. What it may begin with or hold is less than YAML allows:
 * what is left out means something to it in one place or another (YAML 1.1 §9.1.3). */
static struct yaml_node *take_plain(struct cursor *cursor)
{
    const char *text = cursor->text;
    size_t length = strlen(text);

    if (!is_word(*text) && *text != '+' && *text != '(' && *text != '/' && *text != '_')
        return leave(cursor);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '#' || (text[i] == ':' && (text[i + 1] == ' ' || text[i + 1] == '\0')))
            return leave(cursor);
    return make_text(cursor, length);
}

/* Puts an item, and its key in a mapping, at the end of a node's list. */
static bool append(struct cursor *cursor, struct growing *list, struct yaml_node *key,
                   struct yaml_node *item)
{
    struct yaml_node *node = list->node;

    if (node->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        size_t octets = capacity * sizeof *node->items;
        struct yaml_node **items = arena_alloc(cursor->arena, octets);
        struct yaml_node **keys = key != NULL ? arena_alloc(cursor->arena, octets) : items;
        if (items == NULL || keys == NULL) {
            cursor->is_other = true;
            return false;
        }
        if (node->count > 0)
            memcpy(items, node->items, node->count * sizeof *items);
        if (node->count > 0 && key != NULL)
            memcpy(keys, node->keys, node->count * sizeof *keys);
        node->items = items;
        node->keys = key != NULL ? keys : NULL;
        list->capacity = capacity;
    }
    if (key != NULL)
        node->keys[node->count] = key;
    node->items[node->count++] = item;
    return true;
}

/* `[en, fr]`: words of letters, digits and a few signs between them. */
static struct yaml_node *take_words(struct cursor *cursor)
{
    struct growing list = {make_node(cursor, YAML_SEQUENCE), 0};

    do {
        if (list.node == NULL)
            return NULL;
        cursor->text++; /* '[' or ',' */
        skip_blanks(cursor);
        char *end = cursor->text;
        while (is_word(*end) ||
               (end > cursor->text && strchr("-_./", *end) != NULL && *end != '\0'))
            end++;
        if (end == cursor->text)
            return leave(cursor);
        struct yaml_node *item = make_text(cursor, (size_t)(end - cursor->text));
        if (item == NULL || !append(cursor, &list, NULL, item))
            return NULL;
        skip_blanks(cursor);
        char behind = *cursor->text;
        *end = '\0';
        if (behind == ']')
            return cursor->text[1] == '\0' ? list.node : leave(cursor);
        if (behind != ',')
            return leave(cursor);
    } while (true);
}

/* A value on the line of its key or of its '-'; goes on to the next line. */
static struct yaml_node *take_value(struct cursor *cursor, size_t depth)
{
    struct yaml_node *value = NULL;

    if (*cursor->text != '[')
        value = take_plain(cursor);
    else if (depth < YAML_MAX_DEPTH)
        value = take_words(cursor);
    else
        cursor->is_other = true;
    if (value != NULL)
        next_line(cursor);
    return value;
}

/* ---- blocks ---- */

static struct yaml_node *take_block(struct cursor *cursor, size_t depth);

static bool is_item(const struct cursor *cursor)
{
    return !cursor->has_ended && cursor->text[0] == '-' && cursor->text[1] == ' ';
}

/* Octets of the key that stands here, 0 where none does. */
static size_t key_octets(const struct cursor *cursor)
{
    const char *end = cursor->text;

    while (is_word(*end) || (end > cursor->text && (*end == '-' || *end == '_')))
        end++;
    bool is_key = *end == ':' && (end[1] == ' ' || end[1] == '\0');
    size_t length = (size_t)(end - cursor->text);
    return is_key && length <= MAX_KEY_OCTETS ? length : 0;
}

/* A key and the ':' behind it, that the mapping does not have yet. */
static struct yaml_node *take_key(struct cursor *cursor, const struct yaml_node *mapping)
{
    size_t length = cursor->has_ended ? 0 : key_octets(cursor);
    if (length == 0 || mapping->count == MAX_KEYS)
        return leave(cursor);
    struct yaml_node *key = make_text(cursor, length);
    if (key == NULL)
        return NULL;
    *cursor->text++ = '\0';
    skip_blanks(cursor);
    return yaml_get(mapping, key->text) == NULL ? key : leave(cursor);
}

/* What follows a key: on its line; below it, further in; or a list that begins where the key
 * does. */
static struct yaml_node *take_below(struct cursor *cursor, size_t column, size_t depth)
{
    if (*cursor->text != '\0')
        return take_value(cursor, depth);
    next_line(cursor);
    bool is_below =
        !cursor->is_other && !cursor->has_ended &&
        (column_of(cursor) > column || (column_of(cursor) == column && is_item(cursor)));
    return is_below ? take_block(cursor, depth) : leave(cursor);
}

/* True while the block goes on that began in this column; what stands further in belongs to
 * nothing. */
static bool goes_on(struct cursor *cursor, size_t column)
{
    if (cursor->is_other || cursor->has_ended || column_of(cursor) < column)
        return false;
    cursor->is_other = column_of(cursor) > column;
    return !cursor->is_other;
}

static struct yaml_node *take_mapping(struct cursor *cursor, size_t depth)
{
    const size_t column = column_of(cursor);
    struct growing list = {make_node(cursor, YAML_MAPPING), 0};

    do {
        struct yaml_node *key = list.node != NULL ? take_key(cursor, list.node) : NULL;
        struct yaml_node *value = key != NULL ? take_below(cursor, column, depth + 1) : NULL;
        if (value == NULL || !append(cursor, &list, key, value))
            return NULL;
    } while (goes_on(cursor, column));
    return cursor->is_other ? NULL : list.node;
}

static struct yaml_node *take_list(struct cursor *cursor, size_t depth)
{
    const size_t column = column_of(cursor);
    struct growing list = {make_node(cursor, YAML_SEQUENCE), 0};

    do {
        cursor->text++;
        skip_blanks(cursor);
        struct yaml_node *item = NULL;
        if (list.node != NULL)
            item = key_octets(cursor) > 0 ? take_block(cursor, depth + 1)
                                          : take_value(cursor, depth + 1);
        if (item == NULL || !append(cursor, &list, NULL, item))
            return NULL;
    } while (goes_on(cursor, column) && is_item(cursor));
    return cursor->is_other ? NULL : list.node;
}

/* The list or mapping that begins here. */
static struct yaml_node *take_block(struct cursor *cursor, size_t depth)
{
    if (depth >= YAML_MAX_DEPTH)
        return leave(cursor);
    return is_item(cursor) ? take_list(cursor, depth) : take_mapping(cursor, depth);
}

enum status yaml_simple_parse(const char *file, const char *octets, size_t length,
                              struct arena *arena, struct yaml_node **out)
{
    char *copy = arena_copy(arena, octets, length);
    struct cursor cursor = {.file = file, .arena = arena, .next = copy};
    struct yaml_node *root = NULL;

    *out = NULL;
    if (copy == NULL)
        return STATUS_SYSTEM;
    cursor.end = copy + length;
    next_line(&cursor);
    if (!cursor.is_other && !cursor.has_ended && !is_item(&cursor))
        root = take_mapping(&cursor, 0);
    if (arena_failed(arena))
        return STATUS_SYSTEM;
    if (root == NULL || !cursor.has_ended)
        return STATUS_NOT_FOUND;
    *out = root;
    return STATUS_OK;
}
