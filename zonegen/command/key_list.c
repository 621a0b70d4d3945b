#include "command/command.h"
#include "command/key.h"
#include "conf/json.h"

#include <string.h>

#define WORDS_OCTETS 160

/* What a key does, for people and for programs, by enum key_use. */
static const struct {
    unsigned use;
    const char *text;
    const char *json;
} uses[] = {
    {KEY_PUBLISHED, "published", "published"},
    {KEY_SIGNS_KEYS, "signs keys", "signs-keys"},
    {KEY_SIGNS_DATA, "signs data", "signs-data"},
    {KEY_WANTS_DS, "DS wanted", "wants-ds"},
};

#define USE_COUNT (sizeof uses / sizeof uses[0])

static const char *const parts[] = {"stays", "outgoing", "incoming"};

static void describe(const struct key_view *view, const struct keyfile *key,
                     char text[WORDS_OCTETS])
{
    unsigned use = key_view_use(view, key);
    enum key_part part = key_view_part(view, key);
    const char *between = "";
    size_t at = 0;

    text[0] = '\0';
    if (!view->known)
        at = (size_t)snprintf(text, WORDS_OCTETS, "use not known, see the errors");
    else if (use == 0)
        at = (size_t)snprintf(text, WORDS_OCTETS, "spare");
    else if (!view->remembered)
        at = (size_t)snprintf(
            text, WORDS_OCTETS,
            "%s: ", view->zone->dnssec ? "from the next publish on" : "with 'dnssec: on'");
    for (size_t i = 0; i < USE_COUNT; i++) {
        if ((use & uses[i].use) == 0)
            continue;
        at += (size_t)snprintf(text + at, WORDS_OCTETS - at, "%s%s", between, uses[i].text);
        between = ", ";
    }
    if (part != KEY_STAYS)
        snprintf(text + at, WORDS_OCTETS - at, ", %s", parts[part]);
}

static void print_text(const struct key_view *view, FILE *out)
{
    for (size_t i = 0; i < view->files.count; i++) {
        const struct keyfile *key = &view->files.items[i];
        char words[WORDS_OCTETS];
        describe(view, key, words);
        fprintf(out, "%5u  %-15s  %s  %s\n       %s\n", key->tag,
                keyfile_algorithm_name(key->algorithm), key_role_name(key_view_role(view, key)),
                words, key->path);
    }
}

static void print_key(const struct key_view *view, const struct keyfile *key, FILE *out)
{
    unsigned use = key_view_use(view, key);
    const char *between = "";

    fprintf(out, "{\"tag\":%u,\"algorithm\":%u,\"flags\":%u,\"role\":\"%s\",\"published\":%s,",
            key->tag, key->algorithm, key->flags, key_role_name(key_view_role(view, key)),
            view->remembered && (use & KEY_PUBLISHED) != 0 ? "true" : "false");
    fputs("\"use\":[", out);
    for (size_t i = 0; i < USE_COUNT; i++) {
        if ((use & uses[i].use) == 0)
            continue;
        fprintf(out, "%s\"%s\"", between, uses[i].json);
        between = ",";
    }
    fprintf(out, "],\"part\":\"%s\",\"file\":", parts[key_view_part(view, key)]);
    json_print_text(key->path, out);
    fputc('}', out);
}

static void print_json(const struct key_view *view, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < view->files.count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        print_key(view, &view->files.items[i], out);
    }
    fputs(view->files.count > 0 ? "\n]\n" : "]\n", out);
}

/* True when nothing is wrong but that there is no key: an answer too. */
static bool is_empty(const struct diag *diag)
{
    return diag_total(diag) == 1 && strcmp(diag_at(diag, 0)->rule, "key-none") == 0;
}

/* What could be read is printed, whatever else is wrong. */
static int list(struct key_view *view)
{
    struct context *context = view->context;

    enum status status = key_view_read(view);
    if (status != STATUS_OK && status != STATUS_INVALID)
        return OUTCOME_REFUSED;
    if (context->options->format == FORMAT_JSON)
        print_json(view, context->out);
    else
        print_text(view, context->out);
    if (status == STATUS_OK)
        return OUTCOME_DONE;
    fflush(context->out);
    context_say_diagnostics(context);
    return is_empty(context->diag) ? OUTCOME_DONE : OUTCOME_REFUSED;
}

int command_key_list(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    struct key_view view;
    int outcome = OUTCOME_REFUSED;

    if (key_view_open(context, operand, &view) == STATUS_OK)
        outcome = list(&view);
    key_view_close(&view);
    return outcome;
}
