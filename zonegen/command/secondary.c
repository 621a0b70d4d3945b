#include "command/secondary.h"

#include "command/command.h"

#include <string.h>

static enum status read_secret(struct secondary *secondary, size_t n)
{
    struct secret secret;

    enum status status = secret_read(secondary->keys[n], NULL, secondary->context->diag, &secret);
    if (status == STATUS_OK)
        secret_to_text(&secret, secondary->secrets[n]);
    secret_clear(&secret);
    return status;
}

/* All keys or none: nothing is printed before each was read. */
static enum status read_secrets(struct secondary *secondary)
{
    struct context *context = secondary->context;
    enum status status = STATUS_OK;

    secondary->secrets =
        arena_alloc(secondary->arena, (secondary->key_count + 1) * sizeof *secondary->secrets);
    if (secondary->secrets == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < secondary->key_count; i++)
        if (read_secret(secondary, i) != STATUS_OK)
            status = STATUS_INVALID;
    if (diag_total(context->diag) > 0)
        context_say_diagnostics(context);
    return status;
}

static void forget_secrets(struct secondary *secondary)
{
    if (secondary->secrets != NULL)
        explicit_bzero(secondary->secrets, secondary->key_count * sizeof *secondary->secrets);
}

static enum status print(struct secondary *secondary)
{
    struct context *context = secondary->context;
    const struct options *options = context->options;
    enum status status = STATUS_OK;

    if (options->only_secrets && secondary->key_count == 0) {
        context_say(context, "remote '%s' comes without a key; 'key' gives it one",
                    secondary->remote->id);
        return STATUS_INVALID;
    }
    if (options->with_secrets || options->only_secrets)
        status = read_secrets(secondary);
    if (status == STATUS_OK && options->only_secrets)
        secondary_print_keys(secondary, context->out);
    else if (status == STATUS_OK)
        secondary->engine->print(secondary, context->out);
    forget_secrets(secondary);
    return status;
}

int command_secondary(struct context *context)
{
    const char *id = context->options->operands[0];
    struct secondary secondary = {.context = context, .engine = secondary_engine(id)};

    if (secondary.engine == NULL) {
        context_say(context, "'%s' is no server that this knows; it knows nsd, knot, bind, %s", id,
                    "powerdns and unbound");
        return OUTCOME_REFUSED;
    }
    if (context_configure(context) != STATUS_OK)
        return OUTCOME_REFUSED;
    secondary.arena = arena_create();
    enum status status = secondary.arena != NULL ? secondary_choose(&secondary) : STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = print(&secondary);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    arena_destroy(secondary.arena);
    return status == STATUS_OK ? OUTCOME_DONE : OUTCOME_REFUSED;
}
