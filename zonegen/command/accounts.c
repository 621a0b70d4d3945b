#include "command/accounts.h"

#include "conf/ordered.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A file that was changed this shortly before it was read may be changed again without a new time:
 * file systems count in steps, of a few milliseconds mostly, of two seconds at most (FAT).
 */
#define STEP_NS INT64_C(2000000000)

_Static_assert(SOURCE_DIGEST_OCTETS == SHA256_DIGEST_LENGTH, "a source's digest is a SHA-256");

void accounts_digest(const void *octets, size_t length, uint8_t out[SOURCE_DIGEST_OCTETS])
{
    (void)SHA256(octets, length, out);
}

const char *accounts_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool make_room(struct accounts *accounts)
{
    if (accounts->count < accounts->room)
        return true;
    size_t room = accounts->room * 2 + 64;
    struct source *items = reallocarray(accounts->items, room, sizeof *items);
    if (items == NULL)
        return false;
    accounts->items = items;
    accounts->room = room;
    return true;
}

static bool is_settled(const struct file_stamp *stamp, int64_t clock_ns)
{
    int64_t last = stamp->modified_ns > stamp->changed_ns ? stamp->modified_ns : stamp->changed_ns;
    return last < clock_ns - STEP_NS;
}

/* As accounts_digest(), which looks for what makes digests each time. */
static bool digest(const struct accounts *accounts, const struct file_content *content,
                   struct source *out)
{
    EVP_MD_CTX *digester = accounts->digester;
    return EVP_DigestInit_ex(digester, NULL, NULL) == 1 &&
           EVP_DigestUpdate(digester, content->octets, content->length) == 1 &&
           EVP_DigestFinal_ex(digester, out->digest, NULL) == 1;
}

static void see(void *state, const char *path, const struct file_content *content)
{
    struct accounts *accounts = state;
    const char *name = accounts_base_name(path);

    if (accounts->failed || !make_room(accounts)) {
        accounts->failed = true;
        return;
    }
    struct source *item = &accounts->items[accounts->count++];
    *item = (struct source){.name = arena_copy(accounts->arena, name, strlen(name)),
                            .fate = SOURCE_NEW};
    if (is_settled(&content->stamp, accounts->clock_ns))
        item->stamp = content->stamp;
    accounts->failed = accounts->failed || item->name == NULL || !digest(accounts, content, item);
}

void accounts_open(struct arena *arena, struct accounts *out)
{
    struct timespec now = {.tv_sec = 0};

    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct accounts){
        .arena = arena,
        .clock_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
        .witness = {out, see},
        .digester = EVP_MD_CTX_new(),
    };
    out->failed =
        out->digester == NULL || EVP_DigestInit_ex(out->digester, EVP_sha256(), NULL) != 1;
}

void accounts_close(struct accounts *accounts)
{
    EVP_MD_CTX_free(accounts->digester);
    accounts->digester = NULL;
    free(accounts->items);
    accounts->items = NULL;
}

static int compare_files(const void *left, const void *right)
{
    const struct entry *const *a = left;
    const struct entry *const *b = right;
    return strcmp(accounts_base_name((*a)->file), accounts_base_name((*b)->file));
}

static void complete(const struct entry *entry, int32_t today, struct source *out)
{
    out->made_days = today;
    out->verified_days = entry->verified_days;
    out->label_count = (uint8_t)entry->label_count;
    out->labels = entry->labels;
    for (size_t i = 0; i < entry->contact_count; i++) {
        enum visibility visibility = entry->contacts[i].visibility;
        if (visibility == VISIBILITY_PUBLIC)
            out->public_count++;
        else if (visibility == VISIBILITY_MEMBERS)
            out->members_count++;
    }
}

enum status accounts_complete(const struct accounts *accounts, const struct contacts *contacts,
                              int32_t today, struct sources *out)
{
    const struct entry **entries =
        arena_alloc(accounts->arena, (contacts->entry_count + 1) * sizeof *entries);
    struct sources all = {accounts->count, accounts->items};
    size_t at = 0;

    *out = (struct sources){
        0, arena_alloc(accounts->arena, (accounts->count + 1) * sizeof *out->items)};
    if (entries == NULL || out->items == NULL || accounts->failed)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < contacts->entry_count; i++)
        entries[i] = &contacts->entries[i];
    ordered_sort(entries, contacts->entry_count, sizeof *entries, compare_files);
    sources_sort(&all);
    for (size_t i = 0; i < all.count && at < contacts->entry_count; i++) {
        if (strcmp(accounts_base_name(entries[at]->file), all.items[i].name) != 0)
            continue;
        struct source *item = &out->items[out->count++];
        *item = all.items[i];
        complete(entries[at++], today, item);
    }
    return STATUS_OK;
}

/* Contacts of which nothing is known but who sees them: first public ones, then those for members.
 * Any number of each lies together in here. */
static struct contact *make_blanks(struct arena *arena)
{
    struct contact *blanks = arena_alloc(arena, 2 * ENTRY_MAX_PUBLISHED * sizeof *blanks);

    for (size_t i = 0; blanks != NULL && i < 2 * (size_t)ENTRY_MAX_PUBLISHED; i++)
        blanks[i].visibility = i < ENTRY_MAX_PUBLISHED ? VISIBILITY_PUBLIC : VISIBILITY_MEMBERS;
    return blanks;
}

static struct entry summary_of(const struct source *source, struct contact *blanks)
{
    return (struct entry){
        .file = source->name,
        .place = {.file = source->name},
        .label_count = source->label_count,
        .labels = source->labels,
        .verified_days = source->verified_days,
        .contact_count = (size_t)source->public_count + source->members_count,
        .contacts = blanks + ENTRY_MAX_PUBLISHED - source->public_count,
        .is_summary = true,
        .as_of_days = source->made_days,
    };
}

static int compare_labels(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return strcmp(a->labels[0].a_label, b->labels[0].a_label);
}

enum status accounts_summarise(const struct sources *sources, struct arena *arena,
                               struct contacts *contacts)
{
    size_t room = contacts->entry_count + sources->count;
    struct entry *entries = arena_alloc(arena, (room + 1) * sizeof *entries);
    struct contact *blanks = make_blanks(arena);
    size_t count = 0;

    if (entries == NULL || blanks == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < sources->count; i++)
        if (sources->items[i].fate == SOURCE_STAYS)
            entries[count++] = summary_of(&sources->items[i], blanks);
    if (contacts->entry_count > 0)
        memcpy(entries + count, contacts->entries, contacts->entry_count * sizeof *entries);
    contacts->entries = entries;
    contacts->entry_count += count;
    /* As contacts_read() leaves them. They are in order but for the few that were read. */
    ordered_sort(contacts->entries, contacts->entry_count, sizeof *contacts->entries,
                 compare_labels);
    return STATUS_OK;
}
