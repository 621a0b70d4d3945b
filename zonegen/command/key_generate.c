#include "command/command.h"
#include "command/key.h"

#include <stdlib.h>
#include <string.h>

#define MAX_MADE 2

/* Keys to be made, and those that were. */
struct making {
    struct key_view *view;
    size_t count;
    enum key_role roles[MAX_MADE];
    struct keyfile made[MAX_MADE];
};

/* Lists what is there: "CSK 12345, ZSK 54321". */
static void list_keys(const struct key_view *view, char *text, size_t size)
{
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < view->files.count && at < size; i++) {
        const struct keyfile *key = &view->files.items[i];
        at += (size_t)snprintf(text + at, size - at, "%s%s %u", i > 0 ? ", " : "",
                               key_role_name(key_view_role(view, key)), key->tag);
    }
}

/* What is there already must not be doubled by chance. */
static int refuse_more(const struct key_view *view)
{
    char keys[256];

    list_keys(view, keys, sizeof keys);
    context_say(view->context,
                "%s: zone %s has keys already: %s; --spare%s makes one more, 'zonegen key list' "
                "tells what they do",
                view->zone->policy->key_dir, view->name, keys,
                view->zone->policy->keys == DNSSEC_KEYS_KSK_ZSK ? " --ksk or --spare --zsk" : "");
    return OUTCOME_REFUSED;
}

/* Decides which keys to make. OUTCOME_DONE, or another outcome, said. */
static int choose(struct making *making)
{
    const struct key_view *view = making->view;
    const struct options *options = view->context->options;
    bool pair = view->zone->policy->keys == DNSSEC_KEYS_KSK_ZSK;

    if (!options->spare && (options->ksk || options->zsk)) {
        context_say(view->context, "--ksk and --zsk go with --spare; without it the keys are those "
                                   "that the zone's policy asks for");
        return OUTCOME_USAGE;
    }
    if (!options->spare) {
        making->count = pair ? 2 : 1;
        making->roles[0] = pair ? KEY_ROLE_KSK : KEY_ROLE_CSK;
        making->roles[1] = KEY_ROLE_ZSK;
        return view->files.count > 0 ? refuse_more(view) : OUTCOME_DONE;
    }
    if (pair && !options->ksk && !options->zsk) {
        context_say(view->context, "zone %s has a KSK and a ZSK: --spare needs --ksk or --zsk",
                    view->name);
        return OUTCOME_USAGE;
    }
    making->count = 1;
    making->roles[0] = options->zsk ? KEY_ROLE_ZSK : options->ksk ? KEY_ROLE_KSK : KEY_ROLE_CSK;
    return OUTCOME_DONE;
}

/* A command that fails leaves no key that it made. */
static void take_back(const struct making *making, size_t count)
{
    const struct key_view *view = making->view;

    for (size_t i = 0; i < count; i++)
        if (keyfile_remove(&making->made[i], view->arena, view->context->diag) != STATUS_OK)
            context_say(view->context, "%s: remains", making->made[i].path);
}

static enum status make(struct making *making)
{
    const struct key_view *view = making->view;
    const struct config_policy *policy = view->zone->policy;

    for (size_t i = 0; i < making->count; i++) {
        unsigned flags = DNSKEY_ZONE | (making->roles[i] == KEY_ROLE_ZSK ? 0 : DNSKEY_SEP);
        enum status status =
            keyfile_generate(policy->key_dir, &view->zone->domain, policy->algorithm,
                             (uint16_t)flags, view->arena, view->context->diag, &making->made[i]);
        if (status == STATUS_OK)
            continue;
        take_back(making, i);
        if (status == STATUS_SYSTEM)
            context_say(view->context, "the key cannot be made: out of memory or of randomness");
        else
            context_say_diagnostics(view->context);
        return status;
    }
    return STATUS_OK;
}

static void print_files(const struct making *making)
{
    const struct key_view *view = making->view;
    FILE *out = view->context->out;

    for (size_t i = 0; i < making->count; i++) {
        const struct keyfile *key = &making->made[i];
        int stem = (int)(strlen(key->path) - strlen(".private"));
        fprintf(out, "%s: %s %u, %s\n    %.*s.key\n    %s\n", view->name,
                key_role_name(making->roles[i]), key->tag, keyfile_algorithm_name(key->algorithm),
                stem, key->path, key->path);
    }
}

static void print_steps(const struct key_view *view, FILE *out)
{
    fprintf(out,
            "next:\n"
            "    keep a copy of each .private file where nobody else can read it\n"
            "    zonegen publish\n"
            "    zonegen key ds %s, for the parent, when every name server has the signed zone\n",
            view->name);
}

/* What to do next. */
static void print_advice(const struct making *making)
{
    const struct key_view *view = making->view;
    FILE *out = view->context->out;

    if (!view->zone->dnssec)
        fprintf(out, "zone %s is not signed until 'dnssec: on' stands at it in %s\n", view->name,
                view->context->config->path);
    if (!view->context->options->spare)
        print_steps(view, out);
    else if (view->remembered)
        fprintf(out, "a spare: 'zonegen key roll %s' brings it into use\n", view->name);
    else
        fprintf(out,
                "nothing is signed yet: the first publish takes all keys of zone %s into use\n",
                view->name);
}

static int generate(struct making *making)
{
    int outcome = choose(making);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (make(making) != STATUS_OK)
        return OUTCOME_REFUSED;
    print_files(making);
    print_advice(making);
    if (context_tell(making->view->context, "no key is made") == STATUS_OK)
        return OUTCOME_DONE;
    take_back(making, making->count);
    return OUTCOME_REFUSED;
}

/* A zone without keys, or with keys that do not suffice, is what this command is for. */
static bool may_go_on(const struct key_view *view)
{
    const struct diag *diag = view->context->diag;

    for (size_t i = 0; i < diag_total(diag); i++) {
        const char *rule = diag_at(diag, i)->rule;
        if (diag_at(diag, i)->severity == SEVERITY_ERROR && strcmp(rule, "key-none") != 0 &&
            strcmp(rule, "key-no-ksk") != 0 && strcmp(rule, "key-no-zsk") != 0)
            return false;
    }
    return true;
}

/* That keys are missing is no news where they are made. False, and said, without memory. */
static bool forget_diagnostics(struct context *context)
{
    struct diag *fresh = diag_create();

    if (fresh == NULL) {
        context_say_memory(context);
        return false;
    }
    diag_destroy(context->diag);
    context->diag = fresh;
    return true;
}

int command_key_generate(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    struct key_view view;
    struct making making = {.view = &view};
    int outcome = OUTCOME_REFUSED;

    if (key_view_open(context, operand, &view) == STATUS_OK) {
        enum status status = key_view_read(&view);
        bool lacks_keys = status == STATUS_INVALID && may_go_on(&view);
        if (status == STATUS_OK || (lacks_keys && forget_diagnostics(context)))
            outcome = generate(&making);
        else if (status == STATUS_INVALID && !lacks_keys)
            context_say_diagnostics(context);
    }
    key_view_close(&view);
    return outcome;
}
