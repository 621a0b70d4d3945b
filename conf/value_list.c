#include "conf/value_list.h"

#include "conf/names.h"
#include "conf/suggest.h"
#include "conf/units.h"
#include "conf/value_address.h"

#include <assert.h>
#include <string.h>

/* What `history` is where it is not written; one limit alone leaves the other like this. */
#define HISTORY_SECONDS    (30u * 86400)
#define HISTORY_OCTETS     (64u << 20)
#define HISTORY_MIN_OCTETS (64u << 10)
#define HISTORY_MAX_OCTETS ((uint64_t)64 << 30)

/* The list being read: where its items go, and how many there are by now. */
struct list {
    const struct value_context *context;
    const struct option *option;
    void *items;
    size_t count;
};

static void refuse_repeated(const struct list *list, const struct yaml_node *node)
{
    diag_error(list->context->diag, node->place, "conf-duplicate", "'%s' stands twice in '%s'",
               node->text, list->option->item);
}

static bool add_endpoint(struct list *list, const struct yaml_node *node)
{
    struct endpoint *items = list->items;
    struct endpoint *item = &items[list->count];

    if (!value_endpoint(list->context->diag, node->place, node->text, list->option->port, item))
        return false;
    /* A server may listen on every address; nobody can be reached there. */
    struct prefix host = prefix_of_address(&item->address.any);
    if (list->option->section != SECTION_SERVER &&
        !value_is_unicast(list->context->diag, node->place, &host))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (endpoint_equals(&items[i], item)) {
            refuse_repeated(list, node);
            return false;
        }
    }
    return true;
}

static bool add_prefix(struct list *list, const struct yaml_node *node)
{
    struct prefix *items = list->items;
    struct prefix *item = &items[list->count];

    if (!value_prefix(list->context->diag, node->place, node->text, item))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (items[i].bits == item->bits && prefix_contains(&items[i], item)) {
            refuse_repeated(list, node);
            return false;
        }
    }
    return true;
}

static bool add_word(struct list *list, const struct yaml_node *node)
{
    unsigned *items = list->items;
    return value_word(list->context, list->option, node, &items[list->count]);
}

/* One limit of a zone's history: `off`, an age or a size; 0 where the item says nothing of it. */
static bool add_history(struct list *list, const struct yaml_node *node)
{
    struct config_history *items = list->items;
    struct config_history *item = &items[list->count];
    uint64_t value = 0;

    *item = (struct config_history){0, 0};
    if (strcmp(node->text, "off") == 0)
        return true;
    /* Times and sizes are told apart by their suffix: elsewhere its letter case does not matter,
     * here 64m is an age and 64M a size. */
    bool is_size = strpbrk(node->text, "kKMgG") != NULL;
    if (!is_size && strpbrk(node->text, "smhdw") != NULL &&
        units_seconds(node->text, UINT32_MAX, &value) == STATUS_OK && value > 0) {
        item->seconds = (uint32_t)value;
        return true;
    }
    if (is_size && units_octets(node->text, HISTORY_MAX_OCTETS, &item->octets) == STATUS_OK &&
        item->octets >= HISTORY_MIN_OCTETS)
        return true;
    diag_error(list->context->diag, node->place, "conf-history",
               "history '%s' is neither an age, such as 30d, nor a size from 64K on, such as 64M, "
               "nor 'off'",
               node->text);
    return false;
}

/* What has an id: the n-th one's, NULL where it is missing or wrong, and where it is. */
struct referred {
    const char *id;
    const void *item;
};

static struct referred remote_at(const struct config *config, size_t n)
{
    return (struct referred){config->remotes[n].id, &config->remotes[n]};
}

static struct referred key_at(const struct config *config, size_t n)
{
    return (struct referred){config->keys[n].id, &config->keys[n]};
}

static struct referred acl_at(const struct config *config, size_t n)
{
    return (struct referred){config->acls[n].id, &config->acls[n]};
}

static bool add_reference(struct list *list, const struct yaml_node *node, const void *item)
{
    const void **items = list->items;

    for (size_t i = 0; i < list->count; i++) {
        if (items[i] == item) {
            refuse_repeated(list, node);
            return false;
        }
    }
    items[list->count] = item;
    return true;
}

/* Finds the one of `count` that the node names, and adds it. */
static bool refer(struct list *list, const struct yaml_node *node, const char *what, size_t count,
                  struct referred (*at)(const struct config *config, size_t n))
{
    struct suggestion suggestion;

    for (size_t i = 0; i < count; i++) {
        struct referred referred = at(list->context->config, i);
        if (referred.id != NULL && strcmp(referred.id, node->text) == 0)
            return add_reference(list, node, referred.item);
    }
    /* Comparing costs a hundred times as much: only where there is something to say. */
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < count; i++) {
        struct referred referred = at(list->context->config, i);
        if (referred.id != NULL)
            suggest_candidate(&suggestion, referred.id);
    }
    value_refuse_reference(list->context, node, what, suggestion.best);
    return false;
}

static bool add_remote(struct list *list, const struct yaml_node *node)
{
    return refer(list, node, "remote", list->context->config->remote_count, remote_at);
}

static bool add_key(struct list *list, const struct yaml_node *node)
{
    return refer(list, node, "key", list->context->config->key_count, key_at);
}

static bool add_acl(struct list *list, const struct yaml_node *node)
{
    return refer(list, node, "acl", list->context->config->acl_count, acl_at);
}

/* Takes the next word, between blanks, out of a writable text; NULL at its end. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " ");
    if (*word == '\0')
        return NULL;
    *text = word + strcspn(word, " ");
    if (**text != '\0')
        *(*text)++ = '\0';
    return word;
}

/* The addresses behind a name server's name; false when one is wrong. */
static bool read_addresses(struct list *list, const struct yaml_node *node, char *rest,
                           struct config_nameserver *server)
{
    struct diag *diag = list->context->diag;
    bool right = true;

    server->addresses =
        arena_alloc(list->context->arena, (node->length / 2 + 1) * sizeof(struct prefix));
    if (server->addresses == NULL)
        return false;
    for (char *word; (word = next_word(&rest)) != NULL;) {
        struct prefix *address = &server->addresses[server->address_count];
        bool repeated = false;
        if (!value_host(diag, node->place, word, address)) {
            right = false;
            continue;
        }
        for (size_t i = 0; i < server->address_count; i++)
            repeated = repeated || prefix_contains(&server->addresses[i], address);
        if (repeated)
            diag_error(diag, node->place, "conf-duplicate", "'%s' stands twice behind its name",
                       word);
        server->address_count += repeated ? 0 : 1;
    }
    return right;
}

static bool add_nameserver(struct list *list, const struct yaml_node *node)
{
    struct config_nameserver *items = list->items;
    struct config_nameserver server = {.place = node->place};
    char *rest = arena_copy(list->context->arena, node->text, node->length);

    char *word = rest != NULL ? next_word(&rest) : NULL;
    if (word == NULL)
        return false;
    const char *why = value_is_address(word) ? "it is an address; write the name before it"
                                             : names_domain(word, true, &server.name);
    if (why != NULL) {
        diag_error(list->context->diag, node->place, "conf-name",
                   "'%s' is not the name of a name server: %s", word, why);
        return false;
    }
    if (!read_addresses(list, node, rest, &server))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (name_equals(items[i].name.octets, server.name.octets)) {
            diag_error(list->context->diag, node->place, "conf-duplicate",
                       "name server '%s' stands twice; put all its addresses on one line", word);
            return false;
        }
    }
    items[list->count] = server;
    return true;
}

/* What reads one item of a kind, and the size of the items. */
struct list_kind {
    enum option_kind kind;
    size_t item_octets;
    bool (*add)(struct list *list, const struct yaml_node *node);
};

static const struct list_kind kinds[] = {
    {OPTION_ENDPOINTS, sizeof(struct endpoint), add_endpoint},
    {OPTION_PREFIXES, sizeof(struct prefix), add_prefix},
    {OPTION_NAMESERVERS, sizeof(struct config_nameserver), add_nameserver},
    {OPTION_KEYS, sizeof(struct config_key *), add_key},
    {OPTION_REMOTES, sizeof(struct config_remote *), add_remote},
    {OPTION_ACLS, sizeof(struct config_acl *), add_acl},
    {OPTION_WORDS, sizeof(unsigned), add_word},
    {OPTION_HISTORY, sizeof(struct config_history), add_history},
};

static const struct list_kind *find_kind(enum option_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

bool value_list_takes(enum option_kind kind)
{
    return find_kind(kind) != NULL;
}

/* Joins the limits into one; what is said of neither stays as it is by default. */
static void store_history(const struct list *list, void *section)
{
    const struct config_history *items = list->items;
    struct config_history all = {HISTORY_SECONDS, HISTORY_OCTETS};

    for (size_t i = 0; i < list->count; i++) {
        if (items[i].seconds > 0)
            all.seconds = items[i].seconds;
        if (items[i].octets > 0)
            all.octets = items[i].octets;
        if (items[i].seconds == 0 && items[i].octets == 0)
            all = items[i];
    }
    memcpy((char *)section + list->option->offset, &all, sizeof all);
}

/* Puts the finished list into the struct; words are or-ed into one number. */
static void store_list(const struct list *list, void *section)
{
    const struct option *option = list->option;

    if (option->kind == OPTION_HISTORY) {
        store_history(list, section);
        return;
    }
    if (option->kind == OPTION_WORDS) {
        const unsigned *words = list->items;
        unsigned all = 0;
        for (size_t i = 0; i < list->count; i++)
            all |= words[i];
        memcpy((char *)section + option->offset, &all, sizeof all);
        return;
    }
    memcpy((char *)section + option->offset, &list->items, sizeof list->items);
    memcpy((char *)section + option->count_offset, &list->count, sizeof list->count);
}

void value_list_read(const struct value_context *context, const struct option *option,
                     const struct yaml_node *node, void *section)
{
    const struct list_kind *kind = find_kind(option->kind);
    bool is_list = node->kind == YAML_SEQUENCE;
    size_t count = is_list ? node->count : 1;

    assert(kind != NULL);
    if (is_list && count == 0) {
        diag_error(context->diag, node->place, "conf-empty", "'%s' has no value", option->item);
        return;
    }
    struct list list = {
        .context = context,
        .option = option,
        .items = arena_alloc(context->arena, count * kind->item_octets),
    };
    if (list.items == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = is_list ? node->items[i] : node;
        if (value_text(context, option, item) != NULL && kind->add(&list, item))
            list.count++;
    }
    store_list(&list, section);
}
