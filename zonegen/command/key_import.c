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

/* `status`: of key_view_read() with the key. */
static void say_use(struct key_view *view, const struct keyfile *key, enum status status)
{
    FILE *out = view->context->out;

    fprintf(out, "%s: %s %u, %s\n    %s\n", view->name, key_role_name(key_view_role(view, key)),
            key->tag, keyfile_algorithm_name(key->algorithm), key->path);
    if (status == STATUS_INVALID)
        fputs("imported, and not used yet\n", out);
    else if (key_view_use(view, key) == 0)
        fprintf(out,
                "a spare: the zone is signed with other keys; 'zonegen key roll %s' brings it "
                "into use\n",
                view->name);
    else if (view->zone->dnssec)
        fputs("the next 'zonegen publish' signs with it\n", out);
    if (!view->zone->dnssec)
        fprintf(out, "zone %s is not signed until 'dnssec: on' stands at it in %s\n", view->name,
                view->context->config->path);
    if (status == STATUS_INVALID)
        warn(view);
}

/* Says what keeps the pair from being imported. */
static int refuse(struct context *context, enum status status)
{
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else
        context_say_diagnostics(context);
    return OUTCOME_REFUSED;
}

/* A key that nobody could be told of is as if it had not been imported. */
static int tell_use(struct key_view *view, const struct keyfile *key, enum status use)
{
    struct context *context = view->context;

    say_use(view, key, use);
    if (context_tell(context, "the key is not imported") == STATUS_OK)
        return OUTCOME_DONE;
    if (keyfile_remove(key, view->arena, context->diag) != STATUS_OK)
        context_say(context, "%s: remains", key->path);
    return OUTCOME_REFUSED;
}

/* Writes the pair, the last thing that can fail but to tell it: all that is said of it is known by
 * then. */
static int write_pair(struct key_view *view, const char *path, enum status use)
{
    struct context *context = view->context;
    struct diag *diag = diag_create(); /* what is wrong with other keys is told if this one is in */
    struct keyfile key;

    enum status status = diag != NULL
                             ? keyfile_import(view->zone->policy->key_dir, &view->zone->domain,
                                              path, view->arena, diag, &key)
                             : STATUS_SYSTEM;
    if (status == STATUS_OK) {
        diag_destroy(diag);
        return tell_use(view, &key, use);
    }
    if (diag != NULL) {
        diag_destroy(context->diag);
        context->diag = diag;
    }
    return refuse(context, status);
}

/* `key` is what the view knows as coming in, and lasts as long as the view. */
static int import(struct key_view *view, const char *path, struct keyfile *key)
{
    struct context *context = view->context;

    enum status status =
        keyfile_examine(&view->zone->domain, path, view->arena, context->diag, key);
    if (status != STATUS_OK)
        return refuse(context, status);
    view->incoming = key;
    status = key_view_read(view);
    if (status != STATUS_OK && status != STATUS_INVALID)
        return OUTCOME_REFUSED; /* said */
    return write_pair(view, path, status);
}

int command_key_import(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 1 ? options->operands[1] : NULL;
    struct keyfile key;
    struct key_view view;
    int outcome = OUTCOME_REFUSED;

    if (key_view_open(context, operand, &view) == STATUS_OK)
        outcome = import(&view, options->operands[0], &key);
    key_view_close(&view);
    return outcome;
}
