#include "contacts/delegated.h"

#include "conf/file.h"
#include "conf/idn.h"
#include "contacts/tables.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX_OCTETS ((size_t)256 << 20)
#define COLUMNS         16
#define ABSENT          COLUMNS

/* In which columns a file holds what; ABSENT where it has no such column. */
struct columns {
    size_t a_label;
    size_t territory;
    size_t territory_ascii;
};

struct builder {
    struct arena *arena;
    struct diag *diag;
    const char *file;
    unsigned line;
    struct columns columns;
    const struct delegated_list *known; /* for territories; or NULL */
    struct delegated *items;
    size_t count;
    bool invalid;
    bool out_of_memory;
};

/* Cuts a line at its tabs, in place. Columns beyond the last are empty. */
static void split(char *line, const char *fields[COLUMNS + 1])
{
    for (size_t i = 0; i <= COLUMNS; i++)
        fields[i] = "";
    for (size_t i = 0; i < COLUMNS && line != NULL; i++)
        fields[i] = strsep(&line, "\t");
}

static size_t find_column(const char *const *fields, const char *name)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (strcmp(fields[i], name) == 0)
            return i;
    }
    return ABSENT;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f || *text == ';')
            return false;
    }
    return true;
}

/* The ASCII form of the territory in a line, or NULL. */
static const char *find_territory(const struct builder *builder, const char *const *fields)
{
    const char *ascii = fields[builder->columns.territory_ascii];
    const char *plain = fields[builder->columns.territory];
    const char *chosen = ascii[0] != '\0' ? ascii : plain;

    return chosen[0] != '\0' && is_ascii(chosen) ? chosen : NULL;
}

static const char *keep(struct builder *builder, const char *text)
{
    return text != NULL ? arena_copy(builder->arena, text, strlen(text)) : NULL;
}

static void add_label(struct builder *builder, const char *const *fields)
{
    char a_label[IDN_LABEL_OCTETS];
    char u_label[IDN_LABEL_OCTETS];
    const char *text = fields[builder->columns.a_label];

    enum status status = idn_to_a_label(text, a_label);
    if (status == STATUS_OK)
        status = idn_to_u_label(a_label, u_label);
    builder->out_of_memory = builder->out_of_memory || status == STATUS_SYSTEM;
    if (status == STATUS_SYSTEM)
        return;
    if (status != STATUS_OK) {
        diag_error(builder->diag, ((struct place){builder->file, builder->line, 1}), "tlds-syntax",
                   "'%.100s' is not one label of a domain name; write one A-label or U-label per "
                   "line",
                   text);
        builder->invalid = true;
        return;
    }
    const char *territory = keep(builder, find_territory(builder, fields));
    const struct delegated *known =
        builder->known != NULL ? delegated_find(builder->known, a_label) : NULL;
    if (territory == NULL && known != NULL)
        territory = known->territory;
    builder->items[builder->count++] = (struct delegated){
        .a_label = keep(builder, a_label),
        .u_label = strcmp(a_label, u_label) != 0 ? keep(builder, u_label) : NULL,
        .territory = territory,
    };
}

/* Takes one line, which it cuts up. */
static void add_line(struct builder *builder, char *line)
{
    const char *fields[COLUMNS + 1];

    builder->line++;
    line += builder->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    size_t length = strlen(line);
    while (length > 0 && strchr("\r \t", line[length - 1]) != NULL)
        line[--length] = '\0';
    if (length == 0 || line[0] == '#')
        return;
    split(line, fields);
    size_t heading = find_column(fields, "a_label");
    if (heading == ABSENT || builder->count > 0) {
        add_label(builder, fields);
        return;
    }
    builder->columns = (struct columns){heading, find_column(fields, "territory"),
                                        find_column(fields, "territory_ascii")};
}

static int compare_items(const void *left, const void *right)
{
    const struct delegated *a = left;
    const struct delegated *b = right;
    return strcmp(a->a_label, b->a_label);
}

/* Sorts the items, and leaves out labels that come again. */
static struct delegated_list finish(struct builder *builder)
{
    size_t kept = 0;

    if (builder->count > 0)
        qsort(builder->items, builder->count, sizeof builder->items[0], compare_items);
    for (size_t i = 0; i < builder->count; i++) {
        if (kept == 0 || compare_items(&builder->items[kept - 1], &builder->items[i]) != 0)
            builder->items[kept++] = builder->items[i];
    }
    return (struct delegated_list){.count = kept, .items = builder->items};
}

static struct builder start(struct arena *arena, struct diag *diag, size_t lines)
{
    return (struct builder){
        .arena = arena,
        .diag = diag,
        .columns = {0, ABSENT, ABSENT},
        .items = lines < SIZE_MAX / sizeof(struct delegated)
                     ? arena_alloc(arena, lines * sizeof(struct delegated))
                     : NULL,
    };
}

static enum status read_builtin(struct arena *arena, struct diag *diag, struct delegated_list *out)
{
    struct builder builder = start(arena, diag, tables_cctlds_count);

    if (builder.items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < tables_cctlds_count; i++) {
        char *line = arena_copy(arena, tables_cctlds[i], strlen(tables_cctlds[i]));
        if (line == NULL)
            break;
        add_line(&builder, line);
    }
    if (arena_failed(arena) || builder.out_of_memory)
        return STATUS_SYSTEM;
    *out = finish(&builder);
    return builder.invalid ? STATUS_INVALID : STATUS_OK;
}

static size_t count_lines(const char *octets, size_t length)
{
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += octets[i] == '\n' ? 1 : 0;
    return lines;
}

static enum status read_list(const char *path, const struct delegated_list *builtin,
                             struct arena *arena, struct diag *diag, struct delegated_list *out)
{
    char *octets;
    size_t length;
    enum status status = file_read(path, LIST_MAX_OCTETS, arena, diag, &octets, &length);
    if (status != STATUS_OK)
        return status;
    struct builder builder = start(arena, diag, count_lines(octets, length));
    if (builder.items == NULL)
        return STATUS_SYSTEM;
    builder.file = path;
    builder.known = builtin;
    while (octets != NULL)
        add_line(&builder, strsep(&octets, "\n"));
    if (arena_failed(arena) || builder.out_of_memory)
        return STATUS_SYSTEM;
    *out = finish(&builder);
    if (out->count == 0 && !builder.invalid) {
        diag_error(diag, ((struct place){.file = path}), "tlds-syntax",
                   "no label in this list; write one per line");
        builder.invalid = true;
    }
    return builder.invalid ? STATUS_INVALID : STATUS_OK;
}

enum status delegated_read(const struct config *config, struct arena *arena, struct diag *diag,
                           struct delegated_list *out)
{
    struct delegated_list builtin;
    enum status status = read_builtin(arena, diag, &builtin);

    if (status != STATUS_OK)
        return status;
    if (config == NULL || config->tlds_file == NULL) {
        *out = builtin;
        out->any = config != NULL && config->tlds_any;
        return STATUS_OK;
    }
    return read_list(config->tlds_file, &builtin, arena, diag, out);
}

static int compare_label(const void *a_label, const void *item)
{
    return strcmp(a_label, ((const struct delegated *)item)->a_label);
}

const struct delegated *delegated_find(const struct delegated_list *list, const char *a_label)
{
    if (list->count == 0)
        return NULL;
    return bsearch(a_label, list->items, list->count, sizeof list->items[0], compare_label);
}
