#include "command/changed.h"

#include "conf/yaml.h"
#include "contacts/paths.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- what is configured ---- */

static bool is_same_place(const char *a, const char *b)
{
    struct stat left;
    struct stat right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The folder that a path lies in; "" and "/" included. */
static bool parent_of(const char *path, char out[PATH_MAX])
{
    size_t length = strlen(path);

    if (length >= PATH_MAX)
        return false;
    char copy[PATH_MAX];
    memcpy(copy, path, length + 1);
    const char *parent = dirname(copy);
    memmove(out, parent, strlen(parent) + 1);
    return true;
}

bool changed_is_all(const struct config *config, const char *path)
{
    return config->contacts != NULL && is_same_place(config->contacts, path);
}

const char *changed_name_of(const struct config *config, const char *path)
{
    const char *name = accounts_base_name(path);
    char folder[PATH_MAX];
    char parent[PATH_MAX];

    if (config->contacts == NULL || !parent_of(path, parent))
        return NULL;
    if (is_folder(config->contacts))
        return paths_is_contacts(name) && is_same_place(config->contacts, parent) ? name : NULL;
    bool is_it = strcmp(name, accounts_base_name(config->contacts)) == 0 &&
                 parent_of(config->contacts, folder) && is_same_place(folder, parent);
    return is_it ? name : NULL;
}

enum status changed_open(const struct config *config, struct snapshot *snapshot,
                         struct arena *arena, struct changed *out)
{
    size_t length = config->contacts != NULL ? strlen(config->contacts) : 0;
    struct stat info;

    *out = (struct changed){.arena = arena};
    while (length > 1 && config->contacts[length - 1] == '/')
        length--;
    if (length == 0 || stat(config->contacts, &info) != 0)
        return STATUS_NOT_FOUND;
    out->is_folder = S_ISDIR(info.st_mode);
    out->contacts = arena_copy(arena, config->contacts, length);
    if (out->contacts == NULL)
        return STATUS_SYSTEM;
    return sources_read(snapshot, arena, &out->before);
}

const char *changed_path_of(const struct changed *changed, const char *name)
{
    return changed->is_folder ? file_join(changed->arena, changed->contacts, name)
                              : changed->contacts;
}

/* Has a file read; there is room. */
static enum status add_path(struct changed *changed, const char *name)
{
    const char *path = changed_path_of(changed, name);
    if (path == NULL)
        return STATUS_SYSTEM;
    changed->paths[changed->path_count++] = path;
    return STATUS_OK;
}

static enum status make_room(struct changed *changed, size_t count)
{
    changed->paths = arena_alloc(changed->arena, (count + 1) * sizeof *changed->paths);
    return changed->paths != NULL ? STATUS_OK : STATUS_SYSTEM;
}

/* ---- all files ---- */

static enum status survey(const struct changed *changed, struct file_survey *out)
{
    struct diag *unheard = diag_create(); /* a publish of everything says it */

    if (unheard == NULL)
        return STATUS_SYSTEM;
    enum status status = paths_survey(changed->contacts, changed->arena, unheard, out);
    diag_destroy(unheard);
    return status == STATUS_OK && out->count == 0 ? STATUS_INVALID : status;
}

static enum status digest_file(const struct changed *changed, const char *name,
                               struct arena *scratch, struct source *out)
{
    const char *path = changed_path_of(changed, name);
    struct diag *unheard = diag_create();
    struct file_content content;

    arena_reset(scratch);
    enum status status = path != NULL && unheard != NULL
                             ? file_read_stamped(path, YAML_MAX_OCTETS, scratch, unheard, &content)
                             : STATUS_SYSTEM;
    diag_destroy(unheard);
    *out = (struct source){.name = name};
    if (status == STATUS_OK)
        accounts_digest(content.octets, content.length, out->digest);
    return status;
}

enum status changed_digest_all(const struct changed *changed, struct sources *out)
{
    struct arena *scratch = arena_create();
    struct file_survey files;

    *out = (struct sources){0};
    enum status status = scratch != NULL ? survey(changed, &files) : STATUS_SYSTEM;
    if (status == STATUS_OK) {
        out->items = arena_alloc(changed->arena, files.count * sizeof *out->items);
        status = out->items != NULL ? STATUS_OK : STATUS_SYSTEM;
    }
    for (; status == STATUS_OK && out->count < files.count; out->count++)
        status =
            digest_file(changed, files.items[out->count].name, scratch, &out->items[out->count]);
    arena_destroy(scratch);
    return status;
}

static bool is_known(const struct file_stamp *stamp)
{
    static const struct file_stamp unknown = {.octets = 0};
    return !file_stamp_equals(stamp, &unknown);
}

/* Looks into a file that may be another. Where its content is the same, the source gets the new
 * stamp and stays. What cannot be read counts as changed: reading it says why. */
static bool has_other_content(const struct changed *changed, struct source *source,
                              struct accounts *accounts, struct arena *scratch)
{
    const char *path = changed_path_of(changed, source->name);
    struct diag *unheard = diag_create();
    struct file_content content;

    arena_reset(scratch);
    bool is_read =
        path != NULL && unheard != NULL &&
        file_read_stamped(path, YAML_MAX_OCTETS, scratch, unheard, &content) == STATUS_OK;
    diag_destroy(unheard);
    if (!is_read)
        return true;
    accounts->count = 0;
    accounts->witness.see(accounts->witness.state, path, &content);
    if (accounts->failed ||
        memcmp(accounts->items[0].digest, source->digest, sizeof source->digest) != 0)
        return true;
    if (!file_stamp_equals(&accounts->items[0].stamp, &source->stamp)) {
        source->stamp = accounts->items[0].stamp;
        source->is_restamped = true;
    }
    return false;
}

static bool has_aged(const struct source *source, const struct contacts_rules *rules)
{
    return entry_freshness(source->verified_days, source->made_days, &rules->freshness) !=
           entry_freshness(source->verified_days, rules->today, &rules->freshness);
}

/* What the comparison of two lists works with. */
struct search {
    struct changed *changed;
    const struct contacts_rules *rules;
    struct accounts accounts;
    struct arena *scratch;
};

/* A file that is stored and there. */
static enum status meet(struct search *search, const struct file_item *file, struct source *source)
{
    if (source->made_days > search->rules->today)
        return STATUS_INVALID;
    bool is_same = is_known(&source->stamp) && file_stamp_equals(&file->stamp, &source->stamp);
    bool is_changed = has_aged(source, search->rules) ||
                      (!is_same && has_other_content(search->changed, source, &search->accounts,
                                                     search->scratch));
    if (!is_changed)
        return STATUS_OK;
    source->fate = SOURCE_GONE; /* for the time being: it is read anew */
    return add_path(search->changed, source->name);
}

static enum status compare_lists(struct search *search, const struct file_survey *files)
{
    struct changed *changed = search->changed;
    enum status status = STATUS_OK;
    size_t f = 0;
    size_t s = 0;

    while (status == STATUS_OK && (f < files->count || s < changed->before.count)) {
        struct source *source = s < changed->before.count ? &changed->before.items[s] : NULL;
        const struct file_item *file = f < files->count ? &files->items[f] : NULL;
        int order = file == NULL ? 1 : source == NULL ? -1 : strcmp(file->name, source->name);
        if (order == 0)
            status = meet(search, file, source);
        else if (order < 0)
            status = add_path(changed, file->name);
        else if (source != NULL)
            source->fate = SOURCE_GONE;
        f += order <= 0;
        s += order >= 0;
    }
    return status;
}

enum status changed_find(struct changed *changed, const struct contents *contents)
{
    struct search search = {changed, &contents->rules, {.count = 0}, arena_create()};
    struct file_survey files;

    if (search.scratch == NULL)
        return STATUS_SYSTEM;
    enum status status = survey(changed, &files);
    if (status == STATUS_OK)
        status = make_room(changed, files.count);
    accounts_open(search.scratch, &search.accounts);
    if (status == STATUS_OK)
        status = compare_lists(&search, &files);
    accounts_close(&search.accounts);
    arena_destroy(search.scratch);
    return status;
}

/* ---- named files ---- */

enum status changed_name(struct changed *changed, const char *const *names, size_t count)
{
    enum status status = make_room(changed, count);

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct source *source = sources_find(&changed->before, names[i]);
        const char *path = changed_path_of(changed, names[i]);
        struct stat info;
        bool is_there = path != NULL && lstat(path, &info) == 0;
        if (source != NULL)
            source->fate = SOURCE_GONE;
        status = is_there ? add_path(changed, names[i]) : STATUS_OK;
    }
    return status;
}

/* ---- the rest ---- */

static int compare_texts(const void *left, const void *right)
{
    return strcasecmp(*(const char *const *)left, *(const char *const *)right);
}

/* Adds the names below which an entry with these labels is published. */
static void add_labels(const struct entry_label *labels, size_t count, const char **out,
                       size_t *out_count)
{
    for (size_t i = 0; i < count; i++) {
        const char *const forms[] = {labels[i].a_label, labels[i].u_label, labels[i].upper};
        for (size_t n = 0; n < sizeof forms / sizeof forms[0]; n++)
            if (forms[n] != NULL)
                out[(*out_count)++] = forms[n];
    }
}

/* Labels, and room for those of some files. */
struct label_set {
    size_t count;
    const char **items;
};

static enum status collect_labels(const struct sources *sources, enum source_fate fate,
                                  struct arena *arena, struct label_set *out)
{
    size_t room = 0;

    for (size_t i = 0; i < sources->count; i++)
        room += sources->items[i].fate == fate ? 3u * sources->items[i].label_count : 0;
    *out = (struct label_set){0, arena_alloc(arena, (room + 1) * sizeof *out->items)};
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->items[i];
        if (source->fate == fate)
            add_labels(source->labels, source->label_count, out->items, &out->count);
    }
    qsort(out->items, out->count, sizeof *out->items, compare_texts);
    return STATUS_OK;
}

static bool is_among(const struct label_set *set, const char *label)
{
    return bsearch(&label, set->items, set->count, sizeof *set->items, compare_texts) != NULL;
}

/* The labels of either set that the other lacks. */
static enum status find_moved(const struct label_set *before, const struct label_set *after,
                              struct arena *arena, struct label_set *out)
{
    *out = (struct label_set){
        0, arena_alloc(arena, (before->count + after->count + 1) * sizeof *out->items)};
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < before->count; i++)
        if (!is_among(after, before->items[i]))
            out->items[out->count++] = before->items[i];
    for (size_t i = 0; i < after->count; i++)
        if (!is_among(before, after->items[i]))
            out->items[out->count++] = after->items[i];
    qsort(out->items, out->count, sizeof *out->items, compare_texts);
    return STATUS_OK;
}

/* True when a file that did not change has one of these labels. */
static bool touches_others(const struct sources *sources, const struct label_set *moved)
{
    for (size_t i = 0; i < sources->count && moved->count > 0; i++) {
        const struct source *source = &sources->items[i];
        const char *labels[3 * ENTRY_MAX_LABELS];
        size_t count = 0;
        if (source->fate != SOURCE_STAYS)
            continue;
        add_labels(source->labels, source->label_count, labels, &count);
        for (size_t n = 0; n < count; n++)
            if (is_among(moved, labels[n]))
                return true;
    }
    return false;
}

/* Drops what is read anew; names what has another stamp for writing. */
static void keep_others(struct sources *before, const struct sources *read)
{
    size_t kept = 0;

    for (size_t i = 0; i < before->count; i++) {
        struct source *source = &before->items[i];
        if (source->fate == SOURCE_GONE && sources_find(read, source->name) != NULL)
            continue;
        if (source->is_restamped && source->fate == SOURCE_STAYS)
            source->fate = SOURCE_NEW;
        if (kept != i)
            before->items[kept] = *source;
        kept++;
    }
    before->count = kept;
}

/* All sources: those that stay, those that were read, those that are gone and were not. They take
 * the place of those from before, where these leave enough of it. */
static enum status merge_sources(struct sources *before, const struct sources *read,
                                 struct arena *arena, struct sources *out)
{
    const size_t room = before->count;

    keep_others(before, read);
    *out = *before;
    if (before->count + read->count > room)
        out->items = arena_alloc(arena, (before->count + read->count + 1) * sizeof *out->items);
    if (out->items == NULL)
        return STATUS_SYSTEM;
    if (out->items != before->items && before->count > 0)
        memcpy(out->items, before->items, before->count * sizeof *out->items);
    if (read->count > 0)
        memcpy(out->items + out->count, read->items, read->count * sizeof *out->items);
    out->count += read->count;
    sources_sort(out);
    *before = *out;
    return STATUS_OK;
}

enum status changed_complete(struct changed *changed, struct contents *contents)
{
    struct arena *arena = changed->arena;
    struct sources read = contents->sources;
    struct label_set former;
    struct label_set present;
    struct label_set moved;

    enum status status = collect_labels(&changed->before, SOURCE_GONE, arena, &former);
    if (status == STATUS_OK)
        status = collect_labels(&read, SOURCE_NEW, arena, &present);
    if (status == STATUS_OK)
        status = find_moved(&former, &present, arena, &moved);
    if (status == STATUS_OK && touches_others(&changed->before, &moved))
        return STATUS_INVALID;
    if (status == STATUS_OK)
        status = accounts_summarise(&changed->before, arena, &contents->contacts);
    if (status != STATUS_OK)
        return status;
    contents->contacts.former = former.items;
    contents->contacts.former_count = former.count;
    return merge_sources(&changed->before, &read, arena, &contents->sources);
}
