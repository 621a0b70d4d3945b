#include "command/command.h"
#include "command/key.h"

#include <string.h>

/* Says of the zone's keys, now that there is one more, what keeps it from being signed. */
static void warn(struct key_view *view)
{
    const struct diag *diag = view->context->diag;

    for (size_t i = 0; i < diag_total(diag); i++)
        context_say(view->context, "warning: %s", diag_at(diag, i)->message);
}

static void say_use(struct key_view *view, const struct keyfile *key)
{
    FILE *out = view->context->out;
    enum status status = key_view_read(view);

    fprintf(out, "%s: %s %u, %s\n    %s\n", view->name, key_role_name(key_view_role(view, key)),
            key->tag, keyfile_algorithm_name(key->algorithm), key->path);
    if (status == STATUS_INVALID)
        fputs("imported, and not used yet\n", out);
    else if (status == STATUS_OK && key_view_use(view, key) == 0)
        fprintf(out,
                "a spare: the zone is signed with other keys; 'zonegen key roll %s' brings it "
                "into use\n",
                view->name);
    else if (status == STATUS_OK && view->zone->dnssec)
        fputs("the next 'zonegen publish' signs with it\n", out);
    if (!view->zone->dnssec)
        fprintf(out, "zone %s is not signed until 'dnssec: on' stands at it in %s\n", view->name,
                view->context->config->path);
    if (status == STATUS_INVALID)
        warn(view);
}

static int import(struct key_view *view, const char *path)
{
    struct context *context = view->context;
    struct keyfile key;

    enum status status = keyfile_import(view->zone->policy->key_dir, &view->zone->domain, path,
                                        view->arena, context->diag, &key);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (status != STATUS_OK)
        context_say_diagnostics(context);
    else
        say_use(view, &key);
    return status == STATUS_OK ? OUTCOME_DONE : OUTCOME_REFUSED;
}

int command_key_import(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 1 ? options->operands[1] : NULL;
    struct key_view view;
    int outcome = OUTCOME_REFUSED;

    if (key_view_open(context, operand, &view) == STATUS_OK)
        outcome = import(&view, options->operands[0]);
    key_view_close(&view);
    return outcome;
}
