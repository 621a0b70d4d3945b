#include "conf/value.h"

#include "conf/file.h"
#include "conf/names.h"
#include "conf/suggest.h"
#include "conf/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX_OCTETS 63

static void store(const struct option *option, void *section, const void *value, size_t octets)
{
    memcpy((char *)section + option->offset, value, octets);
}

static void store_unsigned(const struct option *option, void *section, uint64_t value)
{
    unsigned number = (unsigned)value;
    store(option, section, &number, sizeof number);
}

static void store_pointer(const struct option *option, void *section, const char *text)
{
    store(option, section, &text, sizeof text);
}

const char *value_text(const struct value_context *context, const struct option *option,
                       const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR) {
        diag_error(context->diag, node->place, "conf-kind", "'%s' takes a plain value here, not %s",
                   option->item, node->kind == YAML_SEQUENCE ? "a list" : "items of its own");
        return NULL;
    }
    if (node->length == 0) {
        diag_error(context->diag, node->place, "conf-empty", "'%s' has no value", option->item);
        return NULL;
    }
    if (strchr(node->text, '\n') != NULL) {
        diag_error(context->diag, node->place, "conf-kind", "'%s' takes one line", option->item);
        return NULL;
    }
    return node->text;
}

static bool is_duration(enum option_kind kind)
{
    return kind == OPTION_SECONDS || kind == OPTION_MILLISECONDS || kind == OPTION_DAYS;
}

/* `value` and the bounds have the unit that the table's bounds have. */
static bool check_range(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node, uint64_t value)
{
    char least[32];
    char most[32];
    uint64_t factor = option->kind == OPTION_DAYS ? 86400 : 1;

    if (value >= option->least && value <= option->most)
        return true;
    if (is_duration(option->kind)) {
        units_seconds_text(option->least * factor, least);
        units_seconds_text(option->most * factor, most);
    } else {
        snprintf(least, sizeof least, "%" PRIu64, option->least);
        snprintf(most, sizeof most, "%" PRIu64, option->most);
    }
    diag_error(context->diag, node->place, "conf-range",
               "%s '%s' is out of range; it must lie between %s and %s", option->item, node->text,
               least, most);
    return false;
}

static void read_number(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node, void *section)
{
    uint64_t value = 0;
    if (units_number(node->text, INT64_MAX, &value) != STATUS_OK)
        diag_error(context->diag, node->place, "conf-number", "%s '%s' is not a whole number",
                   option->item, node->text);
    else if (check_range(context, option, node, value))
        store_unsigned(option, section, value);
}

/* OPTION_OCTETS, OPTION_SIZE. */
static void read_octets(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node, void *section)
{
    uint64_t value = 0;
    if (units_octets(node->text, INT64_MAX, &value) != STATUS_OK) {
        diag_error(context->diag, node->place, "conf-size",
                   "%s '%s' is not a size; write a number of octets, or one with K, M or G",
                   option->item, node->text);
    } else if (check_range(context, option, node, value)) {
        uint16_t octets = (uint16_t)value;
        uint32_t size = (uint32_t)value;
        if (option->kind == OPTION_OCTETS)
            store(option, section, &octets, sizeof octets);
        else
            store(option, section, &size, sizeof size);
    }
}

static void read_duration(const struct value_context *context, const struct option *option,
                          const struct yaml_node *node, void *section)
{
    uint64_t value = 0;
    if (units_seconds(node->text, INT64_MAX, &value) != STATUS_OK) {
        diag_error(context->diag, node->place, "conf-time",
                   "%s '%s' is not a time; write a number with s, m, h, d or w, such as 15m",
                   option->item, node->text);
        return;
    }
    if (option->kind == OPTION_DAYS && value % 86400 != 0) {
        diag_error(context->diag, node->place, "conf-time",
                   "%s '%s' is not a number of whole days; write one with d or w, such as 150d",
                   option->item, node->text);
        return;
    }
    if (option->kind == OPTION_DAYS)
        value /= 86400;
    if (check_range(context, option, node, value))
        store_unsigned(option, section, option->kind == OPTION_MILLISECONDS ? value * 1000 : value);
}

static void read_text(const struct value_context *context, const struct option *option,
                      const struct yaml_node *node, void *section)
{
    if (node->length > option->most)
        diag_error(context->diag, node->place, "conf-text",
                   "%s holds %zu octets; at most %" PRIu64 " are possible", option->item,
                   node->length, option->most);
    else
        store_pointer(option, section, strcmp(node->text, "none") == 0 ? NULL : node->text);
}

/* Permissions as chmod(1) takes them; what a socket has no use for is refused. */
static void read_mode(const struct value_context *context, const struct option *option,
                      const struct yaml_node *node, void *section)
{
    char *end = NULL;
    unsigned long mode = strtoul(node->text, &end, 8);

    if (strspn(node->text, "01234567") == node->length && *end == '\0' && node->length <= 4 &&
        mode <= 0666 && (mode & 0111) == 0)
        store_unsigned(option, section, mode);
    else
        diag_error(context->diag, node->place, "conf-mode",
                   "%s '%s' is not a mode of a socket; write three octal digits, such as 0660",
                   option->item, node->text);
}

static const char *read_path(const struct value_context *context, const struct yaml_node *node)
{
    if (node->text[0] == '~') {
        diag_error(context->diag, node->place, "conf-path",
                   "'~' is not expanded in '%s'; write the whole path", node->text);
        return NULL;
    }
    return file_beside(context->arena, node->place.file, node->text);
}

static void read_tlds(const struct value_context *context, const struct yaml_node *node,
                      struct config *config)
{
    config->tlds_any = strcmp(node->text, "any") == 0;
    if (!config->tlds_any)
        config->tlds_file = read_path(context, node);
}

static void read_id(const struct value_context *context, const struct option *option,
                    const struct yaml_node *node, void *section)
{
    static const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_.";
    if (node->length > ID_MAX_OCTETS || strspn(node->text, allowed) != node->length)
        diag_error(context->diag, node->place, "conf-id",
                   "'%s' is not an id; use up to %d letters, digits, '-', '_' and '.'", node->text,
                   ID_MAX_OCTETS);
    else
        store_pointer(option, section, node->text);
}

/* Other spellings of on and off that people know from elsewhere. */
static const char *switch_meant(const char *text)
{
    static const char *const spellings[][2] = {
        {"yes", "on"},    {"no", "off"}, {"true", "on"},     {"false", "off"},
        {"1", "on"},      {"0", "off"},  {"enabled", "on"},  {"disabled", "off"},
        {"enable", "on"}, {"on", "on"},  {"disable", "off"}, {"off", "off"},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (strcasecmp(text, spellings[i][0]) == 0)
            return spellings[i][1];
    return NULL;
}

static void read_switch(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node, void *section)
{
    bool on = strcmp(node->text, "on") == 0;
    const char *meant = switch_meant(node->text);

    if (on || strcmp(node->text, "off") == 0)
        store(option, section, &on, sizeof on);
    else if (meant != NULL)
        diag_error(context->diag, node->place, "conf-switch",
                   "%s is 'on' or 'off'; write '%s: %s' "
                   "instead of '%s'",
                   option->item, option->item, meant, node->text);
    else
        diag_error(context->diag, node->place, "conf-switch", "%s is 'on' or 'off', not '%s'",
                   option->item, node->text);
}

static void refuse_word(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node)
{
    char list[128] = "";
    size_t length = 0;
    struct suggestion suggestion;

    suggest_start(&suggestion, node->text);
    for (const struct option_word *word = option->words; word->word != NULL; word++) {
        suggest_candidate(&suggestion, word->word);
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   length == 0 ? "" : ", ", word->word);
        if (length >= sizeof list)
            length = sizeof list - 1;
    }
    if (suggestion.best != NULL)
        diag_error(context->diag, node->place, "conf-word", "unknown %s '%s'; did you mean '%s'?",
                   option->item, node->text, suggestion.best);
    else
        diag_error(context->diag, node->place, "conf-word", "unknown %s '%s'; it is one of: %s",
                   option->item, node->text, list);
}

bool value_word(const struct value_context *context, const struct option *option,
                const struct yaml_node *node, unsigned *out)
{
    if (value_text(context, option, node) == NULL)
        return false;
    for (const struct option_word *word = option->words; word->word != NULL; word++) {
        if (strcmp(word->word, node->text) == 0) {
            *out = word->value;
            return true;
        }
    }
    refuse_word(context, option, node);
    return false;
}

static void read_name(const struct value_context *context, const struct option *option,
                      const struct yaml_node *node, void *section)
{
    struct name name;
    bool mailbox = option->kind == OPTION_MAILBOX;

    const char *why =
        mailbox ? names_mailbox(node->text, &name) : names_domain(node->text, false, &name);
    if (why == NULL)
        store(option, section, &name, sizeof name);
    else
        diag_error(context->diag, node->place, mailbox ? "conf-mailbox" : "conf-name",
                   "%s '%s' is not a %s: %s", option->item, node->text,
                   mailbox ? "mailbox" : "domain name", why);
}

void value_refuse_reference(const struct value_context *context, const struct yaml_node *node,
                            const char *what, const char *near)
{
    if (!context->complete)
        return;
    if (near != NULL)
        diag_error(context->diag, node->place, "conf-reference",
                   "%s '%s' is not defined; did you mean '%s'?", what, node->text, near);
    else
        diag_error(context->diag, node->place, "conf-reference",
                   "%s '%s' is not defined; add it under '%s:'", what, node->text, what);
}

static void read_policy(const struct value_context *context, const struct option *option,
                        const struct yaml_node *node, void *section)
{
    const struct config *config = context->config;
    struct suggestion suggestion;

    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < config->policy_count; i++) {
        const struct config_policy *policy = &config->policies[i];
        if (policy->id == NULL)
            continue;
        if (strcmp(policy->id, node->text) == 0) {
            store(option, section, &policy, sizeof policy);
            return;
        }
        suggest_candidate(&suggestion, policy->id);
    }
    value_refuse_reference(context, node, "policy", suggestion.best);
}

void value_read(const struct value_context *context, const struct option *option,
                const struct yaml_node *node, void *section)
{
    unsigned word = 0;
    const char *path = NULL;

    if (value_text(context, option, node) == NULL)
        return;
    switch (option->kind) {
    case OPTION_NUMBER:
        read_number(context, option, node, section);
        break;
    case OPTION_OCTETS:
    case OPTION_SIZE:
        read_octets(context, option, node, section);
        break;
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS:
    case OPTION_DAYS:
        read_duration(context, option, node, section);
        break;
    case OPTION_TEXT:
        read_text(context, option, node, section);
        break;
    case OPTION_MODE:
        read_mode(context, option, node, section);
        break;
    case OPTION_PATH:
        path = read_path(context, node);
        store_pointer(option, section, path);
        break;
    case OPTION_TLDS:
        read_tlds(context, node, section);
        break;
    case OPTION_ID:
        read_id(context, option, node, section);
        break;
    case OPTION_SWITCH:
        read_switch(context, option, node, section);
        break;
    case OPTION_WORD:
        if (value_word(context, option, node, &word))
            store_unsigned(option, section, word);
        break;
    case OPTION_DOMAIN:
    case OPTION_MAILBOX:
        read_name(context, option, node, section);
        break;
    case OPTION_POLICY:
        read_policy(context, option, node, section);
        break;
    default: /* lists and sections: not here */
        break;
    }
}
